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


@pytest.mark.slow
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


def test_what_is_to_follow_runs_after_the_commit_in_order_and_once(box):
    followed = []

    def follow(name):
        followed.append((name, db.in_write(), names()))

    with db.write('outer'):
        Department.create(name='Outer')
        db.after_commit(lambda: follow('a'))
        with db.write('inner'):
            db.after_commit(lambda: follow('b'))
        assert followed == []
    assert followed == [('a', False, ['Outer']), ('b', False, ['Outer'])]
    with db.write('next'):
        pass
    assert len(followed) == 2


def test_what_is_to_follow_may_write_and_its_errors_are_logged(box, caplog):
    def fail():
        raise ZeroDivisionError('of no consequence')

    def write():
        with db.write('after'):
            Department.create(name='After')

    with db.write('tests.before'):
        db.after_commit(fail)
        db.after_commit(write)
    assert names() == ['After'] and 'of no consequence' in caplog.text and 'tests.before' in caplog.text


def test_nothing_follows_a_rollback(box):
    followed = []
    with pytest.raises(KeyError), db.write('outer'):
        db.after_commit(lambda: followed.append(1))
        db.before_commit(followed.extend, 2)
        raise KeyError
    with pytest.raises(db.DoomedTransaction), db.write('outer'):
        db.after_commit(lambda: followed.append(1))
        db.before_commit(followed.extend, 2)
        try:
            with db.write('inner'):
                raise KeyError
        except KeyError:
            pass
    with db.write('next'):
        pass
    assert followed == []
    for ask in (lambda: db.after_commit(print), lambda: db.before_commit(print, 1)):
        with pytest.raises(RuntimeError):
            ask()


def test_the_last_things_are_done_inside_once_for_all(box):
    done = []

    def last(items):
        done.append((items, db.in_write()))
        Department.create(name=' '.join(items))

    with db.write('outer'):
        db.before_commit(last, 'a')
        with db.write('inner'):
            db.before_commit(last, 'b')
        assert done == []
    assert done == [(['a', 'b'], True)] and names() == ['a b']

    def fail(items):
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), db.write('outer'):
        Department.create(name='Never')
        db.before_commit(fail, 1)
    assert names() == ['a b'] and not db.in_write()
