"""Start, pause, continue, finish: states, what was worked, what each button refuses."""
from concurrent.futures import ThreadPoolExecutor

import pytest

from appliance.core import db, people
from appliance.core.errors import Conflict
from appliance.tools.worktime import rules
from appliance.tools.worktime.models import WorktimeDay, WorktimePause


@pytest.fixture
def ana(staff):
    return staff.actor('employee')


def test_a_day_with_a_pause(ana, clock):
    began = clock('2026-11-23 09:00')
    assert rules.day_of(ana) is None
    day = rules.start_day(ana, address='192.0.2.7')
    clock('2026-11-23 12:00')
    pause = rules.pause(ana, day)
    clock('2026-11-23 12:45')
    paused = rules.day_of(ana)
    assert (paused['state'], paused['net_s'], paused['pause_id']) == ('paused', 3 * 3600, pause)
    assert rules.continue_(ana, pause) == day
    clock('2026-11-23 17:30')
    assert rules.day_of(ana)['net_s'] == 7.75 * 3600
    assert rules.finish(ana, day) == day
    clock('2026-11-23 23:00')
    closed = rules.day_of(ana)
    assert (closed['state'], closed['net_s'], closed['pauses_s']) == ('closed', 7.75 * 3600, 45 * 60)
    assert (closed['started_at'], closed['address'], closed['zone']) == (began, '192.0.2.7', 'Europe/Madrid')
    steps = rules.timeline(ana, day)['steps']
    assert [step['what'] for step in steps] == ['start', 'pause', 'continue', 'finish']
    assert [step['until'] for step in steps] == [step['at'] for step in steps[1:]] + [None]


def test_finishing_in_a_pause_ends_both(ana, clock):
    clock('2026-11-23 09:00')
    day = rules.start_day(ana)
    clock('2026-11-23 16:00')
    rules.pause(ana, day)
    clock('2026-11-23 17:00')
    rules.finish(ana, day)
    assert rules.access_day(ana, day)['net_s'] == 7 * 3600
    assert not WorktimePause.select().where(WorktimePause.ended_at.is_null()).exists()
    assert [step['what'] for step in rules.timeline(ana, day)['steps']] == ['start', 'pause', 'finish']


def test_starting_a_closed_date_continues_it(ana, clock):
    clock('2026-11-23 09:00')
    day = rules.start_day(ana)
    clock('2026-11-23 13:00')
    rules.finish(ana, day)
    clock('2026-11-23 20:00')
    assert rules.start_day(ana) == day
    clock('2026-11-23 21:00')
    now = rules.day_of(ana)
    assert (now['state'], now['net_s'], now['ended_at']) == ('opened', 5 * 3600, None)
    assert [step['what'] for step in rules.timeline(ana, day)['steps']] == ['start', 'pause', 'continue']


def test_each_button_refuses_the_wrong_state(ana, clock):
    clock('2026-11-23 09:00')
    day = rules.start_day(ana)
    for wrong in (lambda: rules.start_day(ana), lambda: rules.correct(ana, day, clock('2026-11-23 09:30'), 'forgot')):
        with pytest.raises(Conflict):
            wrong()
    pause = rules.pause(ana, day)
    for wrong in (lambda: rules.pause(ana, day), lambda: rules.start_day(ana)):
        with pytest.raises(Conflict):
            wrong()
    rules.continue_(ana, pause)
    with pytest.raises(Conflict):
        rules.continue_(ana, pause)
    second = rules.pause(ana, day)
    with pytest.raises(Conflict):       # the first pause's button, in a tab that was left open
        rules.continue_(ana, pause)
    rules.finish(ana, day)
    for wrong in (lambda: rules.finish(ana, day), lambda: rules.pause(ana, day), lambda: rules.continue_(ana, second)):
        with pytest.raises(Conflict):
            wrong()


def test_a_repeated_click_answers_alike(ana, clock):
    first = rules.start_day(ana, address='192.0.2.7', request_key='one click')
    assert rules.start_day(ana, address='192.0.2.7', request_key='one click') == first
    assert WorktimeDay.select().count() == 1


def test_two_tabs_start_one_day(ana):
    """Two threads at once, on both engines: one starts, the other hears that the day is running."""
    def start(_turn):
        with db.connected():
            try:
                return rules.start_day(ana)
            except Conflict:
                return 'running'

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(start, range(8)))
    assert answers.count('running') == 7
    assert WorktimeDay.select().count() == 1


def test_two_tabs_pause_once(ana):
    day = rules.start_day(ana)

    def pause(_turn):
        with db.connected():
            try:
                return rules.pause(ana, day)
            except Conflict:
                return None

    with ThreadPoolExecutor(4) as pool:
        assert len([one for one in pool.map(pause, range(8)) if one]) == 1
    assert WorktimePause.select().count() == 1


def test_the_database_itself_refuses_a_second_unfinished_day(ana, clock):
    rules.start_day(ana)
    with pytest.raises(db.peewee.IntegrityError), db.write('test'):
        WorktimeDay.create(person=ana.person_id, on_date=clock('2026-11-20 09:00').date(), zone='UTC', started_at=clock('2026-11-20 09:00'))


def test_a_day_over_midnight_stays_one(ana, clock):
    clock('2026-11-23 23:50')
    day = rules.start_day(ana)
    clock('2026-11-24 00:30')
    with pytest.raises(Conflict, match='running already'):
        rules.start_day(ana)
    assert rules.day_of(ana)['id'] == day
    clock('2026-11-24 07:50')
    rules.finish(ana, day)
    found = rules.access_day(ana, day)
    assert (found['on_date'].isoformat(), found['net_s']) == ('2026-11-23', 8 * 3600)
    clock('2026-11-24 20:00')
    assert rules.start_day(ana) != day


def test_a_new_zone_does_not_move_an_open_day(staff, ana, clock):
    clock('2026-11-23 09:00')
    day = rules.start_day(ana)
    people.set_zone(ana, ana.person_id, 'Pacific/Kiritimati')
    moved = staff.actor('employee')
    clock('2026-11-23 15:00')       # the 24th in Kiritimati
    with pytest.raises(Conflict):
        rules.start_day(moved)
    rules.finish(moved, day)
    assert rules.access_day(moved, day)['zone'] == 'Europe/Madrid'
    assert rules.day_of(moved) is None      # the 24th has begun there
    again = rules.start_day(moved)
    assert rules.access_day(moved, again)['on_date'].isoformat() == '2026-11-24'


def test_the_same_date_again_after_the_date_line(staff, clock):
    """The 23rd is over in Kiritimati when it begins in Pago Pago: one date is one day, so it cannot go on."""
    ana = staff.add('traveller', zone='Pacific/Kiritimati')
    clock('2026-11-23 01:00', 'Pacific/Kiritimati')
    day = rules.start_day(ana)
    clock('2026-11-23 09:00', 'Pacific/Kiritimati')
    rules.finish(ana, day)
    people.set_zone(ana, ana.person_id, 'Pacific/Pago_Pago')
    moved = staff.actor('traveller')
    clock('2026-11-23 09:00', 'Pacific/Pago_Pago')
    with pytest.raises(Conflict, match='Kiritimati'):
        rules.start_day(moved)
    clock('2026-11-24 09:00', 'Pacific/Pago_Pago')
    assert rules.start_day(moved) != day


@pytest.mark.parametrize('zone, date', [('Pacific/Kiritimati', '2026-11-24'), ('Pacific/Pago_Pago', '2026-11-22')])
def test_a_day_has_the_date_of_its_zone(staff, clock, zone, date):
    clock('2026-11-23 11:30', 'Etc/GMT+1')
    actor = staff.add('far', zone=zone)
    clock('2026-11-23 10:30', 'UTC')
    assert rules.access_day(actor, rules.start_day(actor))['on_date'].isoformat() == date


@pytest.mark.parametrize('start, end, hours', [
    ('2026-03-28 22:00', '2026-03-29 06:00', 7),        # the clocks go forward: eight by the clock are seven
    ('2026-10-24 22:00', '2026-10-25 06:00', 9)])
def test_what_was_worked_in_a_night_of_a_clock_change(ana, clock, start, end, hours):
    clock(start)
    day = rules.start_day(ana)
    clock(end)
    rules.finish(ana, day)
    assert rules.access_day(ana, day)['net_s'] == hours * 3600


def test_a_clock_set_back_takes_nothing(ana, clock):
    clock('2026-11-23 09:00')
    day = rules.start_day(ana)
    clock('2026-11-23 11:00')
    pause = rules.pause(ana, day)
    clock('2026-11-23 10:00')
    assert rules.day_of(ana)['net_s'] == 2 * 3600
    rules.continue_(ana, pause)
    rules.finish(ana, day)
    found = rules.access_day(ana, day)
    assert (found['net_s'], found['pauses_s']) == (2 * 3600, 0)
    assert rules.start_day(ana) == day
    assert rules.day_of(ana)['net_s'] == 2 * 3600
