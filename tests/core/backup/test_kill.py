"""kill -9 at every step of a backup and of a restore: the present state is there, startable, and nothing lies about."""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance.core import people
from appliance.core.backup import keeping, switch, work
from appliance.core.backup.restore import restore
from tests.boxes import opened
from tests.core.backup.conftest import BLOB, BLOB_PATH, contents, rows_of, silent

pytestmark = pytest.mark.slow       # a process of its own for each step

KILLED_AT = '''
import os, signal, sys
from appliance.core import config
from appliance.core.backup import keeping, restore, state, switch
from appliance.core.backup.restore import restore as restore_one
path, what, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
seen = 0
def tell(text):
    global seen
    seen += 1
    if seen == number:
        os.kill(os.getpid(), signal.SIGKILL)
def counting(function):
    def call(*arguments):
        tell('')
        return function(*arguments)
    return call
if what == 'switch':
    switch._rename, switch.write_note = counting(switch._rename), counting(switch.write_note)
    restore_one(config.load(path), 'latest', lambda text: None)
else:
    {'create': lambda config: keeping.create(config, tell), 'restore': lambda config: restore_one(config, 'latest', tell)}[what](config.load(path))
'''


def killed_at(portal, what, number):
    """Do it in another process that is killed at a step; whether it lived on to the end."""
    status = subprocess.run([sys.executable, '-c', KILLED_AT, portal.config.path, what, str(number)], capture_output=True)
    assert status.returncode in (0, -signal.SIGKILL), status.stderr.decode()
    return status.returncode == 0


def start(portal):
    """What every command and process begins with."""
    switch.settle(portal.config)
    with opened(portal):
        pass
    names = {path.name for path in portal.config.data.folder.iterdir()} | {path.name for path in portal.folder.iterdir()}
    assert work.FOLDER not in names and switch.NOTE not in names and not [name for name in names if '.restoring' in name]


def test_killed_while_making_a_backup(sqlite_portal):
    before, number, is_over = contents(sqlite_portal.config), 0, False
    while not is_over:
        number += 1
        is_over = killed_at(sqlite_portal, 'create', number)
        start(sqlite_portal)
        assert contents(sqlite_portal.config) == before
    assert number > 3
    keeping.verify(sqlite_portal.config, silent)


def test_killed_while_restoring(portal):
    """Before the switch everything is as it was, at each step."""
    keeping.create(portal.config, silent)
    before, number = contents(portal.config), 0
    key = portal.config.secrets.key_file.read_text()
    while True:
        number += 1
        if killed_at(portal, 'restore', number):
            break
        start(portal)
        assert contents(portal.config) == before
        assert (portal.config.data.folder / BLOB_PATH).read_bytes() == BLOB
        assert portal.config.secrets.key_file.read_text() == key
    assert number > 7 and rows_of(portal.config, 'SELECT count(*) FROM session') == [(0,)]


def test_killed_while_switching(portal):
    """From the note on it is done to the end at the next start, however often it is killed between two renames."""
    keeping.create(portal.config, silent)
    saved_key = portal.config.secrets.key_file.read_text()
    number, restored, is_over = 0, [], False
    while not is_over:
        number += 1
        portal.config.secrets.key_file.write_text('1' * 64)
        (portal.config.data.folder / 'blobs' / 'since').write_text('since')
        with opened(portal):
            people.Person.update(name='Since').where(people.Person.id == 1).execute()
        is_over = killed_at(portal, 'switch', number)
        start(portal)
        # Database, blobs and key go together, all or none.
        state = {(portal.config.data.folder / 'blobs' / 'since').exists(), portal.config.secrets.key_file.read_text() != saved_key,
                 rows_of(portal.config, 'SELECT name FROM person WHERE id = 1') == [('Since',)]}
        assert len(state) == 1
        restored.append(state == {False})
    assert restored[-1] and number > 3
    if portal.engine == 'sqlite':
        # Killed at the note nothing happened, at any rename all of it.
        assert restored == [False] + [True] * (number - 1)


def test_restic_dies_with_the_one_that_started_it(sqlite_portal):
    """A killed backup leaves no program that goes on writing, and no lock that stops the next."""
    keeping.create(sqlite_portal.config, silent)
    restic = None
    while restic is None:
        process = subprocess.Popen([sys.executable, '-m', 'appliance', '--config', sqlite_portal.config.path, 'backup', 'verify'],
                                   stderr=subprocess.PIPE, text=True)
        with process.stderr:
            assert 'reading' in process.stderr.readline()
            restic = stopped_child_of(process.pid)
            process.kill()
            process.wait()
    try:
        assert int(status_of(restic)['ShdPnd'], 16) & 1 << signal.SIGTERM - 1
    finally:
        os.kill(restic, signal.SIGCONT)
    assert restore(sqlite_portal.config, 'latest', silent)['rows']


def stopped_child_of(pid):
    """The pid of the restic that a process started, held so that it cannot end by itself; None where it was over before."""
    deadline = time.monotonic() + 20
    while True:
        for child in Path(f'/proc/{pid}/task/{pid}/children').read_text().split():
            if status_of(child)['Name'] == 'restic':
                os.kill(int(child), signal.SIGSTOP)
                while (state := status_of(child)['State'][0]) not in 'TZX':
                    time.sleep(0.001)
                return int(child) if state == 'T' else None
        assert time.monotonic() < deadline
        time.sleep(0.01)


def status_of(pid):
    """{name: text} of /proc/PID/status."""
    return dict(line.split(':\t', 1) for line in Path(f'/proc/{pid}/status').read_text().splitlines())
