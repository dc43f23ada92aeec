"""Steps of groups in a run: what changed meanwhile, two at once, killed anywhere, large groups, and readings of a few."""
import pytest
import time_machine

from appliance.core import clock, departments
from appliance.core.actor import SYSTEM
from appliance.core.people import give_role, update_person
from appliance.identity.directory import directories
from appliance.identity.directory.client import Connection
from appliance.identity.directory.sync import applying, batches, following, grouping, planning, reading, runs
from appliance.identity.models import Directory
from tests.actions import killing
from tests.boxes import opened
from tests.ldap.people import BASE, PEOPLE, PORTAL, SECRET
from tests.ldap.sync.conftest import TEN, told, who
from tests.ldap.sync.groups import Groups, roles_of


@pytest.fixture
def made(company, followed):
    return Groups(company, followed)


def having(role):
    return [login for login in TEN if role in roles_of(login)]


def test_a_group_of_five_thousand_costs_few_questions(monkeypatch, made, follow, followed):
    """And nobody who is no person here is looked for one by one."""
    many = [f'uid=stranger{number},ou=elsewhere,{BASE}' for number in range(5_000)]
    dn = made.add('Everybody', 'worker1', *many)
    made.gives(dn, 'dispatcher')
    asked = []
    real = Connection._call

    def counted(self, function, *args, **kwargs):
        asked.append(function.__name__)
        return real(self, function, *args, **kwargs)
    monkeypatch.setattr(Connection, '_call', counted)
    follow()
    assert having('dispatcher') == ['worker1'] and len(asked) <= 10, asked


def test_what_was_changed_here_since_the_plan_is_left(made, followed):
    dn = made.add('Dispatchers', 'worker1', 'worker2')
    made.gives(dn, 'dispatcher')
    following.follow(followed)
    made.set(dn, 'worker3', 'worker4')
    made.gives(dn, departments.add_department(SYSTEM, 'Paint'), 'department')
    Directory.update(sync='off').execute()
    run_id = runs.ask(SYSTEM, followed)
    following.follow_all()
    give_role(SYSTEM, who('worker1').id, 'dispatcher')
    give_role(SYSTEM, who('worker3').id, 'dispatcher')
    update_person(SYSTEM, who('worker4').id, department_id=departments.add_department(SYSTEM, 'By hand'))
    runs.start(SYSTEM, run_id)
    following.follow_all()
    states = {(step['kind'], step['name']): step['state'] for step in runs.steps_of(SYSTEM, run_id)}
    assert states == {('lose', 'Worker1'): 'applied', ('lose', 'Worker2'): 'applied', ('gain', 'Worker3'): 'skipped', ('gain', 'Worker4'): 'applied',
                      ('place', 'Worker3'): 'applied', ('place', 'Worker4'): 'skipped'}
    assert having('dispatcher') == ['worker1', 'worker3', 'worker4'] and who('worker4').department.name == 'By hand'


def test_two_runs_at_once_give_once(made, followed):
    """Both looked before either wrote."""
    made.gives(made.add('Dispatchers', 'worker1'), 'dispatcher')
    directory, plans = directories.load(followed), []
    for _one in range(2):
        snapshot = reading.read(directory)
        snapshot.grouping = grouping.read(grouping.wanted(directory), snapshot)
        plans.append(planning.make(directory, snapshot, creates=True))
    runs_made = [runs.keep(plan, followed) for plan in plans]
    for run_id in runs_made:
        applying.apply(run_id)
    assert [told(run_id).steps['gain'][0][2] for run_id in runs_made] == ['applied', 'skipped'] and having('dispatcher') == ['worker1']


def test_killed_anywhere_it_goes_on_to_the_same_end(monkeypatch, sqlite_template, company, tmp_path):
    with sqlite_template.box(tmp_path / 'box') as box, opened(box), time_machine.travel(clock.now(), tick=False):
        directory_id = directories.add_directory(SYSTEM, 'Company', company.server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none', sync='all')
        following.follow(directory_id)
        made = Groups(company, directory_id)
        dn = made.add('Dispatchers', 'worker1', 'worker2')
        made.gives(dn, 'dispatcher')
        following.follow(directory_id)
        made.set(dn, 'worker2', 'worker3', 'ada')
        made.gives(dn, departments.add_department(SYSTEM, 'Paint'), 'department')
        company.add('ada')
        company._root.add_s(f'ou=Sales,{PEOPLE}', [('objectClass', [b'organizationalUnit'])])
        company.move('worker4', f'ou=Sales,{PEOPLE}')
        directories.edit_directory(SYSTEM, directory_id, tree='ou')
        monkeypatch.setattr(batches, 'BATCH', 2)
        directory = directories.load(directory_id)
        snapshot = reading.read(directory)
        snapshot.grouping = grouping.read(grouping.wanted(directory), snapshot)
        plan = planning.make(directory, snapshot, creates=True)
        assert {'lose', 'gain', 'place', 'branch', 'create'} <= set(plan.counts())
        run_id = runs.keep(plan, directory_id)
        copies = killing.SqliteCopies(box, tmp_path)

        def call():
            applying.apply(run_id)
        killing.end_alike(copies, call, lambda statements: range(1, statements, 29))


def test_a_reading_of_a_few_is_enough(company, made, followed):
    """Of those who were not read, groups say the same as if they had been; also where what stands above them was renamed, which changes no entry."""
    sales = f'ou=Sales,{PEOPLE}'
    company._root.add_s(sales, [('objectClass', [b'organizationalUnit'])])
    company.move('worker2', sales)
    dn = made.add('Dispatchers', 'worker1', f'uid=worker2,{sales}', 'worker3')
    made.gives(dn, 'dispatcher')
    following.follow(followed)
    directory = directories.load(followed)
    company._root.rename_s(f'uid=worker2,{sales}', 'uid=worker2', newsuperior=PEOPLE)
    made.set(dn, 'worker2', 'worker4')
    company.change('worker5', title='Foreman')

    def look():
        """As one that was told of worker5 alone."""
        snapshot = reading.read(directory)
        only = {known_by: entry for known_by, entry in snapshot.found.items() if entry[0].startswith('uid=worker5,')}
        asked = reading.Snapshot(directory, only, listed=snapshot.found, asked=directory.person_filter)
        part = reading.Snapshot(directory, only, grouping=grouping.read(grouping.wanted(directory), asked))
        return [step for step in planning.make(directory, part, creates=True).steps if step.kind in planning.RIGHTS]
    assert [(step.kind, step.name) for step in look()] == [('lose', 'Worker1'), ('lose', 'Worker3'), ('gain', 'Worker4')]


def test_who_is_placed_no_more_and_was_not_read_is_read_at_once(made, followed):
    """His attribute is not known then: he stays where he is until it is."""
    dn = made.add('Painters', 'worker1')
    made.gives(dn, departments.add_department(SYSTEM, 'Paint'), 'department')
    following.follow(followed)
    made.set(dn)
    directory = directories.load(followed)
    asked = reading.Snapshot(directory, {}, listed=reading.read(directory).found, asked=directory.person_filter)
    part = reading.Snapshot(directory, {}, grouping=grouping.read(grouping.wanted(directory), asked))
    assert not [step for step in planning.make(directory, part, creates=True).steps if step.kind == planning.PLACE]
    assert part.grouping.is_to_read and who('worker1').department.name == 'Paint'
    following.follow(followed)
    assert who('worker1').department.name == 'Hall'
