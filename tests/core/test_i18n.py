"""Languages: the tool's own words first, the shell's after, English at last; formats in the person's language and zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from babel import dates

from appliance.core import i18n
from appliance.core.i18n import Lazy, language, texts

AT = datetime(2026, 7, 1, 21, 30, tzinfo=UTC)


@pytest.fixture
def catalogue(monkeypatch):
    """Two made-up Spanish catalogues."""
    messages = {('', 'Day'): ('Día',), ('worktime', 'Day'): ('Jornada',), ('', '%(n)s day'): ('%(n)s día', '%(n)s días')}
    monkeypatch.setattr(i18n, '_catalogue', lambda code: (messages, lambda n: int(n != 1)))


def test_a_tool_has_its_own_word_and_else_the_shells(catalogue):
    with language('es'):
        assert texts('appliance.tools.worktime.rules')('Day') == 'Jornada'
        assert texts('appliance.tools.people.rules')('Day') == 'Día'
        assert texts('appliance.core.people')('Unknown words') == 'Unknown words'
    assert texts('appliance.tools.worktime.rules')('Day') == 'Day'


def test_plurals_follow_the_language(catalogue):
    _ = texts('appliance.core.x')
    assert [_.plural('%(n)s day', '%(n)s days', n) for n in (0, 1, 2)] == ['0 days', '1 day', '2 days']
    with language('es'):
        assert [_.plural('%(n)s day', '%(n)s days', n) for n in (0, 1, 2)] == ['0 días', '1 día', '2 días']


def test_a_lazy_text_is_translated_when_it_is_shown(catalogue):
    text = texts('appliance.core.x').lazy('Day')
    assert isinstance(text, Lazy) and str(text) == 'Day'
    with language('es'):
        assert str(text) == 'Día' and text == 'Día'


def test_a_language_that_the_portal_does_not_speak_is_english():
    with language('tlh'):
        assert i18n.current_language() == 'en'
    assert i18n.negotiate(['fr-FR', 'es-MX', 'en']) == 'es'
    assert i18n.negotiate(['fr', 'de']) is None


def test_times_are_shown_in_the_persons_zone_and_language():
    with language('es', 'Europe/Madrid'):
        assert i18n.format_moment(AT) == '1/7/26, 23:30'
        assert i18n.format_time(AT, 'Pacific/Kiritimati') == '11:30'
        assert i18n.format_birthday('1985-03-14') == '14 de marzo' and i18n.format_day(date(2026, 7, 1)) == '1 jul 2026'
    assert i18n.current_zone() == 'UTC'


def test_what_was_formatted_once_is_kept_for_its_language_and_hour_alone():
    for zone in ('Europe/Madrid', 'Asia/Kathmandu', 'America/New_York'):
        for code in ('en', 'es'):
            for moment in (AT, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)):
                with language(code, zone):
                    shown = i18n.format_time(moment), i18n.format_moment(moment), i18n.format_weekday(moment.date())
                assert shown == (dates.format_time(moment, 'short', tzinfo=ZoneInfo(zone), locale=code),
                                 dates.format_datetime(moment, 'short', tzinfo=ZoneInfo(zone), locale=code),
                                 dates.format_date(moment.date(), 'full', locale=code))


@pytest.mark.parametrize('seconds, shown', [(0, '0 h 00 min'), (59, '0 h 00 min'), (3660, '1 h 01 min'), (360_000, '100 h 00 min')])
def test_a_span_is_hours_and_whole_minutes(seconds, shown):
    assert i18n.format_span(seconds) == shown


def test_zones_offered_are_places_and_every_known_name_is_taken():
    assert 'Europe/Madrid' in i18n.zones() and 'UTC' in i18n.zones() and 'EST5EDT' not in i18n.zones()
    assert i18n.is_zone('US/Eastern') and not i18n.is_zone('../etc/passwd') and not i18n.is_zone('')
