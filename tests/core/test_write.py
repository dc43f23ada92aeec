"""The write helper: one transaction, joined by inner ones, doomed by any error, fair and bounded in its waiting."""

import fcntl
import logging
import multiprocessing
import threading
import time

import pytest

from appliance.core import db
from appliance.core.departments import Department
from appliance.core.errors import Busy
from appliance.core.settings import Setting


def names():
    return sorted(row.name for row in Department.select())


def test_an_inner_write_joins_the_outer(box):
    with pytest.raises(KeyError), db.write('outer'):
        with db.write('inner'):
            Department.create(name='Inner')
        raise KeyError
    assert names() == []


def test_a_swallowed_error_dooms_the_whole(box):
    def swallow():
        Department.create(name='Outer')
        try:
            with db.write('inner'):
                raise ValueError('inside')
        except ValueError:
            pass

    with pytest.raises(db.DoomedTransaction), db.write('outer'):
        swallow()
    assert names() == []
    with db.write('after'):
        Department.create(name='After')
    assert names() == ['After']


def test_an_interrupt_inside_keeps_nothing(box):
    with pytest.raises(KeyboardInterrupt), db.write('outer'):
        Department.create(name='Outer')
        raise KeyboardInterrupt
    assert names() == [] and not db.in_write()


def test_a_slow_write_is_named_in_the_log(box, caplog, monkeypatch):
    monkeypatch.setattr(db, 'SLOW_S', 0)
    with caplog.at_level(logging.WARNING), db.write('tests.slow'):
        Department.create(name='Slow')
    assert 'tests.slow' in caplog.text


@pytest.mark.parametrize('engine', ['sqlite'], indirect=True)
def test_a_lock_held_elsewhere_is_busy_within_the_deadline(box, monkeypatch):
    monkeypatch.setattr(db, 'DEADLINE_S', 0.2)
    with db.path().with_name(db.path().name + '.lock').open('w') as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        started = time.monotonic()
        with pytest.raises(Busy), db.write('waiting'):
            pass
        assert 0.2 <= time.monotonic() - started < 2
    with db.write('after'):
        Department.create(name='After')


def test_the_fair_lock_serves_in_the_order_of_asking():
    lock, served = db.FairLock(), []
    assert lock.acquire(1)

    def ask(number):
        assert lock.acquire(5)
        served.append(number)
        lock.release()

    threads = []
    for number in range(8):
        thread = threading.Thread(target=ask, args=(number,))
        thread.start()
        threads.append(thread)
        while len(lock._waiting) <= number:
            time.sleep(0.001)
    lock.release()
    for thread in threads:
        thread.join()
    assert served == list(range(8))


def test_the_fair_lock_gives_up_in_time_and_stays_usable():
    lock = db.FairLock()
    assert lock.acquire(1)
    assert not lock.acquire(0.05)
    lock.release()
    assert lock.acquire(0.05)


def _count_up(url, name, times, failures):
    db.open_database(url)
    with db.connected():
        for _ in range(times):
            try:
                with db.write('count'):
                    row = Setting.select(Setting.value).where(Setting.name == name).tuples().first()
                    Setting.update(value=row[0] + 1).where(Setting.name == name).execute()
            except Exception as error:
                failures.put(repr(error))


@pytest.mark.parametrize('engine', ['sqlite'], indirect=True)
def test_processes_that_read_then_write_lose_nothing(box):
    with db.write('begin'):
        Setting.create(scope='', name='count', value=0)
    url = f'sqlite:///{db.path()}'
    db.database.close()
    context = multiprocessing.get_context('spawn')
    failures = context.Queue()
    workers = [context.Process(target=_count_up, args=(url, 'count', 25, failures)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    db.database.connect(reuse_if_open=True)
    assert failures.empty()
    assert Setting.get(Setting.name == 'count').value == 100


@pytest.mark.parametrize('engine', ['sqlite'], indirect=True)
def test_a_turn_that_came_too_late_is_given_back(box, monkeypatch):
    monkeypatch.setattr(db, 'DEADLINE_S', 0.1)
    lock = db.path().with_name(db.path().name + '.lock')
    with lock.open('w') as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(Busy), db.write('too late'):
            pass
    # The waiting thread gets the lock now, and must not keep it.
    deadline = time.monotonic() + 5
    while any(thread.name == 'write-turn' for thread in threading.enumerate()) and time.monotonic() < deadline:
        time.sleep(0.01)
    with lock.open('w') as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
