"""Coming in and going out by HTTP: statuses, cookies, what is told and what is not."""
import re
from datetime import UTC, datetime

import pytest
import time_machine

from appliance.core.actor import SYSTEM
from appliance.core.errors import Busy
from appliance.core.settings import set_setting
from appliance.identity import sessions
from appliance.identity.directory import directories
from appliance.identity.models import LoginFailure, Session
from tests.loaded import PASSWORD
from tests.visitors import Browser


@pytest.fixture
def door(company):
    """Log in by the form; returns the answer."""
    company.browser('guest')

    def log_in(login, password=PASSWORD, **fields):
        company.visitor = Browser(company._app, 'no such session')
        return company.visitor.post('/login', {'login': login, 'password': password, **fields}, page='/login')
    return log_in


def cookie(answer):
    """The Set-Cookie line of the session."""
    return next((line for line in answer.headers.getlist('Set-Cookie') if line.startswith('appliance_session=')), '')


@pytest.mark.parametrize('login', ['employee', 'EMPLOYEE', ' employee '])
def test_right_pair_comes_in(door, login):
    answer = door(login)
    assert answer.status_code == 303
    assert answer.headers['Location'] == '/'
    assert 'HttpOnly' in cookie(answer)
    assert 'SameSite=Lax' in cookie(answer)


def test_unticked_cookie_dies_with_the_browser_and_ticked_lives_fourteen_days(door):
    assert 'Max-Age' not in cookie(door('employee'))
    assert f'Max-Age={14 * 86400}' in cookie(door('employee', remember='y'))


def test_every_login_makes_a_new_token(door):
    tokens = {re.match(r'appliance_session=([^;]+)', cookie(door('employee')))[1] for _time in range(3)}
    assert len(tokens) == 3
    assert all(len(token) >= 43 for token in tokens)      # 256 bits


@pytest.mark.parametrize(('login', 'password'), [
    ('employee', 'wrong'), ('nobody', 'wrong'), ('employee', ''), ('employee', '   '), ('', ''), ('employee', 'x' * 5000), ('a\0b', 'x\0')])
def test_wrong_pair_gets_one_answer(door, login, password):
    answer = door(login, password)
    assert answer.status_code == 401
    assert 'do not belong together' in answer.text
    assert not cookie(answer)
    if password.strip():
        assert password not in answer.text


def test_sixth_wrong_try_waits(door):
    answers = [door('employee', 'wrong') for _try in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert 0 < int(answers[-1].headers['Retry-After']) <= 15
    # The right password does not shorten the wait, and another name is not shut out with it.
    assert door('employee').status_code == 429
    assert door('head').status_code == 303


def test_long_wait_is_told_in_minutes(door):
    with time_machine.travel(datetime.now(UTC)) as traveller:
        for _try in range(20):
            answer = door('employee', 'wrong')
            wait = int(answer.headers.get('Retry-After', 0))
            if wait >= 120:
                break
            traveller.shift(wait)
        assert f'Wait {-(-wait // 60)} minutes' in answer.text


@pytest.mark.parametrize(('asked', 'goes_to'), [
    ('/settings/sessions', '/settings/sessions'), ('/settings?x=1', '/settings?x=1'), ('//evil.example/', '/'),
    ('https://evil.example/', '/'), ('/\\evil.example', '/'), ('javascript:alert(1)', '/'), ('/no-such-page', '/'), ('/logout', '/'),
    ('/settings\r\nX: y', '/'), ('', '/')])
def test_next_is_one_of_our_pages(door, asked, goes_to):
    assert door('employee', next=asked).headers['Location'] == goes_to


def test_page_asked_for_without_a_session_comes_back_after_the_login(company):
    company.browser('guest')
    stranger = Browser(company._app, '')
    answer = stranger.get('/settings/sessions?a=1')
    assert answer.status_code == 303
    assert answer.headers['Location'] == '/login?next=/settings/sessions?a%3D1'
    assert 'value="/settings/sessions?a=1"' in stranger.get(answer.headers['Location']).text


def test_htmx_without_a_session_is_sent_to_the_login(company):
    company.browser('guest')
    answer = Browser(company._app, '').get('/settings', headers={'HX-Request': 'true'})
    assert (answer.status_code, answer.headers['HX-Redirect']) == (401, '/login')


def test_login_page_sends_on_who_is_logged_in(company):
    assert company.browser('employee').get('/login').status_code == 303


def test_logout_ends_the_row_and_clears_the_browser(company):
    browser = company.browser('employee')
    answer = browser.post('/logout')
    assert answer.status_code == 303
    assert 'storage' in answer.headers['Clear-Site-Data']
    assert browser.get('/').status_code == 303
    assert not Session.select().where(Session.person == company.ids['employee']).exists()


def test_logout_wants_a_post(company):
    assert company.browser('employee').get('/logout').status_code == 405


def test_row_holds_no_token(company):
    token, _row = sessions.open_session(SYSTEM, company.ids['employee'], ['password'])
    row = Session.select().order_by(Session.id.desc()).dicts().first()
    assert token not in repr(row)
    assert token.encode() not in row['token_hash']



@pytest.fixture
def silent_directory(company):
    """A directory of whose server nothing is left."""
    return directories.add_directory(SYSTEM, 'Head office', 'ldap://127.0.0.1:1', 'dc=example', tls='none')


def test_directory_that_is_down_has_its_own_page(door, silent_directory):
    answer = door('somebody')
    assert answer.status_code == 503
    assert 'directory does not answer' in answer.text
    assert 'Retry-After' not in answer.headers      # the page would send itself again; waiting a second does not mend a server
    assert not LoginFailure.select().exists()


def test_local_account_comes_in_while_the_directory_is_down(door, silent_directory):
    assert door('administrator').status_code == 303
    assert door('administrator', 'wrong').status_code == 401


def test_busy_login_says_when_to_come_again(door, monkeypatch):
    """The gate's own tests make real waves of logins; here only the answer matters."""
    def busy(*_args):
        raise Busy()
    monkeypatch.setattr('appliance.web.login.routes.accounts.log_in', busy)
    answer = door('employee')
    assert (answer.status_code, answer.headers['Retry-After']) == (503, '1')
    assert 'data-resend' in answer.text


@pytest.mark.parametrize('fields', [{'more': '1'}, {'login': ['employee', 'head']}])
def test_form_refuses_what_it_does_not_know(door, fields):
    assert door(**{'login': 'employee', **fields}).status_code == 422


def test_the_days_of_remembering_come_from_the_setting(door):
    door('employee')
    set_setting(SYSTEM, 'login.remember_days', '3')
    assert f'Max-Age={3 * 86400}' in cookie(door('employee', remember='y'))


@pytest.mark.parametrize(('accepted', 'title'), [('', 'Entrar'), ('fr', 'Entrar'), ('en-GB', 'Log in'), ('es', 'Entrar')])
def test_a_stranger_reads_his_browsers_language_else_the_companys(stranger, accepted, title):
    set_setting(SYSTEM, 'company.language', 'es')
    answer = stranger.get('/login', headers={'Accept-Language': accepted} if accepted else {})
    assert f'<h1>{title}' in answer.text
