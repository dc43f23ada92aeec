"""Setting a directory up in a real browser: each part tried as it is filled in, the secret where it was typed, and without scripts."""
import pytest
from playwright.sync_api import expect

from appliance.demo import company
from appliance.demo import directory as slapd
from tests.browser.test_pages import AXE, RUN
from tests.postgresql import free_port

SECRET = 'the secret of the account'
NEW = '/admin/directories/new'


@pytest.fixture(scope='module')
def served(tmp_path_factory):
    """The demo company's directory, running; its account has SECRET."""
    with slapd.start(tmp_path_factory.mktemp('slapd'), free_port(), company.PEOPLE, SECRET) as running:
        yield running


def fill_server(page, served):
    page.fill('#name', 'Head office')
    page.select_option('#tls', 'none')
    page.fill('#url', served.url)


def fill_unused(page, served, name):
    """All that a directory needs to be saved, but nobody logs in by it."""
    page.goto(NEW)
    fill_server(page, served)
    page.fill('#name', name)
    page.fill('#bind_dn', slapd.BIND_DN)
    page.fill('#secret', SECRET)
    page.fill('#base_dn', slapd.PEOPLE_BASE)
    if page.locator('#is_active').is_checked():
        page.locator('#is_active').uncheck()


def test_each_part_is_tried_as_it_is_filled_in(visit, served):
    page = visit('administrator')
    page.goto(NEW)
    page.select_option('#preset', 'freeipa')
    fill_server(page, served)
    page.keyboard.press('Tab')      # the server is tried as soon as its address is there
    expect(page.locator('#found-server .tag-good')).to_have_count(2)
    page.get_by_role('button', name='Set the kind to OpenLDAP').click()
    expect(page.locator('#preset')).to_have_value('openldap')
    expect(page.get_by_role('button', name='Set the kind to OpenLDAP')).to_have_count(0)
    page.fill('#bind_dn', slapd.BIND_DN)
    page.fill('#secret', SECRET)
    page.get_by_role('button', name='Try the account').click()
    expect(page.locator('#found-account .tag-good')).to_have_count(1)
    page.locator('.found-bases li').filter(has_text='ou=people').get_by_role('button').click()
    expect(page.locator('#base_dn')).to_have_value(slapd.PEOPLE_BASE)
    expect(page.locator('.sample')).to_have_count(3)
    page.fill('#tried_login', 'nobody')
    page.press('#tried_login', 'Enter')     # the first button of the form: a try, and no saving
    expect(page.locator('#found-server .tag-good')).to_have_count(2)
    page.get_by_role('button', name='Look at this login').click()
    expect(page.locator('#found-login')).to_contain_text('No entry')
    expect(page.locator('#secret')).to_have_value(SECRET)
    assert page.url.endswith(NEW) and SECRET not in page.content() and page.complaints == []


@pytest.mark.parametrize(('width', 'scheme'), [(1440, 'dark'), (360, 'light')])
def test_what_was_found_is_for_everybody_to_read(visit, served, width, scheme):
    page = visit('administrator', width, scheme)
    page.goto(NEW)
    fill_server(page, served)
    page.fill('#bind_dn', slapd.BIND_DN)
    page.fill('#secret', SECRET)
    page.fill('#base_dn', slapd.PEOPLE_BASE)
    page.fill('#tried_login', 'employee')
    page.get_by_role('button', name='Look at this login').click()
    expect(page.locator('.sample')).to_have_count(4)
    page.locator('#found-account summary').click()
    assert page.evaluate('document.documentElement.scrollWidth <= innerWidth')
    page.evaluate(AXE.read_text())
    assert [one['id'] for one in page.evaluate(RUN, None) if one['impact'] in ('serious', 'critical')] == []


def test_without_scripts_the_page_comes_back_with_what_was_found(visit, served):
    page = visit('administrator', java_script_enabled=False)
    page.goto(NEW)
    fill_server(page, served)
    page.fill('#bind_dn', slapd.BIND_DN)
    page.fill('#secret', SECRET)
    page.get_by_role('button', name='Try the account').click()
    expect(page.locator('#found-account .tag-good')).to_have_count(1)
    assert page.url.endswith(NEW)
    expect(page.locator('#secret')).to_have_value('')
    page.fill('#secret', SECRET)
    page.locator('.found-bases li').filter(has_text='ou=people').get_by_role('button').click()
    expect(page.locator('#base_dn')).to_have_value(slapd.PEOPLE_BASE)
    expect(page.locator('.sample')).to_have_count(3)


def test_two_clicks_save_one_and_back_is_harmless(visit, served):
    page = visit('administrator')
    fill_unused(page, served, 'Saved once')
    page.get_by_role('button', name='Save').dblclick()
    expect(page.get_by_role('heading', level=1)).to_have_text('Saved once')
    page.goto('/admin/directories')
    expect(page.get_by_role('link', name='Saved once')).to_have_count(1)
    page.go_back()
    expect(page.locator('#secret')).to_have_value('')
    page.get_by_role('button', name='Show three people').click()     # with the kept secret
    expect(page.locator('.sample')).to_have_count(3)


def test_the_encryption_follows_the_address(visit, served):
    page = visit('administrator')
    page.goto(NEW)
    page.fill('#url', served.url)
    page.keyboard.press('Tab')
    expect(page.locator('#tls')).to_have_value('starttls')
    expect(page.locator('#found-server')).to_contain_text('The directory refuses StartTLS')
    for typed, meant in ((served.url.replace('ldap:', 'ldaps:'), 'ldaps'), ('ldaps://127.0.0.1\nldap://127.0.0.1', 'ldaps'), ('nonsense', 'ldaps')):
        page.fill('#url', typed)
        page.keyboard.press('Tab')
        expect(page.locator('#tls')).to_have_value(meant)
    page.select_option('#tls', 'none')
    page.fill('#url', served.url)
    page.keyboard.press('Tab')
    expect(page.locator('#tls')).to_have_value('none')


@pytest.mark.parametrize('width', [1440, 360])
def test_what_was_refused_is_in_sight(visit, served, width):
    """The button to save is at the end of a page that begins anew."""
    page = visit('administrator', width)
    page.goto(NEW)
    fill_server(page, served)
    page.fill('#bind_dn', slapd.BIND_DN)
    page.fill('#base_dn', 'no name of an entry')
    page.get_by_role('button', name='Save').click()
    expect(page.locator('#base_dn')).to_be_focused()
    expect(page.locator('#base_dn-error')).to_be_in_viewport()
    page.fill('#base_dn', slapd.PEOPLE_BASE)
    page.locator('summary').filter(has_text='Filter and attributes').click()
    page.fill('#person_filter', 'uid=*')
    page.fill('#secret', SECRET)
    page.get_by_role('button', name='Save').click()
    expect(page.locator('#person_filter')).to_be_focused()
    expect(page.locator('#person_filter-error')).to_be_in_viewport()


@pytest.mark.parametrize('has_scripts', [True, False])
def test_what_cannot_be_taken_back_asks_first(visit, served, has_scripts):
    name = f'Unused, {has_scripts}'
    page = visit('administrator', 360, java_script_enabled=has_scripts)
    fill_unused(page, served, name)
    page.get_by_role('button', name='Save').click()
    expect(page.get_by_role('heading', level=1)).to_have_text(name)
    remove = page.get_by_role('button', name='Remove it')
    expect(remove).to_be_hidden()
    page.locator('summary').filter(has_text='Remove this directory').click()
    expect(page.get_by_text('Its secret, rules and comparisons go with it.')).to_be_visible()
    assert page.evaluate('document.documentElement.scrollWidth <= innerWidth')
    remove.click()
    expect(page.get_by_role('heading', level=1)).to_have_text('Directories')
    expect(page.get_by_role('link', name=name)).to_have_count(0)
