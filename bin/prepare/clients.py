"""The REST clients that the tests let talk to the portal, each in an environment of its own beside .venv: none may touch the portal's."""
import json
import os
import shutil
import sys
from pathlib import Path

import environment
from machine import CLONE

# By the name of the folder `.venv.<name>` and of the lock.
PYTHON_CLIENTS = ('fast-bitrix24', 'bitrix24-rest')
NODE_CLIENT = '2bad-bitrix'
PROGRAMS = CLONE / 'tests' / 'clients' / 'programs'


def require():
    """Install what is missing or made from another lock. Raises Stop when that fails: a missing client is no passed test."""
    for name in PYTHON_CLIENTS:
        if not is_current(name, environment.lock_file(name)):
            make_python(name)
    if not is_current(NODE_CLIENT, PROGRAMS / 'package-lock.json'):
        make_node()


def place(name):
    """Return the folder of a client's environment."""
    return CLONE / f'.venv.{name}'


def made_from(lock):
    """Return what a client's environment is made from, as its stamp holds it."""
    return {'place': f'{CLONE} {Path(sys.executable).resolve()}', 'lock': environment.fingerprint(lock)}


def is_current(name, lock):
    """Return whether a client is installed from this lock."""
    try:
        return json.loads((place(name) / 'made-from.json').read_text()) == made_from(lock)
    except (OSError, ValueError):
        return False


def make_python(name):
    """Install one client for Python."""
    print(f'Installing the client {name} for the tests ...', flush=True)
    shutil.rmtree(place(name), ignore_errors=True)
    environment.step([sys.executable, '-m', 'venv', str(place(name))], f'the environment of {name} could not be made')
    environment.step([str(place(name) / 'bin' / 'python'), '-m', 'pip', 'install', '--quiet', '--no-input', '--require-hashes', '-r',
                      str(environment.lock_file(name))], f'{name} could not be installed; is there a network?')
    keep_stamp(name, environment.lock_file(name))


def make_node():
    """Install the client for Node. Nothing that its packages bring runs while they are installed."""
    print(f'Installing the client {NODE_CLIENT} for the tests ...', flush=True)
    shutil.rmtree(place(NODE_CLIENT), ignore_errors=True)
    place(NODE_CLIENT).mkdir()
    for name in ('package.json', 'package-lock.json'):
        shutil.copyfile(PROGRAMS / name, place(NODE_CLIENT) / name)
    sys.path.insert(0, str(CLONE / 'assets'))
    import builder      # slow: not on the module's path before this line
    os.environ['PATH'] = os.pathsep.join([str(Path(builder.node()).parent), os.environ['PATH']])
    environment.step([*builder.npm(), '--prefix', str(place(NODE_CLIENT)), 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
                     f'{NODE_CLIENT} could not be installed; is there a network?')
    keep_stamp(NODE_CLIENT, PROGRAMS / 'package-lock.json')


def keep_stamp(name, lock):
    """Note what an environment was made from; without it it counts as unfinished."""
    (place(name) / 'made-from.json').write_text(json.dumps(made_from(lock)))
