"""Notes for open tabs: written with what they tell of, read in the order of commits, refused where they carry what they must not."""
import random
import threading
import time
from datetime import timedelta

import pytest

from appliance.core import clock, db, live
from appliance.core.live import LiveEvent


def tell(*args, **kwargs):
    with db.write('test'):
        live.tell(*args, **kwargs)


def kept():
    return [(note.channels, note.type, note.ref, note.data) for note in live.read(0)]


def test_a_note_lives_and_dies_with_its_action(box):
    with pytest.raises(RuntimeError):
        live.tell(['person:7'], 'worktime')
    with pytest.raises(KeyError), db.write('outer'):
        live.tell(['person:7'], 'worktime')
        raise KeyError
    assert kept() == []
    with db.write('outer'):
        live.tell(['person:7', 'group:3', 'person:7'], 'worktime', ref='worktime.day:7', data={'text': 'é & 1 < 2', 'list': [1, None, True, 1.5]})
        live.tell([], 'nobody')
        with db.write('inner'):
            live.tell(['everybody'], 'news', data={'count': 3})
    assert kept() == [(('person:7', 'group:3'), 'worktime', 'worktime.day:7', '{"list":[1,null,true,1.5],"text":"é & 1 < 2"}'),
                      (('everybody',), 'news', '', '{"count":3}')]


@pytest.mark.parametrize('channels', [
    ['person:x'], ['person:'], ['person'], ['Person:7'], ['person:7 group:3'], ['person:7\n'], ['page:x'], ['page:worktime.day'], [''], [7], [None],
    ['person:٣'], [f'person:{number}' for number in range(1001)], ['everybody:1'] * 0 + ['every body']])
def test_no_channel(box, channels):
    with pytest.raises(ValueError):
        tell(channels, 'x')
    assert kept() == []


@pytest.mark.parametrize('type', ['', 'Big', 'with space', 'x\ny', 'a..b', '.a', 'x' * 65, 'reset', 'ñ'])
def test_no_type(box, type):
    with pytest.raises(ValueError):
        tell(['person:7'], type)


@pytest.mark.parametrize('ref', ['7', 'worktime.day', 'worktime.day:x', 'worktime.day:7\ndata: x', 'worktime.day:' + '7' * 20, '../x:1'])
def test_no_reference(box, ref):
    with pytest.raises(ValueError):
        tell(['person:7'], 'x', ref=ref)


@pytest.mark.parametrize('data', [
    {'text': 'x' * 2040}, {'text': 'ñ' * 1020}, ['<b>bold</b>'], {'text': 'a <script'}, {'text': '<!-- -->'}, {'Key': 1}, {'a b': 1}, {1: 2},
    {'x': float('nan')}, {'x': object()}, {'x': b'bytes'}, {'x': {1, 2}}, list(range(1000))])
def test_data_that_does_not_travel(box, data):
    with pytest.raises((ValueError, TypeError)):
        tell(['person:7'], 'x', data=data)
    assert kept() == []


@pytest.mark.parametrize('channels', [['everybody'], ['department:3'], ['under:3'], ['page:crm.deal:7'], ['person:7', 'department:3'], ['guest_link:1']])
def test_text_goes_to_persons_and_groups_only(box, channels):
    for data in ('word', {'name': 'Ana'}, [['x']], {'a': {'b': ''}}):
        with pytest.raises(ValueError):
            tell(channels, 'x', data=data)
    tell(channels, 'x', data={'count': 3, 'is_new': True, 'of': [1, None]})
    tell(['person:7', 'group:3'], 'x', data={'name': 'Ana'})
    assert len(kept()) == 2


def test_as_much_as_is_allowed_is_carried(box):
    tell([f'person:{number}' for number in range(1000)], 'x' * 64, data={'text': 'x' * (2048 - len('{"text":""}'))})
    tell(['person:7'], 'a.b_c.d9')
    assert [len(note.channels) for note in live.read(0)] == [1000, 1]


def test_many_notes_of_one_action(box):
    with db.write('many'):
        for number in range(1300):
            live.tell(['person:7'], 'x', data=number)
    assert [int(note.data) for note in live.read(0, 2000)] == list(range(1300))
    assert [int(note.data) for note in live.newest(3)] == [1297, 1298, 1299]


def test_who_has_read_up_to_an_id_has_missed_none(box):
    """Writers that commit late and roll back, and a reader that only asks for what is after the last it saw: on both engines."""
    writers, each, seen, ended = 6, 25, [], threading.Event()

    def write(writer):
        chance = random.Random(writer)
        with db.connected():
            for number in range(each):
                try:
                    with db.write('test'):
                        live.tell(['person:7'], 'x', data=[writer, number])
                        if chance.random() < 0.5:
                            time.sleep(chance.random() * 0.01)
                        if chance.random() < 0.2:
                            raise KeyError
                except KeyError:
                    with db.write('again'):
                        live.tell(['person:7'], 'x', data=[writer, number])
            db.database.close()

    def follow():
        with db.connected():
            last = 0
            while True:
                is_last = ended.is_set()
                for note in live.read(last):
                    seen.append(note.data)
                    last = note.id
                if is_last:
                    break
            db.database.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    reader = threading.Thread(target=follow)
    for thread in (reader, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    ended.set()
    reader.join()
    assert sorted(seen) == sorted(f'[{writer},{number}]' for writer in range(writers) for number in range(each))


def test_what_a_browser_that_polls_missed(box):
    assert live.since(0, {'person:7'}) == ([], 0)
    tell(['person:7'], 'mine')
    tell(['person:8'], 'theirs')
    tell(['everybody', 'person:7'], 'both')
    tell(['person:9'], live.SUBJECTS_CHANGED)
    first, last = live.read(0)[0].id, live.bounds()[1]
    found, after = live.since(first - 1, {'person:7', 'everybody'})
    assert [note.type for note in found] == ['mine', 'both'] and after == last
    assert live.since(last, {'person:7'}) == ([], last)
    found, after = live.since(first - 1, {'person:7'}, most=2)
    assert ([note.type for note in found], after) == (['mine'], first + 1)
    assert live.since(last + 1, {'person:7'}) is None and live.since(-5, {'person:7'}) is None
    assert live.since(first - 1, {'person:9', 'everybody'}) is None
    assert live.since(last, {'person:9', 'everybody'}) == ([], last)


def test_old_notes_go_but_the_newest_tells_what_was_missed(box):
    for name in ('a', 'b', 'c'):
        tell(['person:7'], name)
    with db.write('test'):
        LiveEvent.update(at=clock.now() - timedelta(hours=2)).execute()
        assert live.forget(clock.now() - timedelta(hours=1)) == 2
    low, high = live.bounds()
    assert low == high and [note.type for note in live.read(0)] == ['c']
    assert live.since(high, {'person:7'}) == ([], high) and live.since(high - 2, {'person:7'}) is None
    assert live.last_before(clock.now()) == high and live.last_before(clock.now() - timedelta(hours=3)) == 0
