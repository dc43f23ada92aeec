"""How a directory is looked at: at what changed since the last look where that can be told, else at everybody.

A look at what changed lists who is there (a number and the mark of the last change of each, no more), and reads those whose entries
changed, who are new in the list, or who are not settled here (settled.py), and those whom somebody changed here may be. Who is not in the list is absent, whatever the reason:
deleted, moved, out of the filter, out of a group within a group, hidden. Where an Active Directory says that nothing was written at
all, not even the list is asked for. What cannot be trusted becomes a look at everybody, as do the first look, one each few hours and each night.
"""

import functools
import logging
import random
import time
from dataclasses import dataclass, field, replace
from datetime import datetime

import ldap

from appliance.core import clock
from appliance.identity.directory.adoption import matching
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured
from appliance.identity.directory.mapping import PRESETS, attributes_of, uuid_filter
from appliance.identity.directory.sync import changed_here, due, grouping, marks, models, planning, positions, reading, settled, unrolling

log = logging.getLogger('appliance.directory')
SAMPLE = 100    # people in it, and as many who are not, by whom a filter is compared with one that takes too long
MOST_ASKED, ASKED_AT_ONCE = 500, 50     # who is read by number; with more it is the same to read everybody
# A mark of whole seconds hides a second change within its second, so who was changed in the newest one is read again for a while.
SECOND_OVER_S = 5
# Brakes after which the directory is read whole until they are gone: what they hold is seen in entries that do not change.
UNSOUND = (*models.WITHOUT_STEPS, 'empty', 'emptied')
REFUSED = ('bind', 'encryption')        # it would be refused again, and the account counts that


class NotTrusted(Exception):
    """Not by a look at what changed; the text says why, for the log."""


@dataclass(frozen=True)
class Memory:
    """What a process remembers of its last look. full_at, sign: of the mark it belongs to. high: how far the server was.

    stamps: {uuid: mark of the last change}. newest: the newest of them, first seen at newest_at, listed_at: both time.monotonic().
    people: how far it knew the people here.
    """

    sign: str
    full_at: datetime
    high: dict
    stamps: dict
    newest: bytes
    newest_at: float
    listed_at: float
    people: changed_here.Seen


@dataclass(frozen=True)
class Look:
    """One reading: its Snapshot, what is to be read beside it, the `sign` (marks) of what it was read by, and what is kept once it was planned from. mark: values of a SyncMark, None where nothing can be told by.
    plan: where there is nothing to compare, the plan of that.
    """

    directory: object
    snapshot: reading.Snapshot
    wanted: grouping.Wanted
    sign: str
    mark: dict | None
    memory: Memory | None
    is_mark_due: bool = True
    plan: planning.Plan | None = None


_memory = {}        # {directory: Memory} of this process


def looks(directory, creates):
    """Yield the Looks to plan from, one after the other: mostly one; none where nothing happened; two where a full one is due, so that
    nobody who must go waits for it. Each is given to `keep` before the next.
    """
    mark, wanted = marks.of(directory.id), grouping.wanted(directory)
    mark = mark if mark and marks.is_of(mark.sign, directory, creates, wanted.rules) else None
    if mark:
        try:
            look = _at_changes(directory, mark, creates, wanted)
        except (NotTrusted, DirectoryMisconfigured) as error:
            if getattr(error, 'reason', '') in REFUSED:
                raise
            log.info('directory %s: everybody is read: %s', directory.name, error)
        else:
            if look:
                yield look
            if not due.is_full_due(mark.full_at):
                return
    yield _at_everybody(directory, mark, marks.sign(directory, creates, wanted.rules), wanted)


def keep(look, plan, is_run):
    """Remember a look for the next one, after what was planned from it was written down. is_run: whether that made a run."""
    directory = look.directory
    marks.keep_ends(directory.id, plan.ends)
    if look.mark is None or plan.brake in UNSOUND or plan.wants_all:
        _memory.pop(directory.id, None)
        marks.drop(directory.id)
        return
    if look.is_mark_due or is_run:
        marks.keep(directory.id, **look.mark)
    _memory[directory.id] = look.memory


def forget(directory_id):
    """As after a start of the process."""
    _memory.pop(directory_id, None)
    settled.forget(directory_id)


def everybody(directory):
    """The Snapshot of everybody, whatever was looked at before."""
    return _everybody(directory, None).snapshot


def _everybody(directory, mark):
    """The Reading of everybody by an _Everybody: by the filter as it is where that is due, unless it takes too long."""
    fills = []

    def fill():
        fills.append(_Everybody(mark))
        return fills[-1]

    found = None
    try:
        found = reading.read_by_turns(directory, fill)
    except DirectoryDown:
        if not any(one.may_wait for one in fills):
            raise
    if found is None or (found.gap and found.filled_by.may_wait):
        log.warning('directory %s: its filter takes too long, so it is compared with the one with its groups named another night', directory.name)
        try:
            found = reading.read_by_turns(directory, lambda: _Everybody(mark, is_check_wanted=False))
        except (DirectoryDown, NotTrusted) as error:
            if found is None:
                raise error if isinstance(error, DirectoryDown) else DirectoryDown('silent') from error
            log.warning('directory %s: its groups do not help: %s', directory.name, error)
    return found


def _at_everybody(directory, mark, sign, wanted):
    snapshot, filled_by = _everybody(directory, mark)
    position, stamps = filled_by.position, filled_by.stamps
    if snapshot.gap or not all(stamps.values()):
        return Look(directory, snapshot, wanted, sign, None, None)
    values = {'sign': sign, 'server': position.server, 'high': position.high, 'full_at': snapshot.begun_at, 'checked_at': filled_by.checked_at}
    return Look(directory, snapshot, wanted, sign, values, _remembered(_memory.get(directory.id), values, stamps, changed_here.Seen(None, snapshot.begun_at)))


class _Everybody:
    """Fills a Snapshot with everybody. mark: the last one, if its filter was the same. may_wait: this asks by the filter as it is, to compare it
    with the one with its groups named, so it can be left for another night; if they never were compared, some people are asked for by both.
    """

    def __init__(self, mark, is_check_wanted=True):
        self._checked_at, self._is_check_wanted = mark.checked_at if mark else None, is_check_wanted
        self.position, self.stamps, self.checked_at, self.may_wait = None, {}, None, False

    def __call__(self, connection, snapshot):
        directory = snapshot.directory
        self.position = positions.of(connection, directory)
        own, named = unrolling.People(directory.person_filter), _named(connection, directory, self.position)
        is_check = own != named and self._is_check_wanted and (self._checked_at is None or due.is_check_due(self._checked_at))
        self.may_wait = is_check
        for page in (own if is_check else named).pages(connection, directory.preset, _attributes(directory, self.position)):
            known = reading.take(snapshot, page)
            self.stamps.update((one, reading.first(values, self.position.marker)) for one, (_dn, values) in known.items())
        is_as_before = own != named and not is_check and self._is_check_wanted
        self.checked_at = self._checked_at if is_as_before else snapshot.begun_at
        if is_check and not _agree(connection, directory, snapshot.found, own, named):
            log.warning('directory %s: the filter gives others than the one with its groups named, so it is asked as it is', directory.name)
            self.checked_at = None
        if own != named and not self._is_check_wanted and self._checked_at is None and not _agree_on_some(connection, directory, snapshot.found, own):
            raise NotTrusted('the filter gives others than the one with its groups named')


def _agree_on_some(connection, directory, found, own):
    """Whether a filter gives some of those who were found, and none of some others, asked for by number: that is quick with any filter."""
    preset = PRESETS[directory.preset]
    others = [known for page in connection.pages(preset.person_filter, [preset.uuid_attribute], reading.PAGE)
              for known, _entry in reading.known_by(directory.preset, page) if known not in found]
    asked = [one for group in (list(found), others) for one in random.sample(group, min(SAMPLE, len(group)))]
    return all(bool(own.search(connection, directory.preset, uuid_filter(directory.preset, one), [preset.uuid_attribute])) == (one in found) for one in asked)


def _agree(connection, directory, found, own, named):
    """Whether a filter and the one with its groups named give the same; people who changed meanwhile are asked for again."""
    attribute, listed = PRESETS[directory.preset].uuid_attribute, set()
    try:
        for page in named.pages(connection, directory.preset, [attribute]):
            listed.update(known for known, _entry in reading.known_by(directory.preset, page))
        differing = listed ^ found.keys()
        return len(differing) <= reading.LOOKED_UP and all(
            len({bool(one.search(connection, directory.preset, uuid_filter(directory.preset, known_by), [attribute])) for one in (own, named)}) == 1
            for known_by in differing)
    except (ldap.LDAPError, DirectoryDown):     # everybody was read; the comparison is made again
        return False


def _at_changes(directory, mark, creates, wanted):
    """The Look at what changed since a mark, None where nothing did. NotTrusted where that cannot be told."""
    memory = _memory.get(directory.id)
    if memory and (memory.sign, memory.full_at) != (mark.sign, mark.full_at):
        memory = None
    seen = changed_here.Seen(mark.people, clock.now())
    changed_people = changed_here.since(directory.id, memory.people if memory else changed_here.Seen(None, mark.full_at), mark.people)
    here = _Here(directory, creates, set() if memory else marks.left_open(directory.id, mark.full_at), changed_people,
                 grouping.attributes(directory) if wanted.is_any else set())
    try:
        snapshot, changed = reading.read_by_turns(directory, lambda: _Changed(mark, memory, here))
    except DirectoryDown:
        if directory.preset != 'active-directory':
            # It may come back from a backup, and be past the mark by then. An Active Directory tells that by its name.
            _memory.pop(directory.id, None)
            marks.drop(directory.id)
        raise
    if snapshot.gap:
        raise NotTrusted('the answer broke off')
    if changed.is_still and not snapshot.found:
        _memory[directory.id] = replace(memory, people=seen)
        return None
    position = changed.position
    values = {'sign': mark.sign, 'server': position.server, 'high': position.high, 'full_at': mark.full_at, 'checked_at': mark.checked_at}
    is_same = not snapshot.found and not snapshot.vanished and here.are_all_in(snapshot.listed)
    return Look(directory, snapshot, wanted, mark.sign, values, _remembered(memory, values, changed.stamps, seen), marks.is_out_of_date(mark) and position.high != mark.high,
                planning.Plan((), '', 0, len(here.known)) if is_same else None)


class _Changed:
    """Fills a Snapshot with who is there, and with the entries that are to be compared."""

    def __init__(self, mark, memory, here):
        self._mark, self._memory, self.here = mark, memory, here
        self.position, self.stamps, self.is_still = None, {}, False

    def __call__(self, connection, snapshot):
        directory, memory = snapshot.directory, self._memory
        self.position = positions.of(connection, directory)
        high = memory.high if memory else self._mark.high
        if not self.position.continues(self._mark.server, high):
            raise NotTrusted('another server, or one that was set back')
        if not high and memory is None:
            raise NotTrusted('the server does not say how far it is, and this process has not looked yet')
        # Only of an Active Directory that is one number for all it holds: what OpenLDAP says of one database tells nothing of the groups in another.
        self.is_still = self.position.kind == positions.USN and self.position.high == high and memory is not None and self.here.are_all_in(memory.stamps)
        named = functools.cache(lambda: _named(connection, directory, self.position) if self._mark.checked_at else unrolling.People(directory.person_filter))
        self.stamps = memory.stamps if self.is_still else self._list(connection, snapshot, named())
        changed = set() if self.is_still else self._changed(high)
        wanted = self.here.wanted(self.stamps, changed, memory.stamps if memory else None)
        asked = [uuid_filter(directory.preset, one) for one in wanted] + self.here.like_changed(self.stamps)
        if len(asked) > MOST_ASKED:
            raise NotTrusted(f'{len(asked)} are to be compared')
        snapshot.listed = self.stamps
        if memory:
            snapshot.vanished = frozenset(one for one in memory.stamps if one not in self.stamps and one not in self.here.known)
        for at in range(0, len(asked), ASKED_AT_ONCE):
            reading.take(snapshot, named().search(connection, directory.preset, f'(|{"".join(asked[at:at + ASKED_AT_ONCE])})', _attributes(directory, self.position)))
        if snapshot.found or not self.is_still:
            snapshot.asked = named().asked

    def _list(self, connection, snapshot, people):
        """{uuid: mark of the last change, b'' where it is not shown} of everybody who is there; what is told of groups by is kept beside."""
        stamps, beside, marker, preset = {}, {}, self.position.marker, snapshot.directory.preset
        attributes = sorted({PRESETS[preset].uuid_attribute, marker, *self.here.beside})
        for page in people.pages(connection, preset, attributes):
            for known_by, entry in reading.known_by(preset, page):
                stamps[known_by] = reading.first(entry[1], marker)
                if self.here.beside:
                    beside[known_by] = entry
        if not stamps:
            raise NotTrusted('nobody is there')
        snapshot.people = beside if self.here.beside else None
        return stamps

    def _changed(self, high):
        """The uuids of those whose entries may have changed since."""
        if not all(self.stamps.values()):
            raise NotTrusted('an entry does not show when it was changed')
        try:
            is_newer = self.position.newer_than(high) if high else None
            return {one for one, stamp in self.stamps.items() if (is_newer(stamp) if high else self._is_other(one, stamp))}
        except (ValueError, IndexError):
            raise NotTrusted('an entry shows no usable mark of its last change') from None

    def _is_other(self, known_by, stamp):
        memory = self._memory
        is_second_open = not self.position.is_exact and memory.listed_at - memory.newest_at < SECOND_OVER_S
        return memory.stamps.get(known_by) != stamp or (is_second_open and stamp == memory.newest)


@dataclass
class _Here:
    """Who is known here, read before the directory is asked, in a thread of its own. left_open: see marks, of a process that has not looked yet.
    changed: whom somebody changed here since. beside: what is to be listed of everybody besides, for groups.
    """

    directory: object
    creates: bool
    left_open: set
    changed: list
    beside: set
    known: dict = field(init=False)
    proposed: frozenset = field(init=False)     # the uuids of entries that those may be, by an open proposal

    def __post_init__(self):
        self.known = planning.known_people(self.directory.id)
        self.proposed = frozenset(one for one, _person in matching.proposed_of(self.directory.id, 'a.person_id', [one.person_id for one in self.changed]))
        self._departments = planning.departments_by_name()
        if settled.of(self.directory.id) is None:
            ends = marks.ends(self.directory.id)
            settled.keep(self.directory.id, {
                known_by: settled.Settled(self._hash(person), None, None if person.is_out else ends.get(known_by))
                for known_by, person in self.known.items()})

    def _hash(self, person):
        return settled.here(self.directory, self._departments, person)

    def are_all_in(self, listed):
        """Whether everybody who is let in here is in the list."""
        return all(one in listed for one, person in self.known.items() if not person.is_out and not person.is_forgotten)

    def wanted(self, listed, changed, listed_before):
        """The uuids, in order, of those in the list whose entries are to be read. listed_before: None where this process has not looked."""
        if listed_before is not None:
            new = {one for one in listed if one not in listed_before}
        else:       # whoever may have been missing in a list that nobody remembers
            new = {one for one in listed if one not in self.known or self.known[one].is_out} | (self.left_open & listed.keys())
        now, before = clock.now(), settled.of(self.directory.id)
        open_ = {one for one, person in self.known.items() if one in listed
                 and not (one in before and before[one].is_of(self._hash(person), now))}
        # Who is new there may be here already, by another account; whom this process never saw in the list, a look at everybody told of.
        is_read = self.creates or listed_before is not None
        read = {one for one in new | changed | open_ if (is_read if one not in self.known else not self.known[one].is_forgotten)}
        return sorted(read | (self.proposed & listed.keys()))

    def like_changed(self, listed):
        """The filters of entries that may be those whom somebody changed here; who has one of these in the list is that one."""
        return [one for one in (changed_here.filter_of(self.directory, person) for person in self.changed if person.uuid not in listed) if one]


def _named(connection, directory, position):
    """The People of the filter, with its groups named or read where it asks for a group with those within it."""
    own = directory.person_filter
    return unrolling.unrolled(connection, own, position.root) if position.root and unrolling.has_chain(own) else unrolling.People(own)


def _attributes(directory, position):
    return sorted({*attributes_of(directory), position.marker})


def _remembered(before, values, stamps, people):
    newest, now = max(stamps.values(), default=b''), time.monotonic()
    newest_at = before.newest_at if before and before.newest == newest else now
    return Memory(values['sign'], values['full_at'], values['high'], stamps, newest, newest_at, now, people)
