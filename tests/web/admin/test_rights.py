"""Every form of the administration wants a token. Who may come in at all is in tests/web/matrix.txt."""
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


def test_no_post_without_a_token(lumbreras, addresses):
    browser = lumbreras.browser('administrator')
    assert len(addresses) > 10
    for method, path in addresses:
        if method == 'POST':
            assert browser.post(path, {'csrf_token': 'x.y'}, page='/settings').status_code == 403
