"""The frame in a real browser: keyboard, phone, language, colours, and a page without scripts."""
from tests.browser.conftest import log_in


def test_skip_link_is_the_first_stop_and_leads_to_the_content(visit):
    page = visit('employee')
    page.goto('/')
    page.keyboard.press('Tab')
    assert page.evaluate('document.activeElement.className') == 'skip-link'
    page.keyboard.press('Enter')
    assert page.evaluate('document.activeElement.id') == 'content'


def test_person_menu_opens_and_closes_by_keyboard(visit):
    page = visit('employee')
    page.goto('/')
    button = page.locator('.shell-top [data-bs-toggle=dropdown]').last
    button.focus()
    page.keyboard.press('Enter')
    assert button.get_attribute('aria-expanded') == 'true'
    page.keyboard.press('ArrowDown')
    assert 'dropdown-item' in page.evaluate('document.activeElement.className')
    page.keyboard.press('Escape')
    assert button.get_attribute('aria-expanded') == 'false'


def test_focus_is_visible_everywhere(visit):
    page = visit('employee')
    page.goto('/settings')
    for _stop in range(40):
        page.keyboard.press('Tab')
        if page.evaluate('document.activeElement === document.body'):
            break
        outline = page.evaluate('getComputedStyle(document.activeElement).outlineStyle')
        assert outline != 'none', page.evaluate('document.activeElement.outerHTML')


def test_phone_has_tabs_and_the_rest_behind_more(visit):
    page = visit('administrator', width=360)
    page.goto('/')
    assert not page.locator('.shell-side').is_visible()
    assert page.locator('.tabs').is_visible()
    page.get_by_role('button', name='More').click()
    page.locator('#more.show').wait_for()
    page.locator('#more').get_by_role('link', name='Administration').click()
    page.wait_for_url('**/admin')


def test_nothing_on_the_phone_is_too_small_to_touch(visit):
    page = visit('employee', width=360)
    for path in ('/', '/settings', '/settings/sessions'):
        page.goto(path)
        small = page.evaluate('''[...document.querySelectorAll("main button, main a.btn, nav.tabs > *")]
            .filter(e => e.offsetParent && e.getBoundingClientRect().height < 32).map(e => e.outerHTML)''')
        assert small == []


def test_language_changes_at_once_and_stays(visit):
    page = visit('outsider')
    page.goto('/settings')
    page.get_by_role('button', name='Español').click()
    page.wait_for_url('**/settings')
    assert page.locator('html').get_attribute('lang') == 'es'
    page.goto('/')
    assert page.locator('html').get_attribute('lang') == 'es'
    page.get_by_role('button', name='English').click()
    page.locator('html[lang=en]').wait_for()


def test_dark_is_dark_whatever_the_system_says(visit):
    page = visit('employee')
    page.goto('/')
    light = page.evaluate('getComputedStyle(document.body).backgroundColor')
    page.get_by_role('button', name='Dark').click()
    page.locator('html[data-bs-theme=dark]').wait_for()
    assert page.evaluate('getComputedStyle(document.body).backgroundColor') != light


def test_without_scripts_people_come_in_and_choose(portal, browser):
    context = browser.new_context(java_script_enabled=False, locale='en')
    page = context.new_page()
    log_in(page, portal, 'guest')
    page.get_by_role('button', name='Español').click()
    assert page.locator('html').get_attribute('lang') == 'es'
    page.get_by_role('button', name='English').click()
    context.close()


def test_reduced_motion_is_respected(visit):
    page = visit('employee', reduced_motion='reduce')
    page.goto('/')
    assert page.evaluate('parseFloat(getComputedStyle(document.querySelector(".btn")).transitionDuration)') < 0.001


def test_the_palette_opens_by_keyboard_finds_and_goes_there(visit):
    page = visit('employee', 1440, 'light')
    page.goto('/')
    page.keyboard.press('Control+k')
    page.wait_for_selector('#palette.show #palette-found a')
    page.keyboard.type('marta jim')
    page.wait_for_selector('#palette-found a:has-text("Marta Jiménez")')
    page.keyboard.press('ArrowDown')
    page.keyboard.press('ArrowDown')
    page.keyboard.press('ArrowUp')
    assert 'Marta Jiménez' in page.evaluate('document.activeElement.textContent')
    page.keyboard.press('Enter')
    page.wait_for_url('**/people/*')
    page.keyboard.press('Control+k')
    page.wait_for_selector('#palette.show')
    page.keyboard.press('Escape')
    page.wait_for_selector('#palette', state='hidden')


def test_without_the_palette_the_button_leads_to_the_search(visit):
    page = visit('employee', 360, 'light')
    page.goto('/')
    assert page.get_attribute('[data-palette]', 'href') == '/search'
    page.click('[data-palette]')
    page.wait_for_selector('#palette.show')
    assert page.evaluate('document.activeElement.id') == 'palette-q'
