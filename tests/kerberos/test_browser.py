"""A real browser of the domain: it comes in without typing. Others see the form, and no dialog of the browser's own."""
import http.client
import os
import subprocess
import sys
import time
import urllib.request

import pytest

from appliance.core import config as configuration
from appliance.core.actor import SYSTEM
from appliance.core.settings import set_setting
from appliance.identity.directory import directories
from appliance.identity.models import Session
from tests.boxes import configuration as written
from tests.browser.conftest import CHROMIUM, FLAGS, START_S
from tests.browser.driver import driver
from tests.browser.test_pages import AXE, violations
from tests.ldap.people import PEOPLE, PORTAL, SECRET
from tests.postgresql import free_port


@pytest.fixture
def engine():
    return 'sqlite'


@pytest.fixture
def address(box, kdc, people):
    """The address of a running portal that takes tickets, in a network whose browsers are asked for them."""
    text = written('sqlite:///data/portal.db', port := free_port(), free_port(), free_port())
    box.config.path.write_text(text.replace(f'public_address = http://127.0.0.1:{port}', f'public_address = http://localhost:{port}')
                               + f'[sso]\nkeytab = {kdc.keytab("HTTP/localhost")}\n')
    config = configuration.load(box.config.path)
    directories.add_directory(SYSTEM, 'Company', people.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none')
    set_setting(SYSTEM, 'login.ticket_networks', '127.0.0.0/8')
    with (box.folder / 'log').open('wb') as log:
        web = subprocess.Popen([sys.executable, '-B', '-m', 'appliance', 'web'], stdout=log, stderr=log,
                               env=os.environ | {'APPLIANCE_CONFIG': str(config.path), 'KRB5_CONFIG': os.devnull})
    try:
        deadline = time.monotonic() + START_S
        while not _is_fit(config.server.public_address):
            assert time.monotonic() < deadline and web.poll() is None, (box.folder / 'log').read_text()
            time.sleep(0.1)
        yield config.server.public_address
    finally:
        web.terminate()
        web.wait()


def _is_fit(address):
    try:
        with urllib.request.urlopen(f'{address}/healthz', timeout=1):
            return True
    except OSError:
        return False


@pytest.fixture
def chromium(kdc, tmp_path):
    """A function: a page of a browser with somebody's ticket (None: without one), which may use it at localhost unless told otherwise."""
    started = []

    def start(name, allowed='localhost'):
        cache = kdc.ticket(name) if name else kdc.folder / 'none.ccache'
        # A profile of its own: a private window shows no tickets. On Linux the first challenge of a profile's life only makes Chromium
        # start its network process anew, without the sandbox in which no ticket can be read: this one has seen one.
        profile = tmp_path / f'profile{len(started)}'
        profile.mkdir()
        (profile / 'Local State').write_text('{"net": {"received_http_auth_negotiate_headers": true}}')
        started.append(driver().chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, locale='en', args=[*FLAGS, f'--auth-server-allowlist={allowed}'],
            env=os.environ | {'KRB5_CONFIG': str(kdc.folder / 'krb5.conf'), 'KRB5CCNAME': f'FILE:{cache}'}))
        return started[-1].pages[0]
    yield start
    for browser in started:
        browser.close()


def test_a_ticket_of_the_greatest_size_gets_an_answer_of_ours(address):
    """Windows makes tickets of up to 48,000 bytes, for who is in hundreds of groups; Gunicorn's own limit is 8,190 characters."""
    for size, status in ((64_000, 401), (70_000, 431)):
        connection = http.client.HTTPConnection(address.removeprefix('http://'))
        connection.request('GET', '/login/kerberos', headers={'Authorization': 'Negotiate ' + 'A' * size})
        answer = connection.getresponse()
        assert (answer.status, b'name="password"' in answer.read()) == (status, status == 401)
        connection.close()


def test_a_browser_of_the_domain_comes_in_without_typing_and_stays_out_when_it_logs_out(address, chromium):
    page = chromium('employee')
    page.goto(f'{address}/settings/sessions')
    assert page.url == f'{address}/settings/sessions'
    assert Session.get().factors == ['kerberos']
    page.evaluate("document.querySelector('form[action$=\"/logout\"]').submit()")
    page.wait_for_url(f'{address}/login?local=1')
    assert page.locator('#password').is_visible()
    page.get_by_role('link', name='Log in with my computer’s account').click()
    page.wait_for_url(f'{address}/')


@pytest.mark.parametrize(('name', 'allowed'), [(None, 'localhost'), ('employee', 'elsewhere.test')])
def test_a_browser_without_a_ticket_or_the_leave_to_use_it_sees_the_form(address, chromium, name, allowed):
    page = chromium(name, allowed)
    answer = page.goto(f'{address}/settings')
    assert (answer.status, page.url) == (401, f'{address}/login/kerberos?next=/settings')
    assert page.locator('#password').is_visible() and not Session.select().exists()
    page.evaluate(AXE.read_text())
    for scheme in ('light', 'dark'):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == []
    page.fill('#login', 'employee')
    page.fill('#password', 'correct horse')
    page.press('#password', 'Enter')
    page.wait_for_url(f'{address}/settings')


@pytest.mark.parametrize(('name', 'words'), [('employee@OTHER.TEST', 'OTHER.TEST'), ('nobody', 'nobody@COMPANY.TEST')])
def test_a_ticket_of_somebody_else_says_why_above_the_form(address, chromium, name, words):
    page = chromium(name)
    assert page.goto(f'{address}/').status == 403
    assert words in page.get_by_role('alert').inner_text() and page.locator('#password').is_visible()
    assert page.goto(f'{address}/login?local=1').status == 200
