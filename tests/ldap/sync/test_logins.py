"""Logins that change hands in a directory, seen by one look."""
import pytest
import time_machine

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.people import Person, add_person
from appliance.identity import accounts
from appliance.identity.directory import directories
from appliance.identity.directory.sync import applying, batches, following, planning, reading, runs
from appliance.identity.models import Directory
from tests.actions import killing
from tests.boxes import opened
from tests.ldap.people import PASSWORD, PEOPLE, PORTAL, SECRET
from tests.ldap.sync.conftest import blocks, told, who


def ids(*logins):
    return [who(login).id for login in logins]


def swap(company, one, other):
    company.rename(one, 'for-a-moment')
    company.rename(other, one)
    company.rename('for-a-moment', other)


@pytest.mark.parametrize(('giver', 'taker'), [('worker0', 'worker1'), ('worker1', 'worker0')])
def test_a_login_that_becomes_free_is_given_in_the_same_run(company, follow, giver, taker):
    """Whichever of the two the directory names first."""
    gives, takes = ids(giver, taker)
    company.rename(giver, 'boss')
    company.rename(taker, giver)
    assert {kind: {state for *_more, state in steps} for kind, steps in follow().steps.items()} == {'change': {'applied'}}
    assert (who('boss').id, who(giver).id) == (gives, takes) and follow() is None


def test_somebody_new_gets_a_login_that_becomes_free(company, follow):
    before, = ids('worker1')
    company.rename('worker1', 'worker1-former')
    company.add('worker1', cn='New One')
    assert follow().steps == {'change': [('Worker1', 'changed', 'applied')], 'create': [('New One', 'new', 'applied')]}
    assert who('worker1-former').id == before and who('worker1').name == 'New One'


def test_an_account_that_is_shut_and_put_aside_gives_its_login_free(company, follow):
    before, = ids('worker1')
    company.rename('worker1', 'former-worker1')
    company._root.modify_s('uid=former-worker1,ou=people,dc=company,dc=test', [(2, 'shadowExpire', [b'1'])])
    company.add('worker1', cn='New One')
    steps = follow().steps
    assert (len(steps['disable']), len(steps['change']), len(steps['create'])) == (1, 1, 1) and follow() is None
    assert who('former-worker1').id == before and blocks('former-worker1') and not blocks('worker1')


def test_two_change_their_logins_with_each_other(company, follow):
    one, other = ids('worker0', 'worker1')
    swap(company, 'worker0', 'worker1')
    run = follow()
    assert run.steps['change'] == [('Worker0', 'parked', 'applied'), ('Worker1', 'changed', 'applied'), ('Worker0', 'changed', 'applied')] or \
        run.steps['change'] == [('Worker1', 'parked', 'applied'), ('Worker0', 'changed', 'applied'), ('Worker1', 'changed', 'applied')]
    assert ids('worker1', 'worker0') == [one, other] and follow() is None
    assert [accounts.log_in(login, PASSWORD, '127.0.0.1')[1] for login in ('worker1', 'worker0')] == [one, other]
    runs.undo(SYSTEM, run.id)
    following.carry_on(run.id)
    assert ids('worker0', 'worker1') == [one, other] and {state for _name, _reason, state in told(run.id).steps['change']} == {'taken back'}


def test_five_in_a_ring_and_one_behind_it(company, follow):
    before = ids(*(f'worker{number}' for number in range(6)))
    company.rename('worker0', 'a')
    for number in range(1, 5):
        company.rename(f'worker{number}', f'worker{number - 1}')
    company.rename('a', 'worker4')
    company.change('worker4', title='Foreman')
    company.rename('worker5', 'worker6x')
    company.rename('worker6', 'worker5')
    follow()
    assert ids('worker4', 'worker0', 'worker1', 'worker2', 'worker3', 'worker6x') == before and who('worker4').title == 'Foreman' and follow() is None


def test_whom_somebody_else_s_login_stops_stops_those_behind_him_only(company, follow):
    add_person(SYSTEM, 'boss', 'The boss')
    company.rename('worker1', 'boss')
    company.rename('worker2', 'worker1')
    company.rename('worker3', 'worker3x')
    steps = follow().steps
    assert sorted(name for name, *_more in steps['refuse']) == ['Worker1', 'Worker2'] and steps['change'] == [('Worker3', 'changed', 'applied')]
    assert sorted(name for name, *_more in steps['move']) == ['Worker1', 'Worker2']
    assert {'worker1', 'worker2', 'worker3x', 'boss'} <= {person.login for person in Person.select()}


def test_who_is_known_comes_in_by_a_login_that_is_not_free_here_yet(company, followed):
    """Before the next look, or where nobody looks: his entry says who he is, and the login is a label."""
    one, other = ids('worker0', 'worker1')
    swap(company, 'worker0', 'worker1')
    assert [accounts.log_in(login, PASSWORD, '127.0.0.1')[1] for login in ('worker1', 'worker0')] == [one, other]
    assert ids('worker0', 'worker1') == [one, other]
    following.follow(followed)
    assert ids('worker1', 'worker0') == [one, other]


def test_killed_anywhere_a_ring_ends_as_the_directory_says(monkeypatch, sqlite_template, company, tmp_path):
    """Also between the step that parks a login and the one that gives it."""
    with sqlite_template.box(tmp_path / 'box') as box, opened(box), time_machine.travel(clock.now(), tick=False):
        directory_id = directories.add_directory(SYSTEM, 'Company', company.server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none')
        Directory.update(sync='all').execute()
        following.follow(directory_id)
        swap(company, 'worker0', 'worker1')
        monkeypatch.setattr(batches, 'BATCH', 1)
        directory = directories.load(directory_id)
        run_id = runs.keep(planning.make(directory, reading.read(directory), creates=True), directory_id)
        killing.end_alike(killing.SqliteCopies(box, tmp_path), lambda: applying.apply(run_id), lambda statements: range(1, statements, 5))
