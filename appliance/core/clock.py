"""The one clock. Moments are aware datetimes in UTC; in the database they are integer microseconds since 1970."""

import functools
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def now():
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def microseconds(moment):
    """An aware datetime as integer microseconds since 1970 (UTC). A naive one is a TypeError: nobody knows its zone."""
    if moment.tzinfo is None:
        raise TypeError(f'a moment needs a time zone: {moment!r}')
    # Not timestamp(): its float is exact to a microsecond only by luck.
    return (moment - EPOCH) // _MICROSECOND


def from_microseconds(count):
    """Integer microseconds since 1970 as an aware datetime in UTC."""
    return EPOCH + timedelta(microseconds=count)


def local_date(moment, zone):
    """The calendar date of a moment in the zone of that IANA name."""
    return moment.astimezone(ZoneInfo(zone)).date()


# A list names the same moments each time it is read, an answer the present second twice.
@functools.lru_cache(maxsize=4096)
def iso_second(seconds, zone):
    """A moment, given in whole seconds since 1970, as ISO 8601 with the offset of the zone of that IANA name."""
    return datetime.fromtimestamp(seconds, ZoneInfo(zone)).isoformat()


# Lists of days ask for the same ones again and again.
@functools.lru_cache(maxsize=4096)
def start_of_day(day, zone):
    """The first moment of a calendar date in a zone, in UTC.

    Where midnight is skipped by a clock change (Santiago, Beirut), the day begins at the first time that exists.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    moment = midnight.astimezone(timezone.utc)
    if moment.astimezone(ZoneInfo(zone)).date() < day:
        # fold=0 in a gap gives the offset before the change: the wall clock reads an hour early.
        return midnight.replace(fold=1).astimezone(UTC)
    return moment.astimezone(UTC)


def end_of_day(day, zone):
    """The midnight that ends a calendar date in a zone, in UTC."""
    return start_of_day(date.fromordinal(day.toordinal() + 1), zone)
