"""The picture of the structure in a real browser: by keyboard, zoomed by buttons, keys, wheel and fingers, on the phone, on paper, without scripts."""
import re

import pytest
from playwright.sync_api import expect

ZOOM = "document.querySelector('.chart-sheet').style.zoom || '1'"
OVERFLOW = 'document.documentElement.scrollWidth - window.innerWidth'


def opened(page, **options):
    """The page with the picture."""
    page.goto('/people/structure')
    expect(page.locator('[data-chart-tools]')).to_be_visible()
    return page


def test_opens_and_closes_by_keyboard(visit):
    page = opened(visit('employee'))
    under, inner = page.locator('.chart details').first, page.get_by_role('link', name='Laboratory')
    expect(inner).to_be_visible()
    under.locator('summary').focus()
    page.keyboard.press('Enter')
    expect(inner).to_be_hidden()
    page.keyboard.press('Space')
    expect(inner).to_be_visible()
    page.get_by_role('button', name='Close all').press('Enter')
    expect(inner).to_be_hidden()
    page.get_by_role('button', name='Open all').press('Enter')
    expect(inner).to_be_visible()
    inner.press('Enter')
    expect(page).to_have_url(re.compile(r'/people\?department=\d+'))
    assert page.complaints == []


def test_zooms_by_buttons_and_keys(visit):
    page = opened(visit('employee'))
    size = page.locator('[data-chart-tools] output')
    expect(size).to_have_text('100%')
    page.get_by_role('button', name='Larger').click()
    expect(size).to_have_text('120%')
    page.locator('[data-chart]').focus()
    for _time in range(20):
        page.keyboard.press('-')
    expect(size).to_have_text('30%')
    page.keyboard.press('0')
    expect(size).to_have_text('100%')
    for _time in range(20):
        page.keyboard.press('+')
    expect(size).to_have_text('200%')
    assert page.evaluate(OVERFLOW) <= 0     # the picture scrolls in itself, the page does not
    page.get_by_role('button', name='Fit the width').click()
    expect(size).to_have_text('100%')


def test_wheel_with_control_zooms_about_the_pointer(visit):
    page = opened(visit('employee'))
    page.set_viewport_size({'width': 1440, 'height': 480})      # so low that the page can scroll
    card = page.locator('.chart-card').nth(1)
    before = card.bounding_box()
    page.mouse.move(before['x'] + 5, before['y'] + 5)
    page.keyboard.down('Control')
    page.mouse.wheel(0, -100)
    page.keyboard.up('Control')
    page.wait_for_function(f'Number({ZOOM}) > 1.5')
    after = card.bounding_box()
    assert after['width'] > before['width'] * 1.5
    assert abs(after['y'] - before['y']) < 12


def test_two_fingers_zoom_on_the_phone(visit):
    page = opened(visit('employee', width=360, has_touch=True, is_mobile=True))
    assert page.evaluate(OVERFLOW) <= 0
    devtools = page.context.new_cdp_session(page)
    place = page.locator('.chart-card').nth(1).bounding_box()
    x, y = place['x'] + 60, place['y'] + 30

    def touch(kind, *apart):
        devtools.send('Input.dispatchTouchEvent', {'type': kind, 'touchPoints': [
            {'x': x + way * distance, 'y': y, 'id': number} for distance in apart for number, way in enumerate((-1, 1))]})

    touch('touchStart', 20)
    for distance in (22, 25, 28, 30):
        touch('touchMove', distance)
    touch('touchEnd')
    page.wait_for_function(f'Number({ZOOM}) > 1.3 && Number({ZOOM}) < 1.7')
    assert page.evaluate(OVERFLOW) <= 0 and page.complaints == []


@pytest.mark.parametrize('width', [360, 1440])
def test_prints_whole_and_without_the_frame(visit, width):
    page = opened(visit('employee', width=width))
    page.get_by_role('button', name='Larger').click()
    page.emulate_media(media='print')
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.set_viewport_size({'width': 1000, 'height': 700})      # a sheet of A4 on its side
    expect(page.locator('.shell-top')).to_be_hidden()
    expect(page.locator('[data-chart-tools]')).to_be_hidden()
    assert page.evaluate(ZOOM) == '1' and page.evaluate(OVERFLOW) <= 0
    right = page.evaluate("Math.max(...[...document.querySelectorAll('.chart-card')].map(one => one.getBoundingClientRect().right))")
    assert right <= 1000
    assert page.pdf(prefer_css_page_size=True).startswith(b'%PDF')
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(ZOOM) == '1.2'


def test_without_scripts(visit):
    page = visit('employee', java_script_enabled=False)
    page.goto('/people/structure')
    expect(page.locator('[data-chart-tools]')).to_be_hidden()
    inner = page.get_by_role('link', name='Laboratory')
    expect(inner).to_be_visible()
    page.locator('.chart summary').first.click()
    expect(inner).to_be_hidden()


def test_own_department_is_told_in_words(visit):
    page = opened(visit('employee'))
    expect(page.locator('.chart-card', has=page.get_by_text('Your department')).get_by_role('link').first).to_have_text('Engineering')


def test_lines_join_what_they_should(visit):
    """Between company and departments: the line begins above the middle of the first card and ends above the middle of the last."""
    page = opened(visit('employee'))
    middles = page.evaluate("""[...document.querySelectorAll('.chart-row > li')].map(one => {
        const box = one.querySelector('.chart-card').getBoundingClientRect(), row = one.getBoundingClientRect();
        return [box.left + box.width / 2, row.left + row.width / 2]; })""")
    assert len(middles) == 2 and all(abs(card - column) < 1 for card, column in middles)
