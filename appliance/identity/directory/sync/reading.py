"""Reading people from a directory, and knowing whether it was everybody. Nothing is written; no transaction may be open."""

import functools
import logging
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import ldap

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.identity.directory import servers
from appliance.identity.directory.client import connect
from appliance.identity.directory.closing import closing, why_shut
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured
from appliance.identity.directory.groups import without_department
from appliance.identity.directory.login import bind_own_account, misconfigured_search, within
from appliance.identity.directory.mapping import PRESETS, attributes_of, plain, read_entry, read_uuid, uuid_filter

log = logging.getLogger('appliance.directory')

PAGE = 500
READ_S = 120            # of one reading; a directory that takes longer counts as silent
LOOKED_UP, LOOK_UP_S = 50, 5    # absent people whose entry is looked for one by one, to say why they are absent, and for how long


@dataclass
class Snapshot:
    """The people of a directory at a moment.

    found: {uuid: (dn, {attribute: [bytes, ...]})}, read into an Entry only when it is asked for: of 10,000 people few have changed.
    listed: the uuids of all who are there, where only some were read (looking.py), by a server that gives all of them for the filter `asked`;
    None: found is everybody.
    vanished: the uuids of those who were listed before and are not any more, as far as that is known.
    unclear: uuids that two entries have: whose they are is not known, so nothing is done to anybody, nor is he absent.
    gap: why it may not be everybody: '' (it is), `part` (the server's size limit), `lost` (the connection ended midway).
    begun_at: when it was begun; who came in since then may be missing in it.
    people: {uuid: (dn, values)} of all who are there with what groups and branches are told by, where only some were read, and that was asked for.
    grouping: what groups and branches say beside it (see grouping), or None.
    """

    directory: object
    found: dict = field(default_factory=dict)
    unclear: set = field(default_factory=set)
    gap: str = ''
    begun_at: datetime = field(default_factory=clock.now)
    listed: object = None
    asked: str = ''
    vanished: frozenset = frozenset()
    people: dict | None = None
    grouping: object = None

    @property
    def is_whole(self):
        """Whether everybody was read."""
        return self.listed is None

    @property
    def everybody(self):
        """{uuid: (dn, values)} of all who are there; None where they were not listed so."""
        return self.found if self.is_whole else self.people

    @property
    def is_empty(self):
        """Whether the directory showed nobody."""
        return not self.found and not self.listed

    def shows(self, known_by):
        """Whether the directory showed somebody, read or not."""
        return known_by in self.found or (self.listed is not None and known_by in self.listed)

    def entry(self, known_by):
        """The Entry of a uuid; None when there is none, or when it has no usable login."""
        entry = read_entry(self.directory, *self.found[known_by]) if known_by in self.found else None
        return without_department(entry) if entry and self.is_placed(known_by) else entry

    def is_placed(self, known_by):
        """Whether somebody's department comes from a group or a branch, not from an attribute of his."""
        return self.grouping is not None and self.grouping.decides(known_by)

    def is_shut(self, known_by, now):
        """Why an entry lets nobody in, as Entry.closed says it; also of one that has no usable login any more."""
        return why_shut(*closing(self.directory.preset, plain(self.found[known_by][1])), now)


class Reading(NamedTuple):
    """A Snapshot, and what filled it, which may know more."""

    snapshot: Snapshot
    filled_by: object

    @property
    def gap(self):
        """See Snapshot."""
        return self.snapshot.gap


def read_everybody(connection, found):
    """Fill a Snapshot with everybody whom its directory shows."""
    for page in connection.pages(found.directory.person_filter, attributes_of(found.directory), PAGE):
        take(found, page)


def take(snapshot, page):
    """Add a page, and return what it adds. An entry that was renamed while the pages were read comes twice, too: the next look sees it once."""
    added = {}
    for one, entry in known_by(snapshot.directory.preset, page):
        if one in snapshot.found and snapshot.found[one][0] != entry[0]:
            snapshot.unclear.add(one)
        snapshot.found[one] = added[one] = entry
    return added


def read(directory, fill=read_everybody):
    """The Snapshot of a directory, filled by `fill(connection, snapshot)` in a thread of its own. DirectoryDown or DirectoryMisconfigured
    when nobody came, or it hangs beyond READ_S.
    """
    deadline = time.monotonic() + READ_S
    return within(deadline, _read, directory, fill, deadline)


def _read(directory, fill, deadline):
    found = Snapshot(directory)
    try:
        with connect(directory, deadline) as connection:
            bind_own_account(connection, directory)
            fill(connection, found)
    except ldap.SIZELIMIT_EXCEEDED:
        found.gap = 'part'
    except ldap.LDAPError as error:
        if not found.found:
            raise misconfigured_search(error) from error
        found.gap = 'lost'
    except (DirectoryDown, DirectoryMisconfigured):
        if not found.found:
            raise
        found.gap = 'lost'
    for known_by in found.unclear:
        log.warning('directory %s: two entries have the number %s, so nothing is done to anybody: %s', directory.name, known_by, found.found.pop(known_by)[0])
    return found


def read_by_turns(directory, make_fill=lambda: read_everybody):
    """The Reading of a directory by the first of its servers that gives all of it.

    That none of them answers is not noted for logins: a search of all takes longer than one.
    """
    def read_one(one):
        fill = make_fill()
        return Reading(read(one, fill), fill)

    return servers.read_whole(directory, read_one, lambda one, error: servers.note(SYSTEM, one.id, one.url, error.reason))


def known_by(preset, page):
    """(uuid, (dn, values)) of each entry of a page that has one: without it nobody can be known."""
    number = PRESETS[preset].uuid_attribute
    for dn, values in page:
        found = _uuid(preset, first(values, number))
        if found:
            yield found, (dn, values)


@functools.lru_cache(maxsize=200_000)
def _uuid(preset, data):
    """The uuid that these bytes are, '' for none: the same ones come with each list."""
    return str(read_uuid(preset, {PRESETS[preset].uuid_attribute.lower(): [data]}) or '')


def first(values, attribute):
    """The first value of an attribute, b'' for none; most servers call it as it was asked for."""
    return (values.get(attribute) or plain(values).get(attribute.lower()) or [b''])[0]


def why_absent(directory, uuids):
    """{uuid: reason} of people who are not in the answer any more, of the first of them: `filtered` (below the base, but outside the
    filter) or `gone` (deleted, moved out of the base, or no longer shown). An entry cannot be told of that the directory hides.
    """
    found = {}
    try:
        with connect(directory, time.monotonic() + LOOK_UP_S) as connection:
            bind_own_account(connection, directory)
            for known_by in uuids[:LOOKED_UP]:
                found[known_by] = 'filtered' if connection.search(uuid_filter(directory.preset, known_by), ['1.1'], limit=1) else 'gone'
    except (ldap.LDAPError, DirectoryDown, DirectoryMisconfigured):
        pass        # the reason is a courtesy: that they are absent is known
    return found
