"""How far a server is, as it says itself: whether anything changed there since a look, and which entries.

Active Directory counts its changes (uSNChanged), each server by itself, and names the copy of its database (invocationId), which is
another one after a restore. OpenLDAP stamps them (entryCSN), each server with its own number, and keeps the newest of each
(contextCSN, the cookie of RFC 4533). Another directory shows when an entry was changed, and no more.
"""

from dataclasses import dataclass, field

import ldap

from appliance.identity.directory.client import is_below
from appliance.identity.directory.mapping import plain

USN, CSN, STAMP = 'usn', 'csn', 'stamp'
ROOT = ('highestCommittedUSN', 'dsServiceName', 'defaultNamingContext', 'namingContexts')


@dataclass(frozen=True)
class Position:
    """Where a server stands. server: whose numbers these are. high: {whose: the newest}, empty where the server does not say it.
    marker: the attribute of an entry that tells of its last change. root: of an Active Directory, where its groups are, else ''.
    """

    kind: str
    server: str
    marker: str
    high: dict = field(default_factory=dict)
    root: str = ''

    @property
    def is_exact(self):
        """Whether two changes of an entry never have the same mark; where they can, it is of whole seconds."""
        return self.marker != 'modifyTimestamp'

    def continues(self, server, high):
        """Whether this is a later moment, or the same, of the server that stood there."""
        return self.server == server and self.high.keys() == high.keys() and all(self.high[whose] >= before for whose, before in high.items())

    def newer_than(self, high):
        """A function: whether the mark of an entry (bytes) is newer than a place where the server stood. ValueError, IndexError: no mark."""
        if self.kind == USN:
            return lambda data: int(data) > high['']
        # Each server stamps with its own clock, so a mark is compared with the newest of the same one; most are older than any.
        oldest, newest, by_server = min(high.values()).encode(), max(high.values()), {}
        for text in sorted(high.values(), reverse=True):
            by_server[_whose(text)] = text
        return lambda data: data > oldest and data.decode() > by_server.get(_whose(data.decode()), newest)


def of(connection, directory):
    """The Position of the server at the other end; of one that says nothing, or nonsense, that of a server without numbers."""
    try:
        return _of(connection, directory)
    except (ValueError, IndexError, ldap.LDAPError):
        return _by_stamps(directory)


def _of(connection, directory):
    root = _root(connection)
    if directory.preset == 'active-directory' and 'highestcommittedusn' in root and 'dsservicename' in root:
        service = _text(root, 'dsservicename')
        return Position(USN, f'{service} {_invocation(connection, service)}', 'uSNChanged', {'': int(_text(root, 'highestcommittedusn'))},
                        _text(root, 'defaultnamingcontext'))
    contexts = _contexts(connection, directory, root) if directory.preset == 'openldap' else None
    if contexts:
        server, high = contexts
        return Position(CSN, server, 'entryCSN', high)
    return _by_stamps(directory)


def _by_stamps(directory):
    return Position(STAMP, '', 'entryCSN' if directory.preset == 'openldap' else 'modifyTimestamp')


def _root(connection):
    found = connection.search('(objectClass=*)', ROOT, base='', scope=ldap.SCOPE_BASE)
    return plain(found[0][1]) if found else {}


def _invocation(connection, service):
    """The copy of the database, in hex; '' where the account may not read it: then only numbers that went back tell of a restore."""
    try:
        found = connection.search('(objectClass=*)', ['invocationId'], base=service, scope=ldap.SCOPE_BASE)
    except ldap.LDAPError:
        return ''
    return (plain(found[0][1]).get('invocationid') or [b''])[0].hex() if found else ''


def _contexts(connection, directory, root):
    """(the databases, {database and server: newest change}) of all bases, or None where one is not told of."""
    names, high = [], {}
    for base in directory.bases:
        suffix = max((name.decode() for name in root.get('namingcontexts', ()) if is_below(base, name.decode())), key=len, default='')
        found = connection.search('(objectClass=*)', ['contextCSN', 'entryUUID'], base=suffix, scope=ldap.SCOPE_BASE) if suffix else ()
        values = plain(found[0][1]) if found else {}
        if not values.get('contextcsn'):
            return None
        names.append(_text(values, 'entryuuid') or suffix)
        high.update({f'{suffix} {_whose(text)}': text for text in (data.decode() for data in values['contextcsn'])})
    return ' '.join(names), high


def _whose(csn):
    """The number of the server that stamped a change: 20261127024307.038086Z#000000#001#000000 -> 001."""
    return csn.split('#')[2]


def _text(values, name):
    return values[name][0].decode() if values.get(name) else ''
