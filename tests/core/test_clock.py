"""Days in zones: both clock changes, zones without a midnight, the far ends of the world."""

from datetime import UTC, date, datetime, timedelta

import pytest

from appliance.core import clock


@pytest.mark.parametrize('day, zone, hours', [
    (date(2026, 3, 29), 'Europe/Madrid', 23), (date(2026, 10, 25), 'Europe/Madrid', 25), (date(2026, 7, 1), 'Europe/Madrid', 24),
    (date(2026, 9, 6), 'America/Santiago', 23), (date(2026, 4, 4), 'America/Santiago', 25),
    (date(2026, 1, 1), 'Pacific/Kiritimati', 24), (date(2026, 1, 1), 'Pacific/Pago_Pago', 24)])
def test_a_day_is_as_long_as_its_zone_makes_it(day, zone, hours):
    assert clock.end_of_day(day, zone) - clock.start_of_day(day, zone) == timedelta(hours=hours)


def test_a_day_whose_midnight_is_skipped_begins_at_one():
    start = clock.start_of_day(date(2026, 9, 6), 'America/Santiago')
    assert start == datetime(2026, 9, 6, 4, tzinfo=UTC)     # 01:00 at UTC-3; 00:00 never was
    assert clock.local_date(start, 'America/Santiago') == date(2026, 9, 6)
    assert clock.local_date(start - timedelta(microseconds=1), 'America/Santiago') == date(2026, 9, 5)


def test_the_date_depends_on_the_zone():
    moment = datetime(2026, 1, 1, 11, tzinfo=UTC)
    assert clock.local_date(moment, 'Pacific/Kiritimati') == date(2026, 1, 2)
    assert clock.local_date(moment, 'Pacific/Pago_Pago') == date(2026, 1, 1)


def test_a_naive_moment_is_refused():
    with pytest.raises(TypeError):
        clock.microseconds(datetime(2026, 1, 1))
