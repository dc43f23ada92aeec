"""How working days are drawn: a day as a band over its hours, two weeks as bars. Places and lengths in per cent; no HTTP, no rules.

A band is as long as the time that passed, and its hours are those of the day's own clock: in the night in which the clocks go back the
same hour stands twice, in the other one is missing. Where people read from right to left, time runs that way too.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from appliance.core import clock
from appliance.core.i18n import direction
from appliance.tools.worktime.models import CLOSED, EXPIRED, OPENED, PAUSED

LABELS_WIDE, LABELS_NARROW = 12, 6      # hours that can be read beside each other on a desk, on a phone
USUAL = timedelta(hours=9)              # a running day leaves room for what is still to come
SHORTEST = timedelta(hours=4)
FULL_BAR_S = 8 * 3600                   # a bar of this reaches the top, unless a day was longer
DAYS_A_WEEK = 7
_QUARTER, _HALF = timedelta(minutes=15), timedelta(minutes=30)
_KINDS = {'start': 'worked', 'continue': 'worked', 'pause': 'paused'}


def band(day, steps, corrections=()):
    """The picture of a day (of `rules.timeline`), as a dict:

    parts: [{kind, at, until, x, width, grows}]: kind is worked, paused, or open (nobody knows what); until None and grows while it lasts;
    kinds: those of them that there are;
    ticks: [{at, x, label}]: label is '' (a line only), wide (a label where there is room) or narrow (always);
    now, corrected: the place of that mark or None; span_s: seconds from end to end; changes: whether the clocks do in between.
    """
    known = [step['at'] for step in steps]
    now = max(clock.now(), day['latest_at']) if day['state'] in (OPENED, PAUSED) else None
    first, last = known[0], now or known[-1]
    hours = _full_hours(first, max(last, first + (USUAL if now else SHORTEST)), ZoneInfo(day['zone']))
    begin, end = hours[0], hours[-1]
    whole = (end - begin).total_seconds()

    percent = _mirrored if direction() == 'rtl' else _percent

    def place(moment):
        return (moment - begin).total_seconds() / whole

    parts = []
    for step in steps:
        until = step['until'] or now
        if step['what'] in _KINDS and until is not None:
            is_open = day['state'] == EXPIRED and step['until'] == day['expires_at']
            x, width = place(step['at']), place(until) - place(step['at'])
            parts.append({'kind': 'open' if is_open else _KINDS[step['what']], 'at': step['at'], 'until': step['until'],
                          'x': percent(x, width), 'width': _percent(width), 'grows': step['until'] is None})
    return {'parts': parts, 'kinds': {part['kind'] for part in parts}, 'ticks': _ticks(hours, lambda moment: percent(place(moment))), 'span_s': int(whole),
            'now': now and percent(place(now)), 'now_s': now and int((now - begin).total_seconds()),
            'corrected': percent(place(day['ended_at'])) if corrections and day['state'] == CLOSED else None,
            'changes': begin.astimezone(ZoneInfo(day['zone'])).utcoffset() != end.astimezone(ZoneInfo(day['zone'])).utcoffset()}


def _full_hours(first, last, zone):
    """The moments at which the clock of a zone shows a full hour, from the last one before `first` to the first one after `last`."""
    # Two hours before, a full hour is sure to come; every zone's are on a quarter of UTC's.
    moment = first - timedelta(hours=2)
    moment -= timedelta(minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond)
    while moment.astimezone(zone).minute:
        moment += _QUARTER
    hours = []
    while not (hours and hours[-1] >= last):
        if not moment.astimezone(zone).minute:
            if moment <= first:
                hours.clear()
            hours.append(moment)
        # Half an hour: by that much Lord Howe's clocks change.
        moment += _HALF
    return hours


def _ticks(hours, place):
    # The last hour has no label of its own length: it closes the picture.
    wide = -(-(len(hours) - 1) // LABELS_WIDE)
    narrow = wide * -(-(len(hours) - 1) // (LABELS_NARROW * wide))
    return [{'at': at, 'x': place(at), 'label': '' if number % wide else 'wide' if number % narrow else 'narrow'}
            for number, at in enumerate(hours)]


def two_weeks(days, today):
    """The week of a date and the one before, Monday to Sunday, from a person's days (of `rules.days_of`), the later week first:
    [{monday, total_s, unknown, days: [{on_date, day or None, net_s, x, height, is_today, is_future}]}].

    `unknown` days have no end that anybody knows; they are not in the total.
    """
    by_date = {day['on_date']: day for day in days}
    monday = today - timedelta(days=today.weekday())
    weeks = [[start + timedelta(days=number) for number in range(DAYS_A_WEEK)] for start in (monday, monday - timedelta(days=DAYS_A_WEEK))]
    longest = max([FULL_BAR_S, *(by_date[on_date]['net_s'] or 0 for week in weeks for on_date in week if on_date in by_date)])
    return [_week(week, by_date, today, longest) for week in weeks]


def _week(week, by_date, today, longest):
    bars, percent = [], _mirrored if direction() == 'rtl' else _percent
    for number, on_date in enumerate(week):
        day = by_date.get(on_date)
        net_s = day and day['net_s']
        bars.append({'on_date': on_date, 'day': day, 'net_s': net_s, 'x': percent((number + 0.2) / DAYS_A_WEEK, 0.6 / DAYS_A_WEEK),
                     'middle': percent((number + 0.5) / DAYS_A_WEEK), 'height': _percent((net_s or 0) / longest),
                     'top': _percent(1 - (net_s or 0) / longest), 'is_today': on_date == today, 'is_future': on_date > today})
    worked = [bar for bar in bars if bar['day']]
    return {'monday': week[0], 'total_s': sum(bar['net_s'] or 0 for bar in worked),
            'unknown': sum(bar['net_s'] is None for bar in worked), 'days': bars}


def _percent(place, width=0):
    """A place (0 to 1) of something that wide."""
    return f'{place * 100:.2f}%'


def _mirrored(place, width=0):
    """The same from the other side, where reading begins there."""
    return f'{(1 - place - width) * 100:.2f}%'
