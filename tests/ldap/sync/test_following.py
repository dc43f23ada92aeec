"""Following a real slapd: who comes, changes, goes and comes back."""
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine

from appliance.core import clock, revisions
from appliance.core.actor import ADMINISTRATOR, SYSTEM
from appliance.core.db import write
from appliance.core.departments import Department, all_departments
from appliance.core.people import Person, actor_for, add_person, block, give_role, is_blocked, update_person
from appliance.core.errors import NotAllowed
from appliance.identity import accounts
from appliance.identity.directory import directories
from appliance.identity.directory.errors import DirectoryDown
from appliance.identity.directory.sync import following, planning, reading
from appliance.identity.models import Directory, DirectoryPerson
from tests.ldap.people import BASE, PASSWORD, PEOPLE, SECRET
from tests.ldap.sync.conftest import TEN, blocks, nothing_written, tie, who


def set_name(department_id, name):
    with write('test'):
        Department.update(name=name).where(Department.id == department_id).execute()
        revisions.bump('department')


def test_people_are_here_before_they_log_in(followed):
    assert {person.login for person in Person.select()} == {*TEN}
    person = who('worker3')
    assert (person.name, person.mail, person.title, all_departments()[person.department_id][0]) == ('Worker3', 'worker3@company.test', 'Worker', 'Hall')
    assert actor_for(person.id, 'test').kind == 'employee'


def test_a_second_look_writes_nothing(followed):
    with nothing_written():
        assert following.follow(followed) is None


def test_only_who_is_known_is_followed_where_nobody_is_to_be_made(box, company, followed, follow):
    Directory.update(sync='known').execute()
    company.add('newcomer')
    company.change('worker1', title='Foreman')
    assert follow().steps == {'change': [('Worker1', 'changed', 'applied')]}
    assert not Person.select().where(Person.login == 'newcomer').exists()


def test_what_changes_there_changes_here(company, follow):
    company.change('worker1', displayName='Ana Ñúñez', title='Foreman', departmentNumber='Office', mail='ana@company.test')
    assert follow().steps == {'change': [('Worker1', 'changed', 'applied')]}
    person = who('worker1')
    assert (person.name, person.title, person.mail, person.department.name) == ('Ana Ñúñez', 'Foreman', 'ana@company.test', 'Office')
    company.change('worker1', title=None)
    assert follow().steps['change']
    assert who('worker1').title == ''


def test_who_was_deleted_is_out_and_comes_back_by_his_number(company, follow):
    epoch = who('worker1').epoch
    company.delete('worker1')
    assert follow().steps == {'disable': [('Worker1', 'gone', 'applied')]}
    assert blocks('worker1') == {'directory:1': 'gone'} and who('worker1').epoch > epoch
    assert follow() is None
    company.add('worker1')      # the name again, another entry: somebody else, until somebody says that it is he
    assert follow().steps == {'adopt': [('Worker1', 'login', 'proposed')]}
    assert is_blocked(who('worker1').id)
    assert follow() is None, 'what cannot be done is said once a day, not at each look'


def test_who_was_moved_away_is_out_and_back_in_with_what_he_had(company, follow):
    person_id = who('worker1').id
    company.move('worker1', f'ou=former,{BASE}')
    assert follow().steps == {'disable': [('Worker1', 'gone', 'applied')]}
    company.move_back('worker1')
    assert follow().steps == {'enable': [('Worker1', 'back', 'applied')]}
    assert who('worker1').id == person_id and not is_blocked(person_id)


def test_who_falls_out_of_the_filter_is_out(company, followed, follow):
    directories.edit_directory(SYSTEM, followed, person_filter='(&(objectClass=inetOrgPerson)(!(title=Former)))')
    company.change('worker1', title='Former')
    assert follow().steps == {'disable': [('Worker1', 'filtered', 'applied')]}


def test_a_rename_keeps_the_account(company, follow):
    person_id = who('worker1').id
    company.rename('worker1', 'ana.worker')
    assert follow().steps == {'change': [('Worker1', 'changed', 'applied')]}
    assert who('ana.worker').id == person_id and tie('ana.worker').dn == f'uid=ana.worker,{PEOPLE}'


def test_a_new_login_that_somebody_has_is_refused_and_the_rest_is_done(company, follow):
    add_person(SYSTEM, 'boss', 'The boss')
    company.rename('worker1', 'boss')
    company._root.modify_s(f'uid=boss,{PEOPLE}', [(2, 'title', [b'Foreman'])])
    assert follow().steps == {'change': [('Worker1', 'changed', 'applied')], 'refuse': [('Worker1', 'login_taken', 'refused')]}
    assert who('worker1').title == 'Foreman' and who('boss').name == 'The boss'


def test_two_entries_of_one_login_make_one_person(company, followed, follow):
    directories.edit_directory(SYSTEM, followed, mapping={'login': ['title', 'uid']})
    Directory.update(sync='all').execute()
    company.add('one', title='same')
    company.add('two', title='same')
    steps = follow().steps
    # And of ten who are all called Worker, too.
    assert (len(steps['create']), len(steps['change']), len(steps['refuse'])) == (1, 1, 1 + 9)


def test_blocked_here_stays_blocked(company, follow):
    block(SYSTEM, who('worker1').id, 'portal', 'left the company')
    company.delete('worker1')
    follow()
    assert set(blocks('worker1')) == {'portal', 'directory:1'}


def test_the_directory_s_own_word_shuts_the_door(company, follow):
    company.change('worker1', shadowExpire='1')
    assert follow().steps == {'disable': [('Worker1', 'expired', 'applied')]}
    company.change('worker1', shadowExpire='-1')
    assert follow().steps == {'enable': [('Worker1', 'back', 'applied')]}


def test_a_directory_that_is_down_changes_nothing(company, followed):
    company.server.stop()
    with pytest.raises(DirectoryDown):
        following.follow(followed)
    following.follow_all()      # says so in the log, and goes on
    assert not any(is_blocked(person.id) for person in Person.select())


def test_what_was_written_here_is_put_right_by_the_next_look(company, follow):
    """Also of somebody whose entry is as it was."""
    assert follow() is None
    update_person(SYSTEM, who('worker1').id, title='Chief of everything')
    assert follow().steps == {'change': [('Worker1', 'changed', 'applied')]} and who('worker1').title == 'Worker'
    assert follow() is None
    set_name(who('worker1').department_id, 'Another hall')
    assert len(follow().steps['change']) == 10 and who('worker1').department.name == 'Hall'


def test_an_end_that_passes_is_noticed_without_a_change(company, follow):
    tomorrow = clock.now() + timedelta(days=1)
    company.change('worker1', shadowExpire=str((tomorrow - clock.EPOCH).days))
    assert follow() is None and follow() is None
    with time_machine.travel(tomorrow + timedelta(minutes=1)):
        assert follow().steps == {'disable': [('Worker1', 'expired', 'applied')]}


def test_an_entry_without_a_login_is_left_alone(company, followed, follow):
    directories.edit_directory(SYSTEM, followed, mapping={'login': ['description']})
    assert follow() is None and not any(is_blocked(person.id) for person in Person.select())
    company.change('worker1', shadowExpire='1')
    assert follow().steps == {'disable': [('Worker1', 'expired', 'applied')]}, 'but who is shut there is shut here'


def test_a_domain_that_does_not_show_who_is_disabled_lets_nobody_in(followed):
    """userAccountControl is hidden from ordinary accounts where a domain was hardened."""
    directory = replace(directories.load(followed), preset='active-directory')
    block(SYSTEM, who('worker1').id, 'directory:1', 'disabled')

    def snapshot(**more):
        return reading.Snapshot(directory, {str(one.uuid): (one.dn, {
            'objectGUID': [uuid.UUID(str(one.uuid)).bytes_le], 'sAMAccountName': [one.person.login.encode()], 'displayName': [one.person.name.encode()],
            'mail': [one.person.mail.encode()], 'title': [b'Worker'], 'department': [b'Hall'], **more}) for one in DirectoryPerson.select()})
    hidden = planning.make(directory, snapshot(), creates=True)
    assert (hidden.steps, hidden.brake) == ((), 'blind')
    shown = planning.make(directory, snapshot(userAccountControl=[b'512']), creates=True)
    assert [(step.kind, step.name) for step in shown.steps] == [('enable', 'Worker1')] and shown.brake == ''


def test_who_may_do_less_than_its_people_does_not_say_where_a_directory_is(followed):
    give_role(SYSTEM, who('worker1').id, ADMINISTRATOR)
    person_id = add_person(SYSTEM, 'system', 'System')
    give_role(SYSTEM, person_id, 'system_admin')
    system = actor_for(person_id, 'test')
    directories.edit_directory(system, followed, name='Another name')
    for change in ({'url': 'ldap://127.0.0.1:1', 'secret': SECRET}, {'person_filter': '(uid=x)'}, {'mapping': {'login': ['mail']}}, {'base_dn': 'dc=x'}):
        with pytest.raises(NotAllowed):
            directories.edit_directory(system, followed, **change)
    directories.edit_directory(actor_for(who('worker1').id, 'test'), followed, person_filter='(uid=worker*)')


def test_a_clock_that_was_set_back_keeps_nobody_in(company, follow):
    """He came in at a moment that is still to come: that says nothing of the directory, which shuts him out now."""
    with time_machine.travel(clock.now() + timedelta(hours=5)):
        for login in ('worker1', 'worker2'):
            accounts.log_in(login, PASSWORD, '127.0.0.1')
    company.change('worker1', shadowExpire='1')
    company.delete('worker2')
    assert follow().steps == {'disable': [('Worker1', 'expired', 'applied'), ('Worker2', 'gone', 'applied')]}
    assert blocks('worker1') and blocks('worker2')
