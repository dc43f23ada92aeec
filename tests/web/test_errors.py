"""Every refusal is a page in the person's language, or for htmx the fragment with the same words; failures tell no trace."""
import logging

import peewee
import pytest
from flask import Blueprint

from appliance.core import errors
from appliance.web.app import create_app
from appliance.web.rights import EVERYBODY, allowed, public
from tests.visitors import Browser, Company

REFUSALS = {
    403: errors.NotAllowed(), 404: errors.NotFound(), 409: errors.Conflict(), 422: errors.Invalid('no'), 429: errors.TooMany(retry_after_s=7),
    503: errors.Busy(), 507: errors.StorageFull(), 500: RuntimeError('the secret inside')}


@pytest.fixture
def broken(box):
    """The demo company in a portal with pages that refuse, `/refusing/<status>` and `/public/<status>`."""
    company = Company(box)
    app = create_app(box.config)
    blueprint = Blueprint('refusing', __name__)

    def refuse(status):
        raise REFUSALS[status]
    blueprint.add_url_rule('/refusing/<int:status>', 'person', allowed(*EVERYBODY)(lambda status: refuse(status)), methods=['GET'])
    blueprint.add_url_rule('/public/<int:status>', 'anybody', public('a test')(lambda status: refuse(status)), methods=['GET'])
    blueprint.add_url_rule('/database', 'database', public('a test')(_lost_database), methods=['GET'])
    app.register_blueprint(blueprint)
    company._app = app
    return company


def _lost_database():
    raise peewee.OperationalError('server closed the connection, password=hunter2')


@pytest.mark.parametrize('status', REFUSALS)
def test_person_gets_a_page_with_his_menu(broken, status, caplog):
    caplog.set_level(logging.CRITICAL)
    answer = broken.browser('employee').get(f'/refusing/{status}')
    assert answer.status_code == status
    assert f'Error {status}' in answer.text
    assert 'class="shell-side"' in answer.text
    assert 'secret inside' not in answer.text


@pytest.mark.parametrize('status', REFUSALS)
def test_stranger_gets_a_page_without_a_menu(broken, status, caplog):
    caplog.set_level(logging.CRITICAL)
    broken.browser('employee')
    answer = Browser(broken._app, '').get(f'/public/{status}')
    assert answer.status_code == status
    assert 'class="gate"' in answer.text


def test_htmx_gets_a_fragment(broken):
    answer = broken.browser('employee').get('/refusing/403', headers={'HX-Request': 'true', 'HX-Request-Type': 'partial'})
    assert answer.status_code == 403
    assert '<html' not in answer.text
    assert 'role="alert"' in answer.text


def test_words_of_the_rule_stand_instead_of_the_guess(broken):
    browser = broken.browser('employee')
    guess = 'It may have been moved'
    assert guess in browser.get('/no/such/address').text
    refused = browser.get('/refusing/404').text
    assert 'This does not exist' in refused and guess not in refused


def test_page_speaks_the_persons_language(broken):
    browser = broken.browser('employee')
    browser.post('/settings/language', {'language': 'es', 'next': '/'})
    assert '<html lang="es"' in browser.get('/refusing/404').text


@pytest.mark.parametrize(('status', 'seconds'), [(429, '7'), (503, '1')])
def test_waiting_time_is_a_header(broken, status, seconds):
    assert broken.browser('employee').get(f'/refusing/{status}').headers['Retry-After'] == seconds


def test_failure_is_logged_with_the_number_that_the_page_shows(broken, caplog):
    answer = broken.browser('employee').get('/refusing/500')
    number = answer.text.split('<code>')[1].split('</code>')[0]
    record = next(record for record in caplog.records if number in record.getMessage() and record.exc_info)
    assert 'the secret inside' in str(record.exc_info[1])


def test_lost_database_is_503_and_tells_nothing(broken, caplog):
    caplog.set_level(logging.CRITICAL)
    broken.browser('employee')
    answer = Browser(broken._app, '').get('/database')
    assert answer.status_code == 503
    assert 'hunter2' not in answer.text


def test_page_is_drawn_without_a_database(broken, monkeypatch, caplog):
    caplog.set_level(logging.CRITICAL)
    browser = broken.browser('employee')

    def lost(*_args, **_kwargs):
        _lost_database()
    monkeypatch.setattr('appliance.identity.sessions.rows', lost)
    monkeypatch.setattr('appliance.web.shell.get_settings', lost)
    answer = browser.get('/')
    assert answer.status_code == 503
    assert '<h1>' in answer.text
    assert '<html' in answer.text


@pytest.mark.parametrize(('method', 'path', 'status'), [('GET', '/no-such-page', 404), ('PUT', '/login', 405), ('DELETE', '/', 405),
                                                         ('GET', '/settings/sessions/1/ending', 405)])
def test_unknown_addresses_and_methods(broken, method, path, status):
    browser = broken.browser('employee')
    assert browser._client.open(path, method=method, base_url=browser._base).status_code == status


def test_wrong_bytes_are_refused_without_a_failure(broken):
    browser = broken.browser('employee')
    assert browser.get('/%ff%fe%00').status_code == 404
    assert browser.get('/settings?x=%ff').status_code == 200
