"""A filter that asks for a group with all groups within it, as one that names them all.

`(memberOf:1.2.840.113556.1.4.1941:=DN)` has the server walk the groups of every single person: of 10,000 people that took Samba 23 s,
and 2 s by the names of the groups, which a few small searches tell.
"""

import re

import ldap
from ldap.filter import escape_filter_chars

# RFC 4515 has a bracket within a value escaped, so the value ends at the next one.
IN_CHAIN = re.compile(r'\(\s*memberOf\s*:1\.2\.840\.113556\.1\.4\.1941:=([^()]+)\)', re.IGNORECASE)
MOST_GROUPS = 100       # with more the filter stays as it is: each name costs the server a comparison with each person
AT_ONCE = 50            # groups whose inner groups are asked for in one search


def has_chain(person_filter):
    """Whether a filter asks for a group with those within it."""
    return IN_CHAIN.search(person_filter) is not None


def unrolled(connection, person_filter, root):
    """The filter with the groups named, those below `root`; itself where there is nothing to name, or too much."""
    named = {}
    for value in set(IN_CHAIN.findall(person_filter)):
        try:
            found = _closure(connection, value, root)
        except ldap.LDAPError:      # too many, or what is no group's name
            return person_filter
        named[value] = f'(|{"".join(f"(memberOf={one})" for one in found)})'
    return IN_CHAIN.sub(lambda match: named[match[1]], person_filter)


def _closure(connection, value, root):
    """A group and all within it, as they stand in a filter; SIZELIMIT_EXCEEDED where there are too many. A circle ends where it began."""
    found, newest = {_folded(value): value}, [value]
    while newest:
        asked, newest = newest, []
        for at in range(0, len(asked), AT_ONCE):
            above = ''.join(f'(memberOf={one})' for one in asked[at:at + AT_ONCE])
            for dn, _values in connection.search(f'(&(objectClass=group)(|{above}))', ['1.1'], limit=MOST_GROUPS, base=root):
                one = escape_filter_chars(dn)
                if _folded(one) not in found:
                    found[_folded(one)] = one
                    newest.append(one)
            if len(found) > MOST_GROUPS:
                raise ldap.SIZELIMIT_EXCEEDED
    return list(found.values())


def _folded(value):
    """A DN in a filter, so that one group is one: names know no case, and a bracket may be escaped or not."""
    return re.sub(r'\\([0-9a-fA-F]{2})', lambda match: chr(int(match[1], 16)), value).casefold()
