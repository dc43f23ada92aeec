"""bin/test: installs what the tests need, builds, and becomes pytest, whose closing line is the last one printed."""
import argparse
import os
import shutil
import sys

import clients
import environment
import machine
from machine import CLONE, Stop

REAL_PARTS = [machine.SLAPD, machine.RESTIC, machine.POSTGRESQL, machine.SAMBA, machine.KDC, machine.CHROMIUM]
LOCKS = ['portal', 'kerberos', 'test']
# A core each, whole files, so that what a file shares is made once; each has a PostgreSQL, a slapd and a browser of its own.
TOGETHER = ['-n', str(min(os.cpu_count() or 1, 4)), '--dist', 'loadfile']
# In memory: nothing of it outlives the run, and a test that copies a database makes 750 files. Room for what a run has at a time.
SCRATCH, SCRATCH_BYTES = '/dev/shm', 3 * 2 ** 30
# What each choice gives to pytest before the arguments typed after it (the last -n wins: -n 0 for a debugger).
SELECTIONS = {
    'all': TOGETHER,
    'fast': [*TOGETHER, '-m', 'not slow'],
    'install': ['tests/install'],
    'bench': ['tests/bench', '-s'],
}
EPILOGUE = """
  bin/test            every test but the next two
  bin/test fast       what needs no browser and no PostgreSQL: under a minute
  bin/test install    boots bare Debian servers and installs the portal there (root)
  bin/test bench      measures the portal and prints ratios

Arguments for pytest come after the choice: bin/test fast -k calendar. Missing parts are installed by apt first,
three REST clients by pip and npm into folders of their own for `bin/test` alone.
"""


def main(arguments):
    """Prepare this machine and become pytest; returns only by an exception."""
    options, rest = parse(arguments)
    check_selection(options.what)
    parts = {'fast': [machine.SLAPD, machine.RESTIC], 'install': [machine.GUESTS]}.get(options.what, REAL_PARTS)
    compiler = [] if environment.is_current(LOCKS) else [machine.VENV, machine.COMPILER, machine.HEADERS, machine.KERBEROS_HEADERS]
    machine.require([*compiler, *parts])
    environment.require(LOCKS)
    if options.what == 'all':
        clients.require()
    command = [str(environment.PYTHON), '-m', 'pytest', *SELECTIONS[options.what], *rest]
    sys.stdout.flush()
    os.chdir(CLONE)
    os.execve(command[0], command, os.environ | {'PATH': machine.SYSTEM_PATH} | scratch(options.what))


def scratch(what):
    """Where the tests keep their files, as variables; servers are installed and times measured on a disk."""
    is_asked = what in ('all', 'fast') and 'TMPDIR' not in os.environ
    has_room = os.access(SCRATCH, os.W_OK) and shutil.disk_usage(SCRATCH).free >= SCRATCH_BYTES
    return {'TMPDIR': SCRATCH} if is_asked and has_room else {}


def parse(arguments):
    """Return (options, arguments for pytest)."""
    parser = argparse.ArgumentParser(prog='bin/test', description='Run the tests on this machine.', epilog=EPILOGUE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', nargs='?', choices=SELECTIONS, default='all')
    return parser.parse_known_args(arguments)


def check_selection(what):
    """Raise Stop when the choice cannot work here."""
    if what == 'install' and os.geteuid() != 0:
        raise Stop('install boots servers, which only root may do: sudo bin/test install')
