"""Whoever was cut comes back for what he missed: all of it, none twice, from memory or table, or he is told that it is not known."""
import random
import threading
import time
from datetime import timedelta

import pytest

from appliance.core import clock, db, live, people
from appliance.core.actor import SYSTEM
from appliance.core.limits import LIVE_KEPT
from appliance.core.live import LiveEvent
from tests.live.ear import until


def numbers(ear):
    return [detail['data'] for _id, type, detail in ear.heard if type == 'x']


def tell_many(office, numbers):
    with db.write('test'):
        for number in numbers:
            live.tell([f"person:{office.company.ids['employee']}"], 'x', data=number)


def test_after_a_cut_what_was_missed_comes_first(office):
    process = office.live()
    ana = office.ear(process, 'employee')
    office.tell(['employee'], data=1)
    assert ana.wait(lambda ear: ear.heard)
    ana.close()
    for number in (2, 3):
        office.tell(['employee'], data=number)
        office.tell(['outsider'], data=99)
    again = office.ear(process, 'employee', headers={'Last-Event-ID': str(ana.cursor)})
    office.tell(['employee'], data=4)
    assert again.wait(lambda ear: len(ear.heard) == 3) and numbers(again) == [2, 3, 4]
    once_more = office.ear(process, 'employee', after=again.cursor)
    assert once_more.heard == []


def test_a_new_stream_hears_what_came_while_its_page_was_drawn(office):
    process = office.live()
    office.tell(['employee'], data=1)
    time.sleep(3)
    office.tell(['employee'], data=2)
    for age, expected in ((0, [2]), (60_000, [1, 2])):
        ear = office.ear(process, 'employee', age=age)
        assert ear.wait(lambda ear, expected=expected: len(ear.heard) >= len(expected), 3) and numbers(ear) == expected
        ear.close()
    old = office.ear(process, 'employee', age=700_000)
    assert old.wait(lambda ear: ear.heard) and old.types() == ['reset']


@pytest.mark.parametrize('number', [9, 15])
def test_a_process_that_was_killed_or_stopped_takes_nothing_with_it(office, number):
    process = office.live()
    ana = office.ear(process, 'employee')
    office.tell(['employee'], data=1)
    assert ana.wait(lambda ear: ear.heard)
    process.kill(number)
    assert ana.wait(lambda ear: ear.is_over)
    office.tell(['employee'], data=2)
    process.start()
    again = office.ear(process, 'employee', after=ana.cursor)
    office.tell(['employee'], data=3)
    assert again.wait(lambda ear: len(ear.heard) == 2) and numbers(again) == [2, 3]


def test_the_table_knows_what_memory_does_not(office):
    tell_many(office, range(LIVE_KEPT + 1500))
    low, high = live.bounds()
    process = office.live()
    ana = office.ear(process, 'employee', after=low - 1)
    assert ana.wait(lambda ear: len(ear.heard) == LIVE_KEPT + 1500, 30) and numbers(ana) == list(range(LIVE_KEPT + 1500))
    near = office.ear(process, 'employee', after=low + 1400)
    assert near.wait(lambda ear: len(ear.heard) == LIVE_KEPT + 99, 30)
    gone = office.ear(process, 'employee', after=low - 2) if low > 1 else None
    assert gone is None or gone.wait(lambda ear: ear.heard) and gone.types() == ['reset']


def test_what_nobody_knows_any_more_is_said(office):
    tell_many(office, range(5))
    with db.write('test'):
        LiveEvent.update(at=clock.now() - timedelta(hours=2)).execute()
        live.forget(clock.now() - timedelta(hours=1))
    high = live.bounds()[1]
    process = office.live()
    ana = office.ear(process, 'employee', after=high - 3)
    assert ana.wait(lambda ear: ear.heard) and ana.types() == ['reset'] and ana.cursor == high
    kept = office.ear(process, 'employee', after=high)
    office.tell(['employee'], data=9)
    assert kept.wait(lambda ear: ear.heard) and numbers(kept) == [9] and ana.wait(lambda ear: len(ear.heard) == 2)


HOSTILE = ('x', '-1', '1e3', '9' * 18, '9' * 40, '١', '1 OR 1=1', '1!2', '\udce9', "'; DROP TABLE live_event; --", '0x10', '1\t2', '1.0', '+1')


def test_a_hostile_cursor_is_answered_with_reset(office):
    process = office.live()
    office.tell(['employee'], data=1)
    for hostile in HOSTILE:
        for options in ({'headers': {'Last-Event-ID': hostile}}, {'after': hostile.encode('utf-8', 'surrogateescape')}):
            ear = office.ear(process, 'employee', worker='w', **options)
            office.tell(['employee'], data=2)
            assert ear.wait(lambda ear: 'x' in ear.types()) and ear.types() == ['reset', 'x'], hostile


def test_an_age_is_a_number(office):
    process = office.live()
    for age in ('x', '-1', '', '9' * 30, '1.5'):
        ear = office.ear(process, 'employee', age=age)
        assert ear.wait(lambda ear: ear.heard) and ear.types() == ['reset']
        ear.close()
        time.sleep(0.1)


def test_who_joined_meanwhile_is_not_told_what_came_before(office):
    process = office.live()
    ana = office.ear(process, 'employee')
    ana.close()
    new, = db.row('SELECT max(id) FROM department')
    office.tell([f'department:{new}'], 'before')
    people.update_person(SYSTEM, office.company.ids['employee'], department_id=new)
    office.tell([f'department:{new}'], 'after')
    again = office.ear(process, 'employee', after=ana.cursor)
    assert again.wait(lambda ear: ear.heard) and again.types() == ['reset']
    office.tell([f'department:{new}'], 'now')
    assert again.wait(lambda ear: 'now' in ear.types()) and again.types() == ['reset', 'now']


def test_none_lost_none_twice_through_two_processes_whatever_is_cut(office):
    """Writers of which some commit late or not at all; a browser that is cut at any moment and goes to whichever process is there; one
    of them is killed now and then."""
    both = [office.live(), office.live()]
    told, chance, stop = [], random.Random(7), threading.Event()

    def write(writer):
        mine = random.Random(writer)
        with db.connected():
            for number in range(120):
                try:
                    with db.write('test'):
                        live.tell([f"person:{office.company.ids['employee']}"], 'x', data=1000 * writer + number)
                        time.sleep(mine.random() * 0.02 if mine.random() < 0.3 else 0)
                        if mine.random() < 0.1:
                            raise KeyError
                    told.append(1000 * writer + number)
                except KeyError:
                    pass
                time.sleep(mine.random() * 0.05)
            db.database.close()

    def kill():
        while not stop.wait(2):
            both[1].kill()
            both[1].start()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(1, 5)]
    killer = threading.Thread(target=kill)
    heard, cursor = [], live.bounds()[1]
    for thread in (*writers, killer):
        thread.start()
    ended = 0
    while ended < 4:
        is_last = not any(writer.is_alive() for writer in writers)
        try:
            ear = office.ear(chance.choice(both), 'employee', is_ready=False, after=cursor, worker='w')
        except OSError:     # just killed
            continue
        if ear.status == 200:
            ear.wait(lambda ear: ear.is_over, 1 if is_last else chance.random() * 0.3)
            ear.close()
            with ear._lock:
                heard += numbers(ear)
                cursor = ear.cursor if ear.cursor is not None else cursor
            ended += is_last
        else:
            ear.close()
    stop.set()
    for thread in (*writers, killer):
        thread.join()
    assert len(heard) == len(set(heard)), 'some came twice'
    assert sorted(heard) == sorted(told) and len(told) > 300
    assert until(lambda: both[0].is_well())
