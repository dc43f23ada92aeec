"""Work time over REST, in the shape of the reference product: what the buttons do, and the end of a day that was left open."""

from zoneinfo import ZoneInfo

from appliance.core import clock, rest
from appliance.core.errors import Conflict, Invalid, NotAllowed
from appliance.core.i18n import texts
from appliance.tools.worktime import rules
from appliance.tools.worktime.models import EXPIRED, PAUSED

_ = texts(__name__)
rest.scope('timeman', _.lazy('Work time'))
ROLES = ('employee',)
USER_ID = rest.Number('Whose day; yours if left out.', least=1)
PLACE = rest.Text('Not kept: the portal does not ask where somebody is.')
# Of a person without a day: none was begun today, none is open.
_NONE = {'STATUS': 'CLOSED', 'TIME_START': None, 'TIME_FINISH': None, 'DURATION': '00:00:00', 'TIME_LEAKS': '00:00:00', 'ACTIVE': True,
         'IP_OPEN': '', 'IP_CLOSE': '', 'LAT_OPEN': 0, 'LON_OPEN': 0, 'LAT_CLOSE': 0, 'LON_CLOSE': 0}


@rest.method('timeman.status', scope='timeman', roles=ROLES)
def get_status(call, user_id: USER_ID = None):
    """The working day that concerns a person now: the one that is not finished, else today's.

    STATUS is OPENED, PAUSED, CLOSED or EXPIRED; times are in the zone in which the day began; DURATION is what was worked, 00:00:00 until
    it is finished; TIME_LEAKS are the pauses. Who heads a person sees his day; to all others it does not exist.
    """
    return _shown(call, rules.day_of_person(call.actor, user_id or call.actor.person_id))


@rest.method('timeman.open', scope='timeman', roles=ROLES, is_write=True)
def open_day(call, user_id: USER_ID = None, time: rest.Moment('Only now: a day begins when it is begun.') = None,
             report: rest.Text('Not needed.') = '', lat: PLACE = '', lon: PLACE = ''):
    """Begins the working day; goes on with one that is paused, or was finished today. Answers as timeman.status."""
    day = _own_day(call, user_id)
    _only_now(time)
    if day and day['state'] == PAUSED:
        rules.continue_(call.actor, day['pause_id'])
    else:
        rules.start_day(call.actor, address=call.address)
    return _shown(call, rules.day_of(call.actor))


@rest.method('timeman.pause', scope='timeman', roles=ROLES, is_write=True)
def pause_day(call, user_id: USER_ID = None):
    """Begins a pause; timeman.open ends it. Answers as timeman.status."""
    rules.pause(call.actor, _running(call, user_id)['id'])
    return _shown(call, rules.day_of(call.actor))


@rest.method('timeman.close', scope='timeman', roles=ROLES, is_write=True)
def close_day(call, user_id: USER_ID = None, time: rest.Moment('When an expired day ended; else only now.') = None,
              report: rest.Text('Why the end of an expired day is entered only now.', most=1000) = '', lat: PLACE = '', lon: PLACE = ''):
    """Finishes the working day. One that expired wants TIME and REPORT. Answers as timeman.status."""
    day = _running(call, user_id)
    if day['state'] == EXPIRED and time is not None:
        _correct(call.actor, day['id'], time, report)
    else:
        _only_now(time)
        rules.finish(call.actor, day['id'])
    return _shown(call, rules.day_of(call.actor))


def _correct(actor, day_id, time, report):
    try:
        rules.correct(actor, day_id, time, report)
    except Invalid as error:
        error.field = {'ended_at': 'TIME', 'reason': 'REPORT'}.get(error.field, error.field)
        raise


def _own_day(call, person_id):
    """The caller's day or None. Somebody else's is nobody's to clock: NotAllowed for who may see it, NotFound for the others."""
    if person_id not in (None, call.actor.person_id):
        rules.day_of_person(call.actor, person_id)
        raise NotAllowed()
    return rules.day_of(call.actor)


def _running(call, person_id):
    day = _own_day(call, person_id)
    if day is None:
        raise Conflict(_('No working day is running.'))
    return day


def _only_now(time):
    if time is not None:
        raise Invalid(_('Only a working day that was left open for too long takes an end afterwards.'), field='TIME')


def _shown(call, day):
    if day is None:
        return {**_NONE, 'TZ_OFFSET': _offset(ZoneInfo(call.actor.zone))}
    zone = ZoneInfo(day['zone'])
    is_closed = day['ended_at'] is not None
    shown = {**_NONE, 'STATUS': day['state'].upper(), 'TIME_START': _local(day['started_at'], zone),
             'TIME_FINISH': _local(day['ended_at'], zone) if is_closed else None, 'DURATION': _span(day['net_s'] if is_closed else 0),
             'TIME_LEAKS': _span(day['pauses_s']), 'IP_OPEN': day['address'], 'TZ_OFFSET': _offset(zone, day['started_at'])}
    if day['state'] == EXPIRED:
        shown['TIME_FINISH_DEFAULT'] = _local(day['latest_at'] if day['pause_id'] else day['expires_at'], zone)
    return shown


def _local(moment, zone):
    return moment.astimezone(zone).isoformat(timespec='seconds')


def _offset(zone, moment=None):
    return int((moment or clock.now()).astimezone(zone).utcoffset().total_seconds())


def _span(seconds):
    minutes, seconds = divmod(int(seconds), 60)
    return f'{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}'


def _day_data(actor, event):
    day = rules.access_day(actor, event.object_id)
    return {'FIELDS': {'ID': day['id'], 'USER_ID': day['person_id']}}


@rest.happening('ONTIMEMANOPEN', 'worktime.day.started', scope='timeman')
def day_started(actor, event):
    """A person began a working day. The data of these events are FIELDS[ID] and FIELDS[USER_ID]."""
    return _day_data(actor, event)


@rest.happening('ONTIMEMANPAUSE', 'worktime.day.paused', scope='timeman')
def day_paused(actor, event):
    """A person began a pause."""
    return _day_data(actor, event)


@rest.happening('ONTIMEMANCONTINUE', 'worktime.day.continued', scope='timeman')
def day_continued(actor, event):
    """A person ended a pause."""
    return _day_data(actor, event)


@rest.happening('ONTIMEMANCLOSE', 'worktime.day.closed', scope='timeman')
def day_closed(actor, event):
    """A person finished a working day."""
    return _day_data(actor, event)


@rest.happening('ONTIMEMANEXPIRE', 'worktime.day.expired', scope='timeman')
def day_expired(actor, event):
    """A working day was left open for too long."""
    return _day_data(actor, event)


@rest.happening('ONTIMEMANCORRECT', 'worktime.day.corrected', scope='timeman')
def day_corrected(actor, event):
    """The end of a working day was entered afterwards."""
    return _day_data(actor, event)
