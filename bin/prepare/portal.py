"""bin/run before the portal's own environment exists: checks first, then installs and builds, then hands over.

Everything that can refuse is asked before anything is made. What follows is appliance/demo/start.py, in the portal's Python.
"""
import argparse
import os
import socket
import sys
from pathlib import Path

import environment
import machine
from machine import CLONE, Stop

EPILOGUE = """
It installs what is missing (named first, with the reason), builds .venv and the browser assets inside this folder, makes
a demo company and starts the portal on 127.0.0.1. Press Ctrl+C to stop; the data stays for the next start.
"""


def main(arguments):
    """Check, prepare and become the running demo; returns only by an exception."""
    options = parse(arguments)
    folder = Path(options.data).expanduser().absolute()
    check_folder(folder)
    check_ports(options)
    machine.require_space(folder, 200)
    if options.fresh:
        ask_to_start_over(folder, options.yes)
    optional = [machine.RESTIC] if options.no_directory else [machine.SLAPD, machine.RESTIC]
    needs_compiler = not environment.is_current(['portal'])
    machine.require([machine.VENV, machine.COMPILER, machine.HEADERS] if needs_compiler else [], optional)
    environment.require(['portal'])
    command = [str(environment.PYTHON), '-m', 'appliance.demo.start', '--folder', str(folder), '--port', str(options.port)]
    command += ['--fresh'] * options.fresh + ['--no-directory'] * options.no_directory
    sys.stdout.flush()
    os.execve(command[0], command, os.environ | {'PATH': machine.SYSTEM_PATH})


def parse(arguments):
    """Return the options; wrong ones end with exit status 2 and a usage line."""
    parser = argparse.ArgumentParser(prog='bin/run', description='Start the portal with a demo company on this machine.',
                                     epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--port', type=port, default=8080, metavar='N',
                        help='the portal listens here (8080), its admin address on N+1, the demo directory on N+2, the event stream on N+3')
    parser.add_argument('--data', default=str(CLONE / 'var'), metavar='FOLDER', help='keep everything here instead of var/')
    parser.add_argument('--fresh', action='store_true', help='throw the demo company away and make a new one; asks first')
    parser.add_argument('--yes', action='store_true', help='answer the question of --fresh with yes, for scripts')
    parser.add_argument('--no-directory', action='store_true', help='no LDAP directory: all demo people are local accounts')
    return parser.parse_args(arguments)


def port(text):
    """Parse a port that leaves room for the three after it and needs no root."""
    number = int(text)
    if not 1024 <= number <= 65532:
        raise argparse.ArgumentTypeError('a number from 1024 to 65532')
    return number


def check_folder(folder):
    """Raise Stop unless the data folder is new, empty or made by bin/run, and can be written."""
    if folder.exists() and not folder.is_dir():
        raise Stop(f'{folder} is not a folder.')
    machine.require_writable(folder)
    if folder.exists() and any(folder.iterdir()) and not (folder / '.bin-run').exists():
        raise Stop(f'{folder} holds other things and was not made by bin/run; name an empty folder with --data.')


def check_ports(options):
    """Raise Stop when one of the ports is taken."""
    wanted = {'the portal': options.port, 'its admin address': options.port + 1, 'its event stream': options.port + 3}
    if not options.no_directory:
        wanted['the demo directory'] = options.port + 2
    for what, number in wanted.items():
        with socket.socket() as probe:
            # As servers do: a connection that has just ended does not keep the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(('127.0.0.1', number))
            except OSError:
                raise Stop(f'port {number} for {what} is taken, by another bin/run perhaps; choose another with --port.') from None


def ask_to_start_over(folder, is_agreed):
    """Ask before the data is thrown away; raises Stop on anything but yes, and where nobody can answer."""
    if is_agreed or not (folder / 'config.ini').exists():
        return
    if not sys.stdin.isatty():
        raise Stop(f'--fresh would delete the demo company in {folder}; say --yes too where nobody can be asked.')
    answer = input(f'Delete the demo company in {folder} and everything entered since? [y/N] ')
    if answer.strip().lower() not in ('y', 'yes'):
        raise Stop('nothing was changed.')
