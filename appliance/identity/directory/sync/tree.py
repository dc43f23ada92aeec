"""Departments that are branches (organizational units) of a directory: known by their UUID, so that one which is renamed or moved there is here.

Only branches in which people stand, and those above them, are departments; other containers are passed over.
"""

import re
from dataclasses import replace
from typing import NamedTuple

import ldap
from ldap.dn import dn2str, str2dn

from appliance.core.actor import SYSTEM
from appliance.core.db import rows, write
from appliance.core.departments import add_department, all_departments, place_department
from appliance.core.errors import Conflict
from appliance.core.i18n import texts
from appliance.core.limits import DEPARTMENTS_DEEP
from appliance.identity.directory.group_models import DirectoryDepartment
from appliance.identity.directory.groups import PAGE, dn_key, name_of
from appliance.identity.directory.mapping import PRESETS, plain, read_uuid
from appliance.identity.directory.sync import planning, turns
from appliance.identity.directory.sync.batches import NotDone

_ = texts(__name__)
BRANCHES = '(objectClass=organizationalUnit)'
FIRST_PART = re.compile(r'(?:[^\\,"]|\\.)*,')      # of a DN without quotes


class Branch(NamedTuple):
    """A branch that is a department, or becomes one. parent: the uuid of the one above it that is one, ''."""

    uuid: str
    name: str
    dn: str
    parent: str


def read(connection, directory, found):
    """({uuid: Branch} from the top down, {uuid of a person: uuid of his branch or ''}) for people of {uuid: (DN, values)}: the branches in which
    they stand, and those that are departments already.

    Raises ldap.LDAPError as it comes, DirectoryDown. Writes nothing.
    """
    units = _units(connection, directory)
    paths = _Paths(directory, units)
    standing = {known_by: next(iter(paths.of(parent_of(dn))), '') for known_by, (dn, _values) in found.items()}
    tied = ties(directory.id)       # a department whose people left stays one, and goes on with its branch
    for known_by, _name, dn in units.values():
        if known_by in tied:
            paths.of(dn)
    return paths.branches(), standing


def parent_of(dn):
    """The DN of what an entry stands in, '' for none."""
    first = FIRST_PART.match(dn)
    if first and '"' not in dn:
        return dn[first.end():]
    try:
        return dn2str(str2dn(dn)[1:])
    except (ldap.LDAPError, ValueError):        # a server may say anything
        return ''


def _units(connection, directory):
    """{key of the DN: (uuid, name, DN)} of all branches below the base."""
    attribute, found = PRESETS[directory.preset].uuid_attribute, {}
    for page in connection.pages(BRANCHES, [attribute], PAGE):
        for dn, values in page:
            # As its DN says: an attribute may hold more than one name.
            known_by, name = read_uuid(directory.preset, plain(values)), name_of(str2dn(dn)[0][0][1])
            if known_by and name:
                found[dn_key(dn)] = (str(known_by), name, dn)
    return found


class _Paths:
    """The branches above people; each container is looked at once, however many stand in it."""

    def __init__(self, directory, units):
        self._bases, self._units, self._known = {dn_key(base) for base in directory.bases}, units, {}

    def of(self, container):
        """The uuids of the branches from a container (a DN) up to below the base, the nearest first. Below the deepest that can be, all are that one."""
        if container not in self._known:
            self._known[container] = self._above(container)[-DEPARTMENTS_DEEP:]
        return self._known[container]

    def _above(self, container):
        found, parts = [], str2dn(container) if container else []
        for at in range(len(parts)):
            key = dn_key(dn2str(parts[at:]))
            if key in self._bases:
                return found
            if key in self._units:
                found.append(self._units[key][0])
        return []       # not below the base

    def branches(self):
        """{uuid: Branch} of all that anybody stands in or below, those above first."""
        units, found = {unit[0]: unit for unit in self._units.values()}, {}
        for path in sorted(self._known.values(), key=len):
            for at, known_by in reversed(list(enumerate(path))):
                if known_by not in found:
                    _uuid, name, dn = units[known_by]
                    found[known_by] = Branch(known_by, name, dn, path[at + 1] if at + 1 < len(path) else '')
        depth = {}
        for known_by, branch in found.items():
            depth[known_by] = _depth(branch, found)
        return dict(sorted(found.items(), key=lambda pair: (depth[pair[0]], pair[1].name)))


def _depth(branch, branches):
    deep = 0
    while branch.parent:
        branch, deep = branches[branch.parent], deep + 1
    return deep


def ties(directory_id):
    """{uuid of a branch: (department id, DN)} of those that are departments here."""
    return {known_by: (department_id, dn) for known_by, department_id, dn in
            rows('SELECT uuid, department_id, dn FROM directory_department WHERE directory_id = ?', directory_id)}


def note_labels(directory_id, branches):
    """Keep where the branches stand now; writes only what is another."""
    changed = [branches[known_by] for known_by, (_department, dn) in ties(directory_id).items() if known_by in branches and branches[known_by].dn != dn]
    if changed:
        with write('identity.directory.sync.labels'):
            for branch in changed:
                DirectoryDepartment.update(dn=branch.dn).where(_is(directory_id, branch.uuid)).execute()


def _is(directory_id, known_by):
    return (DirectoryDepartment.directory == directory_id) & (DirectoryDepartment.uuid == known_by)


def steps(directory_id, branches):
    """[Step, ...]: departments that are new, or renamed or moved in the directory, those above first, so that no circle can come to be."""
    tied, tree, found = ties(directory_id), all_departments(), []
    for branch in branches.values():
        after = {'department': branch.name, 'above': branches[branch.parent].name if branch.parent else '', 'parent': branch.parent}
        if branch.uuid not in tied:
            found.append(planning.Step(planning.BRANCH, 'branch_new', branch.uuid, None, branch.name, branch.dn, {}, after))
            continue
        name, parent_id, _head = tree[tied[branch.uuid][0]]
        wanted = tied[branch.parent][0] if branch.parent in tied else None
        if name != branch.name or parent_id != wanted or (branch.parent and branch.parent not in tied):
            before = {'department': name, 'above': tree[parent_id][0] if parent_id else '', 'parent_id': parent_id}
            found.append(planning.Step(planning.BRANCH, 'branch_changed', branch.uuid, None, branch.name, branch.dn, before, after))
    return _names_in_turn(found, tied, tree)


def _names_in_turn(steps, tied, tree):
    """The steps, first those that give a department another name where it is: in an order in which each name is free, one of a ring parked."""
    renamed = {}
    for step in steps:
        parent_id = step.before.get('parent_id')
        if step.before and step.before['department'].casefold() != step.name.casefold() and parent_id == tied.get(step.after['parent'], (None,))[0]:
            renamed.setdefault((parent_id, step.name.casefold()), step)
    by_department = {tied[step.uuid][0]: step for step in renamed.values()}
    order, first = turns.in_turn({tied[step.uuid][0]: name for name, step in renamed.items()},
                                 {(parent_id, name.casefold()): one for one, (name, parent_id, _head) in tree.items()})
    given = {by_department[one].uuid for one in order}
    return ([replace(by_department[one], reason='parked', after=by_department[one].after | {'department': by_department[one].uuid}) for one in order if one in first]
            + [replace(by_department[one], before=by_department[one].before | {'department': by_department[one].uuid}) if one in first else by_department[one] for one in order]
            + [step for step in steps if step.uuid not in given])


def carry_out(run, step):
    """Make the department, or give it the name and the place that its branch has. One that is here by name in that place is that one."""
    tie, parent_id = DirectoryDepartment.get_or_none(_is(run.directory_id, step.uuid)), _parent(run, step.after['parent'])
    if tie is None:
        DirectoryDepartment.create(directory=run.directory_id, uuid=step.uuid, dn=step.dn, department=_of_name(step.after['department'], parent_id) or
                                   add_department(SYSTEM, step.after['department'], parent_id))
        return
    _place(tie.department_id, step.before, step.after['department'], parent_id)


def _of_name(name, parent_id):
    tied = {department_id for department_id, in rows('SELECT department_id FROM directory_department')}
    return next((one for one, (other, parent, _head) in all_departments().items()
                 if parent == parent_id and other.casefold() == name.casefold() and one not in tied), None)


def _parent(run, known_by):
    if not known_by:
        return None
    tie = DirectoryDepartment.get_or_none(_is(run.directory_id, known_by))
    if tie is None:
        raise Conflict(_('The department above it is not here.'))       # refused, and so said once a day
    return tie.department_id


def _place(department_id, before, name, parent_id):
    now = all_departments()[department_id]
    if before and (now[0], now[1]) != (before['department'], before['parent_id']):
        raise NotDone(_('Something else was written here since the plan.'))
    if (now[0], now[1]) == (name, parent_id):
        raise NotDone(_('The department is so already.'))
    place_department(SYSTEM, department_id, name, parent_id)


def take_back(run, step, snapshot):
    """Undo: the former name and place, where the directory says so today: who leads whom hangs on it. A department that was made stays."""
    if not step.before:
        raise NotDone(_('A department that is here stays.'))
    grouping = snapshot.grouping if snapshot else None
    branch = grouping.branches.get(step.uuid) if grouping else None
    if branch is None or (branch.name, _parent(run, branch.parent)) != (step.before['department'], step.before['parent_id']):
        raise NotDone(_('The directory has this department elsewhere today, or under another name.'))
    tie = DirectoryDepartment.get_or_none(_is(run.directory_id, step.uuid))
    if tie is None:
        raise NotDone(_('The department is not here.'))
    _place(tie.department_id, None, step.before['department'], step.before['parent_id'])


def department_at_login(directory_id, dn):
    """The id of the department in whose branch an entry stands, as far as it is here by now; else None."""
    tied, above = {dn_key(where): department_id for department_id, where in ties(directory_id).values()}, parent_of(dn)
    try:
        parts = str2dn(above) if above else []
        return next((tied[one] for one in (dn_key(dn2str(parts[at:])) for at in range(len(parts))) if one in tied), None)
    except (ldap.LDAPError, ValueError):        # a server may say anything; nobody stays out for it
        return None
