"""What is promised is kept once: slots over clock changes and downtimes, leases, fences, retries. No process here."""
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from appliance.core import clock, jobs
from appliance.core.actor import SYSTEM, Actor
from appliance.core.errors import Busy, NotAllowed, NotFound, StorageFull
from appliance.core.jobs import declarations, plan, runs
from appliance.core.jobs.runs import JobRun
from appliance.core.settings import get_setting, set_setting
from appliance.jobs import lanes

HOUR = timedelta(hours=1)


class Office:
    """Jobs declared for one test, a clock that moves, and a worker that does what is due."""

    def __init__(self, moving):
        self.moving, self.jobs, self.did = moving, {}, []

    def declare(self, decorator, *args, name='test.job', effect=None, **options):
        def function(run):
            self.did.append((run.slot, run.scope))
            if effect:
                effect(run)
        decorator(*args, name=name, title=name, **options)(function)
        self.jobs[name] = declarations._declared.pop(name)

    def plan(self):
        plan.plan(self.jobs)

    def work(self):
        """Plan and do all that is due; returns the (slot, scope) of what was done since the last call."""
        self.did.clear()
        self.plan()
        while (run := runs.claim('test', self.jobs)) is not None:
            note = lanes.attempt(run)
            if note:
                note()
        return list(self.did)

    def pass_time(self, span, step=HOUR / 2, is_up=True):
        """Let time pass in steps; with the process down, nothing is planned or done meanwhile."""
        done, end = [], clock.now() + span
        while clock.now() < end:
            self.moving.shift(step)
            if is_up:
                done += self.work()
        return done

    def states(self, name='test.job'):
        return [(run.slot, run.state) for run in JobRun.select().where(JobRun.job == name).order_by(JobRun.due_at, JobRun.id)]


@pytest.fixture
def office(box):
    with time_machine.travel(datetime(2026, 11, 23, 9, 1, tzinfo=UTC), tick=False) as moving:
        yield Office(moving)


def local(zone, *parts):
    return datetime(*parts, tzinfo=ZoneInfo(zone))


def test_an_interval_has_the_same_slots_for_everybody(office):
    office.declare(jobs.every, minutes=10)
    assert office.work() == []      # nothing was promised before the job was known
    assert office.pass_time(HOUR, timedelta(minutes=1)) == [(f'2026-11-23T{hour:02}:{minute:02}:00Z', '') for hour, minute in (
        (9, 10), (9, 20), (9, 30), (9, 40), (9, 50), (10, 0))]


@pytest.mark.parametrize('zone, day', [('Europe/Madrid', (2026, 10, 25)), ('Europe/Madrid', (2027, 3, 28)),
                                       ('America/New_York', (2026, 11, 1)), ('Australia/Lord_Howe', (2027, 4, 4)),
                                       ('Africa/Cairo', (2027, 4, 30)), ('Pacific/Apia', (2026, 10, 25))])
@pytest.mark.parametrize('at', ['00:00', '01:30', '02:00', '02:30', '03:00'])
def test_a_daily_job_runs_once_each_local_date_over_both_clock_changes(office, zone, day, at):
    set_setting(SYSTEM, 'company.zone', zone)
    office.moving.move_to(local(zone, *day) - timedelta(days=2, hours=11))
    office.declare(jobs.daily, at)
    office.work()
    done = [slot for slot, _scope in office.pass_time(timedelta(days=5))]
    first = date(*day) - timedelta(days=2)
    assert done == [(first + timedelta(days=number)).isoformat() for number in range(5)]


def test_half_past_two_comes_at_the_first_of_two_and_an_hour_later_where_there_is_none(office):
    set_setting(SYSTEM, 'company.zone', 'Europe/Madrid')
    office.declare(jobs.daily, '02:30')
    daily = office.jobs['test.job'].schedule
    assert daily.around(local('Europe/Madrid', 2026, 10, 25, 12), '')[0].due_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert daily.around(local('Europe/Madrid', 2027, 3, 28, 12), '')[0].due_at == local('Europe/Madrid', 2027, 3, 28, 3, 30)


def test_a_monthly_job_has_one_slot_a_month(office):
    office.moving.move_to(datetime(2026, 11, 20, 12, tzinfo=UTC))
    office.declare(jobs.monthly, '04:30')
    assert office.work() == []          # a new job promises from now on, and makes up for nothing
    assert office.pass_time(timedelta(days=75), step=timedelta(hours=6)) == [('2026-12-01', ''), ('2027-01-01', ''), ('2027-02-01', '')]
    first = JobRun.get(JobRun.slot == '2026-12-01')
    assert first.due_at == datetime(2026, 12, 1, 4, 30, tzinfo=ZoneInfo(get_setting('company.zone')))
    assert office.pass_time(timedelta(days=65), step=timedelta(days=65), is_up=False) == []
    assert office.work() == [('2027-04-01', '')] and ('2027-03-01', 'missed') in office.states()


def test_each_zone_has_its_own_evening(office):
    zones = ['Europe/Madrid', 'Asia/Tokyo', 'America/Lima']
    seen = {}
    office.declare(jobs.daily, '19:00', zones=lambda: zones,
                   effect=lambda run: seen.update({run.zone: (run.day, clock.now().astimezone(ZoneInfo(run.zone)).hour)}))
    office.work()
    done = office.pass_time(timedelta(days=1))
    assert done == [('2026-11-23', 'Asia/Tokyo'), ('2026-11-23', 'Europe/Madrid'), ('2026-11-23', 'America/Lima')]
    assert seen == {zone: (date(2026, 11, 23), 19) for zone in zones}


def test_after_days_of_downtime_the_newest_runs_once_and_the_others_are_reported(office):
    office.declare(jobs.daily, '02:30')
    office.work()
    office.pass_time(timedelta(days=1))
    office.pass_time(timedelta(days=4), is_up=False)
    assert office.work() == [('2026-11-28', '')]
    assert office.states() == [('2026-11-24', 'done'), ('2026-11-25', 'missed'), ('2026-11-26', 'missed'), ('2026-11-27', 'missed'),
                               ('2026-11-28', 'done'), ('2026-11-29', 'waiting')]


def test_a_slot_that_is_too_late_to_be_of_use_is_reported_not_run(office):
    office.declare(jobs.daily, '19:00', latest_minutes=180)
    office.work()
    office.pass_time(timedelta(hours=12), is_up=False)      # 21:01: two hours late
    assert office.work() == [('2026-11-23', '')]
    office.pass_time(timedelta(hours=26), is_up=False)      # the next day 23:01: four hours late
    assert office.work() == []
    assert office.states()[:2] == [('2026-11-23', 'done'), ('2026-11-24', 'missed')]
    assert office.pass_time(timedelta(days=1)) == [('2026-11-25', '')]


def test_a_changed_time_neither_doubles_nor_drops_the_day(office):
    at = ['19:00']
    office.declare(jobs.daily, lambda: at[0])
    office.work()
    at[0] = '12:00'
    assert office.pass_time(timedelta(hours=4)) == [('2026-11-23', '')]
    at[0] = '19:00'
    assert office.pass_time(timedelta(hours=12)) == []
    assert office.pass_time(timedelta(days=1)) == [('2026-11-24', '')]


def test_a_changed_zone_of_the_company_doubles_no_day(office):
    office.declare(jobs.daily, '10:00')
    office.work()
    assert office.pass_time(timedelta(hours=2)) == [('2026-11-23', '')]
    set_setting(SYSTEM, 'company.zone', 'America/Lima')      # where it is not ten yet
    assert office.pass_time(timedelta(hours=10)) == []
    assert office.pass_time(timedelta(days=1)) == [('2026-11-24', '')]


def test_a_clock_set_back_runs_nothing_again(office):
    office.declare(jobs.every, hours=1)
    office.declare(jobs.daily, '10:00', name='test.daily')
    office.work()
    office.pass_time(timedelta(hours=3))
    office.moving.move_to(datetime(2026, 11, 23, 9, 1, tzinfo=UTC))
    assert office.pass_time(timedelta(hours=2)) == []
    assert [slot for slot, _scope in office.pass_time(timedelta(hours=4))] == [f'2026-11-23T{hour}:00:00Z' for hour in (13, 14, 15)]


def test_two_that_plan_at_once_write_one_run(office):
    office.declare(jobs.every, minutes=10)
    office.plan()
    office.moving.shift(600)
    office.plan()
    office.plan()
    assert office.states() == [('2026-11-23T09:10:00Z', 'waiting'), ('2026-11-23T09:20:00Z', 'waiting')]


def test_one_job_runs_once_at_a_time_but_another_beside_it(office):
    office.declare(jobs.every, minutes=10)
    office.declare(jobs.every, minutes=10, name='test.other')
    office.plan()
    office.moving.shift(600)
    first, second = runs.claim('a', office.jobs), runs.claim('b', office.jobs)
    assert {first.job.name, second.job.name} == {'test.job', 'test.other'}
    office.moving.shift(600)
    office.plan()
    assert runs.claim('c', office.jobs) is None
    with first.finishing():
        pass
    assert runs.claim('c', office.jobs).job.name == first.job.name


def test_who_lost_the_lease_keeps_nothing(office):
    office.declare(jobs.every, minutes=10)
    office.plan()
    office.moving.shift(600)
    late = runs.claim('late', office.jobs)
    office.moving.shift(30)
    runs.reclaim(office.jobs, 'gone')
    assert JobRun.get_by_id(late.id).state == 'running'
    runs.renew(['late'])
    office.moving.shift(45)
    runs.reclaim(office.jobs, 'gone')
    assert JobRun.get_by_id(late.id).state == 'running'
    office.moving.shift(30)
    runs.reclaim(office.jobs, 'gone')
    now = runs.claim('now', office.jobs)
    assert (now.id, now.attempt) == (late.id, 2)
    with pytest.raises(jobs.LeaseLost), late.finishing():
        set_setting(SYSTEM, 'company.name', 'by the late one')
    with now.finishing():
        set_setting(SYSTEM, 'company.language', 'es')
    assert (get_setting('company.name'), get_setting('company.language')) == ('', 'es')
    with pytest.raises(jobs.LeaseLost), now.finishing():
        pass


def test_effect_and_mark_are_one_transaction(office):
    def effect(run):
        set_setting(SYSTEM, 'company.name', 'half done')
        raise RuntimeError('in the middle')
    office.declare(jobs.every, minutes=10, effect=effect, tries=3)
    office.plan()
    office.moving.shift(600)
    office.work()
    assert get_setting('company.name') == ''
    waiting = JobRun.get(JobRun.slot == '2026-11-23T09:10:00Z')
    assert (waiting.state, waiting.attempts, waiting.error) == ('waiting', 1, 'fault: RuntimeError: in the middle')
    shown, = [row for row in _listing(office)]
    assert (shown['last_state'], shown['error']) == ('failed', 'The program has a fault here. (RuntimeError: in the middle)')
    office.moving.shift(30)
    office.work()
    office.moving.shift(120)
    office.work()
    assert JobRun.get_by_id(waiting.id).state == 'failed'
    assert office.work() == []


def _listing(office):
    declarations._declared.update(office.jobs)
    try:
        return [row for row in jobs.listing() if row['name'] in office.jobs]
    finally:
        for name in office.jobs:
            del declarations._declared[name]


@pytest.mark.parametrize('trouble, wait_s', [(Busy(), lanes.BUSY_WAIT_S), (StorageFull(), lanes.FULL_WAIT_S),
                                             (OSError(28, 'No space left on device'), lanes.FULL_WAIT_S)])
def test_a_trouble_of_the_machine_is_waited_for_and_not_counted(office, trouble, wait_s):
    office.declare(jobs.every, hours=1, effect=lambda run: (_ for _ in ()).throw(trouble), tries=2)
    office.plan()
    office.moving.shift(3600)
    for _try in range(10):
        assert len(office.work()) == 1
        office.moving.shift(wait_s)
    row = JobRun.get(JobRun.slot == '2026-11-23T10:00:00Z')
    assert (row.state, row.attempts) == ('waiting', 0) and row.error
    assert _listing(office)[0]['late_s'] >= 10 * wait_s


def test_a_job_that_kills_its_process_is_given_up(office):
    office.declare(jobs.every, hours=1, tries=3)
    office.plan()
    office.moving.shift(3600)
    for attempt in (1, 2, 3):
        run = runs.claim(f'child {attempt}', office.jobs)
        assert run.attempt == attempt
        runs.reclaim(office.jobs, 'killed: SIGKILL', owner=run.owner)
        office.moving.shift(120)
    row = JobRun.get_by_id(run.id)
    assert (row.state, row.error) == ('failed', 'killed: SIGKILL')
    assert runs.claim('child 4', office.jobs) is None


def test_a_run_that_was_stopped_waits_untried(office):
    office.declare(jobs.every, hours=1)
    office.plan()
    office.moving.shift(3600)
    run = runs.claim('child', office.jobs)
    runs.reclaim(office.jobs, 'stopped', owner='child', is_counted=False)
    row = JobRun.get_by_id(run.id)
    assert (row.state, row.attempts, row.error) == ('waiting', 0, '')
    run = runs.claim('child', office.jobs)
    run.give_back()
    assert JobRun.get_by_id(run.id).attempts == 0


def test_steps_are_done_even_when_the_function_marks_nothing(office):
    office.declare(jobs.every, hours=1, is_in_steps=True)
    office.plan()
    office.moving.shift(3600)
    office.work()
    assert office.states()[0] == ('2026-11-23T10:00:00Z', 'done')


def test_a_failure_after_the_mark_changes_nothing(office):
    def effect(run):
        with run.finishing():
            set_setting(SYSTEM, 'company.name', 'done')
        raise RuntimeError('too late')
    office.declare(jobs.every, hours=1, is_in_steps=True, effect=effect)
    office.plan()
    office.moving.shift(3600)
    office.work()
    assert office.states()[0][1] == 'done' and get_setting('company.name') == 'done'


def test_the_list_shows_promised_last_next_and_late(office):
    office.declare(jobs.daily, '10:00')
    assert _listing(office)[0]['last_state'] is None
    office.work()
    assert _listing(office)[0]['next_at'] == datetime(2026, 11, 23, 10, tzinfo=UTC)
    office.pass_time(timedelta(hours=2), is_up=False)
    shown = _listing(office)[0]
    assert (shown['late_s'], shown['last_slot'], shown['promised_at'].hour) == (3660, None, 10)
    office.work()
    shown = _listing(office)[0]
    assert (shown['late_s'], shown['last_slot'], shown['last_state']) == (3660, '2026-11-23', 'done')
    assert shown['next_at'] == datetime(2026, 11, 24, 10, tzinfo=UTC) and shown['last_ended_at'] == clock.now()
    assert shown['schedule'] == 'daily at 10:00'


def test_an_administrator_may_ask_for_a_run_beyond_the_schedule(office):
    office.declare(jobs.daily, '19:00', zones=lambda: ['Europe/Madrid', 'Asia/Tokyo'])
    office.work()
    declarations._declared.update(office.jobs)
    try:
        with pytest.raises(NotAllowed):
            jobs.request(Actor(1, 'employee'), 'test.job')
        with pytest.raises(NotFound):
            jobs.request(SYSTEM, 'test.unknown')
        jobs.request(Actor(7, 'employee', frozenset({'administrator'}), via='session:1'), 'test.job')
    finally:
        del declarations._declared['test.job']
    assert sorted(scope for _slot, scope in office.work()) == ['Asia/Tokyo', 'Europe/Madrid']
    assert {run['requested_by'] for run in jobs.runs_of('test.job') if run['state'] == 'done'} == {'session:1'}
    # The evening comes all the same.
    assert len(office.pass_time(timedelta(hours=12))) == 2


def test_old_runs_are_forgotten_but_what_is_promised_stays(office):
    office.declare(jobs.every, hours=1)
    office.declare(jobs.daily, '02:30', name='test.daily')
    office.work()
    office.pass_time(timedelta(days=10), HOUR)
    with runs.write('test'):
        runs.forget_runs(clock.now())
    assert len(office.states()) == 7 * 24 + 2 and len(office.states('test.daily')) == 11
    assert office.pass_time(timedelta(hours=1)) == [('2026-12-03T10:00:00Z', '')]


@pytest.mark.parametrize('name', ['job', 'Test.job', 'test.', 'test job', 'test.job!'])
def test_a_name_says_whose_it_is(name):
    with pytest.raises(ValueError):
        jobs.every(minutes=1, name=name, title='x')(print)
