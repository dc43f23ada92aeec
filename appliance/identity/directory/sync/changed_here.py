"""Who of the people here was made or changed since a look: entries may be him by now, or are not any more (see adoption).

That somebody was changed is told by a number that comes with the mark of each look, so where nobody was it costs nothing.
"""

import json
from datetime import datetime, timedelta
from typing import NamedTuple

from ldap.filter import escape_filter_chars

from appliance.core import clock
from appliance.core.actor import EMPLOYEE
from appliance.core.db import rows
from appliance.identity.directory.adoption.matching import COMPARED, KEYS
from appliance.identity.directory.mapping import mapping_of

EVENTS = ('core.person.added', 'core.person.updated')
DECIDES = {*COMPARED, 'department_id', 'kind'}
LATE = timedelta(seconds=60)        # an event bears the moment at which it was written, and is seen when its transaction ends
ASKED_AT_ONCE = 500


class Seen(NamedTuple):
    """How far a look knows the people here. number: of the revision of people, None where it did not ask; at: when it began."""

    number: int | None
    at: datetime


class Changed(NamedTuple):
    """A person. values: {key of matching: value} by which entries may be him; uuid: that of his entry in the directory, or None."""

    person_id: int
    values: dict
    uuid: str | None


def since(directory_id, seen, number):
    """[Changed, ...] since a look. number: the revision of people by now; nothing is asked where it is that of the look."""
    if seen.number is not None and seen.number == number:
        return []
    found, ids = [], sorted(_ids(seen.at - LATE))
    for at in range(0, len(ids), ASKED_AT_ONCE):
        some = ids[at:at + ASKED_AT_ONCE]
        found += [Changed(person_id, dict(zip(KEYS, values, strict=True)) if kind == EMPLOYEE else {}, uuid) for person_id, kind, uuid, *values in rows(f'''
            SELECT p.id, p.kind, t.uuid, {", ".join(f"p.{key}" for key in KEYS)} FROM person p
            LEFT JOIN directory_person t ON t.person_id = p.id AND t.directory_id = ?
            WHERE p.id IN ({", ".join("?" * len(some))}) ORDER BY p.id''', directory_id, *some)]
    return found


def _ids(moment):
    """{person id} of whom something was changed after a moment that decides who he is."""
    told = rows(f'SELECT object, data FROM event WHERE at > ? AND name IN ({", ".join("?" * len(EVENTS))})', clock.microseconds(moment), *EVENTS)
    return {int(about.rpartition(':')[2]) for about, data in told if not DECIDES.isdisjoint(json.loads(data).get('changed', DECIDES))}


def filter_of(directory, person):
    """The filter of the entries that have a value of his; '' where he has none."""
    names = mapping_of(directory)
    parts = [f'({attribute}={escape_filter_chars(value)})' for key, value in person.values.items() if value for attribute in names.get(key, ())]
    return f'(|{"".join(parts)})' if parts else ''
