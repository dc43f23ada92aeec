"""Reading everybody from a directory, and knowing whether it was everybody. Nothing is written; no transaction may be open."""

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime

import ldap

from appliance.core import clock
from appliance.identity.directory.client import connect
from appliance.identity.directory.closing import closing, why_shut
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured
from appliance.identity.directory.login import bind_own_account, misconfigured_search, within
from appliance.identity.directory.mapping import attributes_of, plain, read_entry, read_uuid, uuid_filter

log = logging.getLogger('appliance.directory')

PAGE = 500
READ_S = 120            # of one reading; a directory that takes longer counts as silent
LOOKED_UP, LOOK_UP_S = 50, 5    # absent people whose entry is looked for one by one, to say why they are absent, and for how long


@dataclass
class Snapshot:
    """The people of a directory at a moment.

    found: {uuid: (dn, {attribute: [bytes, ...]})}, read into an Entry only when it is asked for: of 10,000 people few have changed.
    unclear: uuids that two entries have: whose they are is not known, so nothing is done to anybody, nor is he absent.
    gap: why it may not be everybody: '' (it is), `part` (the server's size limit), `lost` (the connection ended midway).
    begun_at: when it was begun; who came in since then may be missing in it.
    """

    directory: object
    found: dict = field(default_factory=dict)
    unclear: set = field(default_factory=set)
    gap: str = ''
    begun_at: datetime = field(default_factory=clock.now)

    def entry(self, known_by):
        """The Entry of a uuid; None when there is none, or when it has no usable login."""
        return read_entry(self.directory, *self.found[known_by]) if known_by in self.found else None

    def is_shut(self, known_by, now):
        """Why an entry lets nobody in, as Entry.closed says it; also of one that has no usable login any more."""
        return why_shut(*closing(self.directory.preset, plain(self.found[known_by][1])), now)


def read(directory):
    """The Snapshot of a directory. DirectoryDown or DirectoryMisconfigured when not a single page came, or it hangs beyond READ_S."""
    deadline = time.monotonic() + READ_S
    return within(deadline, _read, directory, deadline)


def _read(directory, deadline):
    found = Snapshot(directory)
    try:
        with connect(directory, deadline) as connection:
            bind_own_account(connection, directory)
            for page in connection.pages(directory.person_filter, attributes_of(directory), PAGE):
                _take(found, page)
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


def _take(snapshot, page):
    """Add a page. An entry that was renamed while the pages were read comes twice, too: the next look sees it once."""
    for known_by, entry in _known_by(snapshot.directory.preset, page):
        if known_by in snapshot.found and snapshot.found[known_by][0] != entry[0]:
            snapshot.unclear.add(known_by)
        snapshot.found[known_by] = entry


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
    found = {}
    try:
        with connect(directory, time.monotonic() + LOOK_UP_S) as connection:
            bind_own_account(connection, directory)
            for known_by in uuids[:LOOKED_UP]:
                found[known_by] = 'filtered' if connection.search(uuid_filter(directory.preset, known_by), ['1.1'], limit=1) else 'gone'
    except (ldap.LDAPError, DirectoryDown, DirectoryMisconfigured):
        pass        # the reason is a courtesy: that they are absent is known
    return found
