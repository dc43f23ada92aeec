"""Reading everybody from a directory, and knowing whether it was everybody. Nothing is written; no transaction may be open."""

import time
import uuid
from dataclasses import dataclass, field

import ldap
from ldap.filter import escape_filter_chars

from appliance.identity.directory.client import connect
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured
from appliance.identity.directory.login import bind_own_account, misconfigured_search
from appliance.identity.directory.mapping import PRESETS, attributes_of, read_entry

PAGE = 500
READ_S = 120            # of one reading; a directory that takes longer counts as silent
LOOKED_UP = 50          # absent people whose entry is looked for one by one, to say why they are absent


@dataclass
class Snapshot:
    """The people of a directory at a moment.

    entries: {uuid: Entry}. gap: why it may not be everybody: '' (it is), `part` (the server's size limit), `lost` (the connection
    ended midway). odd: DNs of entries that nobody can be known by.
    """

    entries: dict = field(default_factory=dict)
    gap: str = ''
    odd: list = field(default_factory=list)


def read(directory):
    """The Snapshot of a directory. DirectoryDown or DirectoryMisconfigured when not a single page came."""
    found = Snapshot()
    try:
        with connect(directory, time.monotonic() + READ_S) as connection:
            bind_own_account(connection, directory)
            for page in connection.pages(directory.person_filter, attributes_of(directory), PAGE):
                _take(directory, page, found)
    except ldap.SIZELIMIT_EXCEEDED:
        found.gap = 'part'
    except ldap.LDAPError as error:
        if not found.entries:
            raise misconfigured_search(error) from error
        found.gap = 'lost'
    except (DirectoryDown, DirectoryMisconfigured):
        if not found.entries:
            raise
        found.gap = 'lost'
    return found


def _take(directory, page, found):
    for dn, values in page:
        entry = read_entry(directory, dn, values)
        if entry is None:
            found.odd.append(dn)
        else:
            found.entries[str(entry.uuid)] = entry


def why_absent(directory, uuids):
    """{uuid: reason} of people who are not in the answer any more, of the first of them: `filtered` (below the base, but outside the
    filter) or `gone` (deleted, moved out of the base, or no longer shown). An entry cannot be told of that the directory hides.
    """
    attribute, found = PRESETS[directory.preset].uuid_attribute, {}
    try:
        with connect(directory, time.monotonic() + READ_S) as connection:
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
