"""The working day in a real browser: swapped in place, kept under the focus, counted on, safe from double clicks, usable without scripts."""
import sqlite3

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages import AXE, RUN

PERSON = 'olga.petrova'     # nobody else's day is touched by these tests


def card(page):
    return page.locator('#worktime-card')


def double_click(page, selector, first_answer):
    """A person's double click whose second half comes when the first answer is there already, and the next button in its place.

    Returns what was posted.
    """
    posted = []
    page.on('request', lambda request: posted.append(request.url) if request.method == 'POST' else None)
    box = page.locator(selector).bounding_box()
    page.mouse.move(box['x'] + box['width'] / 2, box['y'] + box['height'] / 2)
    for count in (1, 2):
        page.mouse.down(click_count=count)
        page.mouse.up(click_count=count)
        expect(card(page)).to_contain_text(first_answer)
    page.wait_for_timeout(500)
    return posted


def test_a_day_in_place(visit):
    page = visit(PERSON)
    page.goto('/')
    expect(card(page)).to_contain_text('Not started')
    page.click('#worktime-first')
    expect(card(page)).to_contain_text('Working')

    assert len(double_click(page, '#worktime-first', first_answer='In a pause')) == 1
    assert page.evaluate('document.activeElement.id') == 'worktime-first'
    expect(page.locator('#worktime-first')).to_have_text('Continue')
    page.keyboard.press('Enter')
    expect(card(page)).to_contain_text('Working')

    other = visit(PERSON, width=360)
    other.goto('/people')
    other.click('#worktime-top-button')
    other.click('#worktime-top-pause')
    expect(other.locator('.worktime-dot-paused')).to_be_visible()

    expect(card(page)).to_contain_text('In a pause')     # the first tab follows

    # A tab that cannot follow shows what was, and is told what is.
    page.click('#worktime-first')
    expect(card(page)).to_contain_text('Working')
    page.route('**/worktime/now/**', lambda route: route.abort())
    other.click('#worktime-top-button')
    other.click('#worktime-top-pause')
    expect(other.locator('.worktime-dot-paused')).to_be_visible()
    page.click('#worktime-first')
    expect(page.locator('.toast')).to_contain_text('You are in a pause already')
    expect(card(page)).to_contain_text('In a pause')
    page.goto('/worktime')
    page.click('#worktime-second')
    expect(card(page)).to_contain_text('Finished')
    expect(page.locator('.worktime-steps tbody tr')).to_have_count(7)
    page.click('#worktime-first')
    expect(card(page)).to_contain_text('Working')
    assert [line for line in page.complaints if not any(one in line for one in ('409', 'ERR_FAILED', 'Failed to fetch'))] == []


def test_the_time_counts_on(visit):
    """The browser's clock goes on by minutes; the figures follow, their words stay."""
    page = visit('head')
    page.clock.install()
    page.goto('/')
    page.click('#worktime-first')
    expect(card(page)).to_contain_text('Working')
    page.clock.fast_forward('01:05:00')
    expect(page.locator('.worktime-figure')).to_have_text('1 h 05 min')
    expect(page.locator('#worktime-top-button .figure')).to_have_text('1 h 05 min')
    page.click('#worktime-first')
    expect(page.locator('.worktime-figure')).to_have_text('0 h 00 min')       # the server knows better


def test_it_works_without_scripts(visit):
    page = visit('outsider', width=360, java_script_enabled=False)
    page.goto('/people')
    page.click('#worktime-top-button')
    page.wait_for_url('**/people')
    page.click('#worktime-top-button')
    page.wait_for_url('**/worktime')
    expect(card(page)).to_contain_text('Working')
    page.click('#worktime-second')
    page.wait_for_url('**/worktime')
    expect(card(page)).to_contain_text('Finished')


@pytest.mark.parametrize(('width', 'scheme'), [(1440, 'light'), (360, 'dark')])
def test_every_state_is_accessible(portal, visit, width, scheme):
    page = visit('outsider', width, scheme)
    with sqlite3.connect(portal.config.data.folder / 'portal.db', timeout=5) as rows:
        day, = rows.execute("SELECT max(d.id) FROM worktime_day d JOIN person p ON p.id = d.person_id WHERE p.login = 'outsider'").fetchone()
        for values in ("'closed', ended_at = started_at + 60000000", "'opened', ended_at = NULL", "'expired', ended_at = NULL"):
            rows.execute(f'UPDATE worktime_day SET state = {values} WHERE id = ?', (day,))
            rows.commit()
            for path in ('/', '/worktime', f'/worktime/days/{day}'):
                page.goto(path)
                if page.locator('.worktime-pill').count():
                    page.click('#worktime-top-button')
                    page.locator('.worktime-menu.show').wait_for()
                page.evaluate(AXE.read_text())
                assert [(one['id'], [node['html'] for node in one['nodes']]) for one in page.evaluate(RUN)] == [], (values, path)
                assert page.evaluate('document.documentElement.scrollWidth - window.innerWidth') <= 0
        rows.execute("UPDATE worktime_day SET state = 'closed', ended_at = started_at + 60000000 WHERE id = ?", (day,))


def test_the_picture_of_the_day_moves_on(visit):
    """The mark of now goes on with the browser's clock, the part that lasts grows to it, a click draws it anew."""
    page = visit('julia.kowalska')
    page.clock.install()
    page.goto('/worktime')
    expect(page.locator('.worktime-band')).to_have_count(0)
    page.click('#worktime-first')
    strip = page.locator('.worktime-band-drawn')
    expect(strip).to_be_visible()

    def places():
        return page.evaluate("""() => { const strip = document.querySelector('.worktime-band-drawn'), part = strip.querySelector('[data-grows]');
            return ['x', 'width'].map(name => parseFloat(part.getAttribute(name))).concat(
                parseFloat(strip.querySelector('.worktime-mark').getAttribute('x1')), Number(strip.dataset.span)); }""")
    begun, _width, now, span = places()
    page.clock.fast_forward('02:00:00')
    assert places()[0] == begun
    assert places()[2] - now == pytest.approx(7200 / span * 100, abs=0.2)
    assert places()[0] + places()[1] == pytest.approx(places()[2], abs=0.05)
    page.clock.fast_forward('40:00:00')
    assert places()[2] == 100
    page.click('#worktime-first')
    expect(page.locator('.worktime-legend')).to_contain_text('Pause')
    expect(strip.locator('.worktime-paused')).to_have_count(1)
    page.click('#worktime-second')
    expect(page.locator('.worktime-mark')).to_have_count(0)
    assert page.complaints == []


@pytest.mark.parametrize('width', [360, 1440])
def test_hours_beside_the_strip_do_not_run_into_each_other(portal, visit, width):
    page = visit('employee', width)
    with sqlite3.connect(portal.config.data.folder / 'portal.db', timeout=5) as rows:
        days = [day for day, in rows.execute("SELECT d.id FROM worktime_day d JOIN person p ON p.id = d.person_id WHERE p.login = 'employee' LIMIT 3")]
        for day, hours in zip(days, (2, 12, 23), strict=True):
            rows.execute('UPDATE worktime_day SET ended_at = started_at + ? WHERE id = ?', (hours * 3_600_000_000, day))
    for day in days:
        page.goto(f'/worktime/days/{day}')
        boxes = page.evaluate("""[...document.querySelectorAll('.worktime-hour')].filter(one => getComputedStyle(one).display !== 'none')
            .map(one => one.getBoundingClientRect()).map(box => [box.left, box.right])""")
        assert len(boxes) >= 3 and all(left[1] < right[0] for left, right in zip(boxes, boxes[1:])), boxes
