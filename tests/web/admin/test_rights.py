"""Administration is the administrators': others read that it is not for them, on every route of the blueprint."""
import pytest
from flask import url_for

from appliance.web.app import create_app

# What is no number in an address.
WORDS = {'name': 'core.outbox', 'what': 'ending'}


@pytest.fixture
def addresses(lumbreras):
    """(method, path) of every route of the blueprint, with ids that exist where there are any."""
    app = create_app(lumbreras.box.config)
    found = []
    with app.test_request_context(base_url=lumbreras.box.config.server.public_address):
        for rule in app.url_map.iter_rules():
            if rule.endpoint.startswith('admin.'):
                path = url_for(rule.endpoint, **{name: WORDS.get(name, 1) for name in rule.arguments})
                found += [(method, path) for method in rule.methods & {'GET', 'POST'}]
    return found


def test_others_are_told_that_it_is_not_for_them(lumbreras, addresses):
    assert len(addresses) > 10
    for role in ('head', 'employee', 'outsider', 'guest'):
        browser = lumbreras.browser(role)
        met = {address: (browser.get(address[1]) if address[0] == 'GET' else browser.post(address[1], page='/settings')).status_code
               for address in addresses}
        assert met == dict.fromkeys(addresses, 403)


def test_no_post_without_a_token(lumbreras, addresses):
    browser = lumbreras.browser('administrator')
    for method, path in addresses:
        if method == 'POST':
            assert browser.post(path, {'csrf_token': 'x.y'}, page='/settings').status_code == 403


def test_the_administrator_gets_every_page(lumbreras):
    browser = lumbreras.browser('administrator')
    for path in ('/admin', '/admin/setup', '/admin/jobs', '/admin/jobs/core.outbox', '/admin/mail', '/admin/backups', '/admin/directories',
                 '/admin/directories/new'):
        assert browser.get(path).status_code == 200, path
