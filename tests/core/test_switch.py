"""The switches: who may turn which, what a tool keeps while it is off, and what is found when it comes back."""
from datetime import timedelta

import pytest

from appliance.core import clock, db, jobs, switch
from appliance.core.actor import SYSTEM, Actor
from appliance.core.errors import Conflict, NotAllowed, NotFound
from appliance.core.people import add_person
from appliance.core.processes import Process
from appliance.core.settings import set_setting
from appliance.core.tool import declarations, registry
from appliance.jobs import own


def turn(name, to_on):
    """Turn a switch and follow it, as a process that starts anew would."""
    version = switch.turn(SYSTEM, name, to_on)
    switch.load()
    return version


def settle():
    return switch.settle(SYSTEM, lambda text: None)


def state(name):
    return next(one for one in switch.listing(SYSTEM) if one['name'] == name)


@pytest.fixture
def note(box):
    """A person with a note, in the planted tool that is on: a function that adds one more."""
    turn('planted', True)
    settle()
    switch.load()
    person = add_person(SYSTEM, 'ana', 'Ana')
    rules = next(module for one, module in registry.load('rules') if one.name == 'planted')
    return lambda title: rules.add_note(Actor(person, 'employee'), title)


def test_a_tool_is_first_as_it_declares(box):
    assert state('worktime')['is_on'] and not state('planted')['is_on']
    assert 'planted' not in registry.names and 'worktime' in registry.names


def test_turning_twice_is_once(box):
    assert switch.turn(SYSTEM, 'planted', True) == switch.turn(SYSTEM, 'planted', True) == switch.newest_version() == 1
    assert switch.turn(SYSTEM, 'planted', False) == 2


@pytest.mark.parametrize(('name', 'to_on', 'error', 'words'), [
    ('people', False, Conflict, 'cannot be switched off'), ('nothing', True, NotFound, 'no tool nothing'), ('people;', False, NotFound, 'no tool')])
def test_what_cannot_be_switched_says_why(box, name, to_on, error, words):
    with pytest.raises(error, match=words):
        switch.turn(SYSTEM, name, to_on)
    assert switch.newest_version() == 0


def test_only_an_administrator_switches(box):
    with pytest.raises(NotAllowed):
        switch.turn(Actor(1, 'employee', frozenset({'employee'})), 'worktime', False)


def test_what_others_need_stays_on_and_is_named(box, monkeypatch):
    needing = type(declarations()['planted'])(name='planted', title='Planted', icon='x', requires=('worktime',), is_on_first=True)
    monkeypatch.setitem(declarations(), 'planted', needing)
    switch.names_in_order.cache_clear()
    try:
        with pytest.raises(Conflict, match='These tools need Work time: Planted'):
            switch.turn(SYSTEM, 'worktime', False)
        turn('planted', False)
        turn('worktime', False)
        with pytest.raises(Conflict, match='needs these tools, which are off: Work time'):
            switch.turn(SYSTEM, 'planted', True)
    finally:
        switch.names_in_order.cache_clear()


def test_off_and_on_again_every_row_is_there(note):
    for title in ('one', 'two', 'días'):
        note(title)
    before = switch.measure('planted')
    turn('planted', False)
    assert 'planted' not in registry.names and registry.service('planted') is None
    assert settle()
    assert state('planted')['tables'] == before == switch.measure('planted')
    assert before['planted_note'][0] == 3
    turn('planted', True)
    assert registry.resuming == {'planted'}
    assert settle() and not switch.is_outdated() and not registry.resuming
    assert state('planted')['outcome'] == {'is_equal': True, 'differing': [], 'changed': []}


def test_a_row_that_changed_meanwhile_is_found(note):
    note('one')
    turn('planted', False)
    settle()
    with db.write('test'):
        db.database.execute_sql("UPDATE planted_note SET title = 'another'")
    turn('planted', True)
    settle()
    assert state('planted')['outcome'] == {'is_equal': False, 'differing': ['planted_note'], 'changed': []}


def test_work_time_catches_up_with_days_that_expired(box):
    from appliance.tools.worktime import rules      # slow: only this test needs it
    set_setting(SYSTEM, 'company.zone', 'UTC')
    ana = Actor(add_person(SYSTEM, 'ana', 'Ana'), 'employee')
    day = rules.start_day(ana)
    turn('worktime', False)
    settle()
    with db.write('test'):
        ago = clock.microseconds(clock.now() - timedelta(days=2))
        db.database.execute_sql(f"UPDATE worktime_day SET started_at = {ago}, on_date = '2020-01-01'")
    turn('worktime', True)
    settle()
    assert db.row('SELECT state FROM worktime_day WHERE id = ' + str(day))[0] == 'expired'
    assert state('worktime')['outcome'] == {'is_equal': False, 'differing': ['worktime_day'], 'changed': ['worktime_day']}


def test_jobs_of_a_tool_that_is_off_are_none(box):
    own.load()
    assert 'worktime.remind' in jobs.declared()
    turn('worktime', False)
    assert not [name for name in jobs.declared() if name.startswith('worktime.')] and 'core.outbox' in jobs.declared()
    turn('worktime', True)
    assert 'worktime.remind' in jobs.declared()


def test_settling_waits_for_every_living_process(box):
    Process.create(host='elsewhere', kind='web', pid=1, tool_version=0, seen_at=clock.now())
    Process.create(host='gone', kind='web', pid=1, tool_version=0, seen_at=clock.now() - timedelta(minutes=2))
    version = turn('worktime', False)
    assert switch.wait(version, seconds=0.1) == [{'host': 'elsewhere', 'kind': 'web', 'pid': 1}]
    assert switch.unsettled() is None and not settle() and not state('worktime')['is_settled']
    Process.update(tool_version=version).execute()
    assert switch.wait(version) == [] and switch.unsettled() is not None
    assert settle() and state('worktime')['is_settled'] and switch.unsettled() is None


def test_a_switch_turned_again_while_it_is_settled_is_settled_again(note, monkeypatch):
    turn('planted', False)
    measure = switch.measure
    monkeypatch.setattr(switch, 'measure', lambda name: [switch.turn(SYSTEM, name, True), measure(name)][1])
    settle()
    assert not state('planted')['is_settled']


def test_a_tool_that_cannot_be_imported_is_left_out_with_those_that_need_it(box, monkeypatch):
    turn('planted', True)
    monkeypatch.setattr('importlib.import_module', _failing('appliance.tools.planted.routes'))
    assert [one.name for one, _module in registry.load('routes')] == ['people', 'worktime']
    assert registry.faults == {'planted': 'routes: ZeroDivisionError: planted'}
    assert 'planted' not in registry.names and registry.load('rules')[-1][0].name != 'planted'
    assert state('planted')['fault'] == 'routes: ZeroDivisionError: planted'


def _failing(name):
    import importlib    # slow: the test replaces its function
    known = importlib.import_module

    def load(asked, *args):
        if asked == name:
            raise ZeroDivisionError('planted')
        return known(asked, *args)
    return load
