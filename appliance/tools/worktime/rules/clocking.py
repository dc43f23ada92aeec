"""Start, pause, continue, finish: what the person's buttons do.

Each rule takes the person's row first, so that two tabs, on any host, act one after the other. No step lies before the one before it,
even when the server's clock was set back: pauses stay inside the day and nothing worked is negative.
"""

from appliance.core import access, clock
from appliance.core.actions import action
from appliance.core.db import lock_row, row
from appliance.core.errors import Conflict, NotFound
from appliance.core.events import publish
from appliance.core.i18n import format_day, format_time, texts
from appliance.core.limits import GREATEST_ID
from appliance.core.people import Person
from appliance.tools.worktime.events import DayClosed, DayContinued, DayPaused, DayStarted
from appliance.tools.worktime.models import CLOSED, EXPIRED, OPENED, PAUSED, WorktimeDay, WorktimePause
from appliance.tools.worktime.rules.days import access_day, day_of, expires_at, only_employees
from appliance.tools.worktime.rules.telling import tell_changed

_ = texts(__name__)
ADDRESS_LENGTH = 64


@action(rights=only_employees)
def start_day(actor, address=''):
    """Start today's working day, in the person's zone of this moment; returns its id. A day closed today goes on, the gap is a pause.

    Conflict while another day is open, paused, or expired without its end. `address` is where the person starts from, for the record.
    """
    lock_row(Person, actor.person_id)
    current = day_of(actor)
    if current and current['state'] != CLOSED:
        raise Conflict(_running(current))
    now = clock.now()
    day_id = _reopen(current) if current else WorktimeDay.add(
        person=actor.person_id, on_date=clock.local_date(now, actor.zone), zone=actor.zone, started_at=now, state=OPENED,
        address=address[:ADDRESS_LENGTH])
    access.changed('worktime.day', [day_id])
    publish(DayStarted(day_id, actor.person_id))
    tell_changed(actor.person_id, day_id)
    return day_id


def _reopen(current):
    now = max(clock.now(), current['ended_at'])
    # After a flight across the date line the same date may come once more: it has one day, and that is over where it began.
    if now >= expires_at(current['on_date'], current['zone'], current['started_at']):
        raise Conflict(_('Your working day of %(date)s is over in %(zone)s, where you started it. The next one begins with the next date.',
                         date=format_day(current['on_date']), zone=current['zone']))
    WorktimePause.add(day=current['id'], started_at=current['ended_at'], ended_at=now)
    WorktimeDay.change(current['id'], state=OPENED, ended_at=None)
    return current['id']


@action(rights=only_employees)
def pause(actor, day_id):
    """Begin a pause of one's own open day; returns the pause's id. Conflict when the day is not open."""
    day = _own_day(actor, day_id)
    if day['state'] != OPENED:
        raise Conflict(_refusal(day))
    at = _next_moment(day)
    WorktimeDay.change(day_id, state=PAUSED)
    publish(DayPaused(day_id, actor.person_id))
    tell_changed(actor.person_id, day_id)
    return WorktimePause.add(day=day_id, started_at=at)


@action(rights=only_employees)
def continue_(actor, pause_id):
    """End the pause and work on; returns the day's id. Conflict when that pause is over already."""
    found = row('SELECT day_id FROM worktime_pause WHERE id = ?', pause_id) if 0 < pause_id <= GREATEST_ID else None
    if found is None:
        raise NotFound()
    day = _own_day(actor, found[0])
    if day['state'] != PAUSED or day['pause_id'] != pause_id:
        raise Conflict(_('This pause is over already.') if day['state'] in (OPENED, PAUSED) else _refusal(day))
    _close_pause(day, _next_moment(day))
    WorktimeDay.change(day['id'], state=OPENED)
    publish(DayContinued(day['id'], actor.person_id))
    tell_changed(actor.person_id, day['id'])
    return day['id']


@action(rights=only_employees)
def finish(actor, day_id):
    """Close one's own day now; a pause that is open ends with it, so what was worked stays the same. Returns the day's id.

    Conflict when the day is closed already, or expired: then its end must be entered.
    """
    day = _own_day(actor, day_id)
    if day['state'] not in (OPENED, PAUSED):
        raise Conflict(_refusal(day))
    at = _next_moment(day)
    _close_pause(day, at)
    WorktimeDay.change(day_id, state=CLOSED, ended_at=at)
    publish(DayClosed(day_id, actor.person_id))
    tell_changed(actor.person_id, day_id)
    return day_id


def _own_day(actor, day_id):
    lock_row(Person, actor.person_id)
    return access_day(actor, day_id, to='clock')


def _next_moment(day):
    return max(clock.now(), day['latest_at'])


def _close_pause(day, at):
    if day['pause_id']:
        WorktimePause.change(day['pause_id'], ended_at=at)


def _running(day):
    if day['state'] == EXPIRED:
        return _('Your working day of %(date)s was never finished. Enter when it ended, then start the new one.', date=format_day(day['on_date']))
    return _('Your working day is running already, since %(time)s.', time=format_time(day['started_at'], day['zone']))


def _refusal(day):
    """Why a button does not fit the state that the day has (by now: another tab was faster)."""
    time = format_time(day['since'], day['zone'])
    if day['state'] == OPENED:
        return _('You are working, since %(time)s.', time=time)
    if day['state'] == PAUSED:
        return _('You are in a pause already, since %(time)s.', time=time)
    if day['state'] == CLOSED:
        return _('This working day is finished already, since %(time)s.', time=time)
    return _('This working day was left open for too long. Enter when it ended.')
