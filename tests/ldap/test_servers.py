"""Several servers of one directory: a login by the next when one is down, silent or untrusted, and what is remembered of it."""

import json
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine

from appliance.core import clock, db
from appliance.core.actor import SYSTEM
from appliance.core.errors import Invalid
from appliance.demo import directory as slapd
from appliance.identity import accounts
from appliance.identity.directory import directories, probe, resolving, servers
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured, WrongPair
from appliance.identity.directory.login import ask
from appliance.identity.directory.sync import following
from appliance.identity.models import Directory
from tests.ldap.authority import Authority
from tests.ldap.people import BASE, EMPLOYEE, PASSWORD, PEOPLE, PORTAL, SECRET, company
from tests.ldap.silence import drip, grant_then_silence, hang_up, never_answer, silent_server
from tests.ldap.test_probe import run
from tests.postgresql import free_port

MOST_S = 3


@pytest.fixture(scope='module')
def replica(authority):
    """A second slapd with the same people."""
    with slapd.Slapd(company(), base=BASE, port=free_port(), tls_port=free_port(), tls=authority.issue('127.0.0.1')) as running:
        yield running


def add(first, *others, **values):
    """The id of an active directory with these servers."""
    return directories.add_directory(SYSTEM, 'company', first, PEOPLE, SECRET, **{'bind_dn': PORTAL, 'tls': 'none', 'more_servers': others} | values)


def log_in(typed='employee', password=PASSWORD):
    """Seconds that a login took."""
    begun = time.monotonic()
    accounts.log_in(typed, password, '192.0.2.1')
    return time.monotonic() - begun


def failures():
    return {url: reason for url, (_at, reason) in Directory.get().failures.items()}


@pytest.mark.parametrize('behave', [never_answer, hang_up, None], ids=['silent', 'hangs up', 'down'])
def test_a_login_gets_in_by_the_second_server(box, replica, behave):
    with silent_server(behave or never_answer) as port:
        dead = f'ldap://127.0.0.1:{port if behave else free_port()}'
        add(dead, replica.url)
        assert log_in() < 2
        assert [*failures()] == [dead] and Directory.get().failed_at is None
        assert log_in() < 0.7, 'the dead one is left alone'


@pytest.mark.parametrize(('scheme', 'tls', 'behave'), [
    ('ldap', 'starttls', grant_then_silence), ('ldaps', 'ldaps', drip), ('ldaps', 'ldaps', never_answer)])
def test_silence_amid_the_encryption_costs_one_share(directory, replica, authority, scheme, tls, behave):
    with silent_server(behave) as port:
        both = replace(directory, url=f'{scheme}://127.0.0.1:{port}', tls=tls, ca_pem=authority.pem,
                       more_servers=(replica.tls_url if tls == 'ldaps' else replica.url,))
        begun = time.monotonic()
        assert str(ask(both, 'employee', PASSWORD).uuid) == EMPLOYEE
        assert time.monotonic() - begun < 1.5


@pytest.mark.parametrize('tls', ['starttls', 'ldaps'])
def test_a_server_with_a_wrong_certificate_gets_no_secret_and_the_next_is_asked(box, replica, authority, tls):
    with slapd.Slapd(company(), base=BASE, port=free_port(), tls_port=free_port(), tls=Authority('Stranger').issue('127.0.0.1')) as stranger:
        first, second = ((one.tls_url if tls == 'ldaps' else one.url) for one in (stranger, replica))
        add(first, second, tls=tls, ca_pem=authority.pem)
        assert log_in() < 2
        assert failures() == {first: 'tls'}


def test_a_server_without_starttls_is_passed_over(box, replica, authority):
    with slapd.Slapd(company(), base=BASE, port=free_port()) as plain:
        add(plain.url, replica.url, tls='starttls', ca_pem=authority.pem)
        assert log_in() < 2
        assert failures() == {plain.url: 'encryption'}


def test_one_that_dies_is_left_and_one_that_comes_back_is_first_again(box, replica):
    first = slapd.Slapd(company(), base=BASE, port=free_port())
    with first:
        add(first.url, replica.url)
        log_in()
        assert failures() == {}
        first.stop()
        log_in()
        assert [*failures()] == [first.url]
    with slapd.Slapd(company(), base=BASE, port=int(first.url.rpartition(':')[2])):
        with time_machine.travel(clock.now() + servers.FAILURE_KEPT + timedelta(seconds=1)):
            log_in()
            assert failures() == {}, 'it was asked again, and answered'


def test_all_dead_is_a_directory_that_is_down(box):
    with silent_server(never_answer) as one, silent_server(never_answer) as other:
        number = add(f'ldap://127.0.0.1:{one}', f'ldap://127.0.0.1:{other}', f'ldap://127.0.0.1:{free_port()}')
        begun = time.monotonic()
        with pytest.raises(DirectoryDown):
            accounts.log_in('employee', PASSWORD, '192.0.2.1')
        assert time.monotonic() - begun < MOST_S
        assert len(failures()) == 3 and Directory.get().failure
        begun = time.monotonic()
        with pytest.raises(DirectoryDown):
            accounts.log_in('employee', PASSWORD, '192.0.2.1')
        assert time.monotonic() - begun < 0.7
        assert [one['url'] for one in directories.list_directories(SYSTEM)[0]['tired']] == sorted(failures())
        directories.edit_directory(SYSTEM, number, name='another')
        assert failures() == {}


def test_what_the_directory_itself_says_is_not_asked_twice(box, replica, server):
    """Our account has a lock-out of its own."""
    add(server.url, replica.url)
    directories.edit_directory(SYSTEM, 1, 'wrong')
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        real = servers.in_turn
        patch.setattr(servers, 'in_turn', lambda directory, deadline, ask, *more: real(
            directory, deadline, lambda one, until: asked.append(one.url) or ask(one, until), *more))
        with pytest.raises(DirectoryMisconfigured):
            accounts.log_in('employee', PASSWORD, '192.0.2.1')
    assert asked == [server.url]


def test_a_wrong_password_is_tried_at_one_server_only(box, replica, server):
    add(server.url, replica.url)
    with pytest.raises(WrongPair):
        accounts.log_in('employee', 'wrong', '192.0.2.1')
    assert failures() == {}


def test_who_waits_behind_a_silent_first_server_gets_his_turn(box, replica):
    """A share is shorter than the gate's second."""
    with silent_server(never_answer) as port:
        add(f'ldap://127.0.0.1:{port}', replica.url)
        asked, ended = directories.all_active(), []

        def come():
            ended.append(str(resolving.authenticate(asked, 'employee', PASSWORD)[1].uuid))
            db.database.close()
        threads = [threading.Thread(target=come) for _one in range(2)]
        for thread in threads:
            thread.start()
            time.sleep(0.05)
        for thread in threads:
            thread.join()
        assert ended == [EMPLOYEE] * 2


def test_a_clock_that_went_back_does_not_keep_a_failure(box, replica, server):
    number = add(server.url, replica.url)
    servers.note(SYSTEM, number, server.url, 'silent')
    with time_machine.travel(clock.now() - timedelta(days=1)):
        log_in()
    assert failures() == {}


def test_the_sync_reads_by_the_next_server(box, replica):
    with silent_server(hang_up) as port:
        number = add(f'ldap://127.0.0.1:{port}', replica.url, sync='all')
        following.follow(number)
        assert accounts.person_by_login('employee')
        assert [*failures()] == [f'ldap://127.0.0.1:{port}']


def test_a_silent_server_holds_the_sync_up_for_seconds_only(box, replica, monkeypatch):
    monkeypatch.setattr('appliance.identity.directory.client.ANSWER_S', 0.5)
    with silent_server(never_answer) as port:
        number = add(f'ldap://127.0.0.1:{port}', replica.url)
        begun = time.monotonic()
        following.follow(number)
        assert time.monotonic() - begun < 2
        assert failures() == {f'ldap://127.0.0.1:{port}': 'silent'}


@pytest.mark.parametrize('others', [['ldaps://dc3.company.test'], ['ldaps://dc2.company.test:3269'], ['ldaps://dc2.company.test', 'ldaps://dc3.company.test']])
def test_one_server_more_needs_the_secret_again(box, others):
    number = add('ldaps://dc1.company.test', 'ldaps://dc2.company.test', tls='ldaps')
    with pytest.raises(Invalid) as caught:
        directories.edit_directory(SYSTEM, number, more_servers=others)
    assert caught.value.field == 'secret'
    assert directories.load(number).more_servers == ('ldaps://dc2.company.test',)
    directories.edit_directory(SYSTEM, number, 'again', more_servers=others)
    assert directories.load(number).bind_password == 'again'


@pytest.mark.parametrize('change', [{'more_servers': []}, {'url': 'ldaps://dc2.company.test', 'more_servers': ['ldaps://dc1.company.test:636']},
                                    {'more_bases': ['dc=x']}])
def test_fewer_servers_or_another_order_keep_the_secret(box, change):
    number = add('ldaps://dc1.company.test', 'ldaps://dc2.company.test', tls='ldaps')
    directories.edit_directory(SYSTEM, number, **change)
    assert directories.load(number).bind_password == SECRET


@pytest.mark.parametrize(('field', 'value'), [
    ('more_servers', 'ldaps://x'), ('more_servers', ['http://x']), ('more_servers', ['']), ('more_servers', [7]), ('more_servers', [['x']]), ('more_servers', None),
    ('more_servers', ['ldaps://a\nldaps://b']), ('more_servers', [f'ldaps://dc{n}' for n in range(8)]), ('more_servers', {'ldaps://x': 1}), ('more_bases', ['people']),
    ('more_bases', ['']), ('more_bases', 'dc=x'), ('more_bases', [None]), ('more_bases', ['dc=\u202ex']), ('more_bases', [f'dc=x{n}' for n in range(20)]),
    ('tls', 'starttls')])
def test_wrong_lists_are_named(box, field, value):
    with pytest.raises(Invalid) as caught:
        add('ldaps://dc1.company.test', **{'more_servers': ['ldaps://dc2'], 'tls': 'ldaps', field: value})
    assert caught.value.field == field
    assert not Directory.select().exists()


def test_without_encryption_every_server_must_be_this_machine(box):
    with pytest.raises(Invalid) as caught:
        add('ldap://127.0.0.1', 'ldap://192.0.2.1')
    assert caught.value.field == 'tls'


def told(report):
    """[(step, state, message)] of a report."""
    return [(row['step'], row['state'], row['message']) for row in report]


def test_the_test_says_of_each_server_whether_it_answers(box, replica, server, authority):
    dead = f'ldaps://127.0.0.1:{free_port()}'
    with slapd.Slapd(company(), base=BASE, port=free_port(), tls_port=free_port(), tls=Authority('Stranger').issue('127.0.0.1')) as stranger:
        number = add(dead, stranger.tls_url, replica.tls_url, tls='ldaps', ca_pem=authority.pem, more_bases=[f'ou=people,{BASE}', BASE])
        report = probe.test_directory(SYSTEM, number, 'employee', PASSWORD)
    found = told(report)
    assert [(step, state) for step, state, _message in found] == [
        ('reach', 'failed'), ('encryption', 'skipped'), ('reach', 'ok'), ('encryption', 'failed'), ('reach', 'ok'), ('encryption', 'ok'),
        ('bind', 'ok'), ('base', 'ok'), ('people', 'ok'), ('login', 'ok')]
    assert found[0][2].startswith(f'{dead}: Nothing listens') and found[3][2].startswith(stranger.tls_url)
    assert found[7][2] == f'{PEOPLE}; {BASE}' and found[8][2] == '14 people', 'an entry below two bases is one'
    assert report[0]['action'] and not Directory.get().failures, 'a test writes nothing'


def test_a_silent_server_leaves_the_test_time_for_the_others(box, replica, authority):
    with silent_server(never_answer) as port:
        number = add(f'ldaps://127.0.0.1:{port}', replica.tls_url, tls='ldaps', ca_pem=authority.pem)
        begun = time.monotonic()
        found = told(probe.test_directory(SYSTEM, number, 'employee', PASSWORD))
        assert time.monotonic() - begun < probe.TEST_S
    assert [state for _step, state, _message in found] == ['ok', 'failed', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok']
    assert 'does not answer in time' in found[1][2]


def test_where_no_server_is_sound_the_rest_is_not_tried(box):
    found = told(probe.test_directory(SYSTEM, add(f'ldap://127.0.0.1:{free_port()}', f'ldap://127.0.0.1:{free_port()}'), 'x', 'y'))
    assert [state for _step, state, _message in found] == ['failed', 'skipped'] * 2 + ['skipped'] * 4


def test_a_base_that_is_not_there_is_named(box, replica):
    found = told(probe.test_directory(SYSTEM, add(replica.url, more_bases=[f'ou=nowhere,{BASE}'])))
    assert found[3][:2] == ('base', 'failed') and f'ou=nowhere,{BASE}' in found[3][2]


@pytest.mark.parametrize('engine', ['sqlite'], indirect=True)
def test_at_the_console(closed_box, capsys):
    """Servers and bases again for more; the old words work."""
    def appliance(*arguments, stdin=''):
        return run(closed_box, capsys, *arguments, stdin=stdin)
    at = ('--bind-dn', PORTAL, '--secret-stdin', '--tls', 'none')
    status, _out, err = appliance('add', 'two', '--server', 'ldap://127.0.0.1', '--server', 'ldap://localhost:3389', '--base', PEOPLE, '--base', 'dc=x',
                                  *at, stdin=SECRET)
    assert status == 0, err
    assert appliance('add', 'one', '--url', 'ldap://127.0.0.1', '--base', BASE, *at, stdin=SECRET)[0] == 0
    rows = {row['name']: row for row in json.loads(appliance('list', '--json')[1])}
    assert (rows['two']['url'], rows['two']['more_servers'], rows['two']['more_bases']) == ('ldap://127.0.0.1', ['ldap://localhost:3389'], ['dc=x'])
    assert rows['one']['more_servers'] == rows['one']['more_bases'] == []
    assert 'ldap://127.0.0.1 ldap://localhost:3389' in appliance('list')[1]
    status, _out, err = appliance('edit', 'two', '--server', 'ldap://127.0.0.1', '--server', 'ldap://127.0.0.2')
    assert status == 1 and 'secret' in err
    assert appliance('edit', 'two', '--server', 'ldap://localhost:3389')[0] == 0
    assert {row['name']: row['more_servers'] for row in json.loads(appliance('list', '--json')[1])}['two'] == []
