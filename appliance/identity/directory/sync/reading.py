"""Reading people from a directory, and knowing whether it was everybody. Nothing is written; no transaction may be open."""

import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime

import ldap
from ldap.filter import escape_filter_chars

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.identity.directory import servers
from appliance.identity.directory.client import connect
from appliance.identity.directory.closing import closing, why_shut
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured
from appliance.identity.directory.login import bind_own_account, misconfigured_search
from appliance.identity.directory.mapping import PRESETS, attributes_of, plain, read_entry, read_uuid

PAGE = 500
READ_S = 120            # of one reading; a directory that takes longer counts as silent
LOOKED_UP, LOOK_UP_S = 50, 5    # absent people whose entry is looked for one by one, to say why they are absent, and for how long


@dataclass
class Snapshot:
    """The people of a directory at a moment.

    found: {uuid: (dn, {attribute: [bytes, ...]})}, read into an Entry only when it is asked for: of 10,000 people few have changed.
    listed: the uuids of all who are there, where only some were read (looking.py); None: found is everybody.
    gap: why it may not be everybody: '' (it is), `part` (the server's size limit), `lost` (the connection ended midway).
    begun_at: when it was begun; who came in since then may be missing in it. filled_by: see read_by_turns.
    """

    directory: object
    found: dict = field(default_factory=dict)
    gap: str = ''
    begun_at: datetime = field(default_factory=clock.now)
    listed: object = None
    filled_by: object = None

    @property
    def is_whole(self):
        """Whether everybody was read."""
        return self.listed is None

    @property
    def is_empty(self):
        """Whether the directory showed nobody."""
        return not self.found and not self.listed

    def shows(self, known_by):
        """Whether the directory showed somebody, read or not."""
        return known_by in self.found or (self.listed is not None and known_by in self.listed)

    def entry(self, known_by):
        """The Entry of a uuid; None when there is none, or when it has no usable login."""
        return read_entry(self.directory, *self.found[known_by]) if known_by in self.found else None

    def is_shut(self, known_by, now):
        """Why an entry lets nobody in, as Entry.closed says it; also of one that has no usable login any more."""
        return why_shut(*closing(self.directory.preset, plain(self.found[known_by][1])), now)


def read_everybody(connection, found):
    """Fill a Snapshot with everybody whom its directory shows."""
    for page in connection.pages(found.directory.person_filter, attributes_of(found.directory), PAGE):
        found.found.update(known_by(found.directory.preset, page))


def read(directory, fill=read_everybody):
    """The Snapshot of a directory, filled by `fill(connection, snapshot)`. DirectoryDown or DirectoryMisconfigured when nobody came."""
    found = Snapshot(directory)
    try:
        with connect(directory, time.monotonic() + READ_S) as connection:
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
    return found


def read_by_turns(directory, make_fill=lambda: read_everybody):
    """The Snapshot of a directory by the first of its servers that gives all of it, as `filled_by` what filled it.

    That none of them answers is not noted for logins: a search of all takes longer than one.
    """
    def read_one(one):
        fill = make_fill()
        found = read(one, fill)
        found.filled_by = fill
        return found

    return servers.read_whole(directory, read_one, lambda one, error: servers.note(SYSTEM, one.id, one.url, error.reason))


def known_by(preset, page):
    """(uuid, (dn, values)) of each entry of a page that has one: without it nobody can be known."""
    for dn, values in page:
        found = read_uuid(preset, plain(values))
        if found:
            yield str(found), (dn, values)


def why_absent(directory, uuids):
    """{uuid: reason} of people who are not in the answer any more, of the first of them: `filtered` (below the base, but outside the
    filter) or `gone` (deleted, moved out of the base, or no longer shown). An entry cannot be told of that the directory hides.
    """
    attribute, found = PRESETS[directory.preset].uuid_attribute, {}
    try:
        with connect(directory, time.monotonic() + LOOK_UP_S) as connection:
            bind_own_account(connection, directory)
            for one in uuids[:LOOKED_UP]:
                found[one] = 'filtered' if connection.search(by_number(attribute, one), ['1.1'], limit=1) else 'gone'
    except (ldap.LDAPError, DirectoryDown, DirectoryMisconfigured):
        pass        # the reason is a courtesy: that they are absent is known
    return found


def by_number(attribute, uuid_text):
    """The filter for the entry of a UUID: the 16 bytes of Active Directory's objectGUID escaped one by one (RFC 4515, 3)."""
    if attribute != 'objectGUID':
        return f'({attribute}={escape_filter_chars(str(uuid_text))})'
    data = ''.join(f'\\{byte:02x}' for byte in uuid.UUID(uuid_text).bytes_le)
    return f'({attribute}={data})'
