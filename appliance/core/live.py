"""What changes while people look: short notes in the transaction that changed it, brought to every open tab of whom they concern.

    live.tell([f'person:{person_id}'], 'worktime', ref=f'worktime.day:{day_id}')        # in a rule

A note says that something changed, not what: the tab fetches its part of the page, and with it its rights. Channels are subjects
(`person:7`, `department:3`, `group:3`, `everybody`) or a page (`page:crm.deal:7`, core/live_pages.py). Only persons and groups, whose
members are known, may be told text. The process live reads the notes; this module knows no HTTP and no connections.
"""

import json
import re
from dataclasses import dataclass

from appliance.core import bus, clock
from appliance.core.db import Base, before_commit, database, in_write, is_sqlite, row, rows
from appliance.core.fields import Id, Json, Moment, Text
from appliance.core.i18n import texts
from appliance.core.limits import LIVE_CHANNELS, LIVE_DATA_BYTES, LIVE_READ
from appliance.core.personal.declarations import Keep, Kept, Personal

_ = texts(__name__)
PAGE = 'page:'
SUBJECTS_CHANGED = 'subjects.changed'       # heard by the process live itself: what these people are to rights is read again
RESET = 'reset'                             # said by the process live: what this tab missed is not known, fetch all of it
_REF = r'[a-z][a-z0-9_.]*:[0-9]{1,19}'
_CHANNEL = re.compile(rf'everybody|[a-z][a-z_]*:[0-9]{{1,19}}|{PAGE}{_REF}', re.ASCII)
_TYPE = re.compile(r'[a-z][a-z0-9_]*(\.[a-z0-9_]+)*', re.ASCII)
_NAME = re.compile(r'[a-z][a-z0-9_]{0,39}', re.ASCII)
_MARKUP = re.compile(r'<[A-Za-z/!?]')
_WITH_TEXT = ('person:', 'group:')
_ORDER_LOCK = 4274
_ROWS_AT_ONCE = 500


class LiveEvent(Base):
    """One note. `channel` are its channels with blanks between, so that who hears of it by two of them hears it once."""

    id = Id()
    channel = Text()
    type = Text()
    ref = Text(default='')
    data = Json(null=True)
    at = Moment(index=True)

    class Meta:
        personal = Personal(
            _.lazy('What open pages were told: that something changed'), words=('data',), kept=Kept(_.lazy('an hour'), job='core.clean'),
            forget=Keep(_.lazy('It is gone in an hour.')))
        table_name = 'live_event'


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it is read: `data` is its JSON text, or None; `at` in microseconds."""

    id: int
    channels: tuple
    type: str
    ref: str
    data: str | None
    at: int


def tell(channels, type, ref='', data=None):
    """Tell these channels that something of a type happened, to `ref` (`worktime.day:7`), when this action commits.

    `data` is plain and at most 2 KiB as JSON, without HTML; without text, too, unless all channels are persons and groups. Pages hear
    `live:<type>` on their body. ValueError for what a channel must not carry: no person can cause it, so it is a fault of the caller.
    """
    if not in_write():
        raise RuntimeError('tell belongs into an action: a change and its note are one transaction')
    channels = list(dict.fromkeys(channels))
    if not channels:
        return
    _check(channels, type, ref, data)
    before_commit(_insert, (' '.join(channels), type, ref, LiveEvent.data.db_value(data)))
    bus.wake(bus.LIVE)


def tell_subjects_changed(person_ids):
    """Say, in the action that did it, that these people joined or left something: their streams follow at once."""
    tell([f'person:{person_id}' for person_id in person_ids], SUBJECTS_CHANGED)


def _check(channels, type, ref, data):
    wrong = [channel for channel in channels if not isinstance(channel, str) or not _CHANNEL.fullmatch(channel)]
    if wrong or len(channels) > LIVE_CHANNELS:
        raise ValueError(f'no channels: {wrong[:3] or len(channels)}')
    if not _TYPE.fullmatch(type) or len(type) > 64 or type == RESET:
        raise ValueError(f'no type: {type!r}')
    if ref and not re.fullmatch(_REF, ref, re.ASCII):
        raise ValueError(f'no reference: {ref!r}')
    if data is None:
        return
    if len(json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(',', ':')).encode()) > LIVE_DATA_BYTES:
        raise ValueError(f'the data of {type} has over {LIVE_DATA_BYTES} bytes')
    _check_data(data, may_hold_text=all(channel.startswith(_WITH_TEXT) for channel in channels))


def _check_data(data, may_hold_text):
    if isinstance(data, str):
        if not may_hold_text:
            raise ValueError('text goes to persons and groups only: who hears another channel is not known when it is written')
        if _MARKUP.search(data):
            raise ValueError('HTML does not travel: the tab fetches its fragment')
    elif isinstance(data, dict):
        for name, value in data.items():
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise ValueError(f'no name of a field: {name!r}')
            _check_data(value, may_hold_text)
    elif isinstance(data, list | tuple):
        for value in data:
            _check_data(value, may_hold_text)
    elif data is not None and not isinstance(data, bool | int | float):
        raise ValueError(f'not plain: {data!r}')


# Prepared: Peewee would build it for each note.
_INSERT = 'INSERT INTO live_event (channel, type, ref, data, at) VALUES '


def _insert(waiting):
    """Write the notes of a transaction as the last thing before its commit, so that ids are in the order in which commits are seen.

    On SQLite one writes at a time. On PostgreSQL this lock lasts from here to the end of the commit, like NOTIFY's own: nobody gets a
    higher id before what has a lower one can be read, and whoever has read up to an id has missed none.
    """
    if not is_sqlite():
        database.execute_sql('SELECT pg_advisory_xact_lock(%s)', (_ORDER_LOCK,))
    at = clock.microseconds(clock.now())
    for first in range(0, len(waiting), _ROWS_AT_ONCE):
        notes = waiting[first:first + _ROWS_AT_ONCE]
        rows(_INSERT + ', '.join(['(?, ?, ?, ?, ?)'] * len(notes)) + ' RETURNING id', *(value for note in notes for value in (*note, at)))


_COLUMNS = 'SELECT id, channel, type, ref, data, at FROM live_event'


def read(after, most=LIVE_READ):
    """The Notes after an id, the oldest first."""
    return _notes(rows(f'{_COLUMNS} WHERE id > ? ORDER BY id LIMIT ?', after, most))


def newest(most):
    """The newest Notes, the oldest of them first."""
    return _notes(reversed(rows(f'{_COLUMNS} ORDER BY id DESC LIMIT ?', most)))


def _notes(found):
    return [Note(note_id, tuple(channel.split(' ')), *rest) for note_id, channel, *rest in found]


def data_of(note):
    """What a Note carries, as plain data."""
    return None if note.data is None else json.loads(note.data)


def bounds():
    """(lowest, highest) id that the table holds, (0, 0) when it is empty."""
    low, high = row('SELECT min(id), max(id) FROM live_event')
    return low or 0, high or 0


def last_before(moment):
    """The id of the last note before a moment, 0 when all that are kept came later."""
    return row('SELECT max(id) FROM live_event WHERE at < ?', clock.microseconds(moment))[0] or 0


def since(after, channels, most=LIVE_READ):
    """(Notes for any of these channels after an id, the id to ask from next time); None when what was missed is not known.

    For a browser that cannot have a stream. Reads at most so many notes of all channels.
    """
    low, high = bounds()
    if not low - 1 <= after <= high:
        return None
    found = read(after, most)
    mine = [note for note in found if not channels.isdisjoint(note.channels)]
    # What a group said before one joined it is not told afterwards.
    if any(note.type == SUBJECTS_CHANGED for note in mine):
        return None
    return mine, found[-1].id if found else after


def forget(before):
    """Delete notes from before a moment, for the cleaning job, inside an action. The newest stays: it tells what has been missed since."""
    return LiveEvent.delete().where((LiveEvent.at < before) & (LiveEvent.id < bounds()[1])).execute()
