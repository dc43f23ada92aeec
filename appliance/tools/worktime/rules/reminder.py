"""The evening's question "your day is still open": one mail a person and date, at a set time in each person's zone."""

from datetime import date

from appliance.core import clock
from appliance.core.actions import action
from appliance.core.actor import EMPLOYEE
from appliance.core.db import rows
from appliance.core.outbox import send_mail
from appliance.tools.worktime.rules.days import expires_at
from appliance.tools.worktime.rules.expiry import only_system

_STILL_OPEN = '''
    SELECT d.id, d.person_id, d.on_date, d.zone, d.started_at, d.state
    FROM worktime_day d JOIN person s ON s.id = d.person_id
    WHERE d.state <> 'closed' AND d.state <> 'expired' AND d.started_at <= ? AND s.zone = ? AND s.mail <> ''
      AND NOT EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = s.id)
    ORDER BY d.id'''


def zones_of_people():
    """The zones of the employees: each has its own evening."""
    return [zone for zone, in rows('SELECT DISTINCT zone FROM person WHERE kind = ?', EMPLOYEE)]


@action(rights=only_system)
def remind(actor, zone, on_date, due_at):
    """Mail to everybody in a zone whose day is open or paused and began before `due_at`; returns the ids of those days.

    Twice for the same date is one mail. After a downtime it says what is true then: who finished meanwhile gets none.
    """
    now, reminded = clock.now(), []
    for day_id, person_id, began_on, day_zone, started, state in rows(_STILL_OPEN, clock.microseconds(due_at), zone):
        started_at = clock.from_microseconds(started)
        expiry = expires_at(date.fromisoformat(began_on), day_zone, started_at)
        if now >= expiry:
            continue    # the job that marks it has not come yet
        send_mail('worktime/mail/reminder', key=f'worktime.remind:{day_id}:{on_date.isoformat()}', person_id=person_id,
                  data={'on_date': began_on, 'zone': day_zone, 'started_at': started_at.isoformat(), 'expires_at': expiry.isoformat(),
                        'state': state})
        reminded.append(day_id)
    return reminded
