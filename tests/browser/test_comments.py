"""Comments in a browser: an @ opens who can be mentioned, by the keyboard alone; quoting, editing, deleting and taking back in place."""
import pytest

from tests.browser.test_pages import AXE, SIZES, violations


def open_day(page):
    """Go to the newest closed day of whoever is logged in; returns its address."""
    page.goto('/worktime')
    page.locator('.worktime-day a').last.click()
    page.locator('.comments').wait_for()
    return page.url


def say(page, text):
    count = page.locator('.comment').count()
    page.locator('#comment-text').fill(text)
    page.locator('#composer button[type=submit]').click()
    page.locator('.comment').nth(count).wait_for()


def test_a_mention_by_the_keyboard(visit):
    page = visit('employee')
    open_day(page)
    field = page.locator('#comment-text')
    field.click()
    field.press_sequentially('Look @', delay=20)
    option = page.locator('.mentions [role=option]').first
    option.wait_for()
    name = option.locator('.person-name').inner_text()
    assert field.get_attribute('aria-activedescendant') == option.get_attribute('id')
    page.keyboard.press('Escape')
    assert page.locator('.mentions [role=option]').count() == 0
    field.press_sequentially(name[:2], delay=20)
    page.locator('.mentions [role=option]').first.wait_for()
    page.keyboard.press('Enter')
    assert field.input_value().startswith('Look @') and field.input_value().endswith(' ') and len(field.input_value()) > 8
    count = page.locator('.comment').count()
    page.keyboard.press('Control+Enter')
    page.locator('.comment').nth(count).wait_for()
    assert page.locator('.comment').last.locator('a.comment-person').count() == 1 and field.input_value() == ''
    assert page.complaints == []


def test_quote_edit_delete_and_take_back_in_place(visit):
    page = visit('employee')
    open_day(page)
    say(page, 'the first')
    page.locator('.comment').last.get_by_role('link', name='Quote').click()
    page.locator('#composer .comment-quote').wait_for()
    assert page.evaluate('document.activeElement.id') == 'comment-text'
    say(page, 'an **answer**')
    last = page.locator('.comment').last
    assert last.locator('.comment-quote').inner_text().endswith('the first') and last.locator('strong').last.inner_text() == 'answer'
    last.get_by_role('link', name='Edit').click()
    page.locator('.comment-edited textarea').fill('<b>another</b>')
    page.locator('.comment-edited button[type=submit]').click()
    last.get_by_text('<b>another</b>').wait_for()
    last.get_by_role('button', name='Delete').click()
    page.locator('.comment-deleted').wait_for()
    page.get_by_role('button', name='Take it back').click()
    last.get_by_text('<b>another</b>').wait_for()
    assert page.complaints == []


def test_liking_by_a_double_click_is_liking_once(visit):
    page = visit('employee')
    open_day(page)
    say(page, 'likeable')
    like = page.locator('.comment').last.locator('.like')
    like.locator('button').dblclick()
    like.locator('.like-count').wait_for()
    page.wait_for_timeout(500)
    for _time in range(2):
        assert like.locator('.like-count').inner_text() == '1' and like.locator('button').get_attribute('aria-pressed') == 'true'
        page.reload()
    assert page.complaints == []


def test_all_of_it_without_javascript(visit):
    """The buttons of a comment belong to one form for all of them, which stands before the comments."""
    page = visit('employee', java_script_enabled=False)
    open_day(page)
    say(page, 'without a script')
    last = page.locator('.comment').last
    last.locator('.like button').click()
    assert last.locator('.like-count').inner_text() == '1'
    last.locator('.like button').click()
    assert last.locator('.like-count').count() == 0
    last.get_by_role('button', name='Delete').click()
    page.get_by_text('Deleted. It lies in your trash.').wait_for()
    assert page.get_by_text('without a script').count() == 0 and page.complaints == []


def test_another_tab_gets_it_without_being_asked(visit):
    page, other = visit('employee'), visit('employee')
    other.goto(open_day(page))
    other.wait_for_timeout(1500)
    say(page, 'heard elsewhere')
    other.get_by_text('heard elsewhere').wait_for(timeout=10_000)
    assert page.complaints == [] == other.complaints


@pytest.mark.parametrize(('width', 'scheme'), SIZES, ids=lambda value: str(value))
def test_the_card_fits_and_reads(visit, width, scheme):
    page = visit('employee', width, scheme)
    address = open_day(page)
    say(page, 'x' * 300 + ' **b** `c` https://a.example/' + 'y' * 200 + '\n> q\n- l\n```\n' + 'z' * 300 + '\n```')
    day = address.rsplit('/', 1)[1]
    for path in (f'/worktime/days/{day}', f'/comments/worktime.day/{day}', f'/history/worktime.day/{day}', f'/likes/worktime.day/{day}'):
        page.goto(path)
        assert page.evaluate('document.documentElement.scrollWidth - window.innerWidth') <= 0, path
        page.evaluate(AXE.read_text())
        serious = violations(page)
        assert [(one['id'], [node['html'] for node in one['nodes']]) for one in serious] == [], path
