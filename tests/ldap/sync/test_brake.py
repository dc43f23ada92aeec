"""The brake: a short answer cuts nobody off, and says so once."""
from datetime import timedelta

import ldap
import pytest
import time_machine

from appliance.core import clock, notices
from appliance.core.actor import ADMINISTRATOR, SYSTEM
from appliance.core.errors import Conflict, Invalid
from appliance.core.people import Person, actor_for, add_person, give_role, is_blocked
from appliance.identity.directory import directories, group_rules
from appliance.identity.directory.client import Connection
from appliance.identity.directory.sync import following, reading, runs
from appliance.identity.directory.sync.models import SyncRun
from appliance.identity.models import Directory, DirectoryPerson
from tests.ldap.people import BASE
from tests.ldap.sync.conftest import TEN, told, who


def out():
    """The logins of those who are out."""
    return sorted(person.login for person in Person.select() if is_blocked(person.id))


def test_four_of_ten_are_cut_off_and_five_are_not(company, follow):
    company.delete(*TEN[:4])
    assert follow().brake == '' and out() == TEN[:4]
    company.delete(*TEN[4:9])
    run = follow()
    assert (run.state, run.brake, run.absent, run.known) == ('held', 'many', 5, 6)
    assert out() == TEN[:4] and {state for _name, _reason, state in run.steps['disable']} == {'waiting'}
    assert follow() is None, 'it is said once'


def test_an_empty_answer_cuts_nobody_off(company, followed, follow):
    directories.edit_directory(SYSTEM, followed, person_filter='(uid=nobody)')
    assert follow().brake == 'empty' and out() == []


def test_who_the_directory_itself_shuts_out_is_cut_off_all_the_same(company, follow):
    company.delete(*TEN[:6])
    company.change('worker8', shadowExpire='1')
    run = follow()
    assert (run.state, run.brake) == ('held', 'many') and out() == ['worker8']
    company.change('worker9', shadowExpire='1')
    assert follow().steps == {'disable': [('Worker9', 'expired', 'applied')]}, 'also while the brake holds'


@pytest.mark.parametrize('error', [ldap.SIZELIMIT_EXCEEDED, ldap.SERVER_DOWN, ldap.OPERATIONS_ERROR])
def test_an_answer_that_breaks_off_cuts_nobody_off(monkeypatch, company, follow, error):
    """After the first page, by the server's word or by a lost connection."""
    monkeypatch.setattr(reading, 'PAGE', 4)
    real = Connection.pages

    def broken(self, *args):
        for number, page in enumerate(real(self, *args)):
            if number:
                raise error()
            yield page
    monkeypatch.setattr(Connection, 'pages', broken)
    company.change('worker0', title='Foreman')
    run = follow()
    assert run.brake == ('part' if error is ldap.SIZELIMIT_EXCEEDED else 'lost') and run.absent == 6
    assert out() == [] and who('worker0').title == 'Foreman', 'who came is followed'
    assert follow() is None


def test_administrators_are_told(company, follow, run_due):
    boss = add_person(SYSTEM, 'boss', 'The boss', 'boss@company.test')
    give_role(SYSTEM, boss, ADMINISTRATOR)
    company.delete(*TEN[:6])
    run = follow()
    run_due('core.deliveries')
    notice = next(one for one in notices.listing(actor_for(boss, 'test'))['notices'] if 'missing' in one['text'])
    assert notice['text'] == '6 of 10 people are missing in the directory Company. Nobody was cut off for it: please look.'
    assert notice['url'] == f'/admin/directories/1/runs/{run.id}'


def test_a_word_cuts_them_off(company, followed, follow):
    company.delete(*TEN[:6])
    run = follow()
    with pytest.raises(Invalid):
        runs.start(SYSTEM, run.id)
    runs.start(SYSTEM, run.id, with_held=True)
    following.carry_on(run.id)
    assert told(run.id).state == 'done' and out() == TEN[:6]
    with pytest.raises(Conflict):
        runs.start(SYSTEM, run.id, with_held=True)


def test_it_is_over_when_they_are_back(company, followed, follow):
    directories.edit_directory(SYSTEM, followed, person_filter='(uid=worker1)')
    run = follow()
    assert run.state == 'held'
    directories.edit_directory(SYSTEM, followed, person_filter='(objectClass=inetOrgPerson)')
    assert follow() is None and told(run.id).state == 'over'
    directories.edit_directory(SYSTEM, followed, person_filter='(uid=worker1)')
    assert follow().state == 'held', 'and the next is said again'


def test_one_more_or_another_reason_is_said_again(company, follow):
    company.delete(*TEN[:6])
    first = follow()
    company.delete(TEN[6])
    second = follow()
    assert (second.brake, second.absent, told(first.id).state) == ('many', 7, 'over')
    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1)):
        assert follow().absent == 7, 'and each day'


def test_what_somebody_let_be_is_not_said_again_that_day(company, follow):
    company.delete(*TEN[:6])
    run = follow()
    runs.discard(SYSTEM, run.id)
    assert follow() is None


def test_bit_by_bit_is_the_same(company, follow):
    """Never five at once."""
    for number in range(0, 4):
        company.delete(TEN[number])
        assert follow().brake == ''
    company.delete(*TEN[4:6])
    assert follow().brake == 'many' and out() == TEN[:4]


def test_the_last_administrator_waits_for_a_word(company, follow):
    give_role(SYSTEM, who('worker1').id, ADMINISTRATOR)
    company.delete('worker0', 'worker1')
    run = follow()
    assert (run.state, run.brake, out()) == ('held', 'administrator', ['worker0'])


def test_he_is_the_last_also_where_the_same_look_shuts_the_other_out(company, follow):
    for login in ('worker1', 'worker2'):
        give_role(SYSTEM, who(login).id, ADMINISTRATOR)
    company.delete('worker1')
    company.change('worker2', shadowExpire='1')
    run = follow()
    assert (run.state, run.brake, out()) == ('held', 'administrator', ['worker2'])


def test_values_that_many_lose_are_kept(company, followed, follow):
    directories.edit_directory(SYSTEM, followed, mapping={'title': ['description']})
    run = follow()
    assert (run.state, run.brake, len(run.steps['change'])) == ('held', 'emptied', 10) and who('worker1').title == 'Worker'


def test_who_comes_in_while_the_directory_is_read_stays(monkeypatch, company, followed, follow):
    """He is known by then, and not in the answer, which is older."""
    real = reading.read

    def read(*args):
        snapshot = real(*args)
        DirectoryPerson.update(seen_at=clock.now()).where(DirectoryPerson.person == who('worker1').id).execute()
        return snapshot
    company.delete('worker1')
    monkeypatch.setattr(reading, 'read', read)
    assert follow() is None and out() == []


def moved(company, *logins):
    for login in logins:
        company.move(login, f'ou=former,{BASE}')


def test_who_is_back_is_not_cut_off_by_a_word_about_all(company, followed, follow):
    """Six are held, two come back, another goes: the word is about the five who are missing now. Nobody is told anew for it."""
    moved(company, *TEN[:6])
    run_id = follow().id
    for login in TEN[:2]:
        company.move_back(login)
    moved(company, TEN[6])
    assert follow() is None and follow() is None
    runs.start(SYSTEM, run_id, with_held=True)
    following.follow_all()
    assert out() == TEN[2:7] and SyncRun.select().where(SyncRun.brake != '').count() == 1
    assert {state for name, _reason, state in told(run_id).steps['disable'] if name in ('Worker0', 'Worker1')} == {'skipped'}


def test_nor_by_a_word_about_a_run_that_somebody_asked_for(company, followed):
    Directory.update(sync='off').execute()
    moved(company, *TEN[:6])
    run_id = runs.ask(SYSTEM, followed)
    following.follow_all()
    runs.start(SYSTEM, run_id)
    following.follow_all()
    assert told(run_id).state == 'held'
    Directory.update(sync='all').execute()
    for login in TEN[:2]:
        company.move_back(login)
    following.follow_all()
    runs.start(SYSTEM, run_id, with_held=True)
    following.follow_all()
    assert out() == TEN[2:6] and 'applied' not in [state for _name, _reason, state in told(run_id).steps['disable']]


def test_who_left_the_group_gets_nothing_by_a_word_about_all(company, followed, follow):
    dn = company.group('admins', 'worker1', 'worker2')
    group_rules.add_rule(SYSTEM, followed, group_rules.find_group(SYSTEM, followed, dn), 'role', 'system_admin')
    run_id = follow().id
    company.group('admins', 'worker2')
    follow()
    runs.start(SYSTEM, run_id, with_held=True)
    following.follow_all()
    assert [name for name, _reason, state in told(run_id).steps['gain'] if state == 'applied'] == ['Worker2']


def test_who_was_cut_off_beside_another_brake_counts_for_the_day_too(company, followed, follow):
    dn = company.group('admins', 'worker9')
    group_rules.add_rule(SYSTEM, followed, group_rules.find_group(SYSTEM, followed, dn), 'role', 'system_admin')
    company.delete(*TEN[:4])
    assert follow().brake == 'gains' and out() == TEN[:4]
    company.delete(*TEN[4:8])
    assert follow().brake == 'many' and out() == TEN[:4]
