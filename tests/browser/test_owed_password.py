"""The step of a login in a real browser: the page's own script shows it, axe finds nothing, and the new password leads to where the person wanted."""
import os
import subprocess
import sys

import pytest

from tests.browser.test_login import fill
from tests.browser.test_pages import AXE, violations
from tests.ldap import policies
from tests.ldap.authority import Authority
from tests.ldap.people import PASSWORD, PEOPLE, PORTAL, SECRET


@pytest.fixture
def strict(portal, tmp_path):
    """The portal asks a directory with a policy, for this test."""
    authority = Authority()
    (tmp_path / 'ca.pem').write_text(authority.pem)

    def directory(*arguments):
        subprocess.run([sys.executable, '-m', 'appliance', 'directory', *arguments], check=True, input=f'{SECRET}\n'.encode(),
                       env={**os.environ, 'APPLIANCE_CONFIG': str(portal.config.path)}, stdout=subprocess.PIPE)
    with policies.start(authority) as server:
        directory('add', 'Strict', '--url', server.tls_url, '--base', PEOPLE, '--bind-dn', PORTAL, '--ca', str(tmp_path / 'ca.pem'), '--secret-stdin', '--sync', 'off')
        try:
            yield server
        finally:
            directory('edit', 'Strict', '--off', '--name', f'Strict {server.port}')


def test_the_step_in_a_browser(strict, visit):
    page = visit()
    page.goto('/settings/sessions')
    fill(page, 'must', PASSWORD)
    page.get_by_role('heading', name='Choose a new password').wait_for()
    assert page.title().startswith('Choose a new password') and page.evaluate('document.activeElement.id') == 'old'
    page.evaluate(AXE.read_text())
    assert violations(page) == []
    page.fill('#old', PASSWORD)
    page.fill('#new', 'elevenchars')
    page.press('#new', 'Enter')
    page.get_by_text('The directory finds this password too short.').wait_for()
    assert (page.input_value('#old'), page.input_value('#new')) == ('', '')
    page.fill('#old', PASSWORD)
    page.fill('#new', 'battery staple')
    page.press('#new', 'Enter')
    page.wait_for_url('**/settings/sessions')


def test_what_is_said_of_an_ending_password_fits_a_phone(strict, visit):
    page = visit(width=360)
    page.goto('/login')
    fill(page, 'soon', PASSWORD)
    toast = page.locator('.toast.show').filter(has_text='expires within 2 days')
    toast.wait_for()
    box = toast.bounding_box()
    assert box['x'] >= 0 and box['x'] + box['width'] <= 360, box
    assert toast.get_by_role('link', name='Change it').get_attribute('href') == '/settings/password'
