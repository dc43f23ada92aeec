"""The working day in a real browser: swapped in place, kept under the focus, counted on, safe from double clicks, usable without scripts."""
from playwright.sync_api import expect

PERSON = 'olga.petrova'     # nobody else's day is touched by these tests


def card(page):
    return page.locator('#worktime-card')


def click_twice(page, selector, gap_ms):
    """A person's double click: the first answer is there before the second click comes."""
    box = page.locator(selector).bounding_box()
    page.mouse.move(box['x'] + box['width'] / 2, box['y'] + box['height'] / 2)
    for count in (1, 2):
        page.mouse.down(click_count=count)
        page.mouse.up(click_count=count)
        page.wait_for_timeout(gap_ms)


def test_a_day_in_place(visit):
    page = visit(PERSON)
    page.goto('/')
    expect(card(page)).to_contain_text('Not started')
    click_twice(page, '#worktime-first', gap_ms=300)
    expect(card(page)).to_contain_text('Working')      # the second half of the double click did not pause
    page.evaluate('window.isSamePage = true')

    page.focus('#worktime-first')
    page.keyboard.press('Enter')
    expect(card(page)).to_contain_text('In a pause')
    assert page.evaluate('document.activeElement.id') == 'worktime-first'
    expect(page.locator('#worktime-first')).to_have_text('Continue')
    page.keyboard.press('Enter')
    expect(card(page)).to_contain_text('Working')

    other = visit(PERSON, width=360)
    other.goto('/people')
    other.click('#worktime-top-button')
    other.click('#worktime-top-pause')
    expect(other.locator('.worktime-dot-paused')).to_be_visible()

    page.click('#worktime-first')
    expect(page.locator('.toast')).to_contain_text('You are in a pause already')
    expect(card(page)).to_contain_text('In a pause')
    page.goto('/worktime')
    page.click('#worktime-second')
    expect(card(page)).to_contain_text('Finished')
    expect(page.locator('.worktime-steps tbody tr')).to_have_count(5)
    page.click('#worktime-first')
    expect(card(page)).to_contain_text('Working')
    assert [line for line in page.complaints if '409' not in line] == []


def test_the_time_counts_on(visit):
    """The browser's clock goes on by minutes; the figures follow, their words stay."""
    page = visit('head')
    page.clock.install()
    page.goto('/')
    page.click('#worktime-first')
    expect(page.locator('.worktime-figure')).to_have_text('0 h 00 min')
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
