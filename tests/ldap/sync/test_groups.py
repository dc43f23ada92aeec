"""Groups of a directory give roles and departments, and take back what they gave, nothing else."""
import time

import ldap
import pytest
from ldap import modlist
from ldap.dn import escape_dn_chars

from appliance.core import departments
from appliance.core.actor import ADMINISTRATOR, SYSTEM
from appliance.core.errors import NotAllowed
from appliance.core.people import actor_for, add_person, give_role, take_role, update_person
from appliance.identity.directory import directories, group_rules, groups
from appliance.identity.directory.client import Connection, connect
from appliance.identity.directory.login import bind_own_account
from appliance.identity.directory.sync import following, reading, runs
from appliance.identity.models import Directory
from tests.ldap.people import BASE, PEOPLE
from tests.ldap.sync.conftest import TEN, nothing_written, told, who
from tests.ldap.sync.groups import Groups, roles_of


@pytest.fixture
def made(company, followed):
    return Groups(company, followed)


def having(role):
    return [login for login in TEN if role in roles_of(login)]


def test_a_group_gives_a_role_and_takes_it_back(made, follow):
    dn = made.add('Dispatchers', 'worker1', 'worker2')
    made.gives(dn, 'dispatcher')
    run = follow()
    assert run.steps == {'gain': [('Worker1', 'in_group', 'applied'), ('Worker2', 'in_group', 'applied')]} and having('dispatcher') == ['worker1', 'worker2']
    with nothing_written():
        assert follow() is None
    made.set(dn, 'worker2', 'worker3')
    run = follow()
    assert run.steps == {'lose': [('Worker1', 'left_group', 'applied')], 'gain': [('Worker3', 'in_group', 'applied')]}
    assert having('dispatcher') == ['worker2', 'worker3']
    lost = runs.steps_of(SYSTEM, run.id, kind='lose')[0]
    assert (lost['before'], lost['after']) == ({'role': 'dispatcher', 'group': 'Dispatchers'}, {'role': '', 'group': ''})


def test_sessions_with_the_former_rights_end(made, follow):
    dn = made.add('Dispatchers', 'worker1')
    made.gives(dn, 'dispatcher')
    epochs = [who('worker1').epoch]
    for members in (['worker1'], ['worker2']):
        made.set(dn, *members)
        follow()
        epochs.append(who('worker1').epoch)
    assert epochs[0] < epochs[1] < epochs[2]


def test_nested_circular_and_every_kind_of_member(made, follow):
    inner = made.add('Inner', 'worker1')
    middle = made.add('Middle', inner, 'worker2', kind='groupOfUniqueNames', attribute='uniqueMember')
    outer = made.add('Outer', middle)
    made.set(inner, 'worker1', outer, inner)
    posix = made.add('Posix', 'worker3', 'worker4', kind='posixGroup', attribute='memberUid', gidNumber='5000')
    made.gives(outer, 'outer')
    made.gives(posix, 'posix')
    follow()
    assert having('outer') == ['worker1', 'worker2'] and having('posix') == ['worker3', 'worker4']
    made.set(middle, 'worker2', attribute='uniqueMember')
    follow()
    assert having('outer') == ['worker2']


@pytest.mark.parametrize('name', ['Comma, The "Quoted" + One', '#hash = sign', 'Back\\slash; <semi>', 'Ñandú / Größe', ' '.join('x' * 9)])
def test_names_with_signs_of_their_own(made, follow, name):
    dn = f'cn={escape_dn_chars(name)},{PEOPLE}'
    made.root.add_s(dn, modlist.addModlist({'objectClass': [b'inetOrgPerson'], 'cn': [name.encode()], 'sn': [b'x'], 'uid': [b'signs']}))
    made.gives(made.add(f'outer {name}', made.add(name, dn)), 'odd')
    follow()
    assert roles_of('signs') == ['odd'] and follow() is None


def test_what_is_given_by_hand_stays(made, follow):
    """Before the group gave it, and after."""
    dn = made.add('Dispatchers', 'worker1', 'worker2', 'worker3')
    made.gives(dn, 'dispatcher')
    give_role(SYSTEM, who('worker1').id, 'dispatcher')
    give_role(SYSTEM, who('worker4').id, 'dispatcher')
    follow()
    give_role(SYSTEM, who('worker2').id, 'dispatcher')
    made.set(dn)
    run = follow()
    assert run.steps == {'lose': [('Worker2', 'kept', 'applied'), ('Worker3', 'left_group', 'applied')]}
    assert having('dispatcher') == ['worker1', 'worker2', 'worker4'] and follow() is None


def test_what_was_taken_here_stays_taken_until_the_group_has_the_person_anew(made, follow):
    dn = made.add('Dispatchers', 'worker1')
    made.gives(dn, 'dispatcher')
    follow()
    take_role(SYSTEM, who('worker1').id, 'dispatcher')
    assert follow() is None and having('dispatcher') == []
    made.set(dn)
    follow()
    made.set(dn, 'worker1')
    follow()
    assert having('dispatcher') == ['worker1']


def test_a_role_of_two_groups_stays_with_one(made, follow):
    one, two = made.add('One', 'worker1'), made.add('Two', 'worker1')
    made.gives(one, 'dispatcher')
    made.gives(two, 'dispatcher')
    assert len(follow().steps['gain']) == 1
    made.set(one)
    assert follow() is None
    made.set(two)
    follow()
    assert having('dispatcher') == []


def test_a_group_is_known_by_its_number(made, follow, followed):
    dn = made.add('Dispatchers', 'worker1')
    made.gives(dn, 'dispatcher')
    follow()
    made.rename(dn, 'People who send')
    assert follow() is None and having('dispatcher') == ['worker1']
    assert [rule['group'] for rule in group_rules.list_rules(SYSTEM, followed)] == ['People who send']
    made.root.delete_s(made.rename(f'cn=People who send,{BASE}', 'Again'))
    made.add('Again', 'worker1', 'worker2')
    run = follow()
    assert run.steps == {'lose': [('Worker1', 'group_gone', 'applied')]} and group_rules.list_rules(SYSTEM, followed)[0]['gone_at'], 'another group of that name is another'


def test_a_group_that_is_gone_waits_for_a_word_where_many_lose(made, follow, followed):
    dn = made.add('Dispatchers', *TEN[:6])
    made.gives(dn, 'dispatcher')
    follow()
    made.root.delete_s(dn)
    run = follow()
    assert (run.state, run.brake) == ('held', 'losses') and having('dispatcher') == TEN[:6] and follow() is None
    runs.start(SYSTEM, run.id, with_held=True)
    following.carry_on(run.id)
    assert told(run.id).state == 'done' and having('dispatcher') == [] and follow() is None


def test_a_rule_that_goes_takes_back_what_it_gave(made, follow, followed):
    rule_id = made.gives(made.add('Dispatchers', 'worker1'), 'dispatcher')
    follow()
    group_rules.remove_rule(SYSTEM, followed, rule_id)
    assert follow().steps == {'lose': [('Worker1', 'no_rule', 'applied')]} and follow() is None


def test_roles_that_administer_wait_for_the_word_of_who_may(made, follow, followed):
    dn = made.add('Chiefs', 'worker1')
    made.gives(dn, 'portal_admin')
    made.gives(dn, 'dispatcher')
    run = follow()
    assert (run.state, run.brake) == ('held', 'gains') and roles_of('worker1') == ['dispatcher'] and follow() is None
    made.set(dn, 'worker1', 'worker2')
    second = follow()
    assert (second.brake, len(second.steps['gain'])) == ('gains', 3) and told(run.id).state == 'over', 'one more is said again'
    give_role(SYSTEM, who('worker3').id, 'system_admin')
    with pytest.raises(NotAllowed):
        runs.start(actor_for(who('worker3').id, 'test'), second.id, with_held=True)
    runs.start(SYSTEM, second.id, with_held=True)
    following.carry_on(second.id)
    assert roles_of('worker1') == roles_of('worker2') == ['dispatcher', 'portal_admin'] and follow() is None


def test_the_last_administrator_keeps_it(made, follow, followed):
    dn = made.add('Chiefs', 'worker1')
    made.gives(dn, ADMINISTRATOR)
    run = follow()
    runs.start(SYSTEM, run.id, with_held=True)
    following.carry_on(run.id)
    made.set(dn)
    run = follow()
    assert (run.state, run.brake) == ('held', 'losses') and roles_of('worker1') == [ADMINISTRATOR]


def test_groups_that_cannot_be_read_take_nothing(monkeypatch, company, made, follow, followed):
    dn = made.add('Dispatchers', 'worker1')
    made.gives(dn, 'dispatcher')
    made.gives(dn, departments.add_department(SYSTEM, 'Dispatch'), 'department')
    follow()
    real = Connection.search

    def broken(self, search_filter, *args, **kwargs):
        if 'entryUUID' in search_filter:
            raise ldap.OPERATIONS_ERROR()
        return real(self, search_filter, *args, **kwargs)
    monkeypatch.setattr(Connection, 'search', broken)
    company.change('worker2', title='Foreman')
    run = follow()
    assert (run.brake, having('dispatcher'), who('worker1').department.name, who('worker2').title) == ('groups', ['worker1'], 'Dispatch', 'Foreman')
    assert follow() is None


def test_who_is_out_keeps_what_he_had_and_loses_before_he_is_back(company, made, follow):
    dn = made.add('Dispatchers', 'worker1', 'worker2')
    made.gives(dn, 'dispatcher')
    follow()
    company.change('worker1', shadowExpire='1')
    made.set(dn, 'worker2')
    assert follow().steps == {'disable': [('Worker1', 'expired', 'applied')]} and having('dispatcher') == ['worker1', 'worker2']
    company.change('worker1', shadowExpire=None)
    assert list(follow().steps) == ['lose', 'enable'] and having('dispatcher') == ['worker2']


def test_a_department_by_a_group_goes_before_the_attribute(company, made, follow, followed):
    works = departments.add_department(SYSTEM, 'Works')
    hall = departments.add_department(SYSTEM, 'Paint', works)
    dn = made.add('Painters', 'worker1')
    made.gives(dn, hall, 'department')
    assert follow().steps == {'place': [('Worker1', 'in_group', 'applied')]} and who('worker1').department_id == hall
    company.change('worker1', departmentNumber='Office', title='Painter')
    assert list(follow().steps) == ['change'] and who('worker1').department_id == hall and follow() is None
    made.set(dn)
    assert list(follow().steps) == ['change'] and who('worker1').department.name == 'Office' and follow() is None


def test_departments_by_groups_alone(company, made, follow, followed):
    directories.edit_directory(SYSTEM, followed, tree='groups')
    paint, other = departments.add_department(SYSTEM, 'Paint'), departments.add_department(SYSTEM, 'Paint', departments.add_department(SYSTEM, 'Other'))
    dn = made.add('Painters', 'worker1')
    made.gives(dn, other, 'department')
    update_person(SYSTEM, who('worker2').id, department_id=paint)
    company.add('ada', departmentNumber='Office')
    made.set(dn, 'worker1', 'ada')
    run = follow()
    assert sorted(run.steps['place']) == [('Ada', 'in_group', 'applied'), ('Worker1', 'in_group', 'applied')]
    assert (who('ada').department_id, who('worker1').department_id, who('worker2').department_id) == (other, other, paint)
    made.set(dn)
    assert len(follow().steps['place']) == 2 and (who('ada').department_id, who('worker2').department_id) == (None, paint) and follow() is None


def test_new_people_get_what_their_groups_give(company, made, follow):
    company.add('ada')
    made.gives(made.add('Dispatchers', 'ada'), 'dispatcher')
    run = follow()
    assert list(run.steps) == ['create', 'gain'] and roles_of('ada') == ['dispatcher'] and follow() is None


def test_a_run_is_taken_back_with_what_groups_gave(company, made, follow, followed):
    dn = made.add('Dispatchers', 'worker1', 'worker2')
    made.gives(dn, 'dispatcher')
    paint = departments.add_department(SYSTEM, 'Paint')
    made.gives(dn, paint, 'department')
    run = follow()
    give_role(SYSTEM, who('worker2').id, 'dispatcher')
    runs.undo(SYSTEM, run.id)
    following.follow_all()
    assert told(run.id).state == 'undone' and having('dispatcher') == ['worker2']
    assert who('worker1').department.name == 'Paint', 'the directory has him there today'


def test_what_was_lost_comes_back_only_where_the_directory_gives_it_today(made, follow, followed):
    dn = made.add('Dispatchers', 'worker1', 'worker2')
    made.gives(dn, 'dispatcher')
    follow()
    made.set(dn)
    run = follow()
    made.set(dn, 'worker1')
    runs.undo(SYSTEM, run.id)
    following.follow_all()
    assert having('dispatcher') == ['worker1']
    assert sorted(step['state'] for step in runs.steps_of(SYSTEM, run.id)) == ['left', 'taken back']
    Directory.update(sync='all').execute()
    assert follow() is None


def test_rules_are_made_by_who_may_give_what_they_give(made, followed):
    dn = made.add('Chiefs', 'worker1')
    system = actor_for(add_person(SYSTEM, 'sys', 'Sys', 'sys@company.test'), 'test')
    give_role(SYSTEM, system.person_id, 'system_admin')
    system = actor_for(system.person_id, 'test')
    group = group_rules.find_group(SYSTEM, followed, dn)
    for kind, what in (('role', 'portal_admin'), ('role', ADMINISTRATOR), ('department', '1')):
        with pytest.raises(NotAllowed):
            group_rules.add_rule(system, followed, group, kind, what)
    rule_id = made.gives(dn, 'portal_admin')
    with pytest.raises(NotAllowed):
        group_rules.remove_rule(system, followed, rule_id)
    with pytest.raises(NotAllowed):     # who names the server says who is in the group
        directories.edit_directory(system, followed, base_dn=BASE)


def test_the_wizard_hears_what_groups_give(made, followed):
    inner = made.add('Inner', 'worker1')
    made.gives(made.add('Outer', inner), 'portal_admin')
    made.gives(inner, departments.add_department(SYSTEM, 'Sub', departments.add_department(SYSTEM, 'Top')), 'department')
    for number in range(55):
        made.add(f'Other {number}', 'worker1')
    directory = directories.load(followed)
    snapshot = reading.read(directory)
    entry = next(snapshot.entry(known_by) for known_by, (dn, _values) in snapshot.found.items() if dn.startswith('uid=worker1,'))
    with connect(directory, time.monotonic() + 5) as connection:
        bind_own_account(connection, directory)
        found = groups.what_groups_give(directory, entry, connection)
    assert found[:2] == [{'group': 'Inner', 'gives': ['Department: Top / Sub']}, {'group': 'Outer', 'gives': ['Role: Administrator of the portal']}]
    assert len(found) == 52 and found[2] == {'group': 'Other 0', 'gives': []}
