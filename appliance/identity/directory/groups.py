"""Groups of a directory: who is in them, nested ones and the primary group included, and what those that are mapped give.

Downwards (`members_of`) for everybody at once: the mapped groups and what is nested in them are read, never a person. Upwards
(`groups_of`) for one person who logs in. Each group is visited once, so circles end. Nothing is written.
"""

import functools
import re
import uuid
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import ldap
from ldap.dn import dn2str, str2dn
from ldap.filter import escape_filter_chars

from appliance.core.db import row
from appliance.core.departments import all_departments, path_to
from appliance.core.i18n import texts
from appliance.core.limits import NAME_LENGTH
from appliance.core.permissions import BUILT_IN
from appliance.identity.directory.client import is_below
from appliance.identity.directory.group_models import DEPARTMENT, DirectoryGroupRule
from appliance.identity.directory.mapping import PRESETS, mapping_of, plain, read_uuid, uuid_filter
from appliance.identity.directory.ranges import in_parts

_ = texts(__name__)

ACTIVE_DIRECTORY = 'active-directory'
# Active Directory's `group`; RFC 4519 and RFC 2307(bis) elsewhere.
CLASSES = '(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=groupOfMembers)(objectClass=posixGroup))'
MEMBERS = ('member', 'uniqueMember', 'memberUid')
AT_ONCE = 50            # groups in one filter
PAGE = 500
MOST_LEVELS = 100       # of nesting, upwards; downwards each group is read once
OTHERS_TOLD = 50
FOUND = 20              # groups of a search by name
OPTIONAL_UID = re.compile(r"#'[01]*'B$")                                # uniqueMember, RFC 4517, 3.3.21
# What a server may write in more than one way: escapes, quotes, spaces around signs, several parts in one.
MANY_WAYS = re.compile(r'[\\"+;#]|\s[,=]|[,=]\s')


class Group(NamedTuple):
    """A group's entry. members: DNs or logins as they stand there; rid: the last part of its SID, by which it is a primary group, or None."""

    uuid: str
    dn: str
    name: str
    members: tuple = ()
    rid: int | None = None


class Belonging(NamedTuple):
    """What somebody who logs in is to the mapped groups. rules: those that were asked of; groups: {uuid of a group that the directory shows:
    whether he is in it}.
    """

    rules: tuple = ()
    groups: dict = {}


@dataclass
class Memberships:
    """members: {uuid of a mapped group: uuids of the people in it}, without groups that are not there; labels: {uuid: (DN, name)}.

    gap: `groups` where they could not be read: then nobody can be told to be in one or not.
    """

    members: dict = field(default_factory=dict)
    labels: dict = field(default_factory=dict)
    gap: str = ''


def dn_key(dn):
    """What is equal for two DNs of one entry, however a server writes them. ValueError for what is none."""
    return dn.lower() if MANY_WAYS.search(dn) is None and dn.count('=') == dn.count(',') + 1 else _written_one_way(dn)


@functools.lru_cache(maxsize=32_768)        # of «Last, First», as many domains name people, all are escaped, and read again every 20 seconds
def _written_one_way(dn):
    try:
        # The parts of one RDN have no order.
        return dn2str([sorted((name.lower(), value.lower(), 1) for name, value, _kind in rdn) for rdn in str2dn(dn)])
    except ldap.LDAPError:
        raise ValueError(dn) from None


def key_or_none(member):
    """The key of a DN; None for a login (memberUid), and for what is neither."""
    if '=' not in member:
        return None
    try:
        return dn_key(OPTIONAL_UID.sub('', member))
    except ValueError:
        return None


def rules_of(directory_id):
    """[DirectoryGroupRule, ...] of a directory, the oldest first: of two that give a department the first one counts."""
    if row('SELECT 1 FROM directory_group_rule WHERE directory_id = ? LIMIT 1', directory_id) is None:
        return []       # most have none, and each login asks
    return list(DirectoryGroupRule.select().where(DirectoryGroupRule.directory == directory_id).order_by(DirectoryGroupRule.id))


def what_groups_give(directory, entry, connection):
    """[{group: its name, gives: [what, in words]}, ...] of the groups that a person is in: mapped ones first, then at most OTHERS_TOLD others.

    connection: bound as the portal's own account. Raises ldap.LDAPError as it comes, DirectoryDown. Nothing is written.
    """
    found, gives = groups_of(connection, directory, entry), defaultdict(list)
    for rule in rules_of(directory.id):
        gives[rule.uuid].append(in_words(rule.kind, rule.what))
    mapped = [{'group': group.name, 'gives': gives[group.uuid]} for group in found if group.uuid in gives]
    others = [{'group': group.name, 'gives': []} for group in found if group.uuid not in gives]
    return sorted(mapped, key=_by_name) + sorted(others, key=_by_name)[:OTHERS_TOLD]


def _by_name(one):
    return one['group'].casefold()


def in_words(kind, what):
    """What a rule gives, for people: the title of a role, or a department with those above it."""
    if kind != DEPARTMENT:
        return _('Role: %(role)s', role=BUILT_IN.get(what, what))
    return _('Department: %(department)s', department=path_in_words(int(what), all_departments()))


def path_in_words(department_id, tree):
    """A department with those above it, the top first."""
    return ' / '.join(tree[one][0] for one in reversed(path_to(department_id, tree)))


def members_of(connection, directory, wanted, people):
    """The Memberships of the groups of these uuids. people: {uuid: (DN, values)}, as the sync reads them: nobody else is looked for.

    Raises ldap.LDAPError as it comes, DirectoryDown.
    """
    bases = group_bases(connection, directory)
    heads = _by_uuid(connection, directory, bases, wanted)
    walk = _Walk(connection, directory, bases, people)
    walk.read(heads)
    return Memberships({group.uuid: walk.people_in(group) for group in heads}, {group.uuid: (group.dn, group.name) for group in heads})


def groups_of(connection, directory, entry):
    """[Group, ...] that an entry is in, also by way of others; without their members."""
    bases, seen = group_bases(connection, directory), {}
    waiting = _filters_of(connection, directory, entry)
    for _level in range(MOST_LEVELS):
        found = []
        for part in _parts(waiting):
            asked = f'(&{_classes(directory)}(|{"".join(part)}))'
            found += [group for group in _groups(directory, connection.search(asked, _attributes(directory, ()), base=bases)) if group.uuid not in seen]
            seen |= {group.uuid: group for group in found}
        if not found:
            break
        waiting = [_has_member(directory, group.dn) for group in {group.uuid: group for group in found}.values()]
    return list(seen.values())


def find_groups(connection, directory, words):
    """The first FOUND groups whose name holds these words, as [Group, ...] by name."""
    word = escape_filter_chars(words.strip())
    name = f'(|(cn=*{word}*)(sAMAccountName=*{word}*))' if word else '(cn=*)'
    found = []
    for base in group_bases(connection, directory):
        found += _groups(directory, next(connection.pages(f'(&{_classes(directory)}{name})', _attributes(directory, ()), FOUND, base), []))
    return sorted({group.uuid: group for group in found}.values(), key=lambda group: group.name.casefold())[:FOUND]


def group_of(connection, directory, dn_or_uuid):
    """The Group of a DN or a UUID, or None."""
    bases = group_bases(connection, directory)
    try:
        found = _by_uuid(connection, directory, bases, [str(uuid.UUID(dn_or_uuid))])
    except ValueError:
        try:
            entries = connection.search(_classes(directory), _attributes(directory, ()), base=dn_or_uuid, scope=ldap.SCOPE_BASE)
        except (ldap.NO_SUCH_OBJECT, ldap.INVALID_DN_SYNTAX):
            return None
        found = list(_groups(directory, entries))
    return found[0] if found else None


def group_bases(connection, directory):
    """Where groups are looked for: the whole of each tree in which people are; groups seldom stand below the same branch as they do."""
    try:
        root = connection.search('(objectClass=*)', ['namingContexts'], base='', scope=ldap.SCOPE_BASE)
    except ldap.LDAPError:      # a server that does not say so much of itself to the portal's account
        root = []
    contexts = [value.decode('utf-8', 'replace') for _dn, values in root for value in plain(values).get('namingcontexts', ())]
    trees = defaultdict(list)
    for base in directory.bases:
        trees[max((one for one in contexts if one and is_below(base, one)), key=len, default=base)].append(base)
    found = []
    for tree, bases in trees.items():
        # Only the first must be shown whole: the account may be granted no more of another than the people in it.
        found += [tree] if not found or tree in bases or _is_shown(connection, tree) else bases
    return tuple(found)


def _is_shown(connection, dn):
    try:
        return bool(connection.search('(objectClass=*)', ['1.1'], base=dn, scope=ldap.SCOPE_BASE))
    except (ldap.NO_SUCH_OBJECT, ldap.INSUFFICIENT_ACCESS):
        return False


class _Walk:
    """Mapped groups and all that is nested in them, each read once."""

    def __init__(self, connection, directory, bases, people):
        self._connection, self._directory, self._bases, self._people = connection, directory, bases, people
        self._by_dn = {key_or_none(dn): known_by for known_by, (dn, _values) in people.items()}
        self._groups, self._direct, self._listed = {}, {}, None

    def read(self, heads):
        """Read on until no group is nested that is not known."""
        waiting = heads
        while waiting:
            for group in waiting:
                self._groups[key_or_none(group.dn)] = group
            unknown = {key for group in waiting for key in self._keys(group) if key not in self._by_dn and key not in self._groups}
            waiting = _by_uuid(self._connection, self._directory, self._bases, [self._all()[key] for key in unknown if key in self._all()]) if unknown else []

    def people_in(self, head):
        """The uuids of the people in a group and in those nested in it."""
        found, seen, waiting = set(), set(), [head]
        while waiting:
            group = waiting.pop()
            if group.uuid in seen:
                continue
            seen.add(group.uuid)
            keys = self._keys(group)
            found |= {self._by_dn[key] for key in keys if key in self._by_dn}
            found |= {self._by_login[login] for login in group.members if '=' not in login and login in self._by_login}
            found |= self._by_primary_group.get(group.rid, set()) if group.rid is not None else set()
            waiting += [self._groups[key] for key in keys if key in self._groups]
        return found

    def _keys(self, group):
        """The keys of the DNs among a group's members."""
        if group.uuid not in self._direct:
            self._direct[group.uuid] = {key for key in map(key_or_none, group.members) if key}
        return self._direct[group.uuid]

    def _all(self):
        """{key of the DN: uuid} of all groups: who is a member and no person may be one, and to ask one by one would take thousands of questions."""
        if self._listed is None:
            pages = self._connection.pages(_classes(self._directory), [PRESETS[self._directory.preset].uuid_attribute], PAGE, self._bases)
            self._listed = {key_or_none(group.dn): group.uuid for page in pages for group in _groups(self._directory, page)}
        return self._listed

    @functools.cached_property
    def _by_login(self):
        names = [name.lower() for name in mapping_of(self._directory)['login']]
        return {value.decode('utf-8', 'replace'): known_by for known_by, (_dn, values) in self._people.items()
                for name, found in plain(values).items() if name in names for value in found}

    @functools.cached_property
    def _by_primary_group(self):
        found = defaultdict(set)
        for known_by, (_dn, values) in self._people.items():
            found[_number(plain(values).get('primarygroupid'))].add(known_by)
        return found


def _classes(directory):
    return '(objectClass=group)' if directory.preset == ACTIVE_DIRECTORY else CLASSES


def _attributes(directory, members):
    return [PRESETS[directory.preset].uuid_attribute, 'cn', *members, *(['objectSid'] if directory.preset == ACTIVE_DIRECTORY else [])]


def _by_uuid(connection, directory, bases, uuids):
    """[Group, ...] with all their members, of those that are there."""
    found = []
    for part in _parts(sorted(uuids)):
        asked = ''.join(uuid_filter(directory.preset, known_by) for known_by in part)
        answers = connection.search(f'(|{asked})', _attributes(directory, ('member',) if directory.preset == ACTIVE_DIRECTORY else MEMBERS), base=bases)
        found += [group._replace(members=group.members + _rest(connection, group.dn, values)) for group, values in _read(directory, answers)]
    return found


def _rest(connection, dn, values):
    """The members that came, or are to be asked for, in parts."""
    found = in_parts(values, lambda wanted: connection.search('(objectClass=*)', wanted, base=dn, scope=ldap.SCOPE_BASE))
    return tuple(value.decode('utf-8', 'replace') for value in found)


def _groups(directory, answers):
    return [group for group, _values in _read(directory, answers)]


def _read(directory, answers):
    """(Group, its values) of each entry that has a UUID."""
    for dn, values in answers:
        named = plain(values)
        known_by = read_uuid(directory.preset, named)
        if known_by:
            members = tuple(value.decode('utf-8', 'replace') for name in MEMBERS for value in named.get(name.lower(), ()))
            yield Group(str(known_by), dn, _name(dn, named), members, _rid(named.get('objectsid'))), values


def _name(dn, named):
    return name_of((named.get('cn') or [dn.encode()])[0].decode('utf-8', 'replace'))


def name_of(text):
    """What a group or a branch is called, as a line of text within its limit; '' where nothing is left."""
    return ' '.join(''.join(char if char.isprintable() else ' ' for char in text).split())[:NAME_LENGTH].strip()


def _rid(sids):
    """[MS-DTYP] 2.4.2.2: the last four bytes, little-endian."""
    return int.from_bytes(sids[0][-4:], 'little') if sids and len(sids[0]) >= 12 else None


def _number(values):
    try:
        return int((values or [b''])[0])
    except ValueError:
        return None


def _filters_of(connection, directory, entry):
    """Parts of a filter that find the groups which name an entry itself."""
    found = [_has_member(directory, entry.dn)]
    if directory.preset != ACTIVE_DIRECTORY:
        return [*found, f'(memberUid={escape_filter_chars(entry.fields["login"])})']
    answers = connection.search('(objectClass=*)', ['primaryGroupID', 'objectSid'], base=entry.dn, scope=ldap.SCOPE_BASE)
    values = plain(answers[0][1]) if answers else {}
    number, sid = _number(values.get('primarygroupid')), (values.get('objectsid') or [b''])[0]
    if number is not None and len(sid) >= 12:
        group = sid[:-4] + number.to_bytes(4, 'little')     # of the same domain
        found.append('(objectSid=' + ''.join(f'\\{byte:02x}' for byte in group) + ')')
    return found


def _has_member(directory, dn):
    value = escape_filter_chars(dn)
    return f'(member={value})' if directory.preset == ACTIVE_DIRECTORY else f'(member={value})(uniqueMember={value})'


def _parts(found):
    return [found[at:at + AT_ONCE] for at in range(0, len(found), AT_ONCE)]


def at_login(connection, directory, entry, rules):
    """The Entry with what it is to the groups of the rules (`belonging`); a department that a group gives stands in place of the attribute's."""
    found, mapped = {group.uuid for group in groups_of(connection, directory, entry)}, {rule.uuid for rule in rules}
    shown = dict.fromkeys(_shown(connection, directory, mapped - found), False) | dict.fromkeys(mapped & found, True)
    entry = replace(entry, belonging=Belonging(tuple(rules), shown))
    return without_department(entry) if any(rule.kind == DEPARTMENT and rule.uuid in found for rule in rules) else entry


def _shown(connection, directory, uuids):
    """Those of these groups that the directory shows at all: who is not in one that is gone, or hidden, loses nothing by it."""
    found = set()
    bases = group_bases(connection, directory) if uuids else ()
    for part in _parts(sorted(uuids)):
        asked = ''.join(uuid_filter(directory.preset, known_by) for known_by in part)
        found |= {group.uuid for group in _groups(directory, connection.search(f'(|{asked})', _attributes(directory, ()), base=bases))}
    return found


def unread(entry, rules):
    """The Entry where its groups could not be read: what they give stays as it is, a department, too."""
    return without_department(entry) if any(rule.kind == DEPARTMENT for rule in rules) else entry


def without_department(entry):
    """An Entry whose department comes from elsewhere than its attribute."""
    return replace(entry, fields={name: value for name, value in entry.fields.items() if name != 'department'})
