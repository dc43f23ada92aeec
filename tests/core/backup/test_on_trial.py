"""A portal started on the restored copy: what it is asked, what it cannot do, and that nothing of it stays, however it ends."""
import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.core import checks, clock, people
from appliance.core.actor import SYSTEM
from appliance.core.backup import health, keeping, work
from appliance.core.backup.errors import BackupError
from appliance.jobs import on_trial
from tests.boxes import opened
from tests.core.backup.conftest import contents, rows_of, silent, tree

pytestmark = pytest.mark.slow


def processes_of(portal):
    """The pids of all processes that were started on a copy in this portal's scratch place."""
    place = str(portal.config.data.folder / work.FOLDER).encode()
    found = []
    for one in Path('/proc').glob('[0-9]*/environ'):
        try:
            if place in one.read_bytes():
                found.append(int(one.parent.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def nothing_is_left(portal, within_s=20):
    """Whether every process on trial ends in time, and the scratch place is gone."""
    deadline = time.monotonic() + within_s
    while (processes_of(portal) or (portal.config.data.folder / work.FOLDER).exists()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not processes_of(portal) and not (portal.config.data.folder / work.FOLDER).exists()


def state_of(portal):
    return json.loads((portal.config.data.folder / 'backup-state.json').read_text())


def test_a_portal_on_the_copy_answers_and_nothing_else_changes(portal):
    keeping.create(portal.config, silent)
    before, files = contents(portal.config), tree(portal.config.data.folder, ('portal.db',))
    done = on_trial.drill(portal.config, silent)
    pages = {page['address']: page for page in done['pages']}
    assert {'/login', '/', '/people', '/worktime'} <= set(pages) and any(address.startswith('/people/1/photo/') for address in pages)
    assert all(page['status'] == 200 and page['problem'] == '' and page['ms'] >= 0 for page in done['pages'])
    assert done['start_ms'] > 0 and done['walls'] == 'kernel' and done['drilled_at']
    assert contents(portal.config) == before and tree(portal.config.data.folder, ('portal.db',)) == files
    trial = keeping.list_backups(portal.config)['trial']
    assert trial['pages'] == done['pages'] and trial['seconds'] == done['seconds'] and trial['at'] <= clock.now()
    assert nothing_is_left(portal)


def test_no_session_or_token_of_the_copy_opens_the_portal(sqlite_portal, monkeypatch):
    """What was logged in when the backup was made is not in the copy; what the trial opens there, the portal never knew."""
    tokens, seen = [], {}
    opening, look = on_trial.sessions.open_session, on_trial._look_around

    def watched(*args, **kwargs):
        tokens.append(opening(*args, **kwargs))
        return tokens[-1]

    def looking(trial, tell, pages):
        seen['before'] = on_trial.row('SELECT count(*) FROM session')[0]
        seen['modes'] = (trial.folder.stat().st_mode & 0o777, trial.folder.joinpath(on_trial.CONFIG).read_text())
        seen['walls'] = {line.split()[1] for pid in processes_of(sqlite_portal)
                         for line in Path(f'/proc/{pid}/status').read_text().splitlines() if line.startswith('Seccomp:')}
        seen['sockets'] = [line for pid in processes_of(sqlite_portal) for kind in ('tcp', 'tcp6', 'udp', 'udp6')
                           for line in Path(f'/proc/{pid}/net/{kind}').read_text().splitlines()[1:] if _is_of(pid, line)]
        look(trial, tell, pages)

    monkeypatch.setattr(on_trial.sessions, 'open_session', watched)
    monkeypatch.setattr(on_trial, '_look_around', looking)
    keeping.create(sqlite_portal.config, silent)
    on_trial.drill(sqlite_portal.config, silent)
    assert rows_of(sqlite_portal.config, 'SELECT count(*) FROM session') == [(1,)] and seen['before'] == 0 and tokens
    with opened(sqlite_portal):
        assert all(on_trial.sessions.load(token) is None for token, _row in tokens)
    assert seen['modes'][0] == 0o700 and seen['walls'] == {'2'}        # a filter stands around each of its processes
    assert seen['sockets'] == []


def _is_of(pid, line):
    """Whether a socket of /proc/net is held by a process."""
    inode = f'socket:[{line.split()[9]}]'
    for descriptor in Path(f'/proc/{pid}/fd').iterdir():
        try:
            if os.readlink(descriptor) == inode:
                return True
        except FileNotFoundError:
            continue
    return False


def test_a_page_that_fails_is_a_failed_drill(sqlite_portal, monkeypatch):
    keeping.create(sqlite_portal.config, silent)
    look = on_trial._look_around

    def looking(trial, tell, pages):
        on_trial.database.execute_sql('ALTER TABLE worktime_day RENAME TO worktime_gone')
        look(trial, tell, pages)

    monkeypatch.setattr(on_trial, '_look_around', looking)
    with pytest.raises(BackupError) as refused:
        on_trial.drill(sqlite_portal.config, silent)
    assert refused.value.code == 'pages' and '/: refused or failed (503)' in refused.value.detail and '/login' not in refused.value.detail
    known = keeping.list_backups(sqlite_portal.config)
    assert known['failure']['what'] == 'drill' and '/: refused' in known['failure']['message'] and known['trial']['seconds'] is None
    assert known['snapshots'][0]['drilled_at'] is None
    with opened(sqlite_portal):
        found = next(one for one in checks.run(sqlite_portal.config) if one['name'] == 'backup')
    assert '/: refused' in found['message']
    assert nothing_is_left(sqlite_portal)


def test_a_file_that_is_another_is_seen(sqlite_portal, monkeypatch):
    keeping.create(sqlite_portal.config, silent)
    look = on_trial._look_around

    def looking(trial, tell, pages):
        for path in (trial.folder / 'drill' / 'blobs').rglob('*'):
            if path.is_file():
                path.write_bytes(b'another')
        look(trial, tell, pages)

    monkeypatch.setattr(on_trial, '_look_around', looking)
    with pytest.raises(BackupError, match='not what was saved'):
        on_trial.drill(sqlite_portal.config, silent)


def test_a_portal_that_does_not_start_leaves_its_last_words(sqlite_portal, monkeypatch):
    keeping.create(sqlite_portal.config, silent)
    monkeypatch.setattr(on_trial, '_CONFIG', on_trial._CONFIG + '[log]\ncolour = red\n')
    with pytest.raises(BackupError) as refused:
        on_trial.drill(sqlite_portal.config, silent)
    assert refused.value.code == 'no_start' and 'there is no such key' in refused.value.detail
    assert nothing_is_left(sqlite_portal)


def test_one_that_is_silent_is_given_up(sqlite_portal, monkeypatch):
    keeping.create(sqlite_portal.config, silent)
    monkeypatch.setattr(on_trial, 'START_S', 0)
    with pytest.raises(BackupError) as refused:
        on_trial.drill(sqlite_portal.config, silent)
    assert refused.value.code == 'no_start' and nothing_is_left(sqlite_portal)


def test_a_portal_killed_on_trial_is_a_failed_drill(sqlite_portal, monkeypatch):
    keeping.create(sqlite_portal.config, silent)
    look = on_trial._look_around

    def looking(trial, tell, pages):
        os.kill(trial.pid, signal.SIGKILL)
        look(trial, tell, pages)

    monkeypatch.setattr(on_trial, '_look_around', looking)
    with pytest.raises(BackupError):
        on_trial.drill(sqlite_portal.config, silent)
    assert nothing_is_left(sqlite_portal)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_half_way_nothing_stays(sqlite_portal, number):
    keeping.create(sqlite_portal.config, silent)
    drill = subprocess.Popen([sys.executable, '-m', 'appliance', 'backup', 'drill'], env=os.environ | {'APPLIANCE_CONFIG': str(sqlite_portal.config.path)},
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not processes_of(sqlite_portal) and drill.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert drill.poll() is None
    drill.send_signal(number)
    drill.wait(30)
    if number == signal.SIGKILL:        # nobody could clear up; the next command does
        while processes_of(sqlite_portal) and time.monotonic() < deadline:
            time.sleep(0.1)
        subprocess.run([sys.executable, '-m', 'appliance', 'person', 'list'], env=os.environ | {'APPLIANCE_CONFIG': str(sqlite_portal.config.path)},
                       capture_output=True, check=True)
    assert nothing_is_left(sqlite_portal)


def test_an_empty_portal_has_nobody_to_log_in_as(sqlite_portal, monkeypatch):
    with opened(sqlite_portal):
        for person in people.Person.select():
            people.block(SYSTEM, person.id, 'test', 'x')
    keeping.create(sqlite_portal.config, silent)
    said = []
    done = on_trial.drill(sqlite_portal.config, said.append)
    assert [page['address'] for page in done['pages']] == ['/login'] and any('nobody to log in as' in text for text in said)


def test_the_check_asks_for_one_in_time(sqlite_portal):
    keeping.create(sqlite_portal.config, silent)
    path = sqlite_portal.config.data.folder / 'backup-state.json'
    known = json.loads(path.read_text())
    old = (clock.now() - timedelta(days=41)).strftime('%Y-%m-%dT%H:%M:%SZ')

    def codes(**values):
        path.write_text(json.dumps(known | values))
        return [one.code for one in health._last(keeping.list_backups(sqlite_portal.config))]

    row, trial = known['snapshots'][0], {'snapshot': old, 'pages': [], 'seconds': 3.0, 'start_ms': 1, 'walls': 'kernel'}
    assert 'backup.not_tried' not in codes()
    assert 'backup.not_tried' in codes(snapshots=[row, row | {'created_at': old}])
    assert 'backup.not_tried' in codes(trial=trial | {'at': old})
    assert 'backup.not_tried' not in codes(snapshots=[row, row | {'created_at': old}], trial=trial | {'at': row['created_at']})
