"""Days that nobody finished: when they expire, and how their person enters the end afterwards."""

from datetime import UTC, date
from zoneinfo import ZoneInfo

from appliance.core import access, audit, clock, history
from appliance.core.actions import action
from appliance.core.db import lock_row, rows
from appliance.core.errors import Conflict, Invalid, NotAllowed
from appliance.core.events import publish
from appliance.core.i18n import format_moment, texts
from appliance.core.limits import REASON_LENGTH
from appliance.core.people import Person
from appliance.core.person_fields import one_line
from appliance.tools.worktime.events import DayCorrected, DayExpired
from appliance.tools.worktime.models import CLOSED, EXPIRED, OPENED, PAUSED, WorktimeCorrection, WorktimeDay, WorktimePause
from appliance.tools.worktime.rules.days import LONGEST, access_day, expires_at, only_employees
from appliance.tools.worktime.rules.telling import tell_changed

_ = texts(__name__)


def only_system(actor, *args, **kwargs):
    """The right of what jobs do."""
    if not actor.is_system:
        raise NotAllowed()


@action(rights=only_system)
def expire_days(actor):
    """Mark every day that was left open beyond its expiry; returns their ids. Its end and open pause wait for the person's word."""
    now = clock.now()
    # No day expires before 16 h: what is younger need not be looked at.
    found = rows("SELECT id, person_id, on_date, zone, started_at FROM worktime_day WHERE state <> 'closed' AND state <> 'expired' AND started_at <= ?",
                 clock.microseconds(now - LONGEST))
    late = [(day_id, person_id) for day_id, person_id, on_date, zone, started in found
            if expires_at(date.fromisoformat(on_date), zone, clock.from_microseconds(started)) <= now]
    expired = [(day_id, person_id) for day_id, person_id in late if WorktimeDay.update(state=EXPIRED).where(
        (WorktimeDay.id == day_id) & WorktimeDay.state.in_((OPENED, PAUSED))).execute()]
    for day_id, person_id in expired:
        publish(DayExpired(day_id, actor.person_id))
        tell_changed(person_id, day_id)
    return [day_id for day_id, _person_id in expired]


def correction_bounds(day):
    """(earliest, latest) end that may be entered now for an expired day (a dict of `access_day`), as aware moments."""
    return day['latest_at'], min(day['expires_at'], clock.now())


def read_end(day, local):
    """The moment meant by a wall-clock time (naive datetime) entered for a day, in the day's zone.

    Of a time that comes twice in a night, the first that fits. Invalid (`ended_at`) for one that a clock change skipped.
    """
    zone = ZoneInfo(day['zone'])
    earliest, _latest = correction_bounds(day)
    try:
        readings = [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    except OverflowError:       # the years 1 and 9999
        raise Invalid(_('This is not near that day.'), field='ended_at') from None
    real = sorted({moment for moment in readings if moment.astimezone(zone).replace(tzinfo=None) == local})
    if not real:
        raise Invalid(_('The clocks went forward that night: this time did not exist.'), field='ended_at')
    # People enter minutes: the minute in which the last step happened is meant to be after it.
    return next((max(moment, earliest) for moment in real if moment >= earliest.replace(second=0, microsecond=0)), real[0])


@action(rights=only_employees)
def correct(actor, day_id, ended_at, reason):
    """Enter the end (aware moment) of one's own expired day and why; it is closed at once. Returns the correction's id.

    Invalid (`ended_at`, `reason`) for an end before the last step, after the expiry, in the future, or without a reason; Conflict
    when the day has not expired. A pause that is still open lasts to that end. Old and new end are kept, with who and when.
    """
    lock_row(Person, actor.person_id)
    day = access_day(actor, day_id, to='clock')
    if day['state'] != EXPIRED:
        raise Conflict(_('Only a working day that was left open for too long takes an end afterwards.'))
    _check_end(day, ended_at)
    reason = _checked_reason(reason)
    if day['pause_id']:
        WorktimePause.update(ended_at=ended_at).where(WorktimePause.id == day['pause_id']).execute()
    WorktimeDay.update(state=CLOSED, ended_at=ended_at).where(WorktimeDay.id == day_id).execute()
    correction_id = WorktimeCorrection.create(day=day_id, old_end=day['ended_at'], new_end=ended_at, reason=reason, by=actor.person_id,
                                              at=clock.now()).id
    history.note(actor, 'worktime.day', day_id, {'ended_at': (day['ended_at'] and day['ended_at'].isoformat(), ended_at.isoformat()),
                                                 'state': (day['state'], CLOSED)})
    access.changed('worktime.day', [day_id])      # its reason can be found from now on
    audit.record(actor, 'worktime.day.corrected', f'worktime.day:{day_id}', correction=correction_id)
    publish(DayCorrected(day_id, correction_id, actor.person_id))
    tell_changed(actor.person_id, day_id)
    return correction_id


def _check_end(day, ended_at):
    earliest, latest = correction_bounds(day)
    if ended_at <= day['started_at'] or ended_at < earliest:
        raise Invalid(_('The end must be after %(moment)s, the last that is known of this day.',
                        moment=format_moment(earliest, day['zone'])), field='ended_at')
    if ended_at > latest:
        raise Invalid(_('The end can be at most %(moment)s.', moment=format_moment(latest, day['zone'])), field='ended_at')


def _checked_reason(reason):
    reason = '\n'.join(one_line(line, 'reason') for line in reason.strip().splitlines())
    if not reason:
        raise Invalid(_('Say in a few words why, for example that you forgot.'), field='reason')
    if len(reason) > REASON_LENGTH:
        raise Invalid(_('At most %(most)s characters.', most=REASON_LENGTH), field='reason')
    return reason
