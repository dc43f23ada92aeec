"""The login as the web calls it: under the gate, with a memory of failures that all workers share."""

import contextlib
import time
from datetime import timedelta

import pytest
import time_machine

from appliance.core import clock, db
from appliance.core.actor import SYSTEM
from appliance.core.errors import TooMany
from appliance.core.people import Person
from appliance.identity import accounts, sessions, throttle
from appliance.identity.directory import directories, resolving
from appliance.identity.directory import login as login_module
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured, WrongPair
from tests.ldap.people import EMPLOYEE, PASSWORD, PEOPLE, PORTAL, SECRET
from tests.ldap.silence import never_answer, silent_server


@pytest.fixture
def active(box, server):
    """The id of the one active directory of the box: the test server."""
    return directories.add_directory(SYSTEM, 'company', server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none')


def authenticate(directory, name, password):
    """The Entry of this pair, where there is one directory."""
    return resolving.authenticate([directory], name, password)[1]


def test_the_active_directory_lets_a_person_in(active):
    assert str(authenticate(directories.all_active()[0], 'employee', PASSWORD).uuid) == EMPLOYEE


def test_a_failure_is_remembered_for_half_a_minute_by_all(active, server):
    with silent_server(never_answer) as port:
        directories.edit_directory(SYSTEM, active, SECRET, url=f'ldap://127.0.0.1:{port}')
        with pytest.raises(DirectoryDown):
            authenticate(directories.all_active()[0], 'employee', PASSWORD)
        begun = time.monotonic()
        for _count in range(3):
            with pytest.raises(DirectoryDown) as caught:
                authenticate(directories.all_active()[0], 'employee', PASSWORD)
            assert caught.value.reason == 'silent'
        assert time.monotonic() - begun < 0.5


def test_a_login_after_half_a_minute_asks_again_and_clears_the_memory(active):
    directories.note_failure(SYSTEM, active, 'silent')
    with time_machine.travel(clock.now() + timedelta(seconds=31)):
        authenticate(directories.all_active()[0], 'employee', PASSWORD)
        assert directories.all_active()[0].failed_at is None


def test_a_clock_that_went_back_does_not_keep_a_failure(active):
    directories.note_failure(SYSTEM, active, 'silent')
    with time_machine.travel(clock.now() - timedelta(days=1)):
        authenticate(directories.all_active()[0], 'employee', PASSWORD)


def test_a_refused_account_of_ours_is_remembered_too(active):
    """It has a lock-out of its own."""
    directories.edit_directory(SYSTEM, active, 'wrong')
    for _count in range(2):
        with pytest.raises(DirectoryMisconfigured) as caught:
            authenticate(directories.all_active()[0], 'employee', PASSWORD)
        assert caught.value.reason == 'bind'
    assert directories.list_directories(SYSTEM)[0]['failure']


def test_an_unusable_pair_asks_nobody_even_of_a_directory_that_is_down(active):
    directories.note_failure(SYSTEM, active, 'silent')
    with pytest.raises(WrongPair):
        authenticate(directories.all_active()[0], 'employee', ' ')


def test_the_first_login_makes_the_person_and_later_ones_bring_him_up_to_date(active):
    _token, person_id, _language = accounts.log_in('employee@company.test', PASSWORD, '192.0.2.1')
    assert accounts.log_in('employee', PASSWORD, '192.0.2.1')[1] == person_id
    person = next(row for row in accounts.all_people() if row['id'] == person_id)
    assert (person['login'], person['name'], person['source']) == ('employee', 'Ana Ñúñez', 'directory')


def test_the_fourth_wrong_password_never_reaches_the_directory(active):
    for typed in ('employee', 'employee@company.test', 'EMPLOYEE'):
        with pytest.raises(WrongPair):
            accounts.log_in(typed, 'wrong', '192.0.2.1')
    with pytest.raises(TooMany):
        accounts.log_in('employee', PASSWORD, '192.0.2.2')
    with time_machine.travel(clock.now() + throttle.WINDOW + timedelta(seconds=1)):
        accounts.log_in('employee', PASSWORD, '192.0.2.2')


@pytest.mark.parametrize(('reason', 'costs'), [('refused', False), ('tls', False), ('overloaded', False), ('silent', True), ('closed', True)])
def test_a_directory_that_goes_away_costs_a_try_only_where_it_may_have_judged(active, reason, costs):
    """The search is answered, the bind is not: one that fell silent over it may have counted a wrong password all the same."""
    directory = directories.all_active()[0]
    for _count in range(throttle.DIRECTORY_TRIES + 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(login_module, 'bind_as', lambda *args: (_ for _ in ()).throw(DirectoryDown(reason)))
            with pytest.raises((DirectoryDown, TooMany)):
                accounts.log_in('employee', PASSWORD, '192.0.2.1')
        directories.note_answer(directories.load(directory.id))
    with pytest.raises(TooMany) if costs else contextlib.nullcontext():
        accounts.log_in('employee', PASSWORD, '192.0.2.1')


def test_a_local_administrator_gets_in_while_the_directory_is_silent(active):
    accounts.add_local(SYSTEM, 'administrator', 'Admin', password_hash=accounts.passwords.hash_password('a local secret'))
    with silent_server(never_answer) as port:
        directories.edit_directory(SYSTEM, active, SECRET, url=f'ldap://127.0.0.1:{port}')
        begun = time.monotonic()
        accounts.log_in('administrator', 'a local secret', '192.0.2.1')
        assert time.monotonic() - begun < 2
        begun = time.monotonic()
        with pytest.raises(DirectoryDown):
            accounts.log_in('employee', PASSWORD, '192.0.2.1')
        assert time.monotonic() - begun < 3


def test_who_is_let_in_is_written_down_at_once(active, monkeypatch):
    """Two transactions: the try before the bind, and all the rest. What breaks off in the second leaves nothing of it."""
    transactions, begin = [], db._transaction
    monkeypatch.setattr(db, '_transaction', lambda name: transactions.append(name) or begin(name))
    accounts.log_in('employee', PASSWORD, '192.0.2.1')
    assert transactions == ['identity.throttle.take_directory_try', 'identity.accounts.log_in']
    monkeypatch.setattr(sessions, 'open_session', lambda *_given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        accounts.log_in('head', PASSWORD, '192.0.2.1')
    assert not Person.select().where(Person.login == 'head').exists()
