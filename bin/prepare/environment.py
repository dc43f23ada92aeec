"""The Python environment in .venv, built from the hashed locks, and the browser's files, built by assets/builder.py.

Either is whole or is not there: a failure leaves the former one in place.
"""
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import machine
from machine import CLONE, Stop

VENV = CLONE / '.venv'
FORMER = CLONE / '.venv.former'
STAMP = VENV / 'made-from.json'
PYTHON = VENV / 'bin' / 'python'
NEEDED_MIB = 900


def require(locks):
    """Make .venv hold exactly these locks (names in requirements/), and build the browser's files when they are stale."""
    with only_one():
        finish_former()
        if not is_current(locks):
            machine.require_writable(CLONE)
            if VENV.is_symlink():
                raise Stop(f'{VENV.name} is a link to somewhere else. Remove the link: the clone makes an environment of its own.')
            machine.require_space(CLONE, NEEDED_MIB)
            machine.require([machine.VENV, machine.COMPILER, machine.HEADERS, *([machine.KERBEROS_HEADERS] if 'kerberos' in {*locks, *made_from()} else [])])
            make(locks)
        build_assets()


def is_current(locks):
    """Return whether .venv holds these locks as they are now and belongs to this Python and folder."""
    made = made_from()
    return PYTHON.exists() and made.get('place') == place() and all(made.get(lock) == digest(lock) for lock in locks)


def made_from():
    """Return what .venv was made from: {'place': ..., lock name: sha256}; empty when it was never finished."""
    try:
        return json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}


def place():
    """Return what an environment cannot survive a change of: the folder's path and the Python behind it."""
    return f'{VENV} {sys.version.split()[0]} {Path(sys.executable).resolve()}'


def digest(lock):
    """Return the sha256 (hex) of a lock by its name."""
    return fingerprint(lock_file(lock))


def fingerprint(path):
    """Return the sha256 (hex) of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def lock_file(lock):
    """Return the path of a lock by its name."""
    return CLONE / 'requirements' / f'{lock}.txt'


def make(locks):
    """Create or complete .venv. Adding a lock keeps what is there, anything else starts anew."""
    made = made_from()
    keeps = made.get('place') == place() and all(made[name] == digest(name) for name in made if name != 'place')
    wanted = sorted({*locks, *(name for name in made if name != 'place' and lock_file(name).exists())}, key=lock_order)
    print('Building the Python environment in .venv (a minute or two the first time) ...', flush=True)
    if keeps:
        fill([lock for lock in wanted if lock not in made], wanted)
        return
    with replaced_whole():
        step([sys.executable, '-m', 'venv', str(VENV)], 'the Python environment could not be made')
        # The package itself is used from the clone; installing it would freeze a copy.
        Path(site_packages(), 'clone.pth').write_text(f'{CLONE}\n')
        fill(wanted, wanted)


def lock_order(lock):
    """Sort key: the portal first, as the other locks keep to its versions."""
    return (lock != 'portal', lock)


def fill(locks, all_locks):
    """Install locks by pip, then note in the stamp what the environment holds."""
    for lock in locks:
        step([str(PYTHON), '-m', 'pip', 'install', '--quiet', '--no-input', '--require-hashes', '-r', str(lock_file(lock))],
             'the Python packages could not be installed; is there a network?')
    draft = STAMP.with_suffix('.new')
    draft.write_text(json.dumps({'place': place()} | {lock: digest(lock) for lock in all_locks}))
    draft.replace(STAMP)


def build_assets():
    """Build the browser's files when their sources changed, with Node from a Python package where there is none."""
    sys.path.insert(0, str(CLONE / 'assets'))
    import builder      # slow: not on the module's path before this line
    if builder.is_current():
        return
    machine.require_writable(CLONE / 'assets')
    machine.require_space(CLONE, 300)
    print('Building the browser assets ...', flush=True)
    if builder.machine_node() is None:
        step([str(PYTHON), '-m', 'pip', 'install', '--quiet', '--no-input', '--require-hashes', '-r', str(lock_file('build'))],
             'Node could not be installed; is there a network?')
    step([str(PYTHON), str(CLONE / 'assets' / 'builder.py')], 'the browser assets could not be built')


def step(command, failure):
    """Run one command quietly. Raises Stop with `failure` and its best line; the whole output is then kept in a file."""
    # Debugging information and the last percents of speed are more than half of the time that gssapi takes to compile.
    environment = {'CFLAGS': '-O1 -g0'} | os.environ | {'PIP_DISABLE_PIP_VERSION_CHECK': '1', 'PIP_ROOT_USER_ACTION': 'ignore'}
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors='replace', env=environment, check=False)
    if done.returncode:
        raise Stop(f'{failure} {machine.kept(done.stdout)}')


def site_packages():
    """Return the folder of .venv that packages are imported from."""
    return sysconfig.get_path('purelib', 'venv', {'base': str(VENV), 'platbase': str(VENV)})


@contextlib.contextmanager
def replaced_whole():
    """Put the present .venv aside while a new one is made; it comes back when that fails or is interrupted."""
    if VENV.exists():
        VENV.rename(FORMER)
    try:
        yield
    except BaseException:
        finish_former()
        raise
    shutil.rmtree(FORMER, ignore_errors=True)


def finish_former():
    """After an interruption, also by kill: an unfinished .venv goes, the one put aside comes back."""
    if not STAMP.exists():
        shutil.rmtree(VENV, ignore_errors=True)
    if FORMER.exists():
        if VENV.exists():
            shutil.rmtree(FORMER)
        else:
            FORMER.rename(VENV)


@contextlib.contextmanager
def only_one():
    """Let bin/run and bin/test of one clone take turns: both would build the same folder."""
    try:
        lock = (CLONE / '.venv.lock').open('w')
    except OSError:
        # Somebody else's clone: nothing can be built in it, so nothing needs the turn.
        yield
        return
    with lock:
        begun = time.monotonic()
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() - begun > 900:
                    raise Stop('another bin/run or bin/test has been building in this folder for 15 minutes.') from None
                time.sleep(0.5)
        yield
