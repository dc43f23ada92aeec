"""The addresses that templates name are Flask's, also the second time."""
import flask
import pytest

from appliance.web import addresses
from appliance.web.app import Portal

VALUES = [{}, {'number': 7}, {'number': '7'}, {'number': 0, 'word': None}, {'number': 1, 'word': True}, {'number': 1, 'word': 1}, {'number': 1, 'word': 1.0}, {'number': 1, 'word': ''},
          {'number': 2, 'word': 'á&"/ '}, {'number': 2, 'word': 'long' * 100}, {'number': 3, '_anchor': 'here'}, {'number': 4, 'word': ['a', 'b']}, {'number': 5, '_external': True}]


@pytest.fixture
def portal():
    app = Portal(__name__)
    app.host = 'localhost'
    app.add_url_rule('/rows/<number>', 'row', lambda number: '')
    app.add_url_rule('/rows', 'rows', lambda: '')
    addresses._kept.cache_clear()
    addresses._constant.cache_clear()
    with app.test_request_context():
        yield app
    addresses._kept.cache_clear()


def test_an_address_is_flasks(portal):
    for values in VALUES * 2:
        endpoint = 'row' if values else 'rows'
        assert addresses.url_for(endpoint, **values) == flask.url_for(endpoint, **values), values


def test_what_is_long_is_not_kept(portal):
    for _time in range(3):
        addresses.url_for('row', number=1, word='x' * (addresses.KEPT_LENGTH + 1))
    assert addresses._kept.cache_info().currsize == 0
    addresses.url_for('row', number=1, word='x' * addresses.KEPT_LENGTH)
    assert addresses._kept.cache_info().currsize == 1
