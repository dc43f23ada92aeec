"""Reading everybody from a directory, and knowing whether it was everybody. Nothing is written; no transaction may be open."""

import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime

import ldap
from ldap.filter import escape_filter_chars

from appliance.core import clock
from appliance.identity.directory.client import connect
from appliance.identity.directory.closing import closing, why_shut
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured
from appliance.identity.directory.groups import without_department
from appliance.identity.directory.login import bind_own_account, misconfigured_search
from appliance.identity.directory.mapping import PRESETS, attributes_of, plain, read_entry, read_uuid

PAGE = 500
READ_S = 120            # of one reading; a directory that takes longer counts as silent
LOOKED_UP, LOOK_UP_S = 50, 5    # absent people whose entry is looked for one by one, to say why they are absent, and for how long


@dataclass
class Snapshot:
    """The people of a directory at a moment.

    found: {uuid: (dn, {attribute: [bytes, ...]})}, read into an Entry only when it is asked for: of 10,000 people few have changed.
    gap: why it may not be everybody: '' (it is), `part` (the server's size limit), `lost` (the connection ended midway).
    begun_at: when it was begun; who came in since then may be missing in it.
    grouping: what groups and branches say beside it (see grouping), or None.
    """

    directory: object
    found: dict = field(default_factory=dict)
    gap: str = ''
    begun_at: datetime = field(default_factory=clock.now)
    grouping: object = None

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


def read(directory):
    """The Snapshot of a directory. DirectoryDown or DirectoryMisconfigured when not a single page came."""
    found = Snapshot(directory)
    try:
        with connect(directory, time.monotonic() + READ_S) as connection:
            bind_own_account(connection, directory)
            for page in connection.pages(directory.person_filter, attributes_of(directory), PAGE):
                found.found.update(_known_by(directory.preset, page))
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


def _known_by(preset, page):
    """(uuid, (dn, values)) of each entry of a page that has one: without it nobody can be known."""
    for dn, values in page:
        known_by = read_uuid(preset, plain(values))
        if known_by:
            yield str(known_by), (dn, values)


def why_absent(directory, uuids):
    """{uuid: reason} of people who are not in the answer any more, of the first of them: `filtered` (below the base, but outside the
    filter) or `gone` (deleted, moved out of the base, or no longer shown). An entry cannot be told of that the directory hides.
    """
    attribute, found = PRESETS[directory.preset].uuid_attribute, {}
    try:
        with connect(directory, time.monotonic() + LOOK_UP_S) as connection:
            bind_own_account(connection, directory)
            for known_by in uuids[:LOOKED_UP]:
                value = _filter_value(attribute, known_by)
                found[known_by] = 'filtered' if connection.search(f'({attribute}={value})', ['1.1'], limit=1) else 'gone'
    except (ldap.LDAPError, DirectoryDown, DirectoryMisconfigured):
        pass        # the reason is a courtesy: that they are absent is known
    return found


def _filter_value(attribute, known_by):
    """A UUID as it stands in a filter: the 16 bytes of Active Directory's objectGUID escaped one by one (RFC 4515, 3)."""
    if attribute != 'objectGUID':
        return escape_filter_chars(str(known_by))
    return ''.join(f'\\{byte:02x}' for byte in uuid.UUID(known_by).bytes_le)
