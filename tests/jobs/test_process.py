"""The real process, killed, stopped and doubled: each promised run happens once, and none is lost."""
import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from appliance.core import bus, clock, db
from appliance.core.db import database, write
from appliance.core.jobs import LANES
from appliance.core.jobs.runs import JobRun
from appliance.core.processes import Process

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


class Portal:
    """Starts parents on a box, queues runs, and sees what became of them."""

    def __init__(self, box):
        self.box, self.parents = box, []
        with write('test'):
            database.execute_sql('CREATE TABLE effect (slot TEXT, pid INTEGER)')

    def start(self, *options):
        log = (self.box.folder / 'log').open('a')
        with log:
            parent = subprocess.Popen([sys.executable, '-m', 'tests.jobs.portal', self.box.config.path, *options], cwd=ROOT, stderr=log)
        self.parents.append(parent)
        return parent

    def queue(self, job, count=1):
        now = clock.now()
        with write('test'):
            for number in range(count):
                JobRun.insert(job=job, slot=f'slot {number}', due_at=now, next_at=now, requested_by='test').execute()

    def runs(self, job):
        return list(JobRun.select().where((JobRun.job == job) & (JobRun.requested_by == 'test')))

    def states(self, job):
        return [run.state for run in self.runs(job)]

    def effects(self):
        return [slot for slot, in db.rows('SELECT slot FROM effect')]

    def owner(self, job):
        """The pid of the child that runs this job now, or None."""
        run = JobRun.get_or_none((JobRun.job == job) & (JobRun.state == 'running'))
        return int(run.owner.split(':')[1]) if run else None

    def log(self):
        return (self.box.folder / 'log').read_text()


@pytest.fixture
def portal(box):
    made = Portal(box)
    yield made
    for parent in made.parents:
        if parent.poll() is None:
            parent.terminate()
            parent.wait(20)


def wait_for(question, within_s=30):
    """The first true answer; fails when none comes in time."""
    deadline = time.monotonic() + within_s
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < deadline, f'did not become true within {within_s} s'
        time.sleep(0.05)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def children(pid):
    return [int(child) for child in Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]


def is_alive(pid):
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except FileNotFoundError:
        return False


def test_killed_again_and_again_each_run_happens_once(portal):
    portal.queue('test.quick', 60)
    chance = random.Random(7)
    parents = [portal.start(), portal.start()]      # as on two hosts
    for kills in range(1, 13):
        wait_for(lambda count=4 * kills: portal.states('test.quick').count('done') >= count)
        time.sleep(chance.uniform(0, 0.1))          # into the middle of something
        number = chance.randrange(2)
        lanes = children(parents[number].pid)
        if kills % 3 and lanes:
            kill(chance.choice(lanes))
        else:
            for pid in [parents[number].pid, *lanes]:
                kill(pid)
            parents[number].wait()
            parents[number] = portal.start()
    wait_for(lambda: set(portal.states('test.quick')) == {'done'})
    assert sorted(portal.effects()) == sorted(f'slot {number}' for number in range(60))


def test_a_dead_child_is_replaced_at_once_and_its_run_goes_on(portal):
    parent = portal.start()
    portal.queue('test.slow')
    first = wait_for(lambda: portal.owner('test.slow'))
    mark = portal.box.config.data.folder / 'slow'
    helper = int(wait_for(lambda: mark.exists() and mark.read_text()).split()[1])
    kill(first)
    second = wait_for(lambda: portal.owner('test.slow') not in (None, first) and portal.owner('test.slow'), 5)
    assert second in children(parent.pid) and not is_alive(first)
    wait_for(lambda: not is_alive(helper), 5)       # what it had started ended with it
    assert 'SIGKILL' in portal.runs('test.slow')[0].error


def test_children_do_not_outlive_a_killed_parent(portal):
    parent = portal.start()
    lanes = wait_for(lambda: len(children(parent.pid)) == len(LANES) and children(parent.pid))
    kill(parent.pid)
    parent.wait()
    wait_for(lambda: not any(map(is_alive, lanes)), 5)


def test_a_run_that_takes_too_long_is_ended_and_given_up(portal):
    portal.start()
    portal.queue('test.hang')
    wait_for(lambda: portal.states('test.hang') == ['failed'])
    run, = portal.runs('test.hang')
    assert (run.attempts, run.error) == (2, 'timeout')


def test_sigterm_lets_a_short_run_finish(portal):
    parent = portal.start()
    portal.queue('test.end')
    wait_for((portal.box.config.data.folder / 'end').exists)
    parent.terminate()
    assert parent.wait(10) == 0
    assert portal.states('test.end') == ['done'] and portal.effects() == ['slot 0']
    assert not Process.select().exists()


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_sigterm_stops_a_long_run_cleanly_and_it_waits_untried(portal, number):
    parent = portal.start()
    portal.queue('test.slow')
    mark = portal.box.config.data.folder / 'slow'
    wait_for(mark.exists)
    began = time.monotonic()
    parent.send_signal(number)
    assert parent.wait(10) == 0 and time.monotonic() - began < 5
    assert not mark.exists()
    run, = portal.runs('test.slow')
    assert (run.state, run.attempts, run.error) == ('waiting', 0, '')


def test_it_tells_that_it_lives_and_plans_what_is_promised(portal):
    parent = portal.start()
    wait_for(lambda: Process.get_or_none(Process.kind == 'jobs'))
    assert Process.get().pid == parent.pid and clock.now() - Process.get().seen_at < timedelta(seconds=5)
    wait_for(lambda: JobRun.select().where(JobRun.requested_by == '').count() == 4)


@pytest.mark.parametrize('engine', ['sqlite'])      # one writer at a time is SQLite's
def test_a_database_that_is_locked_for_long_ends_nothing(portal):
    parent = portal.start()
    wait_for(lambda: Process.get_or_none(Process.kind == 'jobs'))
    portal_lanes = children(parent.pid)
    portal.queue('test.quick')
    with write('test'):
        time.sleep(8)
    wait_for(lambda: portal.states('test.quick') == ['done'])
    assert parent.poll() is None and children(parent.pid) == portal_lanes


def test_the_bus_wakes_it_at_the_commit_that_made_work(portal, box):
    database.execute_sql('CREATE TABLE wish (made_at BIGINT, done_at BIGINT)')
    portal.start('600')     # by itself it would look once in ten minutes
    waiting = 'SELECT count(*) FROM wish WHERE done_at IS NULL'
    wait_for(lambda: Process.select().where(Process.kind == 'jobs').exists(), 20)
    for _wish in range(5):
        with write('test'):
            database.execute_sql(f'INSERT INTO wish VALUES ({clock.microseconds(clock.now())}, NULL)')
            bus.wake(bus.JOBS)
        wait_for(lambda: db.row(waiting)[0] == 0, 10)
    slowest, = db.row('SELECT max(done_at - made_at) FROM wish')
    assert slowest < 5_000_000


@pytest.mark.parametrize('engine', ['postgresql'], indirect=True)
def test_a_bus_that_broke_is_opened_again(portal, box):
    database.execute_sql('CREATE TABLE wish (made_at BIGINT, done_at BIGINT)')
    portal.start()
    wait_for(lambda: Process.select().where(Process.kind == 'jobs').exists(), 20)
    time.sleep(1.5)
    for _time in range(3):
        with psycopg.connect(box.config.database.url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()")
        time.sleep(1.5)
        with write('test'):
            database.execute_sql(f'INSERT INTO wish VALUES ({clock.microseconds(clock.now())}, NULL)')
            bus.wake(bus.JOBS)
        wait_for(lambda: db.row('SELECT count(*) FROM wish WHERE done_at IS NULL')[0] == 0, 10)
    assert portal.log().count('the bus broke') == 3 and portal.parents[0].poll() is None
