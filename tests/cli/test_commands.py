"""The console commands: exit status, words, JSON shapes, secrets never as arguments, wrong use changes nothing."""

import re

import pytest

from appliance import cli
from tests.boxes import configuration
from tests.cli.console import console

GOOD = 'correct horse battery'


def test_people_are_added_listed_and_promoted(appliance):
    added = appliance('person', 'add', '--login', 'Ana', '--name', 'Ana Ruiz', '--mail', 'ana@company.example', '--json',
                      '--password-stdin', text=GOOD + '\n')
    assert (added.status, added.data) == (0, {'id': 1, 'login': 'ana'})
    assert appliance('person', 'make-admin', 'ANA').status == 0
    assert appliance('person', 'list', '--json').data == [
        {'id': 1, 'login': 'ana', 'name': 'Ana Ruiz', 'mail': 'ana@company.example', 'kind': 'employee',
         'roles': ['administrator'], 'source': 'local', 'is_active': True}]
    assert 'Ana Ruiz' in appliance('person', 'list').out


def test_a_person_gets_a_password(appliance):
    appliance('person', 'add', '--login', 'ana', '--name', 'Ana')
    appliance('person', 'add', '--login', 'robot', '--name', 'Robot', '--kind', 'service')
    assert appliance('person', 'password', 'Ana', '--password-stdin', text=GOOD + '\n').err == 'ana logs in with the new password.\n'
    for login, words, said in (('ana', '12345678', 'too easy'), ('nobody', GOOD, 'no person with the login nobody'), ('robot', GOOD, 'comes in by a token')):
        refused = appliance('person', 'password', login, '--password-stdin', text=words + '\n')
        assert refused.status == 1 and said in refused.err and words not in refused.err
    assert appliance('person', 'password', 'ana').status == 2


@pytest.mark.parametrize('arguments, status, code', [
    (('person', 'add', '--login', 'a b', '--name', 'Ana', '--json'), 1, 'invalid'),
    (('person', 'add', '--login', 'ana', '--json'), 2, 'usage'),
    (('person', 'add', '--login', 'ana', '--name', 'Ana', '--kind', 'robot', '--json'), 2, 'usage'),
    (('person', 'add', '--login', 'ana', '--name', 'Ana', '--password-stdin', '--json'), 2, 'usage'),
    (('nothing', '--json'), 2, 'usage')])
def test_wrong_use_is_one_object_on_stderr(appliance, arguments, status, code):
    said = appliance(*arguments)
    assert (said.status, said.out, said.error['code']) == (status, '', code)
    assert appliance('person', 'list', '--json').data == []


def test_a_weak_password_adds_nobody(appliance):
    said = appliance('person', 'add', '--login', 'ana', '--name', 'Ana', '--password-stdin', text='12345678\n')
    assert said.status == 1 and 'too easy' in said.err
    assert appliance('person', 'list', '--json').data == []


def test_settings_are_read_and_set(appliance):
    assert appliance('setting', 'set', 'company.name', 'Optics').status == 0
    assert appliance('setting', 'get', 'company.name').out == 'Optics\n'
    refused = appliance('setting', 'set', 'mail.port', '70000')
    assert refused.status == 1 and 'from 1 to 65535' in refused.err
    assert appliance('setting', 'get', 'nothing.here').status == 2
    rows = {row['name']: row for row in appliance('setting', 'get', '--json').data}
    assert rows['mail.port']['value'] == 587 and rows['mail.port']['is_default']


def test_a_secret_setting_comes_from_stdin_and_is_never_shown(appliance):
    assert appliance('setting', 'set', 'mail.password', GOOD).status == 2
    assert appliance('setting', 'set', 'mail.password', '--stdin', text=GOOD + '\n').status == 0
    shown = appliance('setting', 'get', '--json').out + appliance('setting', 'get', 'mail.password').out
    assert GOOD not in shown and '"set"' in shown


def test_rescue_wants_an_administrator_and_prints_the_link_alone(appliance):
    assert 'make-admin' in appliance('rescue').err
    appliance('person', 'add', '--login', 'ana', '--name', 'Ana')
    appliance('person', 'make-admin', 'ana')
    said = appliance('rescue')
    assert said.status == 0 and said.out.startswith('http://127.0.0.1:18100/rescue/') and said.out.count('\n') == 1


def test_migrate_lists_every_migration(appliance):
    rows = appliance('migrate', '--json').data
    assert {'tool': 'core', 'name': '0001_initial', 'state': 'applied'} in rows


def test_check_reports_each_part_and_fails_when_one_does(appliance, closed_box):
    closed_box.config.backup.key_file.touch(0o600)
    found = {row['name']: row['state'] for row in appliance('check', '--json').data}
    assert found['database'] == found['schema'] == found['secrets'] == 'ok'
    closed_box.config.secrets.key_file.chmod(0o644)
    said = appliance('check', '--json')
    assert said.status == 1
    assert next(row for row in said.data if row['name'] == 'secrets')['action'].startswith('Run: chmod')


@pytest.mark.parametrize('content, words', [
    ('', 'must hold 64 hexadecimal digits'), ('xyz', 'must hold 64 hexadecimal digits'), (None, 'cannot be read')])
def test_an_unreadable_key_is_named(appliance, closed_box, content, words):
    if content is None:
        closed_box.config.secrets.key_file.unlink()
    else:
        closed_box.config.secrets.key_file.write_text(content)
    said = appliance('person', 'list')
    assert said.status == 1 and words in said.err and 'portal.key' in said.err
    assert f'{closed_box.config.place("secrets", "key_file")}: ' in said.err and 'config.ini:' in said.err


@pytest.mark.parametrize('url, key, words', [
    ('sqlite:///absent/portal.db', 'url', 'cannot be opened'), ('sqlite:///config.ini', 'url', 'cannot be opened'),
    ('postgresql://portal@127.0.0.1:1/portal', 'url', 'cannot be opened'),
    ('postgresql://portal@127.0.0.1:1/portal\npassword_file = absent', 'password_file', 'cannot be read')])
def test_a_database_that_cannot_be_opened_is_named_with_its_line(appliance, closed_box, url, key, words):
    path = closed_box.config.path
    path.write_text(re.sub('(?m)^url = .*$', f'url = {url}', path.read_text()))
    said = appliance('person', 'list')
    assert said.status == 1 and said.err.count('\n') == 1 and words in said.err
    assert re.search(rf'config\.ini:\d+: database\.{key}: ', said.err)


def test_the_demo_company_moves_into_an_empty_portal_only(appliance):
    assert appliance('demo', '--password-stdin', text=GOOD + '\n').status == 0
    people = appliance('person', 'list', '--json').data
    assert len(people) == 45
    assert [person['login'] for person in people[:5]] == ['administrator', 'head', 'employee', 'outsider', 'guest']
    assert people[0]['roles'] == ['administrator'] and people[4]['kind'] == 'guest'
    again = appliance('demo', '--password-stdin', text=GOOD + '\n')
    assert again.status == 1 and 'empty portal only' in again.err


def test_the_demo_company_never_enters_an_installed_box(appliance, closed_box):
    path = closed_box.config.path
    path.write_text(path.read_text().replace('http://127.0.0.1:18100', 'https://portal.company.example'))
    said = appliance('demo', '--password-stdin', text=GOOD + '\n')
    assert said.status == 1 and 'installed box' in said.err
    assert appliance('person', 'list', '--json').data == []


def test_init_makes_everything_and_repeats_without_harm(tmp_path, capsys, monkeypatch):
    path = tmp_path / 'config.ini'
    path.write_text(configuration('sqlite:///data/portal.db', 18100))
    first = console(capsys, monkeypatch, path, ['init'])
    assert first.status == 0 and first.out.startswith('http://127.0.0.1:18100/setup/')
    key = (tmp_path / 'portal.key').read_text()
    assert (tmp_path / 'portal.key').stat().st_mode & 0o777 == 0o600
    assert (tmp_path / 'data').stat().st_mode & 0o777 == 0o700
    second = console(capsys, monkeypatch, path, ['init'])
    assert second.out != first.out and (tmp_path / 'portal.key').read_text() == key
    console(capsys, monkeypatch, path, ['person', 'add', '--login', 'ana', '--name', 'Ana'])
    console(capsys, monkeypatch, path, ['person', 'make-admin', 'ana'])
    third = console(capsys, monkeypatch, path, ['init'])
    assert (third.status, third.out) == (0, '') and 'appliance rescue' in third.err


def test_a_wrong_configuration_is_one_line_with_its_place(tmp_path, capsys, monkeypatch):
    path = tmp_path / 'config.ini'
    path.write_text('[server]\nadress = 127.0.0.1:1\n')
    said = console(capsys, monkeypatch, path, ['check'])
    assert said.status == 1 and said.err.count('\n') == 1 and 'config.ini:2: server.adress' in said.err


def test_the_help_names_each_command_and_each_is_one(appliance):
    said = appliance('--help')
    assert said.status == 0 and 'Traceback' not in said.err
    named = re.findall(r'^  ([a-z-]+)  ', said.out.partition('Commands:')[2], re.MULTILINE)
    assert named == cli.commands.list_commands(None) and {'directory', 'new-tool', 'person'} <= set(named) and 'directory-sync' not in named
    for name in named:
        assert appliance(name, '--help').status == 0, name
