"""Comparing the portal with a directory: what is to be done to whom, and why. Nothing is written here.

The directory is the truth for the fields it fills and for who may come in by it. What was blocked here stays blocked; a name or a
mail joins nobody. The brake keeps people from being cut off in masses because an answer was short.
"""

import functools
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import NamedTuple

from appliance.core import clock
from appliance.core.actor import ADMINISTRATOR
from appliance.core.db import row, rows
from appliance.core.departments import all_departments
from appliance.core.people import other_administrators
from appliance.core.person_fields import fold_login
from appliance.core.personal.forgotten import FORGOTTEN
from appliance.identity.directory import directories
from appliance.identity.directory.adoption import matching
from appliance.identity.directory.sync import reading, settled

# In the order in which they are done: who must go goes first.
DISABLE, LOSE, ENABLE, CHANGE, MOVE, BRANCH, CREATE, PLACE, GAIN, HEAD, ADOPT, REFUSE = KINDS = (
    'disable', 'lose', 'enable', 'change', 'move', 'branch', 'create', 'place', 'gain', 'head', 'adopt', 'refuse')
RIGHTS = (LOSE, GAIN, HEAD)      # what is held by itself: each is said once
# Both must be passed: of a small company one person more is soon a tenth, of a large one five people are nothing.
BRAKE_SHARE, BRAKE_PEOPLE = 0.1, 5
A_DAY = timedelta(days=1)
ABSENT = 0          # no id of a department
PERSON_FIELDS = ('login', 'name', 'mail', 'phone', 'title', 'employee_number')


@dataclass(frozen=True)
class Step:
    """What is to be done to one person, or (`refuse`) what cannot be. before, after: {field: value} of what it changes; of an `adopt`, who
    is never joined without a tick, what he and the entry have.
    """

    kind: str
    reason: str
    uuid: str
    person_id: int | None
    name: str
    dn: str = ''
    before: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    is_held: bool = False


@dataclass(frozen=True)
class Plan:
    """steps in the order of doing. brake: '' or why some are held, or nobody can be told absent or shut: `many`, `empty`, `part`, `lost`,
    `administrator` (nobody could administer any more), `blind` (the directory does not show who is disabled), `emptied` (so many lose
    what they had that the account's rights must have changed), `gains`, `losses`, `heads` (see grouping and heading), `groups` (not read).
    ends: {uuid: the moment from which the entry has expired, or None} of the known people whose entries were read.
    wants_all: whether everybody is to be read, since only some were and somebody new may be here already.
    """

    steps: tuple
    brake: str
    absent: int
    known: int
    ends: dict = field(default_factory=dict)
    wants_all: bool = False

    def counts(self):
        """{kind: how many}."""
        return dict(Counter(step.kind for step in self.steps))


class Known(NamedTuple):
    """A person who is tied to an entry. is_out: this directory's own block stands."""

    person_id: int
    dn: str
    login: str
    name: str
    mail: str
    phone: str
    title: str
    department_id: int | None
    is_out: bool
    is_forgotten: bool
    is_administrator: bool
    seen_at: int        # microseconds since 1970: when he last came in by this entry
    employee_number: str
    language: str
    has_chosen_language: bool


def known_people(directory_id):
    """{uuid: Known} of everybody tied to a directory."""
    found = rows('''SELECT t.uuid, p.id, t.dn, p.login, p.name, p.mail, p.phone, p.title, p.department_id,
        EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = p.id AND b.source = ?),
        EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = p.id AND b.source = ?),
        EXISTS (SELECT 1 FROM person_role r WHERE r.person_id = p.id AND r.role = ?), t.seen_at,
        p.employee_number, p.language, p.has_chosen_language
        FROM directory_person t JOIN person p ON p.id = t.person_id WHERE t.directory_id = ? ORDER BY p.id''',
                 directories.source_of(directory_id), FORGOTTEN, ADMINISTRATOR, directory_id)
    return {row[0]: Known(*row[1:9], *(bool(flag) for flag in row[9:12]), *row[12:]) for row in found}


def make(directory, snapshot, creates):
    """The Plan for a Snapshot. creates: whether people are made before they log in (False: they come by their first login)."""
    from appliance.identity.directory.sync import grouping, heading, logins     # cycle: they make Steps
    known, look = known_people(directory.id), _Look(directory)
    matches = matching.find(directory, snapshot, known, look.now)
    steps = [Step(ADOPT, match.by, match.uuid, match.person_id, match.name, match.dn, match.here, match.there) for match in matches.found]
    here = [step for known_by in snapshot.found if known_by in known and not known[known_by].is_forgotten
            for step in look.at_known(known_by, snapshot, known[known_by])]
    steps += logins.in_turn(here, look.logins, known) if any('login' in step.after for step in here) else here
    for known_by in snapshot.found if creates else ():      # after those who are here: a login may become free
        if known_by not in known and known_by not in matches.waiting:
            steps += look.at_new(known_by, snapshot)
    look.remember(snapshot)
    steps = _explained(steps)
    inside = {known_by: person for known_by, person in known.items() if not person.is_out and not person.is_forgotten}
    steps, brake = _braked_changes(steps, inside)
    given, waits = grouping.steps(directory, snapshot, known, {step.uuid for step in steps if step.kind == CREATE}, look.now)
    headed, many = heading.steps(directory, snapshot, known)
    steps, brake = steps + given + headed, 'blind' if look.is_blind else brake or waits or many
    # Who came in since may be missing in the answer; not whom a clock that was set back has seen in the future.
    begun, now = clock.microseconds(snapshot.begun_at), clock.microseconds(look.now)
    gone = [known_by for known_by, person in inside.items()
            if not snapshot.shows(known_by) and known_by not in snapshot.unclear and not begun <= person.seen_at <= now]
    if gone:
        cut, reason = _cut_off(directory, inside, gone, snapshot, {step.person_id for step in steps if step.kind == DISABLE and known[step.uuid].is_administrator})
        steps, brake = steps + cut, reason or brake
    steps.sort(key=lambda step: KINDS.index(step.kind))
    return Plan(tuple(steps), brake, len(gone), len(inside), look.ends, matches.is_part)


class _Look:
    """One comparison: the moment, the departments, the logins that are taken, and who was settled last time."""

    def __init__(self, directory):
        self.directory, self.now, self.departments = directory, clock.now(), departments_by_name()
        self._before, self._settled, self.ends = dict(settled.of(directory.id) or {}), {}, {}
        self.is_blind = False

    @functools.cached_property
    def logins(self):
        """{login: person id} of everybody, and of those whom this plan makes."""
        return {fold_login(login): person_id for login, person_id in rows('SELECT login, id FROM person')}

    def at_known(self, known_by, snapshot, person):
        """The steps about somebody who is here: none, and nothing is read, when all is as it was when there were none."""
        here, there = settled.here(self.directory, self.departments, person), settled.there(*snapshot.found[known_by], snapshot.is_placed(known_by))
        before = self._before.pop(known_by, None)
        if before and before.holds(here, there, self.now):
            self._settled[known_by] = before
            return []
        entry = snapshot.entry(known_by)
        if entry is None:       # no usable login: nothing is changed, but who is shut there is shut here
            reason = snapshot.is_shut(known_by, self.now)
            return [Step(DISABLE, reason, known_by, person.person_id, person.name, snapshot.found[known_by][0])] if reason and not person.is_out else []
        self.is_blind = self.is_blind or entry.is_disabled is None
        self.ends[known_by] = entry.expires_at
        steps = _of_known(known_by, entry, person, self)
        if not steps and entry.is_disabled is not None:
            self._settled[known_by] = settled.Settled(here, there, None if person.is_out else entry.expires_at)
        return steps

    def at_new(self, known_by, snapshot):
        """The step about somebody who is not here yet."""
        entry = snapshot.entry(known_by)
        return [] if entry is None or entry.is_disabled is None or entry.closed(self.now) else [_of_new(known_by, entry, self.logins)]

    def remember(self, snapshot):
        """Keep who is settled for the next look of this process; of a look at what changed also those who were not read."""
        settled.keep(self.directory.id, self._settled if snapshot.is_whole else self._before | self._settled)


def _of_known(known_by, entry, person, look):
    closed, login = entry.closed(look.now), fold_login(entry.fields['login'])
    if closed:
        steps = [] if person.is_out else [Step(DISABLE, closed, known_by, person.person_id, person.name, entry.dn)]
        if login != person.login:       # an account that was put aside under another name gives its own free
            steps.append(Step(CHANGE, 'changed', known_by, person.person_id, person.name, entry.dn, {'login': person.login}, {'login': login}))
        return steps
    is_back = person.is_out and entry.is_disabled is not None
    steps = [Step(ENABLE, 'back', known_by, person.person_id, person.name, entry.dn)] if is_back else []
    before, after = _differences(entry, person, look.departments)
    if after:
        steps.append(Step(CHANGE, 'changed', known_by, person.person_id, person.name, entry.dn, before, after))
    elif entry.dn != person.dn:
        steps.append(Step(MOVE, 'moved', known_by, person.person_id, person.name, entry.dn, {'dn': person.dn}, {'dn': entry.dn}))
    return steps


def _explained(steps):
    """The steps, with the reason why nobody is proposed for the entry of a taken login."""
    logins = {step.after['login'] for step in steps if step.kind == REFUSE and step.person_id is None}
    why = matching.why_taken(logins) if logins else {}
    return [replace(step, reason=why.get(step.after['login'], step.reason)) if step.kind == REFUSE and step.person_id is None else step for step in steps]


def _differences(entry, person, departments):
    """({field: value here}, {field: value there}) of what differs; a department by its name."""
    before, after = {}, {}
    for name in PERSON_FIELDS:
        value = fold_login(entry.fields[name]) if name == 'login' else entry.fields.get(name)
        if value is not None and value != getattr(person, name):
            before[name], after[name] = getattr(person, name), value
    language = entry.fields.get('language')
    if language and language != person.language and not person.has_chosen_language:
        before['language'], after['language'] = person.language, language
    wanted = entry.fields.get('department')
    if wanted is not None and departments.ids.get(wanted.casefold(), ABSENT) != person.department_id:
        before['department'], after['department'] = departments.names.get(person.department_id, ''), wanted
    return before, after


@dataclass(frozen=True)
class _Departments:
    ids: dict       # {name, case-folded: the id that department_by_name gives}, '' for none
    names: dict     # {id: name}


def departments_by_name():
    """The departments as the directory's names find them."""
    tree, ids = all_departments(), {'': None}
    for department_id in sorted(tree, reverse=True):
        ids[tree[department_id][0].casefold()] = department_id
    return _Departments(ids, {department_id: row[0] for department_id, row in tree.items()})


def _of_new(known_by, entry, logins):
    """The step that makes a person; each new login is taken from here on, so that two entries of one login make one person."""
    login = fold_login(entry.fields['login'])
    if login in logins:
        return Step(REFUSE, 'login_taken', known_by, None, entry.fields['name'], entry.dn, {}, {'login': login})
    logins[login] = None
    return Step(CREATE, 'new', known_by, None, entry.fields['name'], entry.dn, {}, entry.fields | {'login': login})


def _cut_off(directory, inside, gone, snapshot, shut):
    """(the steps that cut off who is not in the answer, brake). Held ones are kept in the plan, and not done without a word. shut: the ids of
    the administrators whom the same plan cuts off at the directory's own word.
    """
    if snapshot.gap:
        return [], snapshot.gap     # nobody can be told absent by an answer that broke off
    brake = _too_many(directory, len(gone), len(inside), snapshot)
    going = [inside[one].person_id for one in gone if inside[one].is_administrator]
    is_last = not brake and bool(going) and not other_administrators(*going, *shut)
    reasons = {} if brake else reading.why_absent(directory, gone)
    return [Step(DISABLE, reasons.get(known_by, 'gone'), known_by, inside[known_by].person_id, inside[known_by].name, inside[known_by].dn,
                 is_held=bool(brake) or is_last and inside[known_by].is_administrator) for known_by in gone], brake or ('administrator' if is_last else '')


def _too_many(directory, gone, inside, snapshot):
    """Why so many are not cut off, or ''. Who was cut off for absence within a day counts, too: a tree that moves bit by bit is a tree."""
    if snapshot.is_empty:
        return 'empty'
    lately = row("""SELECT count(DISTINCT s.person_id) FROM sync_step s JOIN sync_run r ON r.id = s.run_id
        WHERE r.directory_id = ? AND r.brake NOT IN ('many', 'empty') AND r.started_at > ? AND s.kind = ? AND s.reason IN ('gone', 'filtered') AND s.state = 'applied'
        AND EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = s.person_id AND b.source = ?)""",
                 directory.id, clock.microseconds(clock.now() - A_DAY), DISABLE, directories.source_of(directory.id))[0]
    return 'many' if _are_many(gone + lately, inside + lately) else ''


def _are_many(some, of_all):
    return some >= BRAKE_PEOPLE and some > of_all * BRAKE_SHARE


def _braked_changes(steps, inside):
    """(steps, brake): changes that empty something are held where they are many: the portal's account sees less than it did."""
    emptying = {id(step) for step in steps if step.kind == CHANGE and any(step.before[name] and not step.after[name] for name in step.after)}
    if not _are_many(len(emptying), len(inside)):
        return steps, ''
    return [replace(step, is_held=True) if id(step) in emptying else step for step in steps], 'emptied'
