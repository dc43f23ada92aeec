"""A filter that asks for a group with all groups within it, asked in a cheaper way that gives the same people.

`(memberOf:1.2.840.113556.1.4.1941:=DN)` has the server walk the groups of every single person: of 10,000 people that took Samba 23 s,
and 2 s by the names of the groups, which a few small searches tell. Where the groups are many, each name costs the server a comparison with
each person; then who is in them is read (membership.py), and kept apart here.
"""

import re
from typing import NamedTuple

import ldap
from ldap.filter import escape_filter_chars

from appliance.identity.directory.errors import DirectoryDown
from appliance.identity.directory.sync import membership, reading

# RFC 4515 has a bracket within a value escaped, so the value ends at the next one.
IN_CHAIN = re.compile(r'\(\s*memberOf\s*:1\.2\.840\.113556\.1\.4\.1941:=([^()]+)\)', re.IGNORECASE)
MOST_GROUPS = 50        # that are named in a filter: with more of them it is cheaper to list everybody than to compare him with each
AT_ONCE = 50            # groups whose inner groups are asked for in one search
TOKEN = re.compile(r'\s*\(\s*([&|!])|\s*\(([^()]*)\)|\s*(\))')
ANYBODY = '(objectClass=*)'


class People(NamedTuple):
    """Whom a filter means: of those whom the server gives for `asked` who is in all of `inside` and in none of `outside` (sets of uuids)."""

    asked: str
    inside: tuple = ()
    outside: tuple = ()

    def has(self, known_by):
        """Whether somebody whom the server gave is meant."""
        return all(known_by in one for one in self.inside) and not any(known_by in one for one in self.outside)

    def pages(self, connection, preset, attributes):
        """Their entries, page by page; the number is among the attributes."""
        for page in connection.pages(self.asked, attributes, reading.PAGE):
            yield self._meant(preset, page)

    def search(self, connection, preset, wanted, attributes):
        """The entries of those of them whom another filter gives, too."""
        return self._meant(preset, connection.search(f'(&{self.asked}{wanted})', attributes))

    def _meant(self, preset, page):
        return [entry for known_by, entry in reading.known_by(preset, page) if self.has(known_by)] if self.inside or self.outside else page


def has_chain(person_filter):
    """Whether a filter asks for a group with those within it."""
    return IN_CHAIN.search(person_filter) is not None


def unrolled(connection, person_filter, root):
    """The People of a filter by the groups below `root`; of the filter itself where there is nothing to name, or it cannot be."""
    named = {}
    try:
        for value in set(IN_CHAIN.findall(person_filter)):
            found = _closure(connection, value, root)
            named[value] = f'(|{"".join(f"(memberOf={one})" for one in found)})'
    except ldap.SIZELIMIT_EXCEEDED:
        return _apart(connection, person_filter, root)
    except ldap.LDAPError:      # what is no group's name
        return People(person_filter)
    return People(IN_CHAIN.sub(lambda match: named[match[1]], person_filter))


def _apart(connection, person_filter, root):
    """The People of a filter with its groups taken out of it, where they stand so that they can be."""
    clauses = []
    try:
        rest = _without_chains(_parsed(person_filter), clauses)
        asked = _text(rest) if rest else ANYBODY
        if has_chain(asked):        # beside something else that may be instead
            return People(person_filter)
        sets = {value: membership.members(connection, _plain(value), root) for _is_in, values in clauses for value in values}
    except (ldap.LDAPError, ValueError):
        return People(person_filter)
    except DirectoryDown as error:
        if error.reason != 'nonsense':
            raise
        return People(person_filter)        # more than we take in one answer
    united = [(is_in, frozenset().union(*(sets[value] for value in values))) for is_in, values in clauses]
    return People(asked, tuple(one for is_in, one in united if is_in), tuple(one for is_in, one in united if not is_in))


def _parsed(text):
    """A filter as ('&' or '|', [filter, ...]), ('!', [filter]), or ('', its text). ValueError for what is none."""
    at, open_ = 0, [('', [])]
    while at < len(text.rstrip()):
        token = TOKEN.match(text, at)
        if token is None:
            raise ValueError(text)
        at = token.end()
        if token[1]:
            open_.append((token[1], []))
        elif token[3] is None:
            open_[-1][1].append(('', f'({token[2]})'))
        else:
            if len(open_) < 2:
                raise ValueError(text)
            open_[-2][1].append(open_.pop())
    if len(open_) != 1 or len(open_[0][1]) != 1:
        raise ValueError(text)
    return open_[0][1][0]


def _text(node):
    kind, inner = node
    return f'({kind}{"".join(map(_text, inner))})' if kind else inner


def _without_chains(node, clauses):
    """What is left of a filter, None for nothing, without what everybody must be in or must not be: added as (whether in, [value, ...])."""
    kind, inner = node
    values = _either(node)
    if values:
        clauses.append((True, values))
        return None
    if kind == '!' and len(inner) == 1 and (values := _either(inner[0])):
        clauses.append((False, values))
        return None
    if kind != '&':
        return node
    left = [one for one in (_without_chains(one, clauses) for one in inner) if one]
    return (kind, left) if left else None


def _either(node):
    """The groups of which somebody must be in one, where a filter asks for that alone; else []."""
    kind, inner = node
    if not kind:
        match = IN_CHAIN.fullmatch(inner)
        return [match[1]] if match else []
    found = [_either(one) for one in inner] if kind == '|' else [[]]
    return [value for values in found for value in values] if all(found) else []


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


def _plain(value):
    """A value as it is without the escapes of a filter. ValueError for what is no text."""
    data = re.sub(rb'\\([0-9a-fA-F]{2})', lambda match: bytes([int(match[1], 16)]), value.encode())
    return data.decode()


def _folded(value):
    """A DN in a filter, so that one group is one: names know no case, and a bracket may be escaped or not."""
    return re.sub(r'\\([0-9a-fA-F]{2})', lambda match: chr(int(match[1], 16)), value).casefold()
