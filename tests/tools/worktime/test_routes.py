"""The pages of work time over HTTP: buttons with and without htmx, who finds what, what nobody should send."""
import re
from datetime import timedelta

import pytest

from appliance.core import db, live, people
from appliance.core.actor import SYSTEM
from appliance.tools.worktime import rules
from appliance.tools.worktime.models import WorktimeCorrection, WorktimeDay, WorktimePause
from tests.counting import queries

HTMX = {'HX-Request': 'true', 'HX-Request-Type': 'partial'}


@pytest.fixture
def office(staff, clock):
    """The people, each with a browser, on a Monday at nine."""
    clock('2026-11-23 09:00')
    return staff


def day_id():
    return WorktimeDay.get().id


def words(text):
    """What a page says, without its markup."""
    return ' '.join(re.sub(r'<[^>]+>', ' ', text.split('<main')[-1]).split())


def test_a_day_by_its_buttons_without_javascript(office, clock):
    ana = office.browser('employee')
    assert 'Your day begins when you start it.' in words(ana.get('/worktime').text)
    answer = ana.post('/worktime/days', {'next': '/people?q=a'}, page='/worktime')
    assert (answer.status_code, answer.location) == (303, '/people?q=a')
    clock('2026-11-23 12:00')
    assert 'Working since 9:00 AM 3 h 00 min' in words(ana.get('/worktime').text)
    assert ana.post(f'/worktime/days/{day_id()}/pauses', page='/worktime').status_code == 303
    clock('2026-11-23 13:00')
    page = ana.get('/worktime').text
    assert 'In a pause since 12:00 PM 3 h 00 min' in words(page)
    assert ana.post(re.search(r'/worktime/pauses/\d+/closing', page)[0], page='/worktime').status_code == 303
    clock('2026-11-23 17:00')
    assert ana.post(f'/worktime/days/{day_id()}/closing', page='/worktime').status_code == 303
    assert '9:00 AM – 5:00 PM · pauses 1 h 00 min' in words(ana.get('/worktime').text)
    assert ('9:00 AM Start 3 h 00 min 12:00 PM Pause 1 h 00 min 1:00 PM Continued 4 h 00 min 5:00 PM End Worked, without pauses 7 h 00 min'
            in words(ana.get(f'/worktime/days/{day_id()}').text))
    assert WorktimeDay.get().address == '127.0.0.1'


def test_htmx_gets_what_shows_the_day(office, clock):
    ana = office.browser('employee')
    parts = {}
    for next_page, verb in (('/people', ''), ('/', 'pauses'), ('/worktime', 'closing')):
        answer = ana.post(f'/worktime/days/{day_id()}/{verb}' if verb else '/worktime/days', {'next': next_page}, headers=HTMX)
        assert answer.status_code == 200 and '<html' not in answer.text
        parts[next_page] = re.findall(r'<hx-partial hx-target="(\S+)"', answer.text)
    assert parts == {'/people': ['#worktime-top'], '/': ['#worktime-top', '#worktime-card'], '/worktime': ['#worktime-top', '#worktime-content']}


def test_a_button_that_no_longer_fits_shows_the_day_as_it_is(office):
    ana = office.browser('employee')
    ana.post('/worktime/days')
    page = ana.post('/worktime/days')
    assert page.status_code == 409
    assert 'Your working day is running already, since 9:00 AM.' in words(page.text) and 'Finish the day' in page.text
    fragment = ana.post('/worktime/days', {'next': '/worktime'}, headers=HTMX)
    assert fragment.status_code == 409
    assert 'running already' in fragment.text and 'Finish the day' in fragment.text and '<html' not in fragment.text
    assert WorktimeDay.select().count() == 1


def test_the_same_form_twice_is_one_click(office):
    ana = office.browser('employee')
    key = {'request_key': 'the same form'}
    assert [ana.post('/worktime/days', key).status_code for _turn in range(2)] == [303, 303]
    assert [ana.post(f'/worktime/days/{day_id()}/pauses', key).status_code for _turn in range(2)] == [409, 409]


@pytest.fixture
def forgotten(office, clock):
    """The employee's day of Monday, left open; it is Tuesday, eight o'clock."""
    day = rules.start_day(office.actor('employee'))
    clock('2026-11-24 08:00')
    return day


def test_the_end_of_a_forgotten_day_is_asked_for(office, forgotten):
    ana = office.browser('employee')
    assert 'When did you finish on Monday, November 23, 2026?' in words(ana.get('/').text)
    page = ana.get('/worktime').text
    assert 'min="2026-11-23T09:00"' in page and 'max="2026-11-24T01:00"' in page
    assert ana.post('/worktime/days').status_code == 409
    path = f'/worktime/days/{forgotten}/correction'
    answer = ana.post(path, {'ended_at': '2026-11-23T17:30', 'reason': 'I forgot <b>it</b>.'}, page='/worktime')
    assert (answer.status_code, answer.location) == (303, '/worktime')
    assert 'The end of your working day is entered.' in ana.get('/worktime').text
    shown = ana.get(f'/worktime/days/{forgotten}').text
    assert 'I forgot &lt;b&gt;it&lt;/b&gt;.' in shown and '8 h 30 min' in shown
    assert ana.post(path, {'ended_at': '2026-11-23T17:30', 'reason': 'again'}).status_code == 409
    assert ana.post('/worktime/days').status_code == 303


@pytest.mark.parametrize('ended_at, reason, said', [
    ('', 'x', 'A date and a time are needed.'), ('yesterday', 'x', 'Not a valid datetime value'), ('2026-11-23T17:30', '', 'Say in a few words'),
    ('2026-11-24T02:00', 'x', 'The end can be at most 11/24/26, 1:00'), ('2026-11-23T08:59', 'x', 'The end must be after'),
    ('0001-01-01T00:00', 'x', 'The end must be after'), ('9999-12-31T23:59', 'x', 'The end can be at most'), ('2026-11-23T17:30', 'x' * 1001, '1000'),
    ('2026-11-23T17:30', 'a\x00b', 'control or direction characters'), ('2026-11-23T17:30', 'x' * 900_000, '1000')])
def test_a_wrong_correction_comes_back_with_what_would_be_right(office, forgotten, ended_at, reason, said):
    answer = office.browser('employee').post(f'/worktime/days/{forgotten}/correction', {'ended_at': ended_at, 'reason': reason})
    assert answer.status_code == 422
    assert said in words(answer.text).replace('\u202f', ' ')
    assert not WorktimeCorrection.select().exists()


def test_the_bounds_of_the_form_are_in_the_day_s_zone(office, forgotten):
    people.set_zone(SYSTEM, office.ids['employee'], 'America/Lima')
    page = office.browser('employee').get('/worktime').text
    assert 'max="2026-11-24T01:00"' in page and 'Europe/Madrid' in page


def paths():
    return [f'/worktime/days/{day_id()}', *(f'/worktime/days/{day_id()}/{verb}' for verb in ('pauses', 'closing', 'correction')),
            f'/worktime/pauses/{WorktimePause.get().id}/closing']


def test_what_is_whose(office):
    ana = office.actor('employee')
    rules.pause(ana, rules.start_day(ana))
    expected = {'employee': (200, 303), 'head': (200, 403), 'outsider': (404, 404), 'administrator': (404, 404), 'guest': (404, 404)}
    for role in ('outsider', 'guest', 'administrator', 'head'):
        browser = office.browser(role)
        view, *changes = paths()
        assert browser.get(view).status_code == expected[role][0], role
        assert {browser.post(path).status_code for path in changes} == {expected[role][1]}, role
    assert rules.access_day(ana, day_id())['state'] == 'paused'


def test_hidden_and_absent_days_look_the_same(office):
    rules.start_day(office.actor('employee'))
    outsider = office.browser('outsider')
    mask = r'[0-9a-f]{12}|value="[^"]*"|"X-CSRF-Token": "[^"]*"|/worktime/days/\d+'
    answers = {re.sub(mask, '', outsider.get(f'/worktime/days/{number}').text) for number in (day_id(), 10 ** 6, 10 ** 15)}
    assert len(answers) == 1


def test_guests_have_no_button(office):
    guest = office.browser('guest')
    home = guest.get('/')
    assert home.status_code == 200 and 'worktime' not in home.text
    assert guest.get('/worktime').status_code == 404 and guest.post('/worktime/days').status_code == 404


def test_hostile_input_is_an_answer_and_no_failure(office):
    ana = office.browser('employee')
    rules.start_day(office.actor('employee'))
    wrong = {'/worktime?before=x': 422, '/worktime?before=2026-02-30': 422, '/worktime?before=%00': 422, '/worktime?before=0001-01-01': 200,
             '/worktime/days/0': 404, '/worktime/days/-1': 404, '/worktime/days/' + '9' * 40: 404, '/worktime/days': 405, '/worktime/': 200}
    assert {path: ana.get(path).status_code for path in wrong} == wrong
    posts = [({'person_id': '1'}, 422), ({'next': 'x' * 3000}, 422), ({'request_key': 'short'}, 422), ({'request_key': 'x' * 101}, 422),
             ({'csrf_token': ''}, 403), ({'next': 'https://evil.example/'}, 303), ({'x': 'y' * (1 << 20)}, 413)]
    for data, status in posts:
        answer = ana.post(f'/worktime/days/{day_id()}/pauses', data)
        assert answer.status_code == status, (list(data), answer.status_code)
    assert answer.location is None
    assert ana.post('/worktime/pauses/' + '9' * 40 + '/closing').status_code == 404


def test_it_never_sends_elsewhere(office):
    ana = office.browser('employee')
    for target in ('https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)'):
        WorktimeDay.delete().execute()
        assert ana.post('/worktime/days', {'next': target}).location == '/'


def test_days_come_by_the_week_and_then_by_fifties(office, clock):
    ana = office.actor('employee')
    first = clock('2026-01-05 09:00')
    for number in range(120):
        WorktimeDay.create(person=ana.person_id, on_date=(first + timedelta(days=number)).date(), zone='Europe/Madrid', state='closed',
                           started_at=first + timedelta(days=number), ended_at=first + timedelta(days=number, hours=8))
    clock('2026-11-23 09:00')
    browser, path, seen = office.browser('employee'), '/worktime', []
    while path:
        page = browser.get(path).text
        seen.append(re.findall(r'/worktime/days/(\d+)"', page))
        more = re.search(r'rel="next" href="([^"]+)"', page)
        path = more and more[1]
    assert [len(ids) for ids in seen] == [7, 50, 50, 13]
    ids = [int(one) for page in seen for one in page]
    assert ids == sorted(ids, reverse=True) and len(set(ids)) == 120


def test_a_page_takes_at_most_eight_queries(office, clock):
    ana, browser, head = office.actor('employee'), office.browser('employee'), office.browser('head')
    day = rules.start_day(ana)
    for _turn in range(3):
        clock.shift(60)
        rules.continue_(ana, rules.pause(ana, day))
    clock('2026-11-24 08:00')
    expired = {path: browser for path in ('/', '/worktime')}
    pages = [(browser, path) for path in expired] + [(head, f'/worktime/days/{day}')]
    for finished in (False, True):
        if finished:
            rules.correct(ana, day, rules.access_day(ana, day)['latest_at'], 'forgot')
        for visitor, path in [*pages, (browser, f'/worktime/days/{day}'), (browser, '/worktime?before=2026-11-24')]:
            visitor.get(path)
            with queries() as asked:
                assert visitor.get(path).status_code == 200
            assert 1 < len(asked) <= 8, '\n'.join([path, *asked])
            if path == '/':
                assert len([one for one in asked if 'worktime_day' in one]) == 1, 'card and top bar share it'


def test_the_top_bar_takes_one_query_by_index(office):
    ana = office.actor('employee')
    rules.start_day(ana)
    with queries() as asked:
        rules.day_of(ana)
    assert len(asked) == 1
    if db.is_sqlite():
        plan = ' '.join(row[-1] for row in db.rows('EXPLAIN QUERY PLAN ' + asked[0], 1, 1, '2026-11-23'))
        assert 'worktime_day_unfinished' in plan and 'worktime_day_person_id_on_date' in plan
        assert 'SCAN worktime' not in plan


def test_it_speaks_the_person_s_language_and_zone(office, clock):
    people.set_language(SYSTEM, office.ids['employee'], 'es')
    browser = office.browser('employee')
    browser.post('/worktime/days')
    people.set_zone(SYSTEM, office.ids['employee'], 'America/Lima')
    shown = words(browser.get('/worktime').text)
    assert 'Trabajando desde las 9:00' in shown and 'Europe/Madrid' in shown
    assert 'Tu jornada ya está en marcha desde las 9:00.' in words(browser.post('/worktime/days').text)


def test_a_row_that_was_drawn_before_is_shown_where_nothing_differs_alone(office, clock):
    ana, browser = office.actor('employee'), office.browser('employee')
    day = rules.start_day(ana)
    clock('2026-11-23 17:00')

    def row():
        text = browser.get('/worktime').text
        return words(re.search(r'<li>\s*<span class="worktime-day">.*?</li>', text, re.DOTALL)[0].replace('\u202f', ' '))
    rules.finish(ana, day)
    assert row() == row() == 'Monday, November 23, 2026 9:00 AM – 5:00 PM 8 h 00 min'
    people.set_language(SYSTEM, office.ids['employee'], 'es')
    assert row() == 'lunes, 23 de noviembre de 2026 9:00 – 17:00 8 h 00 min'
    clock('2026-11-23 17:30')
    rules.start_day(ana)
    assert 'Trabajando' in row() and '17:00' not in row()
    clock('2026-11-23 18:00')
    rules.finish(ana, day)
    assert row() == 'lunes, 23 de noviembre de 2026 9:00 – 18:00 8 h 30 min'


def notes():
    """[(channels, ref)] of what was told to open tabs of work time."""
    return [(note.channels, note.ref) for note in live.read(0) if note.type == 'worktime']


def test_every_step_is_told_to_the_persons_own_tabs_and_to_the_days_page(office, clock):
    ana = office.browser('employee')

    def mine():
        return (f'person:{office.ids["employee"]}', f'page:worktime.day:{day_id()}'), f'worktime.day:{day_id()}'
    for path in ('/worktime/days', '/worktime/days/{}/pauses', '/worktime/pauses/{}/closing', '/worktime/days/{}/closing'):
        clock.shift(10)
        number = WorktimePause.get().id if 'pauses/{}' in path else day_id() if '{}' in path else ''
        assert ana.post(path.format(number), page='/worktime').status_code == 303
    assert notes() == [mine()] * 4
    assert ana.post(f'/worktime/days/{day_id()}/pauses', page='/worktime').status_code == 409 and len(notes()) == 4
    ana.post('/worktime/days', page='/worktime')
    clock.shift(60 * 24)
    assert rules.expire_days(SYSTEM) == [day_id()]
    assert notes() == [mine()] * 6
    rules.correct(office.actor('employee'), day_id(), WorktimeDay.get().started_at + timedelta(hours=8), 'forgot')
    assert len(notes()) == 7


def test_a_tab_that_heard_of_a_change_fetches_what_it_shows(office, clock):
    ana = office.browser('employee')

    def now(page, browser=ana):
        address = re.search(r'hx-get="(/worktime/now/[^"]+)"', browser.get(page).text)
        return address and address[1].replace('&amp;', '&')

    before = {page: now(page) for page in ('/', '/worktime', '/people?q=a')}
    assert {ana.get(address, headers=HTMX).status_code for address in before.values()} == {204}
    ana.post('/worktime/days', page='/worktime')
    found = {page: re.findall(r'<hx-partial hx-target="(\S+)"', ana.get(address, headers=HTMX).text) for page, address in before.items()}
    assert found == {'/': ['#worktime-top', '#worktime-card'], '/worktime': ['#worktime-top', '#worktime-content'], '/people?q=a': ['#worktime-top']}
    assert ana.get(now('/people'), headers=HTMX).status_code == 204
    clock.shift(10)
    ana.post(f'/worktime/days/{day_id()}/pauses', page='/worktime')
    paused = now('/')
    clock.shift(10)
    ana.post(f'/worktime/pauses/{WorktimePause.get().id}/closing', page='/worktime')
    assert ana.get(paused, headers=HTMX).status_code == 200
    for wrong in ('/worktime/now/x', '/worktime/now/x?next=//evil.example', '/worktime/now/%00?next=/no-such-page'):
        assert ana.get(wrong, headers=HTMX).status_code == 200
    assert office.browser('guest').get('/worktime/now/none').status_code == 404 and now('/', office.browser('guest')) is None
