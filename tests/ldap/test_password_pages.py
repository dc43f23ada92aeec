"""The step that a login owes, as a browser meets it, and the password in the settings."""
import re

import pytest

from appliance.core.actor import SYSTEM
from appliance.core.errors import TooMany
from appliance.core.i18n import current_language
from appliance.core.people import Person
from appliance.identity import accounts, sessions
from appliance.identity.directory import directories, expired
from appliance.identity.directory.errors import WrongPair
from appliance.identity.models import LoginFailure, Session
from appliance.web.app import create_app
from tests.ldap import policies
from tests.ldap.people import PASSWORD, PEOPLE, PORTAL, SECRET
from tests.visitors import Browser

NEW = 'battery staple'


@pytest.fixture
def strict(authority):
    with policies.start(authority) as running:
        yield running


@pytest.fixture
def browser(box, strict, authority):
    """A browser of nobody, before a portal whose people come in by a directory with a policy."""
    expired._refused.clear()
    expired._worked.clear()
    directories.add_directory(SYSTEM, 'company', strict.tls_url, PEOPLE, SECRET, bind_dn=PORTAL, ca_pem=authority.pem)
    assert current_language()
    return Browser(create_app(box.config), 'no such session')


def log_in(browser, login='must', password=PASSWORD, **fields):
    return browser.post('/login', {'login': login, 'password': password, **fields}, page='/login')


def cookies(answer):
    """{name: value} of what an answer sets; '' for what it drops."""
    return dict(re.match(r'appliance_([^=]+)=([^;]*)', line).groups() for line in answer.headers.getlist('Set-Cookie'))


def test_a_right_pair_that_owes_a_new_password_leads_there_and_opens_nothing(browser):
    answer = log_in(browser, next='/settings')
    assert answer.status_code == 401 and 'action="/login/password"' in answer.text and 'value="/settings"' in answer.text, 'the script of the page takes a redirect for «in»'
    assert 'session' not in cookies(answer) and len(cookies(answer)['step']) >= 43
    assert 'HttpOnly' in answer.headers['Set-Cookie'] and 'Max-Age' not in '; '.join(answer.headers.getlist('Set-Cookie'))
    assert not Session.select().exists()
    for path in ('/', '/settings', '/settings/password', '/admin'):
        assert browser.get(path).headers['Location'].startswith('/login'), 'it is no session'
    page = browser.get('/login/password?next=/settings')
    assert page.status_code == 200 and 'Choose a new password' in page.text and PASSWORD not in page.text
    assert page.headers['Cache-Control'] == 'no-store'


def test_the_new_password_brings_him_in_where_he_wanted(browser):
    log_in(browser, next='/settings', remember='y')
    answer = browser.post('/login/password', {'old': PASSWORD, 'new': NEW, 'next': '/settings'}, page='/login/password')
    assert answer.status_code == 303 and answer.headers['Location'] == '/settings'
    assert len(cookies(answer)['session']) >= 43 and cookies(answer)['step'] == '' and 'Max-Age=1209600' in '; '.join(answer.headers.getlist('Set-Cookie'))
    assert browser.get('/settings').status_code == 200
    assert browser.post('/login/password', {'old': NEW, 'new': 'another battery staple'}, page='/settings').status_code == 401, 'the step is used'


@pytest.mark.parametrize(('fields', 'status', 'words'), [
    ({'old': 'wrong', 'new': NEW}, 422, 'current password is not right'), ({'old': PASSWORD, 'new': 'short'}, 422, 'at least 8'), ({'old': PASSWORD, 'new': 'elevenchars'}, 422, 'too short'),
    ({}, 422, ''), ({'old': PASSWORD, 'new': 'x' * 5000}, 422, ''), ({'old': PASSWORD, 'new': '\0' * 10}, 422, ''), ({'old': PASSWORD, 'new': NEW, 'kind': 'x'}, 422, 'kind')])
def test_what_is_wrong_is_said_and_no_password_comes_back(browser, fields, status, words):
    log_in(browser)
    answer = browser.post('/login/password', fields, page='/login/password')
    assert answer.status_code == status and words in answer.text
    assert PASSWORD not in answer.text and NEW not in answer.text
    assert browser.post('/login/password', {'old': PASSWORD, 'new': NEW}, page='/login/password').status_code == 303


def test_without_the_step_there_is_no_page(browser):
    assert browser.get('/login/password').headers['Location'] == '/login'
    answer = browser.post('/login/password', {'old': PASSWORD, 'new': NEW}, page='/login')
    assert answer.status_code == 401 and 'too long' in answer.text


def test_another_site_cannot_bring_it(browser):
    log_in(browser)
    bare = browser._client.post('/login/password', base_url=browser._base, data={'old': PASSWORD, 'new': NEW})
    assert bare.status_code == 403
    assert browser.post('/login/password', {'old': PASSWORD, 'new': NEW}, page='/login/password', headers={'Origin': 'https://evil.test'}).status_code == 403


def test_too_many_tries_are_told_when_to_come_again(browser):
    log_in(browser)
    answers = [browser.post('/login/password', {'old': 'wrong', 'new': NEW}, page='/login/password') for _time in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert int(answers[-1].headers['Retry-After']) > 60 and 'Wait' in answers[-1].text


def test_a_directory_that_goes_away_is_503_and_the_step_stays(browser, strict):
    log_in(browser)
    strict.stop()
    answer = browser.post('/login/password', {'old': PASSWORD, 'new': NEW}, page='/login/password')
    assert answer.status_code == 503 and 'step' not in cookies(answer)


def test_who_is_in_changes_his_own_and_goes_on(browser):
    answer = log_in(browser, 'graced')
    assert answer.status_code == 303
    home = browser.get('/')
    assert 'Your password has expired. You can log in with it 1 more time: change it before.' in home.text
    assert 'has expired' not in browser.get('/').text, 'it is said once'
    assert 'Change password' in browser.get('/settings/password').text
    wrong = browser.post('/settings/password', {'old': 'wrong', 'new': NEW}, page='/settings/password')
    assert wrong.status_code == 422 and 'current password is not right' in wrong.text
    answer = browser.post('/settings/password', {'old': PASSWORD, 'new': NEW}, page='/settings/password')
    assert answer.status_code == 303
    after = browser.get('/settings/password')
    assert after.status_code == 200 and 'Your password is changed' in after.text
    assert Session.select().count() == 2, 'the one before is dead with its epoch'
    LoginFailure.delete().execute()
    assert accounts.log_in('graced', NEW, '192.0.2.7')


def test_a_local_account_changes_it_here(browser):
    accounts.add_local(SYSTEM, 'local', 'Local', password_hash=accounts.passwords.hash_password('a local secret'))
    elsewhere = accounts.log_in('local', 'a local secret', '192.0.2.7')[0]
    log_in(browser, 'local', 'a local secret')
    page = browser.get('/settings/password').text
    assert 'good for this portal alone' in page and 'The directory may want more' not in page

    def change(old, new):
        return browser.post('/settings/password', {'old': old, 'new': new}, page='/settings/password')
    for old, new, words in (('wrong', NEW, 'current password is not right'), ('x' * 5000, NEW, 'is-invalid'), ('a local secret', 'short', 'at least 8'),
                            ('a local secret', 'x' * 5000, 'is-invalid'), ('a local secret', 'a local secret', 'Take another one'), ('a local secret', 'password1', 'too easy')):
        answer = change(old, new)
        assert answer.status_code == 422 and words in answer.text and new not in answer.text, (old[:20], new[:20])
    assert sessions.load(elsewhere), 'nothing has changed'
    answer = change('a local secret', NEW)
    assert answer.status_code == 303 and 'Your password is changed' in browser.get('/settings/password').text
    assert sessions.load(elsewhere) is None and Session.select().join(Person).where((Person.login == 'local') & (Person.epoch == Session.epoch)).count() == 1
    assert accounts.log_in('local', NEW, '192.0.2.7')
    with pytest.raises(WrongPair):
        accounts.log_in('local', 'a local secret', '192.0.2.8')


def test_who_sits_at_a_browser_left_open_cannot_guess_it(browser):
    accounts.add_local(SYSTEM, 'local', 'Local', password_hash=accounts.passwords.hash_password('a local secret'))
    log_in(browser, 'local', 'a local secret')
    answers = [browser.post('/settings/password', {'old': f'guess {number}', 'new': NEW}, page='/settings/password').status_code for number in range(6)]
    assert answers == [422] * 5 + [429]
    assert browser.post('/settings/password', {'old': 'a local secret', 'new': NEW}, page='/settings/password').status_code == 429
    with pytest.raises(TooMany):
        accounts.log_in('local', 'a local secret', '127.0.0.1')


def test_an_expired_password_without_grace_says_so(browser):
    """Once the directory has said that the portal may not change it; test_expired.py has where it may."""
    log_in(browser, 'expired')
    answer = browser.post('/login/password', {'old': PASSWORD, 'new': NEW}, page='/login/password')
    assert answer.status_code == 401 and 'have your administrator give you a new one' in answer.text and cookies(answer)['step'] == ''
    answer = log_in(browser, 'expired')
    assert answer.status_code == 401 and 'have your administrator give you a new one' in answer.text
    assert 'do not belong together' in log_in(browser, 'expired', 'wrong').text
    assert 'do not belong together' in log_in(browser, 'locked').text


def test_who_is_told_that_his_password_ends_is_led_to_where_it_is_changed(browser):
    log_in(browser, 'soon')
    text = browser.get('/').text
    assert re.search(r'data-bs-autohide="false".*Your password expires within 2 days\. <a href="/settings/password">', text, re.DOTALL), text
    assert 'expires within' not in browser.get('/').text, 'it is said once'
