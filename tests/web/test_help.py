"""The guide over HTTP: once a person with the first day he sees, again under Help, in each one's own words, true to what is set up."""
import re

import pytest

from appliance.core import guides
from appliance.core.actor import SYSTEM
from appliance.core.backup import keeping
from appliance.core.errors import StorageFull
from appliance.core.guides import GuideSeen
from appliance.core.people import Person, set_language
from appliance.core.settings import set_setting
from appliance.demo import company as demo
from appliance.identity.directory.directories import add_directory
from tests.counting import queries

HTMX = {'HX-Request': 'true', 'HX-Request-Type': 'partial'}
WINDOW = '<dialog class="guide"'


@pytest.mark.parametrize('role', demo.ROLES)
def test_it_is_shown_once_on_any_device(company, role):
    desk, phone = company.browser(role), company.browser(role)
    assert WINDOW in desk.get('/').text
    assert [WINDOW in browser.get('/').text for browser in (desk, phone, desk, phone)] == [False] * 4
    assert GuideSeen.select().count() == 1


def test_it_waits_for_the_day(company):
    browser = company.browser('employee')
    assert WINDOW not in browser.get('/people').text
    browser.get('/', headers={'Sec-Purpose': 'prefetch;prerender'})
    browser.get('/help')
    assert WINDOW in browser.get('/').text


def test_each_reads_his_own_words(company):
    said = {role: re.sub(r'\s+', ' ', company.browser(role).get('/').text) for role in ('administrator', 'employee', 'guest')}
    assert 'Set up the portal' in said['administrator'] and 'Mail server' in said['administrator']
    assert 'Start your day by the button' in said['employee'] and 'Set up the portal' not in said['employee']
    guest = said['guest'].partition(WINDOW)[2]
    assert 'You are a guest here: this portal belongs to Lumbreras Optics.' in guest and 'Your contact' in guest
    assert 'Work time' not in guest and 'Everybody with phone' not in guest


def steps(browser):
    """{title: its state} as the administrator's guide says."""
    text = browser.get('/help', headers=HTMX).text
    return {title: state for title, state in re.findall(r'person-name" href="[^"]+">([^<]+)</a>.*?<span class="tag[^"]*">([^<]+)</span>', text, re.DOTALL)}


def test_the_steps_are_what_is_really_set_up(company, monkeypatch):
    browser = company.browser('administrator')
    assert steps(browser) == {'Company': 'Done', 'Mail server': 'Left', 'Directory': 'If you have one', 'Backups on another disk': 'Left',
                              'The key of the backups': 'Left', 'The first people': 'Done'}
    assert '3 steps of the set-up are left.' in browser.get('/help').text
    set_setting(SYSTEM, 'mail.host', 'mail.lumbreras.example')
    add_directory(SYSTEM, 'Company LDAP', 'ldap://127.0.0.1:18149', 'dc=company,dc=example', tls='none')
    assert (steps(browser)['Mail server'], steps(browser)['Directory']) == ('Done', 'Done')
    monkeypatch.setattr(keeping, 'is_key_shown', lambda config: True)
    monkeypatch.setattr(type(company.box.config), 'is_outside', True)
    assert set(steps(browser).values()) == {'Done'}
    assert 'Everything is set up.' in browser.get('/help').text
    set_setting(SYSTEM, 'company.name', '')
    Person.update(kind='service').where(Person.login != 'administrator').execute()
    assert (steps(browser)['Company'], steps(browser)['The first people']) == ('Left', 'Left')


@pytest.mark.parametrize('role', demo.ROLES)
def test_help_is_a_page_and_for_htmx_the_window(company, role):
    browser = company.browser(role)
    assert 'href="/help"' in browser.get('/').text
    page, window = browser.get('/help').text, browser.get('/help', headers=HTMX).text
    assert '<html' in page and WINDOW not in page
    assert '<html' not in window and window.startswith(WINDOW)
    assert ('Where things are' in page) and ('Set up the portal' in page) == (role == 'administrator')


def test_it_speaks_the_person_s_language(company):
    set_language(SYSTEM, company.ids['employee'], 'es')
    assert 'En un minuto sabes dónde está todo.' in company.browser('employee').get('/').text


def test_a_day_comes_although_nothing_can_be_written(company, monkeypatch):
    browser = company.browser('employee')

    def refuse(actor, guide):
        raise StorageFull()

    with monkeypatch.context() as full:
        full.setattr(guides, 'claim', refuse)
        answer = browser.get('/')
        assert answer.status_code == 200 and WINDOW not in answer.text
    assert WINDOW in browser.get('/').text


def test_strangers_have_no_help(stranger):
    assert stranger.get('/help').status_code == 303
    assert not GuideSeen.select().exists()


def test_the_first_page_asks_little_too(company):
    for role in ('administrator', 'employee'):
        company.browser(role).get('/people')
        with queries() as asked:
            company.browser(role).get('/')
        assert len(asked) <= 20, asked
