"""The hub by itself: who hears what, how much is remembered, when tabs are asked to take their time."""
import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from appliance.core.limits import LIVE_KEPT
from appliance.core.live import Note
from appliance.identity.sessions import Holder
from appliance.live import hub as hubs
from appliance.live.stream import Stream


class Transport:
    """Keeps what is written; `unread` bytes count as left in the buffer."""

    def __init__(self):
        self.written, self.unread, self.is_aborted = [], 0, False

    def write(self, data):
        self.written.append(data)

    def get_write_buffer_size(self):
        return self.unread

    def is_closing(self):
        return self.is_aborted

    def abort(self):
        self.is_aborted = True


def note(number, channel='everybody', type='x', at=None):
    return Note(number, (channel,), type, '', str(number), number if at is None else at)


@pytest.fixture
def hub():
    return hubs.Hub()


def enter(hub, session_id, subjects=('everybody',), is_joined=True):
    """A stream of that session."""
    stream = Stream('', Transport())
    found = hubs.Member(Holder(session_id, session_id, 1, 'employee', None), frozenset({f'person:{session_id}', *subjects}))
    hub.enter(found, stream)
    if is_joined:
        hub.join(stream)
    return stream


def run(function):
    """A test as a coroutine, in a thread of its own: Playwright leaves its loop running in the main one."""
    def test(hub):
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, function(hub)).result()
    test.__name__ = function.__name__
    return test


@run
async def test_a_crowd_is_asked_to_take_its_time(hub):
    streams = [enter(hub, number) for number in range(hubs.MANY)]
    await hub.bring(note(1))
    assert all(b'spread' not in stream._transport.written[-1] for stream in streams)
    streams.append(enter(hub, 1000))
    await hub.bring(note(2))
    await hub.bring(note(3, 'person:7'))
    assert all(b'"spread":2000}' in stream._transport.written[-1] for stream in streams if stream is not streams[7])
    assert b'spread' not in streams[7]._transport.written[-1] and b'"data":3}' in streams[7]._transport.written[-1]


@run
async def test_who_left_too_much_unread_is_cut(hub):
    lazy, other = enter(hub, 1), enter(hub, 2)
    lazy._transport.unread = 1 << 20
    await hub.bring(note(1))
    await hub.bring(note(2))
    assert lazy._transport.is_aborted and lazy.ended.done() and len(lazy._transport.written) == 1 and len(other._transport.written) == 2


@run
async def test_who_is_gone_is_forgotten(hub):
    streams = [enter(hub, number % 3) for number in range(6)] + [enter(hub, 9, is_joined=False)]
    streams[0].pages['crm.deal:7'] = (0, None)
    assert len(hub.members) == 4
    for stream in (*streams, streams[0]):
        hub.leave(stream)
    assert hub.members == {} and not any(hub._slots)
    assert not {channel for channel, hearing in hub._hearing.items() if hearing}
    await hub.bring(note(1))
    assert all(stream._transport.written == [] for stream in streams)


@run
async def test_who_moves_while_he_is_told_what_he_missed_joins_as_what_he_is_then(hub):
    stream = enter(hub, 1, ('department:1',), is_joined=False)
    hub.change(stream.member, stream.member.holder, frozenset({'person:1', 'department:2'}))
    await hub.bring(note(1, 'department:2'))
    assert stream._transport.written == []
    hub.join(stream)
    await hub.bring(note(2, 'department:2'))
    await hub.bring(note(3, 'department:1'))
    assert len(stream._transport.written) == 1


@run
async def test_memory_is_bounded_and_knows_where_it_begins(hub):
    stream = enter(hub, 1)
    assert (hub.floor, hub.last, hub.id_at(5)) == (0, 0, 0)
    for number in range(1, 2 * LIVE_KEPT):
        hub.keep(note(number))
    assert hub.floor == 0 and hub.id_at(5) == 4 and hub.id_at(0) == 0
    hub.keep(note(2 * LIVE_KEPT))
    assert hub.floor == LIVE_KEPT and hub.last == 2 * LIVE_KEPT
    assert hub.id_at(LIVE_KEPT) is None and hub.id_at(LIVE_KEPT + 2) == LIVE_KEPT + 1
    assert len(hub.after(hub.floor, stream)) == LIVE_KEPT and hub.after(hub.last, stream) == []


@run
async def test_it_begins_with_what_the_table_holds(hub):
    hub.load([note(number) for number in range(50, 60)])
    assert (hub.floor, hub.last, hub.id_at(0), hub.id_at(55)) == (49, 59, 49, 54)
    hub.load([note(number) for number in range(50, 50 + LIVE_KEPT)])
    assert hub.id_at(0) is None


@run
async def test_two_first_streams_of_a_session_are_both_its(hub):
    first, second = enter(hub, 1, is_joined=False), enter(hub, 1, is_joined=False)
    assert first.member is second.member and hub.members[1].streams == {first, second}
