"""A person's own settings and the footer: language, zone, colours, sessions; each only his own."""
from datetime import timedelta

import pytest
import time_machine

from appliance.core import clock
from appliance.core.people import Person
from appliance.identity.models import Session


def test_footer_changes_this_persons_language_at_once(company):
    browser = company.browser('employee')
    assert browser.post('/settings/language', {'language': 'es', 'next': '/settings'}).headers['Location'] == '/settings'
    assert '<html lang="es"' in browser.get('/').text
    assert Person.get_by_id(company.ids['employee']).language == 'es'
    assert '<html lang="en"' in company.browser('outsider').get('/').text


def test_footer_of_a_stranger_is_kept_in_his_browser(stranger):
    answer = stranger.post('/settings/language', {'language': 'es', 'next': '/login'}, page='/login')
    assert answer.headers['Location'] == '/'      # the login page itself is where everybody comes anyway
    assert '<html lang="es"' in stranger.get('/login').text


def test_browser_chooses_the_language_of_a_stranger(stranger):
    for accepted, code in (('es-MX,en;q=0.5', 'es'), ('fr', 'en'), ('', 'en'), ('x' * 500, 'en')):
        assert f'<html lang="{code}"' in stranger.get('/login', headers={'Accept-Language': accepted}).text


@pytest.mark.parametrize('page', ['/login', '/no-such-page'])
def test_every_page_has_the_language_selector(stranger, page):
    text = stranger.get(page).text
    assert 'action="/settings/language"' in text
    assert 'value="es" lang="es"' in text


@pytest.mark.parametrize('page', ['/', '/settings', '/settings/sessions', '/no-such-page'])
def test_every_page_of_a_person_has_the_language_selector(company, page):
    assert 'action="/settings/language"' in company.browser('guest').get(page).text


def test_theme_is_a_choice_of_the_browser(company):
    browser = company.browser('employee')
    assert 'data-bs-theme' not in browser.get('/').text
    browser.post('/settings/theme', {'theme': 'dark', 'next': '/'})
    assert 'data-bs-theme="dark"' in browser.get('/').text
    browser.post('/settings/theme', {'theme': 'automatic', 'next': '/'})
    assert 'data-bs-theme' not in browser.get('/').text


@pytest.mark.parametrize('fields', [
    {'language': 'xx', 'next': '/'}, {'language': '', 'next': '/'}, {'next': '/'}, {'language': 'es', 'next': '/', 'more': '1'},
    {'language': ['es', 'en'], 'next': '/'}, {'language': 'es', 'next': 'x' * 3000}])
def test_wrong_choice_is_refused(company, fields):
    answer = company.browser('employee').post('/settings/language', fields)
    assert answer.status_code == 422
    assert Person.get_by_id(company.ids['employee']).language == 'en'


def test_zone_is_saved_and_said(company):
    browser = company.browser('employee')
    answer = browser.post('/settings', {'language': 'es', 'zone': 'America/Santiago'}, page='/settings')
    assert answer.status_code == 303
    assert Person.get_by_id(company.ids['employee']).zone == 'America/Santiago'
    text = browser.get('/settings').text
    assert 'data-show' in text      # the message, once
    assert 'data-show' not in browser.get('/settings').text


def test_wrong_zone_is_explained_at_its_field(company):
    answer = company.browser('employee').post('/settings', {'language': 'en', 'zone': 'Moon/Base'}, page='/settings')
    assert answer.status_code == 422
    assert 'id="zone-error"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_sessions_are_listed_and_ended(company):
    here, there = company.browser('employee'), company.browser('employee')
    page = here.get('/settings/sessions').text
    assert page.count('this one') == 1
    session_id = Session.select(Session.id).where(Session.person == company.ids['employee']).order_by(Session.id.desc()).scalar()
    assert here.post(f'/settings/sessions/{session_id}/ending', page='/settings/sessions').status_code == 303
    assert there.get('/settings').status_code == 303
    assert here.get('/settings').status_code == 200


def test_all_other_sessions_end_at_once(company):
    here, others = company.browser('employee'), [company.browser('employee') for _number in range(3)]
    stays = company.browser('outsider')
    assert here.post('/settings/sessions/ending', page='/settings/sessions').status_code == 303
    assert [other.get('/').status_code for other in others] == [303] * 3
    assert here.get('/').status_code == stays.get('/').status_code == 200


def test_session_of_somebody_else_does_not_exist(company):
    company.browser('employee')
    theirs = Session.select(Session.id).where(Session.person == company.ids['employee']).scalar()
    outsider = company.browser('outsider')
    for session_id in (theirs, 999999, '9' * 30):
        assert outsider.post(f'/settings/sessions/{session_id}/ending', page='/settings/sessions').status_code == 404
    assert Session.select().where(Session.id == theirs).exists()


def test_use_of_a_session_is_noted_every_five_minutes(company):
    browser = company.browser('employee')
    opened_at = clock.now()
    for minutes, noted in ((4, 0), (6, 6), (10, 6), (12, 12)):
        with time_machine.travel(opened_at + timedelta(minutes=minutes), tick=False), browser.get('/settings') as answer:
            assert answer.status_code == 200
        seen_at = Session.get(Session.person == company.ids['employee']).seen_at
        assert round((seen_at - opened_at).total_seconds() / 60) == noted


def test_unremembered_session_ends_a_day_after_its_last_use(company):
    browser = company.browser('employee')
    opened_at = clock.now()
    for hours, status in ((23, 200), (46, 200), (71, 303)):
        with time_machine.travel(opened_at + timedelta(hours=hours), tick=False), browser.get('/settings') as answer:
            assert answer.status_code == status
