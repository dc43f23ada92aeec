"""Who is in a group of an Active Directory and in all groups within it: read, where there are too many of them to name in a filter.

All groups are listed with those above them, then the members of those within are read, by number: a person who is renamed meanwhile stays the
same. What is read at different moments counts only if no group changed meanwhile.
"""

import re
from collections import defaultdict

import ldap
from ldap.controls import RequestControl

from appliance.identity.directory.mapping import PRESETS, plain, read_uuid, uuid_filter
from appliance.identity.directory.ranges import in_parts

PRESET = 'active-directory'
# [MS-ADTS] 3.1.1.3.4.1.5: names come as <GUID=...>;<SID=...>;CN=..., the number in its usual form.
BY_NUMBER = RequestControl('1.2.840.113556.1.4.529', True, b'0\x03\x02\x01\x01')
NUMBER = re.compile(rb'<GUID=([0-9a-fA-F-]{36})>')
PAGE, AT_ONCE, BIG_PAGE = 500, 50, 10       # groups in a list; in one filter; in an answer with their members
MOST_TRIES = 3


class Unsteady(ldap.LDAPError):
    """Groups change faster than they can be read."""


def members(connection, dn, root):
    """The uuids of all who are in a group (its DN) of the tree `root`, or in one within it; groups are among them. Empty for none.

    Raises ldap.LDAPError as it comes, DirectoryDown.
    """
    for _try in range(MOST_TRIES):
        before = _newest(connection)
        found = _members(connection, dn, root)
        if not connection.search(f'(&(objectClass=group)(uSNChanged>={before + 1}))', ['1.1'], base=root):
            return found
    raise Unsteady({'desc': 'groups change while they are read'})


def _newest(connection):
    root = connection.search('(objectClass=*)', ['highestCommittedUSN'], base='', scope=ldap.SCOPE_BASE)
    try:
        return int(plain(root[0][1])['highestcommittedusn'][0])
    except (IndexError, KeyError, ValueError):
        raise ldap.NO_SUCH_ATTRIBUTE({'desc': 'no highestCommittedUSN'}) from None


def _members(connection, dn, root):
    head = _number_of(connection, dn)
    waiting, within = [head] if head else [], set()
    inner = _inner_groups(connection, root) if head else {}
    while waiting:
        group = waiting.pop()
        if group not in within:
            within.add(group)
            waiting += inner.get(group, ())
    found, groups = set(), sorted(within)
    for at in range(0, len(groups), AT_ONCE):
        wanted = ''.join(uuid_filter(PRESET, one) for one in groups[at:at + AT_ONCE])
        for page in connection.pages(f'(|{wanted})', ['member', PRESETS[PRESET].uuid_attribute], BIG_PAGE, root, [BY_NUMBER]):
            for _dn, values in page:
                found |= _numbers(_all_parts(connection, values))
    return frozenset(found)


def _number_of(connection, dn):
    try:
        found = connection.search('(objectClass=group)', [PRESETS[PRESET].uuid_attribute], base=dn, scope=ldap.SCOPE_BASE)
    except ldap.NO_SUCH_OBJECT:
        return ''
    return str(read_uuid(PRESET, plain(found[0][1])) or '') if found else ''


def _inner_groups(connection, root):
    """{uuid of a group: [uuids of the groups that are its members]}."""
    inner = defaultdict(list)
    for page in connection.pages('(objectClass=group)', ['memberOf', PRESETS[PRESET].uuid_attribute], PAGE, root, [BY_NUMBER]):
        for _dn, values in page:
            named = plain(values)
            if any(name.startswith('memberof;') for name in named):
                raise ldap.SIZELIMIT_EXCEEDED({'desc': 'a group in more groups than come at once'})
            own = str(read_uuid(PRESET, named) or '')
            for above in _numbers(named.get('memberof', ())):
                inner[above].append(own)
    return inner


def _all_parts(connection, values):
    """The members of a group."""
    named = plain(values)
    base = f'<GUID={read_uuid(PRESET, named)}>'
    return list(named.get('member', ())) + in_parts(values, lambda wanted: connection.search('(objectClass=*)', wanted, base=base, scope=ldap.SCOPE_BASE, controls=[BY_NUMBER]))


def _numbers(names):
    """The uuids in names that come by number; ldap.DECODING_ERROR where one does not."""
    found = set()
    for name in names:
        match = NUMBER.match(name)
        if match is None:
            raise ldap.DECODING_ERROR({'desc': 'a member without its number'})
        found.add(match[1].decode().lower())
    return found
