"""Whose working day is whose: the person's own, to see for who heads him, and nothing to anybody else."""
import pytest

from appliance.core import departments, people
from appliance.core.actor import SYSTEM
from appliance.core.errors import NotAllowed, NotFound
from appliance.tools.worktime import rules


@pytest.fixture
def day(staff):
    """The employee's open day, with a pause that is over."""
    made = rules.start_day(staff.actor('employee'))
    rules.continue_(staff.actor('employee'), rules.pause(staff.actor('employee'), made))
    return made


@pytest.mark.parametrize('login', ['head', 'top'])
def test_who_heads_the_person_sees_and_does_nothing(staff, day, login):
    actor = staff.actor(login)
    assert rules.access_day(actor, day)['person_name'] == 'Employee'
    assert len(rules.timeline(actor, day)['steps']) == 3
    pause = rules.access_day(actor, day)['pause_id'] or 1
    for wrong in (lambda: rules.pause(actor, day), lambda: rules.finish(actor, day), lambda: rules.continue_(actor, pause),
                  lambda: rules.correct(actor, day, None, 'x')):
        with pytest.raises(NotAllowed):
            wrong()
    assert rules.days_of(actor)['days'] == []


@pytest.mark.parametrize('login', ['outsider', 'administrator', 'guest'])
def test_everybody_else_finds_nothing(staff, day, login):
    actor = staff.actor(login)
    for wrong in (lambda: rules.access_day(actor, day), lambda: rules.timeline(actor, day), lambda: rules.pause(actor, day),
                  lambda: rules.finish(actor, day), lambda: rules.continue_(actor, 1), lambda: rules.correct(actor, day, None, 'x')):
        with pytest.raises(NotFound):
            wrong()


def test_a_subordinate_sees_nothing_of_the_head(staff):
    day = rules.start_day(staff.actor('head'))
    with pytest.raises(NotFound):
        rules.access_day(staff.actor('employee'), day)


def test_the_sight_ends_with_the_office(staff, day):
    assert rules.access_day(staff.actor('head'), day)
    departments.set_head(SYSTEM, 2, None)
    with pytest.raises(NotFound):
        rules.access_day(staff.actor('head'), day)


@pytest.mark.parametrize('rule', [rules.start_day, rules.day_of, rules.days_of])
def test_guests_have_no_work_time(staff, rule):
    with pytest.raises(NotFound):
        rule(staff.actor('guest'))


def test_who_is_a_guest_by_now_finds_not_even_his_own(staff, day):
    people.update_person(SYSTEM, staff.ids['employee'], kind='guest')
    with pytest.raises(NotFound):
        rules.access_day(staff.actor('employee'), day)


@pytest.mark.parametrize('wrong', [0, -1, 10 ** 6, 2 ** 63, 10 ** 30, None, '1'])
def test_an_id_that_is_none(staff, day, wrong):
    with pytest.raises(NotFound):
        rules.access_day(staff.actor('employee'), wrong)


def test_a_pause_that_is_none(staff, day):
    for wrong in (0, 10 ** 6, 2 ** 63):
        with pytest.raises(NotFound):
            rules.continue_(staff.actor('employee'), wrong)
