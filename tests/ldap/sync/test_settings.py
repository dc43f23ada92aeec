"""A directory that is set up otherwise while a plan of it waits, is read for, or is carried out."""
import pytest

from appliance.core.actor import SYSTEM
from appliance.core.errors import Conflict
from appliance.core.people import Person, is_blocked
from appliance.identity.directory import directories, group_rules
from appliance.identity.directory.sync import applying, batches, following, planning, reading, runs
from appliance.identity.directory.sync.models import SyncRun
from tests.ldap.sync.conftest import told, who

FEW = '(&(objectClass=inetOrgPerson)(|(uid=worker8)(uid=worker9)))'
ALL = '(objectClass=inetOrgPerson)'


def out():
    return [person.login for person in Person.select() if is_blocked(person.id)]


def test_a_plan_by_a_wrong_filter_is_worth_nothing_once_it_is_right(company, followed):
    directories.edit_directory(SYSTEM, followed, person_filter=FEW, sync='off')
    run_id = runs.ask(SYSTEM, followed)
    following.carry_on(run_id)
    assert told(run_id).brake == 'many'
    directories.edit_directory(SYSTEM, followed, person_filter=ALL)
    with pytest.raises(Conflict):
        runs.start(SYSTEM, run_id, with_held=True)
    assert told(run_id).state == 'discarded' and out() == []


def test_what_the_brake_holds_by_it_is_over_and_said_anew_where_it_is_still_so(company, followed):
    directories.edit_directory(SYSTEM, followed, person_filter=FEW, sync='all')
    run_id = following.follow(followed)
    directories.edit_directory(SYSTEM, followed, name='Another name')
    assert told(run_id).state == 'held', 'a name decides nothing'
    directories.edit_directory(SYSTEM, followed, person_filter=FEW.replace('worker8', 'worker7'))
    with pytest.raises(Conflict):
        runs.start(SYSTEM, run_id, with_held=True)
    again = following.follow(followed)
    assert told(run_id).state == 'over' and told(again).state == 'held' and told(again).brake == 'many' and out() == []


def test_what_was_not_done_yet_of_a_run_is_left_out(monkeypatch, company, followed):
    company.change('worker0', shadowExpire='1')
    company.delete('worker1')
    directory = directories.load(followed)
    run_id = runs.keep(planning.make(directory, reading.read(directory), creates=True), followed)
    monkeypatch.setattr(batches, 'BATCH', 1)
    applying.apply(run_id, most_s=0)
    directories.edit_directory(SYSTEM, followed, is_active=False)
    following.carry_on(run_id)
    assert len(out()) == 1 and told(run_id).state == 'done' and sorted(state for *_more, state in told(run_id).steps['disable']) == ['applied', 'skipped']


def changed_while_read(monkeypatch, change):
    real = reading.read

    def read(*args):
        found = real(*args)
        change()
        return found
    monkeypatch.setattr(reading, 'read', read)


@pytest.mark.parametrize('change', [{'person_filter': ALL}, {'sync': 'off'}, {'is_active': False}, {'mapping': {'title': ['cn']}}])
def test_a_look_that_began_before_plans_nothing(monkeypatch, company, followed, change):
    directories.edit_directory(SYSTEM, followed, person_filter=FEW.replace('(uid=worker9)', '(uid=worker9)(uid=worker7)(uid=worker6)(uid=worker5)(uid=worker4)(uid=worker3)'), sync='all')
    changed_while_read(monkeypatch, lambda: directories.edit_directory(SYSTEM, followed, **change))
    assert following.follow(followed) is None and SyncRun.select().count() == 1 and out() == []


def test_an_undo_in_the_middle_of_a_look_is_the_last_word(monkeypatch, company, followed):
    company.change('worker1', title='Foreman')
    run_id = following.follow(followed)

    def undo():
        monkeypatch.undo()
        runs.undo(SYSTEM, run_id)
        following.carry_on(run_id)
    changed_while_read(monkeypatch, undo)
    assert following.follow(followed) is None and who('worker1').title == 'Worker'


def test_a_dry_run_says_that_it_was_overtaken(monkeypatch, company, followed):
    run_id = runs.ask(SYSTEM, followed)
    company.delete('worker0')
    changed_while_read(monkeypatch, lambda: directories.edit_directory(SYSTEM, followed, person_filter=FEW))
    following.carry_on(run_id)
    assert told(run_id).state == 'failed' and 'set up otherwise' in runs.one_run(SYSTEM, run_id)['failure']


def test_a_rule_that_goes_takes_the_plans_with_it(company, followed):
    dn = company.group('admins', 'worker1')
    rule_id = group_rules.add_rule(SYSTEM, followed, group_rules.find_group(SYSTEM, followed, dn), 'role', 'system_admin')
    run_id = following.follow(followed)
    assert told(run_id).brake == 'gains'
    group_rules.remove_rule(SYSTEM, followed, rule_id)
    with pytest.raises(Conflict):
        runs.start(SYSTEM, run_id, with_held=True)
