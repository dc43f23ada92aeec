"""Who of the people here may be which entry of a directory. It only looks: what it finds waits for a tick.

By employee number, by login, and by mail where nothing else is equal. People write their own mail, so it says least; a number or a
login outweighs it. Who matches two entries, or is one of two whom an entry matches, is `ambiguous`.
"""

import json
from collections import Counter
from dataclasses import dataclass

from appliance.core.actor import EMPLOYEE
from appliance.core.db import rows
from appliance.core.departments import all_departments
from appliance.core.person_fields import fold_login
from appliance.core.personal.forgotten import FORGOTTEN
from appliance.identity.directory.mapping import mapping_of, plain

NUMBER, LOGIN, MAIL = KEYS = ('employee_number', 'login', 'mail')       # the surest first
AMBIGUOUS = 'ambiguous'
CERTAINTIES = (*KEYS, AMBIGUOUS)
# A mail that more people or entries than this have in common is an office's, and names nobody.
MOST_ALIKE = 5
ASKED_AT_ONCE = 500
COMPARED = ('name', 'login', 'mail', 'employee_number', 'department')


@dataclass(frozen=True)
class Match:
    """A person and an entry that may be the same. by: one of CERTAINTIES. here, there: {field: value} of COMPARED, '' for none."""

    by: str
    uuid: str
    person_id: int
    name: str
    dn: str
    here: dict
    there: dict


@dataclass(frozen=True)
class Matches:
    """found: Match by Match, the surest first. waiting: UUIDs of entries that make nobody new: somebody has to say who they are, or
    the person who was one of them comes in by another now. is_part: somebody may be here already whom nobody was told of, or is not any more, and
    not everybody was read, so that it is not told who.
    """

    found: tuple = ()
    waiting: frozenset = frozenset()
    is_part: bool = False


def folded(key, value):
    """A value as it is compared: letters' case says nothing in a login or a mail."""
    return fold_login(value) if key == LOGIN else value.strip().casefold()


def equal_keys(here, there):
    """The KEYS in which two sides are equal, the surest first."""
    return [key for key in KEYS if here.get(key) and folded(key, here[key]) == folded(key, there.get(key) or '')]


def entry_side(entry):
    """{field: value} of COMPARED, as an entry has them."""
    found = {name: entry.fields.get(name) or '' for name in COMPARED}
    return found | {'login': fold_login(found['login'])}


def find(directory, snapshot, known, now):
    """The Matches of a Snapshot. known: whose UUIDs are tied already. An answer that broke off, or is not all, proposes nobody, since the better match may
    be in what did not come; who could be somebody waits all the same.
    """
    strangers = [uuid for uuid in snapshot.found if uuid not in known]
    if not strangers and not snapshot.vanished:
        return Matches()
    former, people = _former(directory.id), _people(directory.id, snapshot)
    declined = _declined(directory.id)
    pairs = []
    for uuid in _likely(directory, snapshot, strangers, people):
        entry = None if uuid in former else snapshot.entry(uuid)
        if entry is not None and entry.is_disabled is not None and not entry.closed(now):
            pairs += [(uuid, entry, person, key) for person, key in people.like(entry) if (uuid, person['id']) not in declined]
    pairs = _without_weaker(pairs)
    is_part = not snapshot.is_whole and _is_news(directory.id, pairs, {*strangers, *snapshot.vanished})
    return Matches(tuple(_told(pairs)) if snapshot.is_whole and not snapshot.gap else (), frozenset(uuid for uuid, *_more in pairs) | former, is_part)


class _People:
    """Whom an entry could be, by what they have in common with it."""

    def __init__(self, people):
        self._by = {key: {} for key in KEYS}
        for person in people:
            for key in KEYS:
                if person[key]:
                    self._by[key].setdefault(folded(key, person[key]), []).append(person)

    def have(self, key, value):
        """Whether somebody has this value."""
        return folded(key, value) in self._by[key]

    def like(self, entry):
        """[(person, key)] of those who are like an entry, by what is surest; mail alone only where nothing else is equal."""
        found = {}
        for key in KEYS:
            alike = self._by[key].get(folded(key, entry.fields.get(key) or ''), ())
            if key != MAIL or not found and len(alike) <= MOST_ALIKE:
                for person in alike:
                    found.setdefault(person['id'], (person, key))
        return list(found.values())


def _people(directory_id, snapshot):
    """The employees who are not tied to an entry that the directory shows today, and were not forgotten."""
    names = {department_id: one[0] for department_id, one in all_departments().items()}
    found, settled = {}, set()
    for person_id, login, name, mail, number, department_id, uuid in rows('''
            SELECT p.id, p.login, p.name, p.mail, p.employee_number, p.department_id, t.uuid FROM person p
            LEFT JOIN directory_person t ON t.person_id = p.id AND t.directory_id = ? WHERE p.kind = ?
            AND NOT EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = p.id AND b.source = ?) ORDER BY p.id''', directory_id, EMPLOYEE, FORGOTTEN):
        if uuid and snapshot.shows(uuid):
            settled.add(person_id)
        found[person_id] = {'id': person_id, 'login': login, 'name': name, 'mail': mail, 'employee_number': number,
                            'department': names.get(department_id, '')}
    return _People([person for person_id, person in found.items() if person_id not in settled])


def _likely(directory, snapshot, uuids, people):
    """Those of the entries of which a bare value is somebody's here: reading each into an Entry would cost more than the search."""
    attributes = [(key, attribute.lower()) for key in KEYS for attribute in mapping_of(directory).get(key, ())]
    for uuid in uuids:
        values = plain(snapshot.found[uuid][1])
        if any(people.have(key, ' '.join(data.decode('utf-8', 'replace').split())) for key, attribute in attributes for data in values.get(attribute, ())):
            yield uuid


def _without_weaker(pairs):
    """The pairs without those by mail alone of a person whom something surer names, and without the mails of an office."""
    surely = {person['id'] for _uuid, _entry, person, key in pairs if key != MAIL}
    times = Counter(person['id'] for _uuid, _entry, person, key in pairs if key == MAIL)
    return [pair for pair in pairs if pair[3] != MAIL or pair[2]['id'] not in surely and times[pair[2]['id']] <= MOST_ALIKE]


def _told(pairs):
    of_entry, of_person = Counter(uuid for uuid, *_more in pairs), Counter(person['id'] for _uuid, _entry, person, _key in pairs)
    found = [Match(AMBIGUOUS if of_entry[uuid] > 1 or of_person[person['id']] > 1 else key, uuid, person['id'], entry.fields['name'], entry.dn,
                   *sides(person, entry)) for uuid, entry, person, key in pairs]
    return sorted(found, key=lambda match: (CERTAINTIES.index(match.by), match.name.casefold(), match.uuid))


def _is_news(directory_id, pairs, uuids):
    """Whether pairs are others than what is proposed of the entries of these uuids."""
    proposed = proposed_of(directory_id, 's.uuid', uuids)
    found = {(uuid, person['id']): sides(person, entry) for uuid, entry, person, _key in pairs}
    return (any(key not in proposed or proposed[key][:2] != both for key, both in found.items())
            or any(is_waiting and key not in found for key, (_here, _there, is_waiting) in proposed.items()))


def sides(person, entry):
    """({field: value} here, {field: value} there) of COMPARED."""
    return {name: person[name] for name in COMPARED}, entry_side(entry)


def proposed_of(directory_id, column, values):
    """{(uuid, person id): (here, there, whether it waits for a tick)} of the open proposals whose `s.uuid` or `a.person_id` is among values."""
    found, values = {}, sorted(values)
    for at in range(0, len(values), ASKED_AT_ONCE):
        some = values[at:at + ASKED_AT_ONCE]
        for uuid, person_id, here, there, state in rows(f'''
                SELECT s.uuid, a.person_id, s.before, s.after, s.state FROM adoption a JOIN sync_step s ON s.id = a.step_id
                WHERE a.directory_id = ? AND a.is_open = 1 AND {column} IN ({", ".join("?" * len(some))})''', directory_id, *some):
            found[uuid, person_id] = json.loads(here), json.loads(there), state == 'proposed'
    return found


def _former(directory_id):
    """UUIDs of entries whose person comes in by another one now, of a directory that is in use; and of who was forgotten."""
    return frozenset(uuid for uuid, in rows('''
        SELECT f.uuid FROM former_tie f WHERE f.directory_id = ? AND (EXISTS (SELECT 1 FROM directory_person t JOIN directory d ON d.id = t.directory_id
        WHERE t.person_id = f.person_id AND d.is_active = 1) OR EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = f.person_id AND b.source = ?))''',
                                            directory_id, FORGOTTEN))


def why_taken(logins):
    """{login: reason} why nobody is proposed for an entry whose login belongs to a person here: a reason of a step."""
    found, logins = {}, list(logins)
    for at in range(0, len(logins), ASKED_AT_ONCE):
        some = logins[at:at + ASKED_AT_ONCE]
        for login, kind, is_tied in rows(f'''SELECT login, kind, EXISTS (SELECT 1 FROM directory_person t WHERE t.person_id = p.id) FROM person p
                                             WHERE login IN ({", ".join("?" * len(some))})''', *some):
            found[login] = f'login_of_{kind}' if kind != EMPLOYEE else 'login_of_tied' if is_tied else 'login_taken'
    return found


def _declined(directory_id):
    """{(uuid, person id)} of whom somebody said that they are two."""
    return {tuple(found) for found in rows('''SELECT s.uuid, s.person_id FROM adoption a JOIN sync_step s ON s.id = a.step_id
                                           WHERE a.directory_id = ? AND a.is_open = 0 AND s.state = 'declined' ''', directory_id)}
