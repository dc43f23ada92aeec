"""The day and the weeks as pictures: what is drawn is what the table says, over every clock change, in every state, from either side."""
import random
import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from appliance.core import people
from appliance.core.actor import SYSTEM
from appliance.tools.worktime import picture, rules

CLOCK_CHANGES = [
    ('Europe/Madrid', '2026-10-24 22:00'), ('Europe/Madrid', '2026-03-28 22:00'), ('America/New_York', '2026-11-01 00:10'),
    ('America/Santiago', '2026-09-05 21:00'), ('Australia/Lord_Howe', '2026-10-03 22:00'), ('Australia/Lord_Howe', '2026-04-04 21:00'),
    ('Asia/Kathmandu', '2026-11-23 08:50'), ('Pacific/Chatham', '2026-09-26 23:00'), ('Pacific/Kiritimati', '2026-11-23 08:50')]


def part(percent):
    """`12.50%` as 0.125."""
    assert re.fullmatch(r'-?\d+\.\d\d%', percent)
    return float(percent[:-1]) / 100


def drawn(actor, day_id):
    """(day, band) as the page draws them."""
    found = rules.timeline(actor, day_id)
    return found['day'], picture.band(found['day'], found['steps'], found['corrections'])


def labels(band, day):
    """The hours on the wall at the ticks."""
    return [tick['at'].astimezone(ZoneInfo(day['zone'])).strftime('%H:%M') for tick in band['ticks']]


@pytest.fixture
def worked(staff, clock):
    """A closed day: nine to half past five, a pause of 45 minutes from one o'clock."""
    ana = staff.actor('employee')
    clock('2026-11-23 09:00')
    day_id = rules.start_day(ana)
    clock('2026-11-23 13:00')
    pause_id = rules.pause(ana, day_id)
    clock('2026-11-23 13:45')
    rules.continue_(ana, pause_id)
    clock('2026-11-23 17:30')
    rules.finish(ana, day_id)
    return day_id


def test_a_closed_day(staff, worked):
    day, band = drawn(staff.actor('employee'), worked)
    assert labels(band, day) == [f'{hour:02d}:00' for hour in range(9, 19)]
    assert [(one['kind'], one['x'], one['width'], one['grows']) for one in band['parts']] == [
        ('worked', '0.00%', '44.44%', False), ('paused', '44.44%', '8.33%', False), ('worked', '52.78%', '41.67%', False)]
    assert (band['now'], band['corrected'], band['changes'], band['span_s']) == (None, None, False, 9 * 3600)


def test_from_the_right(staff, worked, monkeypatch):
    monkeypatch.setattr(picture, 'direction', lambda: 'rtl')
    _day, band = drawn(staff.actor('employee'), worked)
    assert [(one['x'], one['width']) for one in band['parts']] == [('55.56%', '44.44%'), ('47.22%', '8.33%'), ('5.56%', '41.67%')]
    assert (band['ticks'][0]['x'], band['ticks'][-1]['x']) == ('100.00%', '0.00%')


def test_a_running_day_leaves_room_and_marks_now(staff, clock):
    ana = staff.actor('employee')
    clock('2026-11-23 09:20')
    day_id = rules.start_day(ana)
    day, band = drawn(ana, day_id)
    assert (labels(band, day)[0], labels(band, day)[-1]) == ('09:00', '19:00')
    assert (band['now'], band['parts'][0]['width'], band['parts'][0]['grows']) == ('3.33%', '0.00%', True)
    clock('2026-11-23 14:20')
    assert drawn(ana, day_id)[1]['now_s'] == 5 * 3600 + 20 * 60
    clock('2026-11-23 23:30')
    day, band = drawn(ana, day_id)
    assert labels(band, day)[-1] == '00:00' and part(band['now']) == pytest.approx(14.5 / 15, abs=1e-4)
    rules.pause(ana, day_id)
    clock.shift(20)
    assert [(one['kind'], one['grows']) for one in drawn(ana, day_id)[1]['parts']] == [('worked', False), ('paused', True)]


def test_what_nobody_knows_is_neither_work_nor_pause(staff, clock):
    ana = staff.actor('employee')
    clock('2026-11-23 09:00')
    day_id = rules.start_day(ana)
    clock('2026-11-23 12:00')
    pause_id = rules.pause(ana, day_id)
    clock('2026-11-25 12:00')
    assert [one['kind'] for one in drawn(ana, day_id)[1]['parts']] == ['worked', 'open']
    day, band = drawn(ana, day_id)
    assert labels(band, day)[-1] == '01:00' and band['now'] is None
    rules.correct(ana, day_id, rules.read_end(day, datetime(2026, 11, 23, 18)), 'Forgotten.')
    day, band = drawn(ana, day_id)
    assert [(one['kind'], one['until'].hour) for one in band['parts']] == [('worked', 11), ('paused', 17)]
    assert band['corrected'] == '100.00%' and pause_id


@pytest.mark.parametrize('zone, begin', CLOCK_CHANGES)
def test_a_night_with_a_clock_change_is_as_long_as_it_was(staff, clock, zone, begin):
    people.set_zone(SYSTEM, staff.ids['employee'], zone)
    ana = staff.actor('employee')
    started = clock(begin, zone)
    day_id = rules.start_day(ana)
    clock.shift(155)
    pause_id = rules.pause(ana, day_id)
    clock.shift(47)
    rules.continue_(ana, pause_id)
    clock.shift(278)
    rules.finish(ana, day_id)
    day, band = drawn(ana, day_id)
    begun, ended = band['ticks'][0]['at'], band['ticks'][-1]['at']
    assert begun <= started < begun + timedelta(hours=1.51) and ended - timedelta(hours=1.51) < started + timedelta(minutes=480) <= ended
    assert {label[-2:] for label in labels(band, day)} == {'00'}
    assert sum(part(one['width']) for one in band['parts'] if one['kind'] == 'worked') * band['span_s'] == pytest.approx(day['net_s'], abs=10)
    assert day['net_s'] == (480 - 47) * 60
    # No full hour between the ends is left out, and none is told twice that was there once.
    moment, expected = begun, []
    while moment <= ended:
        if not moment.astimezone(ZoneInfo(zone)).minute:
            expected.append(moment)
        moment += timedelta(minutes=1)
    assert [tick['at'] for tick in band['ticks']] == expected


def test_hours_on_the_wall_in_both_nights(staff, clock):
    seen = {}
    for night, begin in (('longer', '2026-10-24 23:30'), ('shorter', '2026-03-28 23:30')):
        ana = staff.add(night)
        clock(begin)
        day_id = rules.start_day(ana)
        clock.shift(300)
        rules.finish(ana, day_id)
        day, band = drawn(ana, day_id)
        seen[night] = [label[:2] for label in labels(band, day)]
        assert band['changes']
    assert seen == {'longer': ['23', '00', '01', '02', '02', '03', '04'], 'shorter': ['23', '00', '01', '03', '04', '05', '06']}


def test_labels_leave_room():
    for count in range(2, 45):
        hours = [datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=number) for number in range(count)]
        ticks = picture._ticks(hours, lambda moment: (moment - hours[0]) / (hours[-1] - hours[0]))
        narrow = [tick for tick in ticks if tick['label'] == 'narrow']
        assert len(narrow) <= picture.LABELS_NARROW + 1 and len([tick for tick in ticks if tick['label']]) <= picture.LABELS_WIDE + 1
        assert ticks[0]['label'] == 'narrow'


def test_any_day_is_whole(staff, clock):
    """Parts follow each other without a gap or an overlap, inside the picture, whatever was clicked when."""
    chance = random.Random(5)
    for number in range(25):
        zone = chance.choice(CLOCK_CHANGES)[0]
        ana = staff.add(f'person{number}', zone=zone)
        clock(f'2026-{chance.randrange(1, 13):02d}-{chance.randrange(1, 28):02d} {chance.randrange(24):02d}:{chance.randrange(60):02d}', zone)
        day_id = rules.start_day(ana)
        for _click in range(chance.randrange(6)):
            clock.shift(chance.choice((0, 1, 30, 95)))
            day = rules.access_day(ana, day_id)
            if day['state'] == 'opened':
                rules.pause(ana, day_id)
            elif day['state'] == 'paused':
                rules.continue_(ana, day['pause_id'])
        _day, band = drawn(ana, day_id)
        places = [(part(one['x']), part(one['width'])) for one in band['parts']]
        assert all(0 <= x <= 1 and 0 <= width <= 1.0001 - x for x, width in places), places
        for (x, width), (follows, _width) in zip(places, places[1:]):
            assert x + width == pytest.approx(follows, abs=2e-4)


def test_two_weeks(staff, clock):
    ana = staff.actor('employee')
    for local, minutes in (('2026-11-15 10:00', 60), ('2026-11-16 09:00', 480), ('2026-11-20 08:00', 600)):
        clock(local)
        day_id = rules.start_day(ana)
        clock.shift(minutes)
        rules.finish(ana, day_id)
    clock('2026-11-22 09:00')
    rules.start_day(ana)        # never finished
    clock('2026-11-25 12:00')
    this, last = picture.two_weeks(rules.days_of(ana)['days'], date(2026, 11, 25))
    assert (this['monday'], last['monday']) == (date(2026, 11, 23), date(2026, 11, 16))
    assert (this['total_s'], last['total_s'], last['unknown']) == (0, 18 * 3600, 1)
    assert [(bar['on_date'].day, bar['height']) for bar in last['days'] if bar['day']] == [(16, '80.00%'), (20, '100.00%'), (22, '0.00%')]
    assert [bar['is_today'] for bar in this['days']] == [False, False, True, False, False, False, False]
    assert [bar['is_future'] for bar in this['days']] == [False] * 3 + [True] * 4


def test_two_weeks_of_nobody_and_over_the_new_year():
    for today in (date(2027, 1, 1), date(2026, 1, 1), date(2026, 11, 23), date(2026, 11, 29)):
        this, last = picture.two_weeks([], today)
        assert this['monday'].weekday() == 0 and this['monday'] - last['monday'] == timedelta(days=7)
        assert this['monday'] <= today < this['monday'] + timedelta(days=7)
        assert (this['total_s'], this['unknown'], len(this['days'])) == (0, 0, 7)


@pytest.mark.parametrize('code, words', [('en', ('9 AM', 'From 9:00 AM to 5:30 PM are', '8 h 30 min 00 s', '7 h 45 min 00 s', 'Mo', 'This week')),
                                         ('es', ('>9<', 'De <time', '8 h 30 min 00 s', '7 h 45 min 00 s', 'LU', 'Esta semana'))])
def test_the_page_draws_it_and_says_how_the_sum_comes_out(staff, worked, code, words):
    people.set_language(SYSTEM, staff.ids['employee'], code)
    for path in ('/worktime', f'/worktime/days/{worked}'):
        text = staff.browser('employee').get(path).text.replace('\u202f', ' ')
        assert text.count('class="worktime-worked" x=') >= 2 and 'role="img"' in text and 'style=' not in text
        plain = re.sub(r'</?time[^>]*>', '', text)
        assert all(word in text or word in plain for word in words if path == '/worktime' or word not in ('Mo', 'LU', 'This week', 'Esta semana'))


def test_who_heads_sees_the_picture_of_the_day(staff, worked):
    assert 'class="worktime-band"' in staff.browser('head').get(f'/worktime/days/{worked}').text
    assert staff.browser('outsider').get(f'/worktime/days/{worked}').status_code == 404
