"""Days that nobody finished: the moment of expiry in every zone, and the correction."""
from datetime import datetime, timedelta

import pytest

from appliance.core import db, people
from appliance.core.actor import SYSTEM
from appliance.core.errors import Conflict, Invalid, NotAllowed
from appliance.tools.worktime import rules
from appliance.tools.worktime.models import WorktimeCorrection, WorktimeDay


@pytest.fixture
def ana(staff):
    return staff.actor('employee')


@pytest.mark.parametrize('zone, start, expiry', [
    ('Europe/Madrid', '2026-11-23 06:00', '2026-11-24 00:00'),
    ('Europe/Madrid', '2026-11-23 08:00', '2026-11-24 00:00'),
    ('Europe/Madrid', '2026-11-23 08:01', '2026-11-24 00:01'),
    ('Europe/Madrid', '2026-11-23 23:50', '2026-11-24 15:50'),
    ('Europe/Madrid', '2026-03-28 23:00', '2026-03-29 16:00'),      # 16 elapsed hours over a night of 23
    ('Europe/Madrid', '2026-10-24 23:00', '2026-10-25 14:00'),
    ('Europe/Madrid', '2026-03-29 07:00', '2026-03-30 00:00'),
    ('Pacific/Kiritimati', '2026-11-23 07:00', '2026-11-24 00:00'),
    ('Pacific/Pago_Pago', '2026-11-23 07:00', '2026-11-24 00:00'),
    ('America/Santiago', '2026-09-05 07:00', '2026-09-06 01:00'),   # there is no midnight that night
    ('America/Santiago', '2026-04-04 07:00', '2026-04-05 00:00')])  # ... and here it comes twice: the date ends with the second 23 h
def test_the_moment_of_expiry(staff, clock, zone, start, expiry):
    actor = staff.add('far', zone=zone)
    clock(start, zone)
    day = rules.start_day(actor)
    end = clock(expiry, zone)
    assert rules.access_day(actor, day)['expires_at'] == end
    clock.shift(-1 / 60)
    assert rules.expire_days(SYSTEM) == []
    assert rules.day_of(actor)['state'] == 'opened'
    clock.shift(1 / 60)
    assert rules.day_of(actor)['state'] == 'expired'        # even before the job came
    assert rules.expire_days(SYSTEM) == [day]
    assert rules.expire_days(SYSTEM) == []
    assert WorktimeDay.get().state == 'expired'


@pytest.fixture
def forgotten(ana, clock):
    """The id of a day begun on Monday at nine, paused from twelve to one, and never finished; it is Tuesday, eight o'clock."""
    clock('2026-11-23 09:00')
    day = rules.start_day(ana)
    clock('2026-11-23 12:00:20')
    pause = rules.pause(ana, day)
    clock('2026-11-23 13:00:40')
    rules.continue_(ana, pause)
    clock('2026-11-24 08:00')
    rules.expire_days(SYSTEM)
    return day


def test_a_new_day_waits_for_the_correction(ana, clock, forgotten):
    with pytest.raises(Conflict, match='Nov 23, 2026'):
        rules.start_day(ana)
    for wrong in (rules.finish, rules.pause):
        with pytest.raises(Conflict):
            wrong(ana, forgotten)
    end = clock('2026-11-23 17:00')
    now = clock('2026-11-24 08:00')
    rules.correct(ana, forgotten, end, '  I forgot.\nSorry ')
    found = rules.access_day(ana, forgotten)
    assert (found['state'], found['ended_at'], found['net_s']) == ('closed', end, 7 * 3600 - 20)
    assert rules.timeline(ana, forgotten)['corrections'] == [
        {'old_end': None, 'new_end': end, 'reason': 'I forgot.\nSorry', 'by': 'Employee', 'at': now}]
    with pytest.raises(Conflict):
        rules.correct(ana, forgotten, end, 'again')
    assert rules.start_day(ana) != forgotten


@pytest.mark.parametrize('end, reason, field', [
    ('2026-11-23 13:00:39', 'x', 'ended_at'), ('2026-11-23 08:00', 'x', 'ended_at'), ('2026-11-24 01:00:01', 'x', 'ended_at'),
    ('2026-11-24 08:01', 'x', 'ended_at'), ('2026-11-23 17:00', ' \n', 'reason'), ('2026-11-23 17:00', 'x' * 1001, 'reason'),
    ('2026-11-23 17:00', 'a\x00b', 'reason'), ('2026-11-23 17:00', 'a\u202eb', 'reason')])
def test_a_correction_that_cannot_be(ana, clock, forgotten, end, reason, field):
    end = clock(end)
    clock('2026-11-24 08:00')
    with pytest.raises(Invalid) as refused:
        rules.correct(ana, forgotten, end, reason)
    assert refused.value.field == field
    assert WorktimeDay.get().state == 'expired' and not WorktimeCorrection.select().exists()


def test_the_bounds_themselves_are_taken(ana, clock, forgotten):
    earliest, latest = rules.correction_bounds(rules.access_day(ana, forgotten))
    assert (earliest, latest) == (clock('2026-11-23 13:00:40'), clock('2026-11-24 01:00'))
    clock('2026-11-24 08:00')
    rules.correct(ana, forgotten, latest, 'night')
    assert rules.access_day(ana, forgotten)['ended_at'] == latest


def test_a_pause_that_never_ended_lasts_to_the_end_entered(ana, clock):
    clock('2026-11-23 09:00')
    day = rules.start_day(ana)
    clock('2026-11-23 17:00:30')
    rules.pause(ana, day)
    clock('2026-11-24 08:00')
    found = rules.access_day(ana, day)
    assert (found['state'], found['net_s']) == ('expired', None)
    end = rules.read_end(found, datetime(2026, 11, 23, 17, 0))
    assert end == found['latest_at']            # people enter minutes
    rules.correct(ana, day, end, 'forgot')
    assert rules.access_day(ana, day)['net_s'] == 8 * 3600 + 30
    assert [step['what'] for step in rules.timeline(ana, day)['steps']] == ['start', 'pause', 'finish']


def test_an_end_in_the_hour_that_comes_twice_is_the_first_that_fits(ana, clock):
    clock('2026-10-24 22:00')
    day = rules.start_day(ana)
    clock('2026-10-25 20:00')
    found = rules.access_day(ana, day)
    first = rules.read_end(found, datetime(2026, 10, 25, 2, 30))
    assert first == clock('2026-10-25 02:30', fold=0)
    late = {**found, 'latest_at': first + timedelta(minutes=20)}
    assert rules.read_end(late, datetime(2026, 10, 25, 2, 30)) == clock('2026-10-25 02:30', fold=1)


def test_an_end_in_the_hour_that_was_skipped(ana, clock):
    clock('2026-03-28 22:00')
    day = rules.start_day(ana)
    clock('2026-03-29 20:00')
    with pytest.raises(Invalid) as refused:
        rules.read_end(rules.access_day(ana, day), datetime(2026, 3, 29, 2, 30))
    assert refused.value.field == 'ended_at'


@pytest.mark.parametrize('zone, local', [('Asia/Tokyo', datetime.min), ('Pacific/Pago_Pago', datetime.max.replace(microsecond=0))])
def test_an_end_at_the_edge_of_time(staff, clock, zone, local):
    actor = staff.add('far', zone=zone)
    clock('2026-11-23 09:00', zone)
    day = rules.start_day(actor)
    clock('2026-11-25 09:00', zone)
    with pytest.raises(Invalid):
        rules.read_end(rules.access_day(actor, day), local)


def test_expired_stays_expired_when_the_clock_goes_back(ana, clock, forgotten):
    clock('2026-11-23 20:00')
    assert rules.day_of(ana)['state'] == 'expired'
    with pytest.raises(Conflict):
        rules.finish(ana, forgotten)
    with pytest.raises(Invalid):
        rules.correct(ana, forgotten, clock('2026-11-23 20:00') + timedelta(minutes=1), 'in the future')


def test_only_jobs_expire_and_remind(staff):
    for login in ('employee', 'administrator', 'head'):
        with pytest.raises(NotAllowed):
            rules.expire_days(staff.actor(login))
        with pytest.raises(NotAllowed):
            rules.remind(staff.actor(login), 'UTC', None, None)


def sent():
    return db.rows('SELECT person_id, key, data FROM outbox ORDER BY id')


def test_the_reminder_goes_to_whose_day_is_open(staff, clock):
    on = clock('2026-11-23 09:00').date()
    days = {login: rules.start_day(staff.actor(login)) for login in ('employee', 'head', 'outsider', 'top', 'administrator')}
    rules.pause(staff.actor('head'), days['head'])
    rules.finish(staff.actor('outsider'), days['outsider'])
    people.set_zone(staff.actor('top'), staff.ids['top'], 'America/Lima')
    people.block(SYSTEM, staff.ids['administrator'], 'portal')
    due_at = clock('2026-11-23 19:00')
    late = staff.add('late')
    clock('2026-11-23 19:30')
    rules.start_day(late)
    assert rules.remind(SYSTEM, 'Europe/Madrid', on, due_at) == [days['employee'], days['head']]
    assert rules.remind(SYSTEM, 'Europe/Madrid', on, due_at) == [days['employee'], days['head']]
    assert [key for _person, key, _data in sent()] == [f'worktime.remind:{days[login]}:2026-11-23' for login in ('employee', 'head')]
    assert rules.remind(SYSTEM, 'America/Lima', on, clock('2026-11-23 19:00', 'America/Lima')) == [], 'it had expired by then'


def test_a_reminder_after_a_downtime_says_what_is_true_then(ana, clock):
    on = clock('2026-11-23 15:00').date()
    day = rules.start_day(ana)
    due_at = clock('2026-11-23 19:00')
    clock('2026-11-24 06:00')
    assert rules.remind(SYSTEM, 'Europe/Madrid', on, due_at) == [day]
    clock('2026-11-24 07:00')
    assert rules.remind(SYSTEM, 'Europe/Madrid', on, due_at) == []
