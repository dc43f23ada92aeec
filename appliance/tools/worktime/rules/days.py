"""Who may see a working day, and how it reads: states, times, what was worked. Writes nothing."""

import functools
from datetime import date, timedelta

from appliance.core import access, clock
from appliance.core.actor import EMPLOYEE
from appliance.core.db import row, rows
from appliance.core.departments import is_head_of
from appliance.core.errors import NotAllowed, NotFound
from appliance.core.limits import GREATEST_ID, PAGE_ROWS
from appliance.tools.worktime.models import CLOSED, EXPIRED, OPENED, PAUSED
from appliance.tools.worktime.rules.access import DAYS

LONGEST = timedelta(hours=16)
CLOSED_KEPT = 2048      # days, of 1 KB

# Of each day by itself: a group of the whole day with each of its pauses would be sorted by eleven columns.
DAY_COLUMNS = '''
    SELECT d.id, d.person_id, d.on_date, d.zone, d.started_at, d.ended_at, d.state, d.address, s.name, s.department_id, s.photo,
           coalesce((SELECT sum(p.ended_at - p.started_at) FROM worktime_pause p WHERE p.day_id = d.id), 0),
           (SELECT max(p.started_at) FROM worktime_pause p WHERE p.day_id = d.id), (SELECT max(p.ended_at) FROM worktime_pause p WHERE p.day_id = d.id),
           (SELECT p.id FROM worktime_pause p WHERE p.day_id = d.id AND p.ended_at IS NULL)
    FROM ({days}) d JOIN person s ON s.id = d.person_id'''
_READ = f"{DAY_COLUMNS} ORDER BY d.state = 'closed', d.on_date DESC"
# The literal condition is the one of the index worktime_day_unfinished; UNION lets each half use its own.
_OF_TODAY = _READ.format(days='''SELECT * FROM worktime_day WHERE person_id = ? AND state <> 'closed'
                                 UNION SELECT * FROM worktime_day WHERE person_id = ? AND on_date = ?''')
_BY_ID = _READ.format(days='SELECT * FROM worktime_day WHERE id = ?')
_EVENTS = '''
    SELECT 'pause', id, started_at, ended_at, 0, '', '' FROM worktime_pause WHERE day_id = ?
    UNION ALL
    SELECT 'correction', c.id, c.old_end, c.new_end, c.at, c.reason, s.name
    FROM worktime_correction c JOIN person s ON s.id = c.by_id WHERE c.day_id = ? ORDER BY 1, 2'''
_LIST = _READ.format(days='SELECT * FROM worktime_day WHERE person_id = ? AND on_date < ? ORDER BY on_date DESC LIMIT ?'
                     ).replace("d.state = 'closed', ", '')


def only_employees(actor, *args, **kwargs):
    """The right of everything here: guests and services have no work time, and to them it does not exist."""
    if actor.kind != EMPLOYEE:
        raise NotFound()


def access_day(actor, day_id, to='view'):
    """The day of an id, in the shape of `described`: the one door. `to` is `view` or `clock` (pause, finish, correct).

    The person himself may both, who heads him may view; to everybody else, administrators too, it is NotFound.
    """
    only_employees(actor)
    level = access.require_seen(DAYS, actor, day_id)
    found = row(_BY_ID, day_id)
    if found is None:
        raise NotFound()
    if DAYS.level(level) < DAYS.level(to):
        raise NotAllowed()
    return described(found)


def expires_at(on_date, zone, started_at):
    """The moment from which a day left open is expired: the midnight that ends its date, or 16 h after its start if later."""
    return max(clock.end_of_day(on_date, zone), started_at + LONGEST)


def day_of(actor):
    """The day that concerns the person now, or None: the unfinished one, else today's. One query; the shape is `described`'s."""
    only_employees(actor)
    today = clock.local_date(clock.now(), actor.zone).isoformat()
    found = row(_OF_TODAY, actor.person_id, actor.person_id, today)
    return described(found) if found else None


def day_of_person(actor, person_id):
    """`day_of` for somebody's day: the actor's own, or that of a person whom he heads (today is what the person's zone says).

    NotFound for everybody else, whether or not there is a day. None when there is none.
    """
    if person_id == actor.person_id:
        return day_of(actor)
    only_employees(actor)
    person = row('SELECT department_id, zone FROM person WHERE id = ?', person_id) if 0 < person_id <= GREATEST_ID else None
    if person is None or not is_head_of(actor.person_id, person_id, person[0]):
        raise NotFound()
    found = row(_OF_TODAY, person_id, person_id, clock.local_date(clock.now(), person[1]).isoformat())
    return described(found) if found else None


def today(actor):
    """`timeline` of the day that concerns the person now (`day_of`), or None: what the page shows, in two queries."""
    day = day_of(actor)
    return day and {'day': day, **_timeline(day)}


def days_of(actor, before=None, most=PAGE_ROWS):
    """The actor's own days, the newest first: at most so many of them, dated before an ISO date if one is given."""
    only_employees(actor)
    found = rows(_LIST, actor.person_id, before or date.max.isoformat(), most + 1)
    return {'days': [described(one) for one in found[:most]], 'before': found[most - 1][2] if len(found) > most else None}


def described(found):
    """A day as a dict: id, person_id, person_name, person_photo, department_id (the person's), on_date (date), zone, state, started_at, ended_at, expires_at, address; `since` when the
    state began, `pause_id` of the open pause, `pauses_s` of the closed ones, `latest_at` (nothing may happen before it), `net_s` worked
    until `counted_to` (None when expired: nobody knows). A day past its expiry is expired, whether or not the job was here already.
    """
    state = found[6]
    return dict(_closed(found)) if state == CLOSED else _described(found)


@functools.lru_cache(maxsize=CLOSED_KEPT)
def _closed(found):
    """What is closed reads the same at any time: most of what a list shows."""
    return _described(found)


def _described(found):
    (day_id, person_id, on_date, zone, started, ended, state, address, name, department_id, photo, paused, last_pause, last_return, open_pause) = found
    on_date, started_at = date.fromisoformat(on_date), clock.from_microseconds(started)
    expiry = expires_at(on_date, zone, started_at)
    if state in (OPENED, PAUSED) and clock.now() >= expiry:
        state = EXPIRED
    latest = max(moment for moment in (started, last_pause, last_return, ended) if moment is not None)
    counted_to = {OPENED: max(latest, clock.microseconds(clock.now())), PAUSED: last_pause, CLOSED: ended, EXPIRED: None}[state]
    since = {OPENED: last_return or started, PAUSED: last_pause, CLOSED: ended, EXPIRED: clock.microseconds(expiry)}[state]
    return {'id': day_id, 'person_id': person_id, 'person_name': name, 'person_photo': photo, 'department_id': department_id, 'on_date': on_date, 'zone': zone, 'state': state,
            'started_at': started_at, 'ended_at': ended and clock.from_microseconds(ended), 'expires_at': expiry, 'address': address,
            'since': clock.from_microseconds(since), 'pause_id': open_pause, 'pauses_s': int(paused) // 1_000_000,
            'latest_at': clock.from_microseconds(latest),
            'counted_to': counted_to and clock.from_microseconds(counted_to),
            'net_s': None if counted_to is None else (counted_to - started - int(paused)) // 1_000_000}


def timeline(actor, day_id):
    """A day and what happened on it: {'day', 'steps': [{what, at, until}], 'corrections': [{old_end, new_end, reason, by, at}]}.

    `what` is start, pause, continue, finish or expire; `until` is the next step's moment, None at the end.
    """
    day = access_day(actor, day_id)
    return {'day': day, **_timeline(day)}


def _timeline(day):
    steps, corrections = [('start', day['started_at'])], []
    for kind, _id, first, second, third, reason, name in rows(_EVENTS, day['id'], day['id']):
        first, second, third = (moment and clock.from_microseconds(moment) for moment in (first, second, third))
        if kind == 'correction':
            corrections.append({'old_end': first, 'new_end': second, 'reason': reason, 'by': name, 'at': third})
            continue
        steps.append(('pause', first))
        # A pause that lasted to the end has no continuing: the day was finished during it.
        if second is not None and second != day['ended_at']:
            steps.append(('continue', second))
    if day['state'] in (CLOSED, EXPIRED):
        steps.append(('finish', day['ended_at']) if day['state'] == CLOSED else ('expire', day['expires_at']))
    ends = [at for _what, at in steps[1:]] + [None]
    return {'steps': [{'what': what, 'at': at, 'until': until} for (what, at), until in zip(steps, ends, strict=True)],
            'corrections': corrections}
