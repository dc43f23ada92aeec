"""Who is here: has the portal open in a browser now, or a minute ago at most. Written by the process live, in batches.

It says nothing of working time, and when somebody was last seen is nobody's business: rules show it to colleagues as yes or no.
"""

from datetime import timedelta

from appliance.core import clock
from appliance.core.db import Base, row, rows, write
from appliance.core.fields import Link, Moment
from appliance.core.people import Person

WRITTEN_EVERY_S = 30
HERE = timedelta(seconds=75)        # two batches, and one that came late
_ROWS_AT_ONCE = 500


class Presence(Base):
    """When a person was last seen, to half a minute."""

    person = Link(Person, primary_key=True)
    seen_at = Moment()


def note(person_ids):
    """Write that these people are here now: in several short transactions, so that no writer waits long."""
    person_ids = sorted(person_ids)
    for first in range(0, len(person_ids), _ROWS_AT_ONCE):
        now = clock.now()
        with write('core.presence.note'):
            (Presence.insert_many([{'person': one, 'seen_at': now} for one in person_ids[first:first + _ROWS_AT_ONCE]])
             .on_conflict(conflict_target=(Presence.person,), preserve=(Presence.seen_at,)).execute())


def note_if_due(person_id):
    """The same for one person, unless it was written within half a minute."""
    found = row('SELECT seen_at FROM presence WHERE person_id = ?', person_id)
    if found is None or clock.from_microseconds(found[0]) < clock.now() - timedelta(seconds=WRITTEN_EVERY_S):
        note([person_id])


def present(person_ids):
    """Those of these people who are here now, as a set of ids. Who may know it is for the caller to say."""
    person_ids = list(person_ids)
    if not person_ids:
        return set()
    marks = ', '.join('?' * len(person_ids))
    return {one for one, in rows(f'SELECT person_id FROM presence WHERE person_id IN ({marks}) AND seen_at > ?', *person_ids,
                                 clock.microseconds(clock.now() - HERE))}


def is_present(person_id):
    """Whether one person is here now."""
    return bool(present([person_id]))


def forget(before):
    """Delete who was last seen before a moment, for the cleaning job, inside an action."""
    return Presence.delete().where(Presence.seen_at < before).execute()
