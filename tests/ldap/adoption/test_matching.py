"""Who is proposed for which entry, how sure it is, and who never is."""
import uuid
from types import SimpleNamespace

import pytest

from appliance.core.actor import ADMINISTRATOR, SYSTEM
from appliance.core.people import Person, actor_for, add_person, block, give_role, is_blocked, update_person
from appliance.core.personal import forgetting
from appliance.identity import accounts
from appliance.identity.directory import directories
from appliance.identity.directory.adoption import matching, proposals, ticking
from appliance.identity.directory.mapping import Entry
from appliance.identity.directory.sync import following, reading, runs
from appliance.identity.directory.sync.models import SyncRun, SyncStep
from appliance.identity.models import Directory, DirectoryPerson
from tests.ldap.adoption.conftest import local, look, opened
from tests.ldap.people import PASSWORD
from tests.ldap.sync.conftest import TEN, nothing_written, told, who


def test_login_and_mail_propose_and_nobody_is_joined(boss, directory_id):
    local('worker0', name='Somebody')
    local('other', mail='Worker1@company.test')
    found = look(directory_id)
    assert set(found) == {('worker0', 'login'), ('other', 'mail')}
    one = found['worker0', 'login']
    assert (one['here']['name'], one['there']['name'], one['there']['department'], one['equal']) == ('Somebody', 'Worker0', 'Hall', ['login'])
    assert not one['is_ticked'] and one['has_password']
    # Eight are new; whom a mail may mean waits.
    assert Person.select().count() == 3 + 8 and not Person.select().where(Person.login == 'worker1').exists()
    assert who('worker0').name == 'Somebody' and DirectoryPerson.select().count() == 8


def test_the_same_is_not_proposed_at_each_look(boss, directory_id):
    local('worker0')
    first = look(directory_id)['worker0', 'login']['id']
    with nothing_written():
        assert following.follow(directory_id) is None
    local('worker1x', mail='worker1@company.test')
    assert look(directory_id)['worker0', 'login']['id'] == first
    # Worker1 has been made by then: his entry is somebody's.
    assert set(opened(SYSTEM, directory_id)) == {('worker0', 'login')}


def test_an_asked_plan_gathers_what_is_open(boss, directory_id):
    local('worker0')
    first = look(directory_id)['worker0', 'login']['id']
    run_id = runs.ask(SYSTEM, directory_id)
    following.follow_all()
    assert told(run_id).steps['adopt'] == [('Worker0', 'login', 'proposed')] and look(directory_id)['worker0', 'login']['id'] == first
    assert SyncStep.select().where(SyncStep.kind == 'adopt').count() == 1


def test_it_is_proposed_where_only_known_people_are_followed(boss, directory_id):
    Directory.update(sync='known').execute()
    local('worker0')
    local('x', mail='worker1@company.test')
    assert set(look(directory_id)) == {('worker0', 'login'), ('x', 'mail')} and Person.select().count() == 3


def test_what_is_no_longer_so_is_closed(boss, directory_id, company):
    person_id = local('worker0')
    look(directory_id)
    update_person(SYSTEM, person_id, name='Another Name')
    again = look(directory_id)
    assert again['worker0', 'login']['here']['name'] == 'Another Name'
    company.delete('worker0')
    assert look(directory_id) == {}
    assert {step.state for step in SyncStep.select().where(SyncStep.kind == 'adopt')} == {'skipped'}


def test_a_login_outweighs_a_mail_that_somebody_wrote_himself(boss, directory_id):
    local('worker0')
    local('hostile', mail='worker0@company.test')
    assert set(look(directory_id)) == {('worker0', 'login')}


def test_an_entry_and_two_people_or_a_person_and_two_entries_are_ambiguous(boss, directory_id):
    for login in ('a', 'b'):
        local(login, mail='worker0@company.test')
    local('worker1', mail='worker2@company.test')
    found = look(directory_id)
    assert set(found) == {('a', 'ambiguous'), ('b', 'ambiguous'), ('worker1', 'login')}
    ids = [found['a', 'ambiguous']['id'], found['b', 'ambiguous']['id']]
    assert ticking.tick(boss, directory_id, ids, ids) == {'ticked': 1, 'not_allowed': 0, 'taken': 1, 'gone': 0}
    assert ticking.sure_ones(directory_id, 'mail', ['a', 'b']) == []


def test_the_mail_of_an_office_names_nobody(boss, directory_id, company):
    for number in range(6):
        local(f'a{number}', mail='worker0@company.test')
    for number in range(1, 8):
        company.change(f'worker{number}', mail='office@company.test')
    local('b', mail='office@company.test')
    assert look(directory_id) == {} and Person.select().where(Person.login.in_(TEN)).count() == 10


def test_guests_programs_and_forgotten_people_are_never_proposed(boss, directory_id):
    add_person(SYSTEM, 'worker0', 'Guest', kind='guest', contact_id=boss.person_id)
    add_person(SYSTEM, 'worker1', 'Program', kind='service', mail='worker2@company.test')
    gone = add_person(SYSTEM, 'x', 'Gone', mail='worker3@company.test')
    block(SYSTEM, gone, 'portal', 'left')
    forgetting.forget(SYSTEM, gone)
    run_id = following.follow(directory_id)
    assert told(run_id).steps['refuse'] == [('Worker0', 'login_of_guest', 'refused'), ('Worker1', 'login_of_service', 'refused')]
    assert look(directory_id) == {} and Person.select().where(Person.login.in_(TEN)).count() == 10


def test_an_entry_that_is_shut_is_not_proposed(boss, directory_id, company):
    local('worker0')
    company.change('worker0', shadowExpire='1')
    assert look(directory_id) == {}


def test_who_was_declined_is_not_proposed_again_and_the_entry_makes_its_own(boss, directory_id):
    local('worker0')
    local('x', mail='worker1@company.test')
    ids = [one['id'] for one in look(directory_id).values()]
    assert ticking.decline(boss, directory_id, ids) == 2 and ticking.decline(boss, directory_id, ids) == 0
    assert look(directory_id) == {} and Person.select().where(Person.login == 'worker1').exists()
    assert who('worker0').id and not DirectoryPerson.select().where(DirectoryPerson.person == who('worker0').id).exists()


@pytest.mark.parametrize('mode', ['all', 'known'])
def test_a_reused_login_is_a_new_person_once_somebody_said_that_they_are_two(boss, directory_id, company, mode):
    """By the look where people are made by it, else by the first login; who had the login before keeps his account, and stays out."""
    following.follow(directory_id)
    before = who('worker1').id
    directories.edit_directory(SYSTEM, directory_id, sync=mode)
    company.delete('worker1')
    company.add('worker1', cn='New One', userPassword=PASSWORD)
    proposal = look(directory_id)['worker1', 'login']
    assert ticking.decline(boss, directory_id, [proposal['id']]) == 1
    look(directory_id)
    person_id = accounts.log_in('worker1', PASSWORD, '127.0.0.1')[1]
    former = Person.get_by_id(before)
    assert person_id != before and who('worker1').name == 'New One'
    assert former.login == f'worker1-former-{before}' and former.name == 'Worker1' and is_blocked(before)


def test_who_is_here_keeps_his_login_whoever_says_that_they_are_two(boss, directory_id, company):
    local('worker0')
    ticking.decline(boss, directory_id, [one['id'] for one in look(directory_id).values()])
    assert Person.select().where(Person.login == 'worker0').exists()


def test_nor_does_he_lose_it_by_somebody_who_may_do_less(boss, directory_id, company):
    person_id, clerk = local('worker0'), local('clerk')
    give_role(SYSTEM, person_id, ADMINISTRATOR)
    block(SYSTEM, person_id, 'portal')
    give_role(SYSTEM, clerk, 'system_admin')
    ticking.decline(actor_for(clerk, 'test'), directory_id, [one['id'] for one in look(directory_id).values()])
    assert Person.get_by_id(person_id).login == 'worker0'


def test_who_was_declined_by_mistake_is_proposed_again(boss, directory_id):
    local('worker0')
    first = [one['id'] for one in look(directory_id).values()]
    ticking.decline(boss, directory_id, first)
    assert look(directory_id) == {} and proposals.counts(boss, directory_id)['declined'] == 1
    assert ticking.reconsider(boss, directory_id) == 1 and ticking.reconsider(boss, directory_id) == 0
    assert set(look(directory_id)) == {('worker0', 'login')} and proposals.counts(boss, directory_id)['declined'] == 0
    ticking.decline(boss, directory_id, first)
    assert set(look(directory_id)) == {('worker0', 'login')}, 'the old step decides no more'


def test_a_migrated_domain_in_the_place_of_the_former_one(boss, directory_id, company):
    following.follow(directory_id)
    company.delete(*TEN)
    for login in TEN:
        company.add(login, departmentNumber='Hall', title='Worker')
    assert set(look(directory_id)) == {(login, 'login') for login in TEN}
    # The brake holds all the same.
    assert SyncRun.select().order_by(SyncRun.id.desc()).get().brake == 'many'


def test_a_short_answer_proposes_and_closes_nothing(boss, directory_id, company, monkeypatch):
    local('worker0')
    look(directory_id)
    real = reading.read

    def part(*arguments):
        found = real(*arguments)
        found.gap = 'lost'
        found.found = dict(list(found.found.items())[5:])
        return found
    monkeypatch.setattr(reading, 'read', part)
    local('x', mail='worker9@company.test')
    DirectoryPerson.delete().where(DirectoryPerson.person == who('worker9').id).execute()
    assert set(look(directory_id)) == {('worker0', 'login')}


@pytest.fixture
def snapshot(directory_id):
    """A snapshot of entries that a test makes: {login: fields}."""
    def made(entries):
        found = {str(uuid.uuid5(uuid.NAMESPACE_DNS, login)): Entry(uuid.uuid5(uuid.NAMESPACE_DNS, login), f'uid={login},dc=x', {'login': login, 'name': login} | more)
                 for login, more in entries.items()}
        return SimpleNamespace(found={known_by: (entry.dn, {'uid': [entry.fields['login'].encode()]}) for known_by, entry in found.items()}, gap='',
                               entry=found.get, is_whole=True, shows=found.__contains__)
    return made


def test_the_number_of_an_entry_finds_its_person(boss, directory_id, company):
    add_person(SYSTEM, 'old.name', 'Ana', employee_number='0042')
    local('worker1')
    company.add('ada', employeeNumber='0042')
    assert look(directory_id)['old.name', 'employee_number']['there']['employee_number'] == '0042'


def test_the_employee_number_is_surest(boss, directory_id, snapshot, monkeypatch):
    numbered = add_person(SYSTEM, 'old.name', 'Ana', employee_number='0042')
    add_person(SYSTEM, 'ana', 'Another Ana')
    monkeypatch.setattr(matching, '_likely', lambda directory, snapshot, uuids, people: uuids)
    directory = directories.load(directory_id)
    found = matching.find(directory, snapshot({'ana.smith': {'employee_number': '0042', 'mail': 'x@y'}}), {}, None).found
    assert [(one.by, one.person_id) for one in found] == [('employee_number', numbered)]
    # Number and login name two: nobody can say which.
    found = matching.find(directory, snapshot({'ana': {'employee_number': '0042'}}), {}, None).found
    assert {one.by for one in found} == {'ambiguous'} and len(found) == 2
    assert matching.find(directory, snapshot({'z': {'employee_number': '42'}, 'y': {'employee_number': ''}}), {}, None).found == ()
