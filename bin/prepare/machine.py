"""What this machine must have: which Debian packages, why, whether they are here, and their installation.

It asks for root only when something is missing, and starts no service.
"""
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

CLONE = Path(__file__).resolve().parents[2]
# Where servers live; an ordinary person's PATH leaves it out.
SYSTEM_PATH = os.pathsep.join([os.environ.get('PATH', os.defpath), '/usr/local/sbin', '/usr/sbin', '/sbin'])


class Stop(Exception):
    """The command cannot go on; the text is the one line that a person reads."""


@dataclass(frozen=True)
class Part:
    """Debian packages that bring one thing: their names, why they are wanted, and a test whether it is here."""

    packages: str
    reason: str
    is_here: Callable[[], bool]


def has(program):
    """Return whether a program can be started."""
    return shutil.which(program, path=SYSTEM_PATH) is not None


def postgresql_folder():
    """Return the folder of PostgreSQL's server programs (initdb, pg_ctl), the newest version, or None.

    Debian keeps them off the PATH; a `postgres` on it may be anything.
    """
    found = sorted(Path('/usr/lib/postgresql').glob('*/bin/initdb'), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def has_headers():
    """Return whether python-ldap can be compiled: Python's, OpenLDAP's and SASL's headers."""
    return (Path(sysconfig.get_path('include'), 'Python.h').is_file()
            and all(Path('/usr/include', name).is_file() for name in ('ldap.h', 'sasl/sasl.h', 'stdio.h')))


def has_kerberos_headers():
    """Return whether gssapi can be compiled."""
    return has('krb5-config') and Path('/usr/include/gssapi/gssapi_krb5.h').is_file()


VENV = Part('python3-venv', 'to make a Python environment inside this folder',
            lambda: importlib.util.find_spec('ensurepip') is not None)
COMPILER = Part('gcc', 'to compile python-ldap, which comes as source only', lambda: has('gcc'))
HEADERS = Part('libc6-dev python3-dev libldap2-dev libsasl2-dev', 'what python-ldap is compiled against', has_headers)
KERBEROS_HEADERS = Part('libkrb5-dev', 'what gssapi is compiled against, by which the tests log in with tickets', has_kerberos_headers)
KDC = Part('krb5-kdc krb5-admin-server krb5-user', 'a Kerberos realm of the tests, on loopback', lambda: has('krb5kdc') and has('kadmin.local') and has('kinit'))
SLAPD = Part('slapd', 'an LDAP server, started by hand on loopback only, where the demo people live', lambda: has('slapd'))
RESTIC = Part('restic', 'keeps the backups', lambda: has('restic'))
POSTGRESQL = Part('postgresql', 'the tests run on it too, in a temporary folder', lambda: postgresql_folder() is not None)
SAMBA = Part('samba-ad-dc samba-ad-provision samba-dsdb-modules python3-samba winbind krb5-user iproute2',
             'an Active Directory of the tests, in a network of its own', lambda: has('samba') and has('samba-tool') and has('kinit'))
GUESTS = Part('debootstrap systemd-container iptables openssh-client iproute2', 'bare Debian servers of the tests, in a network of their own',
              lambda: all(has(name) for name in ('debootstrap', 'systemd-nspawn', 'iptables', 'ssh-keygen', 'ip')))
CHROMIUM = Part('chromium', 'the tests look at every page with it', lambda: has('chromium'))


def require(parts, optional=()):
    """Install what is missing of `parts`, and try for `optional`; say which and why.

    Raises Stop when a required part is still missing afterwards; prints a line for each optional one.
    """
    missing = [part for part in (*parts, *optional) if not part.is_here()]
    if not missing:
        return
    print('Missing on this machine, to be installed by apt (no service is started or enabled by it):')
    for part in missing:
        print(f'  {part.packages}: {part.reason}')
    sys.stdout.flush()
    try:
        output = install([name for part in missing for name in part.packages.split()])
    except Stop:
        if any(part in parts for part in missing):
            raise
        output = ''
    # apt may fail for another, broken package: what counts is what is here now.
    for part in missing:
        if not part.is_here():
            if part in parts:
                raise Stop(f'{part.packages} could not be installed; is there a network? {kept(output)}')
            print(f'  Going on without {part.packages.split()[0]}: it could not be installed.')


def install(packages):
    """Install Debian packages by apt as root; returns apt's output. Raises Stop when there is no way to do it."""
    names = ' '.join(packages)
    if not has('apt-get'):
        raise Stop(f'this machine has no apt; install these (named as in Debian) yourself: {names}')
    command = ['sh', str(CLONE / 'bin' / 'prepare' / 'install-packages.sh'), *packages]
    if os.geteuid() != 0:
        if not has('sudo'):
            raise Stop(f'root is needed once, and there is no sudo here; as root: apt-get install {names}')
        # Without a terminal sudo must fail at once instead of waiting for a password.
        command = ['sudo', *([] if sys.stdin.isatty() else ['-n']), *command]
    with tempfile.TemporaryFile('w+') as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            process.wait()
        except KeyboardInterrupt:
            # It got the signal too and puts the service policy back: let it.
            process.wait()
            raise
        log.seek(0)
        output = log.read()
    if 'sudo:' in output and process.returncode:
        raise Stop(f'no rights to install {names}: run it as root, or where sudo may ask for your password')
    return output


def kept(output):
    """Return the line of a long output that says best why it failed, and the name of a file that keeps all of it."""
    with tempfile.NamedTemporaryFile('w', prefix='appliance-', suffix='.log', delete=False) as log:
        log.write(output)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    # The first one says why; what follows it are its consequences.
    errors = [line for line in lines if re.match(r'\W*(E:|Error:|ERROR|npm error)', line)]
    return f'({(errors or lines[-1:] or ["no output"])[0][:200]}; all of it: {log.name})'


def require_space(folder, mebibytes):
    """Raise Stop unless the file system of `folder` (or of its nearest existing parent) has so much room."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free >> 20
    if free < mebibytes:
        raise Stop(f'{mebibytes} MiB of disk space are needed under {folder}; {free} MiB are free.')


def require_writable(folder):
    """Raise Stop unless `folder`, or the nearest parent that exists, can be written."""
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise Stop(f'{folder} cannot be written by {current_user()}.')


def current_user():
    """Return the name of who runs this, for messages."""
    return os.environ.get('USER') or f'user number {os.geteuid()}'
