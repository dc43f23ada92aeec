"""/login/kerberos and /login by HTTP: who is asked for a ticket, what each answer is, and what nobody believes."""
import dataclasses
import re

import pytest

from appliance.core import people
from appliance.core.actor import SYSTEM
from appliance.core.config import Sso
from appliance.core.settings import set_setting
from appliance.identity import accounts, sessions
from appliance.identity.directory import directories
from appliance.identity.models import Session
from appliance.web.app import create_app
from appliance.web.login import networks
from tests.ldap.people import PASSWORD

NTLM = 'TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAA='


@pytest.fixture
def browser(config, directory_id):
    """A client of the portal, of nobody yet."""
    return create_app(config).test_client()


@pytest.fixture
def ask(browser, config):
    """A function: GET an address, with a ticket (text) or other headers."""
    def get(path='/login/kerberos', ticket=None, **headers):
        headers = {name.replace('_', '-'): value for name, value in headers.items()}
        if ticket is not None:
            headers['Authorization'] = f'Negotiate {ticket}'
        return browser.get(path, base_url=config.server.public_address, headers=headers)
    return get


def is_form(answer):
    return 'name="password"' in answer.text


def test_without_a_keytab_there_is_nothing(config, box):
    client = create_app(box.config).test_client()
    answer = client.get('/login/kerberos', base_url=box.config.server.public_address)
    assert (answer.status_code, 'WWW-Authenticate' in answer.headers) == (404, False)
    assert '/login/kerberos' not in client.get('/login', base_url=box.config.server.public_address).text


def test_whoever_shows_nothing_is_asked_and_sees_the_form(ask):
    answer = ask('/login/kerberos?next=/settings')
    assert (answer.status_code, answer.headers['WWW-Authenticate']) == (401, 'Negotiate')
    assert is_form(answer) and 'value="/settings"' in answer.text and 'showed no ticket' not in answer.text
    assert 'showed no ticket' in ask('/login/kerberos?asked=1').text


def test_a_ticket_logs_in_and_goes_on(ask, browser, shown):
    first = browser.get('/login', base_url='http://127.0.0.1:18100')
    answer = ask('/login/kerberos?next=/settings/sessions', shown('employee'))
    assert (answer.status_code, answer.headers['Location']) == (303, '/settings/sessions')
    assert re.fullmatch(r'Negotiate [A-Za-z0-9+/=]{50,}', answer.headers['WWW-Authenticate'])
    line = next(line for line in answer.headers.getlist('Set-Cookie') if line.startswith('appliance_session='))
    assert 'HttpOnly' in line and 'Max-Age' not in line
    # What the browser had before is worth nothing now.
    assert any(line.startswith('appliance_visit=;') for line in answer.headers.getlist('Set-Cookie')), first.headers
    assert ask('/settings/sessions').status_code == 200
    assert ask('/login/kerberos').status_code == 303


def test_a_session_that_somebody_planted_is_not_taken_over(ask, browser, shown):
    browser.set_cookie('appliance_session', 'planted', domain='127.0.0.1')
    ask(ticket=shown('employee'))
    assert sessions.load('planted') is None and Session.select().count() == 1


@pytest.mark.parametrize('target', ['//evil.example/', 'https://evil.example/', '/login', '/login/kerberos', '/login/kerberos?next=/login/kerberos', '/logout', '/no-such'])
def test_one_goes_on_to_a_page_of_ours_and_never_in_a_circle(ask, shown, target):
    assert ask(f'/login/kerberos?next={target}', shown('employee')).headers['Location'] == '/'


@pytest.mark.parametrize('header', ['X-Remote-User', 'Remote-User', 'X-Forwarded-User', 'X-Authenticated-User', 'X-WEBAUTH-USER', 'X-Auth-Request-User', 'REMOTE_USER', 'SSL_CLIENT_S_DN'])
def test_no_header_says_who_somebody_is(browser, config, header):
    accounts.add_local(SYSTEM, 'local', 'Local')
    for name in ('local', 'employee', 'employee@COMPANY.TEST'):
        for path in ('/', '/login', '/login/kerberos'):
            answer = browser.get(path, base_url=config.server.public_address, headers={header: name},
                                 environ_overrides={'REMOTE_USER': name, 'AUTH_TYPE': 'Negotiate', 'HTTP_X_SENDFILE_TYPE': 'X-Accel-Redirect'})
            assert answer.status_code in (200, 303, 401) and 'appliance_session' not in str(answer.headers)
            assert answer.headers.get('Location', '/login').startswith('/login')


@pytest.mark.parametrize('words', ['Basic ZW1wbG95ZWU6eA==', 'Bearer x', 'NTLM ' + NTLM, 'Kerberos x', 'negotiate'])
def test_other_ways_to_say_who_one_is_are_asked_for_a_ticket_or_refused(ask, words):
    answer = ask(Authorization=words)
    assert answer.status_code == 401 and is_form(answer) and not Session.select().exists()


def test_a_ticket_counts_nowhere_else(ask, shown):
    assert ask('/', shown('employee')).headers['Location'] == '/login'
    assert is_form(ask('/login', shown('employee'))) and not Session.select().exists()


@pytest.mark.parametrize('ticket', [NTLM, 'YEgGBisGAQUFAqA+MDygDjAMBgorBgEEAYI3AgIKoioEKE5UTE1TU1AAAQAAAJeCCOIAAAAAAAAAAAAAAAAAAAAABgGxHQAAAA8='])
def test_ntlm_is_refused_without_asking_again(ask, ticket):
    answer = ask(ticket=ticket)
    assert (answer.status_code, 'WWW-Authenticate' in answer.headers) == (401, False)
    assert 'NTLM' in answer.text and is_form(answer)


@pytest.mark.parametrize(('name', 'status', 'words'), [('nobody', 403, 'nobody@COMPANY.TEST'), ('expired', 403, 'has no access'), ('employee@OTHER.TEST', 403, 'OTHER.TEST')])
def test_an_account_that_may_not_is_told_so_above_the_form(ask, shown, name, status, words):
    answer = ask(ticket=shown(name))
    assert answer.status_code == status and words in answer.text and is_form(answer)
    assert 'WWW-Authenticate' not in answer.headers and not Session.select().exists()


def test_a_directory_that_is_down_leaves_the_form_to_local_accounts(ask, directory_id, shown):
    directories.edit_directory(SYSTEM, directory_id, url='ldap://127.0.0.1:9', secret='x')
    answer = ask(ticket=shown('employee'))
    assert answer.status_code == 503 and is_form(answer) and 'directory does not answer' in answer.text


def test_a_keytab_that_is_gone_leaves_the_form(config, directory_id, shown):
    gone = dataclasses.replace(config, sso=Sso('/nonexistent/keytab'))
    answer = create_app(gone).test_client().get('/login/kerberos', base_url=gone.server.public_address, headers={'Authorization': f'Negotiate {shown("employee")}'})
    assert answer.status_code == 503 and is_form(answer) and '/nonexistent' not in answer.text


def test_another_site_cannot_let_its_visitors_log_in(ask, shown):
    for dest in ('image', 'iframe', 'empty', 'script'):
        answer = ask(ticket=shown('employee'), Sec_Fetch_Dest=dest, Sec_Fetch_Site='cross-site', Sec_Fetch_Mode='no-cors')
        assert answer.status_code == 403 and not Session.select().exists()
        assert ask(Sec_Fetch_Dest=dest, Sec_Fetch_Site='cross-site').status_code == 403     # nor is it asked
    assert ask(ticket=shown('employee'), Sec_Fetch_Dest='document', Sec_Fetch_Mode='navigate', Sec_Fetch_Site='cross-site').status_code == 303


def test_of_named_networks_the_ticket_is_asked_for_at_once(ask):
    assert ask('/login').status_code == 200
    set_setting(SYSTEM, 'login.ticket_networks', '127.0.0.0/8 10.0.0.0/8')
    answer = ask('/login?next=/settings')
    assert (answer.status_code, answer.headers['Location']) == (303, '/login/kerberos?next=/settings')
    for path in ('/login?local=1', '/login?local', '/login?local=1&next=/settings'):
        answer = ask(path)
        assert (answer.status_code, is_form(answer), 'WWW-Authenticate' in answer.headers) == (200, True, False)
    set_setting(SYSTEM, 'login.ticket_networks', '10.0.0.0/8')
    assert ask('/login').status_code == 200


def test_who_logs_out_sees_the_form_and_stays_out(ask, browser, shown, config):
    set_setting(SYSTEM, 'login.ticket_networks', '127.0.0.0/8')
    ask(ticket=shown('employee'))
    token = re.search('name="csrf_token" value="([^"]+)"', ask('/settings').text)[1]
    answer = browser.post('/logout', base_url=config.server.public_address, data={'csrf_token': token})
    assert answer.headers['Location'] == '/login?local=1'
    assert ask(answer.headers['Location']).status_code == 200


def test_who_is_blocked_while_in_is_out_and_stays_out(ask, shown):
    ask(ticket=shown('employee'))
    people.block(SYSTEM, Session.get().person_id, 'administrator', 'left')
    assert ask('/').status_code == 303
    assert ask(ticket=shown('employee')).status_code == 403


def test_a_password_still_does_what_it_did(browser, config, ask):
    token = re.search('name="csrf_token" value="([^"]+)"', ask('/login').text)[1]
    answer = browser.post('/login', base_url=config.server.public_address, data={'csrf_token': token, 'login': 'employee', 'password': PASSWORD})
    assert answer.status_code == 303 and Session.get().factors == ['password']


@pytest.mark.parametrize(('address', 'text', 'is_in'), [
    ('10.1.2.3', '10.0.0.0/8', True), ('11.1.2.3', '10.0.0.0/8', False), ('::ffff:10.1.2.3', '10.0.0.0/8', True), ('2001:db8::1', '10.0.0.0/8 2001:db8::/32', True),
    ('', '10.0.0.0/8', False), (None, '0.0.0.0/0', False), ('unix', '0.0.0.0/0', False), ('10.1.2.3', '', False)])
def test_networks(address, text, is_in):
    assert networks.is_within(address, text) is is_in


@pytest.mark.parametrize('wrong', ['10.0.0.0/33', '10.0.0.1/8', 'office', '10.0.0.0/8;', '::/129'])
def test_what_is_no_network_is_refused(box, wrong):
    with pytest.raises(directories.Invalid):
        set_setting(SYSTEM, 'login.ticket_networks', wrong)
