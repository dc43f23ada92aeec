"""Following a real slapd: who comes, changes, goes and comes back."""
from datetime import timedelta

import pytest
import time_machine

from appliance.core import clock, revisions
from appliance.core.actor import SYSTEM
from appliance.core.db import write
from appliance.core.departments import Department, all_departments
from appliance.core.people import Person, actor_for, add_person, block, is_blocked, update_person
from appliance.identity.directory import directories
from appliance.identity.directory.errors import DirectoryDown
from appliance.identity.directory.sync import following
from appliance.identity.models import Directory
from tests.ldap.people import BASE, PEOPLE
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
    company.add('worker1')      # the name again, another entry: somebody else
    assert follow().steps == {'refuse': [('Worker1', 'login_taken', 'refused')]}
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


@pytest.mark.parametrize('shut', [{'shadowExpire': '1'}, {'nsAccountLock': 'true'}])
def test_the_directory_s_own_word_shuts_the_door(shut, monkeypatch, company, followed, follow):
    """slapd knows these only with further schemas: a title stands for them."""
    name, value = next(iter(shut.items()))
    monkeypatch.setattr('appliance.identity.directory.closing._first', lambda values, asked: (values.get(
        'description' if asked == name.lower() else asked) or [b''])[0])
    monkeypatch.setattr('appliance.identity.directory.mapping.CLOSING', ('description',))
    company.change('worker1', description=value)
    reason = 'expired' if name == 'shadowExpire' else 'disabled'
    assert follow().steps == {'disable': [('Worker1', reason, 'applied')]}
    company.change('worker1', description=None)
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


def test_an_end_that_passes_is_noticed_without_a_change(monkeypatch, company, follow):
    monkeypatch.setattr('appliance.identity.directory.closing._first', lambda values, name: (values.get(
        'description' if name == 'shadowexpire' else name) or [b''])[0])
    monkeypatch.setattr('appliance.identity.directory.mapping.CLOSING', ('description',))
    tomorrow = clock.now() + timedelta(days=1)
    company.change('worker1', description=str((tomorrow - clock.EPOCH).days))
    assert follow() is None and follow() is None
    with time_machine.travel(tomorrow + timedelta(minutes=1)):
        assert follow().steps == {'disable': [('Worker1', 'expired', 'applied')]}


def test_an_entry_without_a_login_is_left_alone(company, followed, follow):
    directories.edit_directory(SYSTEM, followed, mapping={'login': ['description']})
    assert follow() is None and not any(is_blocked(person.id) for person in Person.select())
