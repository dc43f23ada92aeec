"""The guide in a real browser: modal, closed by key, button and a click beside it, back from Help, usable without scripts."""
import sqlite3

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages import AXE, RUN

PERSON = 'felix.brandt'     # nobody else's first day


@pytest.fixture
def first_day(portal, visit):
    """A function: the first page of a person who was never shown the guide."""
    def open_page(login=PERSON, **options):
        page = visit(login, **options)
        with sqlite3.connect(portal.config.data.folder / 'portal.db', timeout=5) as rows:
            rows.execute('DELETE FROM guide_seen WHERE person_id = (SELECT id FROM person WHERE login = ?)', (login,))
        page.goto('/')
        return page
    return open_page


def test_it_is_modal_and_escape_closes_it(first_day):
    page = first_day()
    window = page.get_by_role('dialog', name='Welcome')
    expect(window).to_be_visible()
    assert page.evaluate("document.querySelector('dialog').matches(':modal')")
    for _stop in range(12):     # the focus never reaches the page behind; between its ends it may be on the browser's own
        page.keyboard.press('Tab')
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press('Escape')
    expect(window).to_have_count(0)
    page.reload()
    expect(page.locator('dialog')).to_have_count(0)
    assert page.complaints == []


@pytest.mark.parametrize('close', [lambda page: page.get_by_role('button', name='Begin').click(), lambda page: page.get_by_role('button', name='Close').click(),
                                   lambda page: page.mouse.click(5, 5), lambda page: page.keyboard.press('Enter')], ids=['begin', 'close', 'beside', 'enter'])
def test_it_closes(first_day, close):
    page = first_day()
    expect(page.locator('dialog')).to_be_visible()
    close(page)
    expect(page.locator('dialog')).to_have_count(0)


def test_two_tabs_show_it_once(first_day):
    page = first_day()
    other = page.context.new_page()
    other.goto('/')
    assert (page.locator('dialog').count(), other.locator('dialog').count()) == (1, 0)


def test_help_brings_it_back(first_day):
    page = first_day()
    page.keyboard.press('Escape')
    menu = page.locator('.shell-top [data-bs-toggle=dropdown]').last
    for _time in range(2):
        menu.focus()
        page.keyboard.press('Enter')
        page.get_by_role('link', name='Help').focus()
        page.keyboard.press('Enter')
        expect(page.locator('dialog')).to_have_count(1)
        expect(page.get_by_role('dialog', name='Welcome')).to_be_visible()
        page.keyboard.press('Escape')
        expect(page.locator('dialog')).to_have_count(0)
        expect(menu).to_be_focused()
    assert page.url.endswith('/') and page.complaints == []


def test_without_scripts_it_opens_closes_and_comes_back_as_a_page(first_day):
    page = first_day(width=360, java_script_enabled=False)
    expect(page.locator('dialog')).to_be_visible()
    page.get_by_role('button', name='Begin').click()
    expect(page.locator('dialog')).to_be_hidden()
    page.goto('/help')
    expect(page.get_by_text('Start your day by the button')).to_be_visible()


@pytest.mark.parametrize(('login', 'width', 'scheme'), [('administrator', 1440, 'light'), ('administrator', 360, 'dark'), (PERSON, 360, 'light'), ('guest', 1440, 'dark')])
def test_it_is_accessible_and_fits(first_day, login, width, scheme):
    page = first_day(login, width=width, scheme=scheme)
    expect(page.locator('dialog')).to_be_visible()
    box = page.locator('dialog').bounding_box()
    assert box['x'] >= 0 and box['x'] + box['width'] <= width
    expect(page.get_by_role('button', name='Begin')).to_be_in_viewport()
    page.evaluate(AXE.read_text())
    assert [(one['id'], [node['html'] for node in one['nodes']]) for one in page.evaluate(RUN)] == []


def test_its_links_lead_away(first_day):
    page = first_day('administrator')
    page.get_by_role('dialog').get_by_role('link', name='Mail server').click()
    page.wait_for_url('**/admin/setup#mail')
