"""A look at what changed: it sees what a look at everybody sees, and asks for little."""
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.people import block, unblock, update_person
from appliance.identity.directory import directories
from appliance.identity.directory.sync import following, looking, models, planning, reading, runs
from appliance.identity.directory.sync.models import SyncMark, SyncStep
from appliance.identity.models import Directory, DirectoryPerson
from tests.counting import queries
from tests.ldap.people import PEOPLE
from tests.ldap.sync.conftest import TEN, nothing_written, tie, told, who
from tests.ldap.sync.groups import Groups
from tests.ldap.sync.looks.conftest import FORMER, is_out, only, restarted, steps


def test_who_goes_changes_or_comes_back_is_seen_by_a_cheap_look(company, follow, cheap):
    with cheap():
        assert follow() is None
    for do, seen in (
            (lambda: company.delete('worker0'), {'disable': [('Worker0', 'gone')]}),
            (lambda: company.move('worker1', FORMER), {'disable': [('Worker1', 'gone')]}),
            (lambda: company.change('worker2', shadowExpire='1'), {'disable': [('Worker2', 'expired')]}),
            (lambda: company.move_back('worker1'), {'enable': [('Worker1', 'back')]}),
            (lambda: company.change('worker2', shadowExpire=None), {'enable': [('Worker2', 'back')]}),
            (lambda: company.change('worker3', title='Foreman', departmentNumber='Office'), {'change': [('Worker3', 'changed')]}),
            (lambda: company.rename('worker4', 'ana'), {'change': [('Worker4', 'changed')]}),
            (lambda: company.add('ada'), {'create': [('Ada', 'new')]})):
        do()
        with cheap() as asked:
            assert steps(follow()) == seen
        assert asked.lists == 1
        with cheap():
            assert follow() is None, 'and what is done is done'
    assert who('ana').name == 'Worker4' and tie('ana').dn == f'uid=ana,{PEOPLE}' and who('worker3').department.name == 'Office'


def test_who_falls_out_of_the_filter_or_of_its_group_is_seen_by_a_cheap_look(company, followed, follow, cheap):
    """memberOf is written by the server: the person's entry does not say that it changed."""
    group = company.group('staff', *TEN)
    directories.edit_directory(SYSTEM, followed, person_filter=f'(&(memberOf={group})(!(title=Former)))')
    assert follow() is None and follow() is None
    company.change('worker1', title='Former')
    with cheap():
        assert steps(follow()) == {'disable': [('Worker1', 'filtered')]}
    company.group('staff', *TEN[:5])
    company.group('staff', *TEN[:8])
    with cheap():
        assert steps(follow()) == {'disable': [('Worker8', 'filtered'), ('Worker9', 'filtered')]}
    company.group('staff', *TEN)
    with cheap():
        assert steps(follow()) == {'enable': [('Worker8', 'back'), ('Worker9', 'back')]}
    company.add('ada')
    company.change('worker5', shadowExpire='1')
    assert steps(follow()) == {'disable': [('Worker5', 'expired')]}
    company.group('staff', *TEN[:5], *TEN[6:])
    company.change('worker5', shadowExpire=None)
    with cheap():
        assert follow() is None
    company.group('staff', *TEN, 'ada')     # nothing that is in their entries
    with cheap():
        assert steps(follow()) == {'enable': [('Worker5', 'back')], 'create': [('Ada', 'new')]}


def test_an_end_that_passes_is_seen_by_a_cheap_look(company, followed, follow, cheap):
    tomorrow = clock.EPOCH + timedelta(days=(clock.now() - clock.EPOCH).days + 1)
    company.change('worker1', shadowExpire=str((tomorrow - clock.EPOCH).days))
    with cheap():
        assert follow() is None
    assert DirectoryPerson.get(DirectoryPerson.person == who('worker1').id).expires_at is not None
    full_at = tomorrow - timedelta(minutes=1)
    SyncMark.update(full_at=full_at).execute()      # else the night's look at everybody would see it
    looking._memory[followed] = replace(looking._memory[followed], full_at=full_at)
    with time_machine.travel(tomorrow + timedelta(minutes=1)), cheap():
        assert steps(follow()) == {'disable': [('Worker1', 'expired')]}


def test_nothing_is_written_where_nothing_changed(company, followed, follow):
    with nothing_written():
        assert follow() is None and follow() is None


@only('cookie')
def test_another_process_goes_on_where_the_last_one_was(company, followed, follow, cheap):
    tomorrow = clock.now() + timedelta(days=1)
    company.change('worker3', shadowExpire=str((tomorrow - clock.EPOCH).days))
    company.change('worker5', shadowExpire='1')
    follow()
    restarted(followed)
    company.delete('worker0')
    company.change('worker2', title='Foreman')
    company.change('worker5', shadowExpire=None)
    with cheap(10) as asked:
        assert steps(follow()) == {'disable': [('Worker0', 'gone')], 'enable': [('Worker5', 'back')], 'change': [('Worker2', 'changed')]}
    assert asked.lists == 1
    restarted(followed)
    SyncMark.update(full_at=tomorrow).execute()
    with time_machine.travel(tomorrow + timedelta(minutes=1)), cheap():
        assert steps(follow()) == {'disable': [('Worker3', 'expired')]}


def test_killed_between_reading_and_planning_nothing_is_lost(monkeypatch, company, followed, follow):
    company.delete('worker0')
    company.change('worker2', title='Foreman')
    for module, name in ((planning, 'make'), (runs, 'keep')):
        with monkeypatch.context() as killed:
            killed.setattr(module, name, dies)
            with pytest.raises(KeyboardInterrupt):
                follow()
        restarted(followed)
    assert steps(follow()) == {'disable': [('Worker0', 'gone')], 'change': [('Worker2', 'changed')]}


def dies(*args, **kwargs):
    raise KeyboardInterrupt


@only('cookie')
def test_what_a_run_left_undone_is_looked_at_again_by_another_process(monkeypatch, company, followed, follow, cheap):
    """Its entry does not change any more."""
    company.change('worker2', title='Foreman')
    monkeypatch.setattr(following.applying, 'apply', dies)
    with pytest.raises(KeyboardInterrupt):
        follow()
    monkeypatch.undo()
    SyncStep.update(state=models.SKIPPED).execute()
    restarted(followed)
    with cheap(10):
        assert steps(follow()) == {'change': [('Worker2', 'changed')]} and who('worker2').title == 'Foreman'


def test_what_was_written_here_is_put_right_by_a_cheap_look(company, followed, follow, cheap):
    update_person(SYSTEM, who('worker1').id, title='Chief of everything')
    with cheap():
        assert steps(follow()) == {'change': [('Worker1', 'changed')]} and who('worker1').title == 'Worker'
    unblocked = who('worker2').id
    company.delete('worker2')
    follow()
    unblock(SYSTEM, unblocked, directories.source_of(followed))
    with cheap():
        assert steps(follow()) == {'disable': [('Worker2', 'gone')]}
    block(SYSTEM, who('worker3').id, directories.source_of(followed), 'gone')
    with cheap():
        assert steps(follow()) == {'enable': [('Worker3', 'back')]}


@only('cookie')
def test_the_brake_holds_a_cheap_look_too(company, follow, cheap):
    company.delete(*TEN[:6])
    with cheap():
        run = follow()
    assert (run.state, run.brake, run.absent, run.known) == ('held', 'many', 6, 10)
    with cheap():
        assert follow() is None
    assert told(run.id).state == 'held', 'it is not over because nothing changed'
    for number in range(6):
        assert not is_out(TEN[number])
    company.change('worker9', shadowExpire='1')
    with cheap():
        assert steps(follow()) == {'disable': [('Worker9', 'expired')]}


@only('cookie')
def test_who_comes_in_while_the_list_is_made_stays(monkeypatch, company, followed, follow, cheap):
    real = reading.read

    def read(*args):
        snapshot = real(*args)
        DirectoryPerson.update(seen_at=clock.now()).where(DirectoryPerson.person == who('worker1').id).execute()
        return snapshot
    company.delete('worker1')
    monkeypatch.setattr(reading, 'read', read)
    with cheap():
        assert follow() is None and not is_out('worker1')
    monkeypatch.undo()
    with cheap():
        assert steps(follow()) == {'disable': [('Worker1', 'gone')]}, 'until the next look, though nothing was written there'


@only('cookie')
def test_a_dry_run_moves_no_mark(company, followed, follow, cheap):
    mark = SyncMark.get().high, SyncMark.get().full_at
    company.change('worker1', title='Foreman')
    runs.ask(SYSTEM, followed, creates=True)
    Directory.update(sync='off').execute()
    following.follow_all()
    assert (SyncMark.get().high, SyncMark.get().full_at) == mark
    Directory.update(sync='all').execute()
    with cheap():
        assert steps(follow()) == {'change': [('Worker1', 'changed')]}


@only('cookie')
def test_what_was_taken_back_is_compared_again(company, followed, follow):
    company.change('worker1', title='Foreman')
    run = follow()
    runs.undo(SYSTEM, run.id)
    following.follow_all()
    restarted(followed)
    assert who('worker1').title == 'Worker'
    Directory.update(sync='all').execute()
    assert steps(follow()) == {'change': [('Worker1', 'changed')]}


def test_two_processes_at_once_see_the_same(company, followed, follow):
    """Each has its own memory; the mark of the other takes nothing from it."""
    mine = looking._memory[followed], looking.settled.of(followed)
    company.change('worker1', title='Foreman')
    company.delete('worker2')
    restarted(followed)
    directory = directories.load(followed)
    others = list(looking.looks(directory, True))
    looking.settled.keep(followed, mine[1])
    looking._memory[followed] = mine[0]
    assert steps(follow()) == {'disable': [('Worker2', 'gone')], 'change': [('Worker1', 'changed')]}
    for look in others:
        plan = planning.make(directory, look.snapshot, True)
        looking.keep(look, plan, is_run=True)
    company.change('worker3', title='Foreman')
    assert steps(follow()) == {'change': [('Worker3', 'changed')]}


@only('cookie')
def test_departments_that_people_are_not_in_unsettle_nobody(company, followed, follow, cheap):
    from appliance.core.departments import add_department
    add_department(SYSTEM, 'A new one')
    with cheap() as asked:
        assert follow() is None
    assert asked.read in (0, 10)


@pytest.mark.parametrize('how', ['rule', 'tree', 'heads'])
def test_everybody_is_listed_once_though_groups_or_branches_are_followed(company, followed, follow, cheap, how):
    made = Groups(company, followed)
    staff = made.add('Staff', 'worker1')
    if how == 'rule':
        made.gives(staff, 'dispatcher')
    elif how == 'tree':
        company._root.add_s(f'ou=Hall,{PEOPLE}', [('objectClass', [b'organizationalUnit']), ('ou', [b'Hall'])])
        for login in TEN:
            company.move(login, f'ou=Hall,{PEOPLE}')
    directories.edit_directory(SYSTEM, followed, **{'tree': {'tree': 'ou'}, 'heads': {'heads': True}}.get(how, {}))
    follow()
    follow()
    with cheap() as asked, queries() as told:
        assert follow() is None
    people = directories.load(followed).person_filter
    assert asked.filters.count(people) == 1, asked.filters
    assert len([one for one in told if 'FROM "directory_group_rule"' in one]) == (1 if how == 'rule' else 0)
    assert len([one for one in told if 'FROM directory_group_rule' in one]) == 1
    if how == 'rule':
        made.set(staff, 'worker1', 'worker2')
        with cheap() as asked:
            assert steps(follow()) == {'gain': [('Worker2', 'in_group')]}
        assert asked.filters.count(people) == 1
