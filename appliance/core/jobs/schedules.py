"""When a job is promised. A slot is the name of one promised run: a UTC moment, or a local date for daily jobs, so that a
night with two 02:30 has one run and a night without any has one too."""

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from appliance.core import clock
from appliance.core.i18n import texts
from appliance.core.settings import get_setting

_ = texts(__name__)
_ONE_DAY = timedelta(days=1)
COMPANY = ''        # the scope of what runs once for the whole company


class Slot(NamedTuple):
    """One promised run: its name, and the aware moment from which it is due."""

    name: str
    due_at: datetime


def moment_name(moment):
    """The slot of a moment: `2026-11-23T09:00:00Z`, with microseconds where there are any."""
    return moment.astimezone(UTC).isoformat().replace('+00:00', 'Z')


class Every:
    """At whole multiples of an interval since 1970 (UTC), so that every process computes the same slots."""

    def __init__(self, interval):
        self.interval = interval

    def scopes(self):
        return [COMPANY]

    def around(self, now, scope):
        """(the newest slot that is due, the next one)."""
        previous = now - (now - clock.EPOCH) % self.interval
        return self._slot(previous), self._slot(previous + self.interval)

    def skipped(self, last, newest, scope):
        """Slots between two that were never written down: none, since a run makes up for all before it."""
        return []

    @staticmethod
    def _slot(moment):
        return Slot(moment_name(moment), moment)

    def describe(self):
        minutes = int(self.interval.total_seconds() // 60)
        if minutes % 60 == 0:
            return _.plural('every hour', 'every %(n)s hours', minutes // 60)
        return _.plural('every minute', 'every %(n)s minutes', minutes)


class Daily:
    """Once each local date, at a time of the wall clock: in the company's zone, or in each zone that `zones()` names.

    `at` is `'02:30'`, or a function that returns it (a setting). A time that a clock change skips comes an hour later by
    the new clock; one that it repeats comes at the first of the two.
    """

    LONGEST_GAP_DAYS = 31

    def __init__(self, at, zones=None):
        self.at, self.zones = at, zones

    def scopes(self):
        return sorted(self.zones()) if self.zones else [COMPANY]

    def around(self, now, scope):
        """(the newest slot that is due, the next one)."""
        zone, at = zone_of(scope), self._time()
        today = clock.local_date(now, zone)
        slot = self._slot(today, at, zone)
        if slot.due_at <= now:
            return slot, self._slot(today + _ONE_DAY, at, zone)
        return self._slot(today - _ONE_DAY, at, zone), slot

    def skipped(self, last, newest, scope):
        """The slots of the dates between two slots (names), at most a month of them."""
        zone, at = zone_of(scope), self._time()
        day, end = datetime.fromisoformat(last).date() + _ONE_DAY, datetime.fromisoformat(newest).date()
        day = max(day, end - self.LONGEST_GAP_DAYS * _ONE_DAY)
        found = []
        while day < end:
            found.append(self._slot(day, at, zone))
            day += _ONE_DAY
        return found

    def _time(self):
        return time.fromisoformat(self.at() if callable(self.at) else self.at)

    @staticmethod
    def _slot(day, at, zone):
        return Slot(day.isoformat(), datetime.combine(day, at, ZoneInfo(zone)).astimezone(UTC))

    def describe(self):
        at = self._time().strftime('%H:%M')
        return _('daily at %(time)s in each time zone', time=at) if self.zones else _('daily at %(time)s', time=at)


class Monthly(Daily):
    """On the first day of each month, at a time of the company's wall clock. The slot is that date."""

    def around(self, now, scope):
        """(the newest slot that is due, the next one)."""
        zone, at = zone_of(scope), self._time()
        first = clock.local_date(now, zone).replace(day=1)
        slot = self._slot(first, at, zone)
        if slot.due_at <= now:
            return slot, self._slot((first + 31 * _ONE_DAY).replace(day=1), at, zone)
        return self._slot((first - _ONE_DAY).replace(day=1), at, zone), slot

    def skipped(self, last, newest, scope):
        """Slots between two that were never written down: none, since a run makes up for all before it."""
        return []

    def describe(self):
        return _('on the first of each month at %(time)s', time=self._time().strftime('%H:%M'))


class When:
    """Whenever there is something to do: `next_due()` returns the moment from which there is, or None."""

    def __init__(self, next_due):
        self.next_due = next_due

    def scopes(self):
        return []

    def describe(self):
        return _('when there is something to do')


def zone_of(scope):
    """The time zone in which a scope's days begin."""
    return scope or get_setting('company.zone')
