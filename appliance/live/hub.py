"""Who hears what: the streams by channel, and the newest notes in memory, from which a stream resumes. Lives in the event loop alone."""

import asyncio
import bisect
import itertools

from appliance.core.limits import LIVE_KEPT
from appliance.core.live import PAGE, SUBJECTS_CHANGED
from appliance.live.stream import beat, frame

BEAT_S = 20
MANY, SPREAD_MS = 100, 2000
WRITTEN_AT_ONCE = 250


class Member:
    """A session that has streams here: whose it is (Holder), and what that person is to rights."""

    __slots__ = ('holder', 'subjects', 'streams')

    def __init__(self, holder, subjects):
        self.holder, self.subjects, self.streams = holder, subjects, set()


class Hub:
    """All streams of this process. `last` is the id of the newest note that was read, `floor` the one before the oldest in memory."""

    def __init__(self):
        self.members, self.last, self.floor = {}, 0, 0
        self._hearing, self._kept, self._has_all = {}, [], True
        self._slots, self._next_slot = [set() for _second in range(BEAT_S)], 0

    # Members and their streams

    def enter(self, found, stream):
        """Count a stream among those of its session, whose Member was just read; one that is known already stays the one."""
        member = stream.member = self.members.setdefault(found.holder.session_id, found)
        if (member.holder, member.subjects) != (found.holder, found.subjects):
            self.change(member, found.holder, found.subjects)
        member.streams.add(stream)

    def join(self, stream):
        """From now on this stream hears its channels."""
        stream.slot = self._slots[self._next_slot % BEAT_S]
        self._next_slot += 1
        stream.slot.add(stream)
        for channel in self.channels(stream):
            self._hearing.setdefault(channel, set()).add(stream)

    def leave(self, stream):
        """It is gone; twice is once."""
        if stream.slot is not None:
            stream.slot.discard(stream)
            stream.slot = None
            for channel in self.channels(stream):
                self._forget(channel, stream)
        member = stream.member
        member.streams.discard(stream)
        if not member.streams and self.members.get(member.holder.session_id) is member:
            del self.members[member.holder.session_id]

    @staticmethod
    def channels(stream):
        """The channels of a stream, as a set."""
        return stream.member.subjects | {PAGE + ref for ref in stream.pages}

    def _forget(self, channel, stream):
        hearing = self._hearing.get(channel, set())
        hearing.discard(stream)
        if not hearing:
            self._hearing.pop(channel, None)

    def change(self, member, holder, subjects):
        """A person is something else to rights now."""
        for stream in [stream for stream in member.streams if stream.slot is not None]:
            for channel in member.subjects - subjects:
                self._forget(channel, stream)
            for channel in subjects - member.subjects:
                self._hearing.setdefault(channel, set()).add(stream)
        member.holder, member.subjects = holder, subjects

    def close_page(self, stream, ref):
        """The token of a page is over, or its rights have changed."""
        if stream.pages.pop(ref, None):
            self._forget(PAGE + ref, stream)

    def streams(self):
        """All streams, as a list: who goes through it may wait meanwhile."""
        return [stream for member in self.members.values() for stream in member.streams]

    def count(self):
        """How many streams hear."""
        return sum(map(len, self._slots))

    # Notes

    def load(self, notes):
        """Begin with the newest notes of the table."""
        self._kept = list(notes)
        self.last = notes[-1].id if notes else 0
        self.floor = notes[0].id - 1 if notes else 0
        self._has_all = len(notes) < LIVE_KEPT

    def keep(self, note):
        """Remember a note to resume from."""
        self._kept.append(note)
        self.last = note.id
        if len(self._kept) >= 2 * LIVE_KEPT:
            del self._kept[:LIVE_KEPT]
            self.floor, self._has_all = self._kept[0].id - 1, False

    async def bring(self, note):
        """Keep a note and write it to everybody who hears it; of many, some at a time, so that nobody else waits long."""
        self.keep(note)
        if note.type == SUBJECTS_CHANGED:
            return
        hearing = set().union(*(self._hearing.get(channel, ()) for channel in note.channels))
        if hearing:
            await self._write(list(hearing), frame(note, SPREAD_MS if len(hearing) > MANY else 0))

    @staticmethod
    async def _write(streams, data):
        for first in range(0, len(streams), WRITTEN_AT_ONCE):
            for stream in streams[first:first + WRITTEN_AT_ONCE]:
                if stream.slot is not None:
                    stream.write(data)
            await asyncio.sleep(0)

    async def run(self):
        """Tell a twentieth of the streams each second that they live, until cancelled."""
        for second in itertools.count():
            await self._write(list(self._slots[second % BEAT_S]), beat(self.last))
            await asyncio.sleep(1)

    def after(self, cursor, stream):
        """The kept notes after an id that a stream hears, or None where it must not be told what came before it joined something."""
        channels, found = self.channels(stream), []
        for note in self._kept[bisect.bisect_right(self._kept, cursor, key=lambda note: note.id):]:
            if not channels.isdisjoint(note.channels):
                if note.type == SUBJECTS_CHANGED:
                    return None
                found.append(note)
        return found

    def id_at(self, at):
        """The id of the last note from before a moment (microseconds) of this hour, or None where memory begins later."""
        place = bisect.bisect_left(self._kept, at, key=lambda note: note.at)
        if place:
            return self._kept[place - 1].id
        return self.floor if self._has_all else None
