"""No page is forgotten by the tests that walk over pages: whatever has a parameter has an example, and what is no page is named."""
from werkzeug.routing import Map, Rule

from tests import addresses
from tests.switches import every_tool


def test_every_page_with_a_parameter_has_an_example():
    assert addresses.without_example(addresses.routes()) == [], 'give an example in tests/addresses.py (a tool: in the addresses.py of its tests), or name it in NOT_PAGES'


def test_a_page_without_an_example_is_found():
    planted = ('planted.show_item', Rule('/planted/<int:item_id>', endpoint='planted.show_item', methods=['GET']), None)
    planted[1].bind(Map())
    assert addresses.without_example([*addresses.routes(), planted]) == ['planted.show_item']
    fewer = {endpoint: examples for endpoint, examples in addresses.with_parameter().items() if endpoint != 'admin.job'}
    assert addresses.without_example(addresses.routes(), fewer) == ['admin.job']


def test_the_lists_name_what_there_is():
    with every_tool():
        app = addresses.create_app(addresses.configuration.Config(path='no-such-config.ini'))
    known = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert not (addresses.not_pages().keys() | addresses.with_parameter().keys()) - known


def test_pages_are_found():
    found = addresses.every_page()
    assert addresses.Example('employee', '/settings/sessions') in found
    assert addresses.Example(None, '/login') in found
