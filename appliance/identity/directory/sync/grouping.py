"""What the mapped groups of a directory say of everybody: read, compared with what they gave before, and planned. Nothing is written but labels.

Only what a rule gives is touched. What is not in the answer, or shut there, keeps what it had until it is back. Roles that administer
wait for a word, and so do losses of many.
"""

import logging
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import ldap

from appliance.core import clock
from appliance.core.actor import ADMINISTRATOR
from appliance.core.db import row, rows, write
from appliance.core.departments import all_departments
from appliance.core.people import other_administrators
from appliance.core.permissions import CORE, matrix
from appliance.identity.directory import groups
from appliance.identity.directory.client import connect
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured
from appliance.identity.directory.group_models import DEPARTMENT, ROLE, DirectoryGroupRule
from appliance.identity.directory.login import bind_own_account
from appliance.identity.directory.mapping import PRESETS, PRIMARY_GROUP, mapping_of
from appliance.identity.directory.sync import planning, reading, settled, tree

log = logging.getLogger('appliance.directory')
READ_S = 60
ADMINISTERS = frozenset(one.name for one in CORE)


class Place(NamedTuple):
    """Where somebody belongs: a department, or `ou`, the uuid of the branch that is or becomes one. group: which group says so, ''."""

    department_id: int | None
    reason: str
    group: str = ''
    ou: str = ''


@dataclass
class Grouping:
    """What a directory says beside its people's entries. places: {uuid of a person: Place}; rules: [DirectoryGroupRule, ...]; memberships: see
    groups; people: {uuid: (DN, values)} of everybody, with all their values only where everybody was read (is_whole).
    """

    rules: list = field(default_factory=list)
    memberships: groups.Memberships = field(default_factory=groups.Memberships)
    places: dict = field(default_factory=dict)
    branches: dict = field(default_factory=dict)        # {uuid: tree.Branch} of the branches in which people stand
    gap: str = ''
    people: dict = field(default_factory=dict)
    is_whole: bool = True
    is_to_read: bool = False    # whether somebody is to be read for what groups say of him no more

    def decides(self, known_by):
        """Whether a person's department comes from elsewhere than an attribute of his entry."""
        return known_by in self.places or bool(self.gap) and any(rule.kind == DEPARTMENT for rule in self.rules)      # the tree has no attribute

    def roles(self):
        """{uuid of a person: {role: name of the first group that gives it}}."""
        found = defaultdict(dict)
        for rule in self.rules:
            if rule.kind == ROLE:
                for known_by in self.memberships.members.get(rule.uuid, ()):
                    found[known_by].setdefault(rule.what, self.memberships.labels[rule.uuid][1])
        return found


class Wanted(NamedTuple):
    """What a directory is to be asked for beside its people: for its rules, its branches, `manager`. is_any: else for nothing."""

    rules: list
    has_tree: bool
    is_any: bool


def wanted(directory):
    """The Wanted of a directory: of one that has no rule, no tree and no heads, and gave nothing, nothing."""
    rules, has_tree = groups.rules_of(directory.id), directory.tree == 'ou'
    return Wanted(rules, has_tree, bool(rules or has_tree or directory.heads) or
                  row('SELECT 1 FROM directory_given WHERE directory_id = ? LIMIT 1', directory.id) is not None)


def read(asked, snapshot):
    """The Grouping beside a Snapshot, None where nothing is Wanted (`asked`). People who were neither read nor listed with what this needs are listed here.

    That it cannot be read is `gap`: nobody is then given or denied anything. Only what the groups are called now is written, where it is another.
    """
    rules, has_tree, is_any = asked
    if not is_any:
        return None
    directory, people = snapshot.directory, snapshot.everybody
    grouping = Grouping(rules, people=people or {}, is_whole=snapshot.is_whole)
    try:
        if rules or has_tree or people is None:
            with connect(directory, time.monotonic() + READ_S) as connection:
                bind_own_account(connection, directory)
                if people is None:
                    grouping.people = _listed(connection, snapshot)
                grouping.memberships = groups.members_of(connection, directory, {rule.uuid for rule in rules}, grouping.people) if rules else groups.Memberships()
                grouping.branches, standing = tree.read(connection, directory, grouping.people) if has_tree else ({}, {})
    except (ldap.LDAPError, ValueError, DirectoryDown, DirectoryMisconfigured) as error:      # ValueError: what is no DN
        log.warning('directory %s: its groups cannot be read: %s', directory.name, error)
        grouping.gap = 'groups'
        return grouping
    _note_labels(rules, grouping.memberships.labels)
    if has_tree:
        tree.note_labels(directory.id, grouping.branches)
        _stand(directory.id, grouping, standing)
    for rule in reversed(rules):        # the oldest rule counts
        if rule.kind == DEPARTMENT:
            place = Place(int(rule.what), 'in_group', rule.name)
            grouping.places |= dict.fromkeys(grouping.memberships.members.get(rule.uuid, ()), place)
    return grouping


def _listed(connection, snapshot):
    """{uuid: (DN, values)} of all of a Snapshot who are there."""
    preset = snapshot.directory.preset
    pages = connection.pages(snapshot.asked, sorted({*attributes(snapshot.directory), PRESETS[preset].uuid_attribute}), groups.PAGE)
    return {known_by: entry for page in pages for known_by, entry in reading.known_by(preset, page) if known_by in snapshot.listed}


def attributes(directory):
    """Those by which groups and `manager` name people, to be listed of everybody at each look. What is renamed above somebody changes his DN and no
    mark of his entry, so a DN that is remembered may be none any more.
    """
    mapping = mapping_of(directory)
    return {*mapping['login'], *PRIMARY_GROUP.get(directory.preset, ()), *(mapping.get('head', ()) if directory.heads else ())}


def _stand(directory_id, grouping, standing):
    """Where people stand in the tree; what groups say comes over it."""
    tied = tree.ties(directory_id)
    places = {branch: Place(tied[branch][0] if branch in tied else None, 'in_branch', ou='' if branch in tied else branch) for branch in grouping.branches}
    places[''] = Place(None, 'in_branch')
    grouping.places = {known_by: places[branch] for known_by, branch in standing.items()}


def _note_labels(rules, labels):
    """Keep what the groups are called now, and since when one is not shown; writes only what is another."""
    changed = []
    for rule in rules:
        dn, name = labels.get(rule.uuid, (rule.dn, rule.name))
        gone_at = None if rule.uuid in labels else rule.gone_at or clock.now()
        if (dn, name, gone_at) != (rule.dn, rule.name, rule.gone_at):
            rule.dn, rule.name, rule.gone_at = dn, name, gone_at
            changed.append(rule)
    if changed:
        with write('identity.directory.sync.labels'):
            for rule in changed:
                DirectoryGroupRule.update(dn=rule.dn, name=rule.name, gone_at=rule.gone_at).where(DirectoryGroupRule.id == rule.id).execute()


def steps(directory, snapshot, known, new, now):
    """([Step, ...], brake) of what is given and taken by groups. known: {uuid: Known}; new: uuids of whom the plan makes."""
    grouping = snapshot.grouping
    if grouping is None:
        return [], ''
    if grouping.gap:
        return [], 'groups'
    compared = _Compared(directory, snapshot, known, new, now)
    roles, brake = compared.of_roles()
    places, empties = compared.of_departments()
    found = sorted(roles + places, key=lambda step: (step.name, step.uuid))         # members have no order
    return tree.steps(directory.id, grouping.branches) + found, brake or empties


class _Compared:
    def __init__(self, directory, snapshot, known, new, now):
        self.directory, self.snapshot, self.known, self.new, self.now = directory, snapshot, known, new, now
        self.grouping = snapshot.grouping
        self.uuids = {person.person_id: known_by for known_by, person in known.items()}
        self.given = _given(directory.id)

    def _about(self, known_by):
        """(person id or None, name, dn) of who may be given or denied something now; None for who is shut, absent, forgotten or not here."""
        person = self.known.get(known_by)
        entry = self.snapshot.entry(known_by)
        if entry is None and not self.grouping.is_whole and known_by in self.grouping.people and person and not (person.is_out or person.is_forgotten):
            return person.person_id, person.name, self.grouping.people[known_by][0]     # who did not change, and was let in
        if entry is None or entry.is_disabled is None or entry.closed(self.now) or (person is None and known_by not in self.new):
            return None
        if person is not None and person.is_forgotten:
            return None
        return (person.person_id if person else None, person.name if person else entry.fields['name'], entry.dn)

    def of_roles(self):
        """(steps, brake) of roles."""
        wanted, held = self.grouping.roles(), _roles()
        gains, losses = [], []
        given = {(self.uuids[person_id], what): values for (person_id, kind, what), values in self.given.items()
                 if kind == ROLE and person_id in self.uuids}
        for known_by, roles in wanted.items():
            person_id = self.known[known_by].person_id if known_by in self.known else None
            fresh = [(role, group) for role, group in roles.items() if (known_by, role) not in given and role not in held.get(person_id, {})]
            about = self._about(known_by) if fresh else None
            if about:
                gains += [self._step(planning.GAIN, 'in_group', known_by, about, {'role': '', 'group': ''}, {'role': role, 'group': group}) for role, group in fresh]
        for (known_by, role), (group, at) in given.items():
            about = self._about(known_by) if role not in wanted.get(known_by, {}) else None
            if about:
                is_others = held.get(about[0], {}).get(role) not in (None, at)
                losses.append(self._step(planning.LOSE, 'kept' if is_others else self._why(role, group), known_by, about,
                                         {'role': role, 'group': group}, {'role': role if is_others else '', 'group': ''}))
        return self._braked(gains, losses)

    def _why(self, role, group):
        rules = [rule for rule in self.grouping.rules if rule.kind == ROLE and rule.what == role]
        if not rules:
            return 'no_rule'
        return 'group_gone' if all(rule.gone_at for rule in rules) else 'left_group'

    def _braked(self, gains, losses):
        may = matrix() if gains else {}
        gains = [replace(step, is_held=administers(step.after['role'], may)) for step in gains]
        losing = [step for step in losses if step.after['role'] == '']
        counts, holders = Counter(step.before['role'] for step in losing), Counter(what for _person, kind, what in self.given if kind == ROLE)
        many = {role for role, count in counts.items() if are_many(count, holders[role])}
        last = [step.person_id for step in losing if step.before['role'] == ADMINISTRATOR]
        if last and not other_administrators(*last):
            many.add(ADMINISTRATOR)
        losses = [replace(step, is_held=step.before['role'] in many and step.after['role'] == '') for step in losses]
        brake = 'losses' if any(step.is_held for step in losses) else 'gains' if any(step.is_held for step in gains) else ''
        return losses + gains, brake

    def of_departments(self):
        """(steps, brake) to where groups or branches put somebody, and away from where they do not any more."""
        found = self._placed(all_departments())
        emptying = {id(step) for step in found if step.before['department_id'] and not step.after['department_id'] and not step.after.get('ou')}
        if not are_many(len(emptying), len(self.known)):
            return found, ''
        return [replace(step, is_held=True) if id(step) in emptying else step for step in found], 'emptied'

    def _placed(self, tree):
        found = []
        for known_by, place in self.grouping.places.items():
            person = self.known.get(known_by)
            if person is not None and place.department_id == person.department_id and not place.ou:
                continue
            about = self._about(known_by)
            if about:
                name = {'department': self.grouping.branches[place.ou].name} if place.ou else {}
                found.append(self._step(planning.PLACE, place.reason, known_by, about, _department(tree, person and person.department_id),
                                        _department(tree, place.department_id) | {'group': place.group, 'ou': place.ou} | name))
        has_attribute = bool(mapping_of(self.directory).get('department'))
        for (person_id, kind, what), (group, _at) in self.given.items():
            known_by = self.uuids.get(person_id)
            person = self.known.get(known_by)
            if kind == DEPARTMENT and known_by not in self.grouping.places and person is not None and person.department_id == int(what):
                about = self._about(known_by)
                if about and has_attribute:     # whom no group places any more, the attribute does, once his entry is read
                    if self.snapshot.entry(known_by) is None:
                        settled.unsettle(self.directory.id, known_by)
                        self.grouping.is_to_read = True
                elif about:
                    found.append(self._step(planning.PLACE, 'left_group', known_by, about, _department(tree, int(what)) | {'group': group},
                                            _department(tree, None) | {'group': ''}))
        return found

    def _step(self, kind, reason, known_by, about, before, after):
        return planning.Step(kind, reason, known_by, *about, before, after)


def _department(tree, department_id):
    return {'department': tree[department_id][0] if department_id in tree else '', 'department_id': department_id}


def _given(directory_id):
    """{(person id, kind, what): (name of the group, moment of giving in microseconds)}."""
    return {(person_id, kind, what): (name, at) for person_id, kind, what, name, at in
            rows('SELECT person_id, kind, what, name, at FROM directory_given WHERE directory_id = ?', directory_id)}


def _roles():
    """{person id: {role: when it was given, in microseconds}}."""
    found = defaultdict(dict)
    for person_id, role, at in rows('SELECT person_id, role, at FROM person_role'):
        found[person_id][role] = at
    return found


def administers(role, may=None):
    """Whether a role has any of the rights by which the portal or its server is administered; such a gain waits for a word."""
    return any((matrix() if may is None else may).get(role, {}).get(name) for name in ADMINISTERS)


def are_many(some, of_all):
    """As the brake counts people (see planning), of those who have something by a directory."""
    return some >= planning.BRAKE_PEOPLE and some > of_all * planning.BRAKE_SHARE
