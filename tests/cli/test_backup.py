"""`appliance backup` and `appliance restore`: words, JSON, exit status, progress on stderr."""
import json

import pytest

from appliance.core import processes, sealing

pytestmark = pytest.mark.slow       # restic stretches its key at each call
KEYS = {'snapshot', 'created_at', 'size_bytes', 'engine', 'version', 'verified_at', 'drilled_at'}


@pytest.fixture(autouse=True)
def key(closed_box):
    """The key that `appliance init` makes."""
    sealing.create_key(closed_box.config.backup.key_file)
    return closed_box.config.backup.key_file.read_text().strip()


def test_from_the_first_backup_to_the_restore(appliance, engine):
    appliance('person', 'add', '--login', 'ana', '--name', 'Ana Ruiz')
    assert appliance('backup', 'list', '--json').data == []
    made = appliance('backup', 'create', '--json')
    assert made.status == 0 and made.err.count('- ') >= 3 and set(made.data) == KEYS
    assert made.data['engine'] == engine and made.data['verified_at'] is None and made.data['created_at'].endswith('Z')
    assert appliance('backup', 'verify', '--json').data['verified_at'].endswith('Z')
    trial = appliance('backup', 'drill', made.data['snapshot'][:8], '--json').data
    assert trial['drilled_at'] and trial['seconds'] > 0 and set(trial) == KEYS | {'seconds', 'rows', 'tables', 'pages', 'start_ms', 'walls'}
    row, = appliance('backup', 'list', '--json').data
    assert set(row) == KEYS and row['verified_at'] and row['drilled_at']
    assert made.data['snapshot'][:8] in appliance('backup', 'list').out
    appliance('person', 'add', '--login', 'since', '--name', 'Since')
    done = appliance('restore', 'latest', '--json')
    assert done.status == 0 and done.data['kept'] and done.err.count('- ') >= 6
    assert [person['login'] for person in appliance('person', 'list', '--json').data] == ['ana']


def test_words_without_json(appliance):
    made = appliance('backup', 'create')
    assert (made.status, made.out) == (0, '') and 'appliance backup verify' in made.err
    assert 'Every byte was read back' in appliance('backup', 'verify').err
    said = appliance('backup', 'drill')
    assert 'The scratch is gone' in said.err and '/login' in said.out
    said = appliance('restore', 'latest')
    assert said.status == 0 and 'What was here before is kept' in said.err and 'log in again' in said.err


def test_the_key_is_shown_once(appliance, key):
    assert appliance('backup', 'key').out == key + '\n'
    again = appliance('backup', 'key', '--json')
    assert (again.status, again.out, again.error['code']) == (1, '', 'shown')
    assert appliance('backup', 'key', '--again', '--json').data == {'key': key}


@pytest.mark.parametrize('arguments, status, code', [
    (('backup', 'verify'), 1, 'no_repository'), (('restore', 'latest'), 1, 'no_repository'),
    (('backup', 'drill', 'abcdef'), 1, 'no_repository'), (('restore',), 2, 'usage'), (('backup', 'forget'), 2, 'usage')])
def test_wrong_use_is_one_object_on_stderr(appliance, arguments, status, code):
    said = appliance(*arguments, '--json')
    assert (said.status, said.out, said.error['code']) == (status, '', code)


def test_restore_names_the_command_that_stops_the_portal(appliance, closed_box):
    appliance('backup', 'create')
    with processes.running(closed_box.config.data.folder):
        said = appliance('restore', 'latest', '--json')
    assert said.status == 1 and 'systemctl stop appliance.target' in said.error['message']


def test_who_may_not_read_the_key_may_nothing(appliance, closed_box):
    appliance('backup', 'create')
    closed_box.config.backup.key_file.unlink()
    for arguments in (('create',), ('list',), ('verify',), ('drill',), ('key',)):
        assert appliance('backup', *arguments, '--json').error['code'] == 'key'
    assert json.loads(appliance('restore', 'latest', '--json').err.splitlines()[-1])['error']['code'] == 'key'


def test_without_restic_the_portal_works_and_says_that_backups_are_off(appliance, monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    assert appliance('person', 'list').status == 0
    said = appliance('backup', 'create', '--json')
    assert (said.status, said.error['code']) == (1, 'no_restic')
    found = next(row for row in appliance('check', '--json').data if row['name'] == 'backup')
    assert found['state'] == 'failed' and 'backups are off' in found['message'] and 'apt install restic' in found['action']
