"""`appliance directory test`, and the other commands, as an administrator meets them at the console."""

import io
import json
import sys
from dataclasses import replace

import pytest

from appliance import cli
from appliance.core.actor import ANONYMOUS, SYSTEM
from appliance.core.errors import NotAllowed
from appliance.demo import directory as slapd
from appliance.identity import throttle
from appliance.identity.directory import directories, probe
from appliance.identity.models import LoginFailure
from tests.ldap.authority import Authority
from tests.ldap.people import BASE, PASSWORD, PEOPLE, PORTAL, SECRET, company
from tests.ldap.silence import grant_then_silence, never_answer, silent_server
from tests.postgresql import free_port


@pytest.fixture
def engine():
    """One engine is enough: what is tried here is the directory."""
    return 'sqlite'


@pytest.fixture(autouse=True)
def open_box(box):
    """A login that is tried counts as a try."""


def tried(directory, monkeypatch, name='', password=''):
    """The states and the report of trying a directory that no row holds."""
    monkeypatch.setattr(directories, 'load', lambda directory_id: directory)
    report = probe.test_directory(SYSTEM, 1, name, password)
    return [row['state'] for row in report], {row['step']: row for row in report}


def test_a_sound_directory_passes_every_step(box, each_encryption, monkeypatch):
    states, report = tried(each_encryption, monkeypatch, 'employee', PASSWORD)
    assert states == ['ok'] * 6
    assert report['people']['message'] == '14 people'
    assert report['login']['message'] == f'The password of uid=employee,{PEOPLE} is right.'


@pytest.mark.parametrize(('change', 'failed', 'words'), [
    ({'url': 'ldap://127.0.0.1:1'}, 'reach', 'Nothing listens'),
    ({'bind_password': 'wrong'}, 'bind', 'Invalid credentials'),
    ({'bind_password': ''}, 'bind', 'missing'),
    ({'base_dn': f'ou=nowhere,{BASE}'}, 'base', 'No such object'),
    ({'bind_dn': ''}, 'base', ''),
    ({'person_filter': '(objectClass=device)'}, 'people', 'nobody'),
    ({'person_filter': '(objectClass=x'}, 'people', 'not a filter'),
    ({'preset': 'active-directory'}, 'people', 'objectGUID'),
])
def test_the_first_step_that_fails_says_what_to_do(box, directory, monkeypatch, change, failed, words):
    states, report = tried(replace(directory, **change), monkeypatch, 'employee', PASSWORD)
    assert report[failed]['state'] == 'failed', report
    assert words in report[failed]['message']
    assert report[failed]['action']
    assert set(states[:probe.STEPS.index(failed)]) <= {'ok'}
    assert set(states[probe.STEPS.index(failed) + 1:]) <= {'skipped'}


def test_a_login_that_fails_tells_the_administrator_why(box, directory, monkeypatch):
    _states, report = tried(directory, monkeypatch, 'shared@company.test', PASSWORD)
    assert 'two mean nobody' in report['login']['action']


def test_the_wizard_s_logins_count_as_everybody_s(directory, monkeypatch):
    for typed in ('employee', 'EMPLOYEE', 'employee@company.test'):
        assert 'wrong' in tried(directory, monkeypatch, typed, 'wrong')[1]['login']['action']
    states, report = tried(directory, monkeypatch, 'employee', PASSWORD)
    assert states[-1] == 'failed' and 'Too many' in report['login']['message'], 'the right one is not tried either'
    LoginFailure.delete().execute()
    for _time in range(throttle.DIRECTORY_TRIES + 1):
        assert tried(directory, monkeypatch, 'employee', PASSWORD)[0][-1] == 'ok', 'a login that is let in forgives'


@pytest.mark.parametrize('tls', ['starttls', 'ldaps'])
@pytest.mark.parametrize(('host', 'days', 'is_known', 'words'), [
    ('127.0.0.1', 1, False, 'not known here'), ('127.0.0.2', 1, True, 'not for this address'),
    ('directory.test', 1, True, 'not for this address'), ('127.0.0.1', -1, True, 'expired')])
def test_the_reason_why_a_certificate_is_refused_is_told(directory, monkeypatch, tls, host, days, is_known, words):
    authority = Authority()
    with slapd.Slapd(company(), base=BASE, port=free_port(), tls_port=free_port(), tls=authority.issue(host, days=days)) as server:
        url = server.tls_url if tls == 'ldaps' else server.url
        pem = authority.pem if is_known else Authority('Stranger').pem
        _states, report = tried(replace(directory, url=url, tls=tls, ca_pem=pem), monkeypatch)
    assert words in report['encryption']['message']


def test_starttls_where_there_is_none_and_ldaps_at_a_plain_port(directory, monkeypatch):
    with slapd.Slapd(company(), base=BASE, port=free_port()) as server:
        _states, report = tried(replace(directory, url=server.url, tls='starttls'), monkeypatch)
        assert 'refuses StartTLS' in report['encryption']['message']
        _states, report = tried(replace(directory, url=server.url.replace('ldap:', 'ldaps:'), tls='ldaps'), monkeypatch)
        assert report['encryption']['state'] == 'failed'


@pytest.mark.parametrize(('scheme', 'tls', 'behave'), [
    ('ldap', 'none', never_answer), ('ldaps', 'ldaps', never_answer), ('ldap', 'starttls', grant_then_silence)])
def test_a_silent_directory_fails_the_test_in_time(directory, monkeypatch, authority, scheme, tls, behave):
    monkeypatch.setattr(probe, 'TEST_S', 1)
    with silent_server(behave) as port:
        _states, report = tried(replace(directory, url=f'{scheme}://127.0.0.1:{port}', tls=tls, ca_pem=authority.pem), monkeypatch)
    assert any('does not answer in time' in row['message'] for row in report.values())


@pytest.mark.parametrize(('limit', 'words'), [
    ('sizelimit size.soft=3 size.hard=3 size.prtotal=unlimited', '14 people'), ('sizelimit 3', 'only a part')])
def test_a_size_limit_of_the_server_is_no_failure(box, directory, monkeypatch, limit, words):
    monkeypatch.setattr(probe, 'PAGE', 3)
    with slapd.Slapd(company(), base=BASE, port=free_port(), top=limit) as server:
        states, report = tried(replace(directory, url=server.url), monkeypatch, 'employee', PASSWORD)
    assert states == ['ok'] * 6
    assert words in report['people']['message']


def test_counting_ends_in_time_for_the_login(box, directory, monkeypatch):
    monkeypatch.setattr(probe, 'PAGE', 3)
    monkeypatch.setattr(probe, 'LOGIN_S', probe.TEST_S)
    states, report = tried(directory, monkeypatch, 'employee', PASSWORD)
    assert states == ['ok'] * 6
    assert report['people']['message'].startswith('More than 0 people')


def test_only_administrators_may_try(box):
    with pytest.raises(NotAllowed):
        probe.test_directory(ANONYMOUS, 1)


def run(closed_box, capsys, *arguments, stdin=''):
    """(exit status, stdout, stderr) of `appliance directory ...` on a box."""
    sys.stdin, before = io.StringIO(stdin), sys.stdin
    try:
        with pytest.raises(SystemExit) as stop:
            cli.main(['--config', str(closed_box.config.path), 'directory', *arguments])
            sys.exit(0)
    finally:
        sys.stdin = before
    return (stop.value.code or 0, *capsys.readouterr())


def test_the_commands_from_adding_to_trying(closed_box, capsys, server, authority, tmp_path):
    ca = tmp_path / 'ca.pem'
    ca.write_text(authority.pem)
    status, out, err = run(closed_box, capsys, 'add', 'company', '--url', server.tls_url, '--base', PEOPLE, '--bind-dn', PORTAL, '--secret-stdin',
                           '--ca', str(ca), '--map', 'title=', '--map', 'phone=mobile,telephoneNumber', '--json', stdin=SECRET + '\n')
    assert (status, json.loads(out)['name']) == (0, 'company'), err
    status, out, _err = run(closed_box, capsys, 'test', 'company', '--login', 'employee', '--password-stdin', '--json', stdin=PASSWORD + '\n')
    assert (status, [row['state'] for row in json.loads(out)]) == (0, ['ok'] * 6)
    assert SECRET not in out and PASSWORD not in out
    status, _out, err = run(closed_box, capsys, 'edit', 'company', '--url', server.url, '--tls', 'starttls')
    assert status == 1 and 'secret' in err
    assert run(closed_box, capsys, 'edit', 'company', '--url', server.url, '--tls', 'starttls', '--secret-stdin', stdin=SECRET)[0] == 0
    assert run(closed_box, capsys, 'test', 'company')[0] == 0
    assert run(closed_box, capsys, 'edit', 'company', '--secret-stdin', stdin='wrong')[0] == 0
    status, out, _err = run(closed_box, capsys, 'test', 'company')
    assert status == 1 and 'FAILED' in out
    status, out, _err = run(closed_box, capsys, 'list', '--json')
    listed = json.loads(out)
    assert (status, listed[0]['mapping'], listed[0]['has_ca']) == (0, {'title': [], 'phone': ['mobile', 'telephoneNumber']}, True)
    assert 'In use' in run(closed_box, capsys, 'list')[1]
    status, out, _err = run(closed_box, capsys, 'show', 'company')
    shown = {line[:16].strip(): line[16:].strip() for line in out.splitlines()}
    assert (status, shown['server'], shown['bind-dn'], shown['secret is kept'], shown['state']) == (0, server.url, PORTAL, 'yes', 'In use'), out
    assert 'phone=mobile,telephoneNumber' in out and SECRET not in out and 'wrong' not in out
    assert json.loads(run(closed_box, capsys, 'show', 'company', '--json')[1])['people'] == 0
    assert run(closed_box, capsys, 'show', 'nobody')[0] == 1


def test_one_login_alone_is_answered_without_a_step_that_nobody_asked_for(closed_box, capsys, server):
    run(closed_box, capsys, 'add', 'company', '--url', server.url, '--tls', 'none', '--base', PEOPLE, '--bind-dn', PORTAL, '--secret-stdin', stdin=SECRET + '\n')
    out = run(closed_box, capsys, 'test', 'company', '--as', 'employee')[1]
    assert 'employee number -' in out and 'login       -' not in out, out
    assert [row['step'] for row in json.loads(run(closed_box, capsys, 'test', 'company', '--as', 'employee', '--json')[1])][-1] == 'as'


@pytest.mark.parametrize(('arguments', 'status', 'words'), [
    (('add', 'company', '--url', 'ldap://192.0.2.1', '--base', 'dc=x', '--tls', 'none'), 1, 'without encryption'),
    (('add', 'company', '--url', 'http://x', '--base', 'dc=x'), 1, 'ldaps://host'),
    (('add', 'company', '--base', 'dc=x'), 2, '--url'),
    (('add', 'company', '--url', 'ldaps://x', '--base', 'dc=x', '--bind-dn', 'cn=x'), 2, 'secret is needed'),
    (('add', 'company', '--url', 'ldaps://x', '--base', 'dc=x', '--map', 'title'), 1, 'FIELD=ATTRIBUTE'),
    (('edit', 'nobody', '--name', 'x'), 1, 'nobody'),
    (('test', 'nobody'), 1, 'nobody'),
])
def test_wrong_use_is_one_clear_line(closed_box, capsys, arguments, status, words):
    found, out, err = run(closed_box, capsys, *arguments)
    assert (found, out) == (status, '')
    assert words in err and 'Traceback' not in err
