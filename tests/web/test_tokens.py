"""The pages of tokens and service accounts: shown once, revoked, everybody's for administrators alone."""
import re

import pytest

from appliance.core.people import Person
from appliance.identity import tokens
from appliance.identity.models import Token


def make(browser, page='/settings/tokens', **values):
    """The answer to the form of a new token."""
    return browser.post(page, {'name': 'Phone book', 'scopes': ['user', 'department'], 'lives': '90', **values}, page=page)


def address_in(text):
    """The webhook's address on the page that shows it."""
    return re.search(r'value="(http://127\.0\.0\.1:18100/rest/\d+/[a-z0-9]{40}/)"', text)[1]


def test_a_new_address_is_shown_once_and_works(company):
    browser = company.browser('employee')
    answer = make(browser)
    assert answer.status_code == 200 and answer.headers['Cache-Control'] == 'no-store'
    address = address_in(answer.text)
    token = address.split('/')[5]
    assert browser.get('/settings/tokens').text.count(token) == 0 and 'Phone book' in browser.get('/settings/tokens').text
    answer = browser._client.get(f'{address}profile')
    assert answer.json['result']['ID'] == str(company.ids['employee'])
    kept = Token.get()
    assert (kept.scopes, (kept.expires_at - kept.created_at).days) == (['department', 'user'], 90)


def test_it_lives_until_it_is_revoked_and_not_after(company):
    browser = company.browser('employee')
    address = address_in(make(browser, lives='').text)
    assert Token.get().expires_at is None
    answer = browser.post(f'/settings/tokens/{Token.get().id}/revocation', page='/settings/tokens')
    assert answer.status_code == 303 and not Token.select().exists()
    assert browser._client.get(f'{address}profile').status_code == 403
    assert browser.post('/settings/tokens/1/revocation', page='/settings').status_code == 404


@pytest.mark.parametrize('values', [{'name': ''}, {'name': 'x' * 201}, {'scopes': []}, {'scopes': ['nope']}, {'lives': '9999'}, {'lives': 'x'}, {'name': 'a\0b'}])
def test_a_wrong_form_says_so_and_makes_nothing(company, values):
    answer = make(company.browser('employee'), **values)
    assert answer.status_code == 422 and 'class="invalid-feedback"' in answer.text and not Token.select().exists()


def test_a_field_that_the_form_does_not_have_is_refused(company):
    assert make(company.browser('employee'), person_id='1').status_code == 422 and not Token.select().exists()


def test_revoking_is_for_its_person_and_administrators(company):
    make(company.browser('employee'))
    token_id = Token.get().id
    for role in ('outsider', 'head', 'guest'):
        assert company.browser(role).post(f'/settings/tokens/{token_id}/revocation', page='/settings/tokens').status_code == 404
        assert company.browser(role).post(f'/admin/tokens/{token_id}/revocation', page='/settings/tokens').status_code == 403
    assert company.browser('administrator').post(f'/admin/tokens/{token_id}/revocation', page='/admin/tokens').status_code == 303
    assert not Token.select().exists()


def test_administrators_see_everybodys_and_no_token(company):
    address = address_in(make(company.browser('guest'), scopes=['user']).text)
    text = company.browser('administrator').get('/admin/tokens').text
    assert 'Anneke de Vries' in text and 'Phone book' in text and address.split('/')[5] not in text


def test_a_service_account_is_added_gets_an_address_and_is_handed_over(company):
    browser = company.browser('administrator')
    answer = browser.post('/admin/tokens', {'name': 'Phone system', 'login': 'svc.phone', 'owner': 'employee'}, page='/admin/tokens')
    service_id = Person.get(Person.login == 'svc.phone').id
    assert (answer.status_code, answer.location) == (303, f'/admin/tokens/services/{service_id}')
    address = address_in(make(browser, f'/admin/tokens/services/{service_id}', scopes=['user']).text)
    assert f'/rest/{service_id}/' in address and browser._client.get(f'{address}profile').json['result']['NAME'] == 'Phone'
    assert 'Acts as Phone system' in company.browser('employee').get('/settings/tokens').text
    answer = browser.post(f'/admin/tokens/services/{service_id}/owner', {'owner': 'head'}, page=f'/admin/tokens/services/{service_id}')
    assert answer.status_code == 303 and Token.get().owner_id == company.ids['head']
    answer = browser.post(f'/admin/tokens/services/{service_id}/owner', {'owner': 'nobody'}, page=f'/admin/tokens/services/{service_id}')
    assert answer.status_code == 422 and 'no active employee' in answer.text
    answer = browser.post('/admin/tokens', {'name': '', 'login': 'svc 2', 'owner': 'employee'}, page='/admin/tokens')
    assert answer.status_code == 422


def test_a_person_is_no_service(company):
    browser = company.browser('administrator')
    for path in (f'/admin/tokens/services/{company.ids["employee"]}', '/admin/tokens/services/9999'):
        assert browser.get(path).status_code == 404
    assert browser.post(f'/admin/tokens/services/{company.ids["employee"]}', {'name': 'x', 'scopes': ['user'], 'lives': ''}, page='/admin/tokens').status_code == 404


def test_many_tokens_are_pages(company):
    for number in range(30):
        for role in ('employee', 'outsider'):
            tokens.make_token(company.actor(role), f'number {number}', ['user'])
    browser = company.browser('administrator')
    text = browser.get('/admin/tokens').text
    assert text.count('aria-label="Revoke number') == 50
    older = re.search(r'href="(/admin/tokens\?older=\d+)"', text)[1]
    assert browser.get(older).text.count('aria-label="Revoke number') == 10
    assert browser.get('/admin/tokens?older=x').status_code == 404


def test_token_that_a_restore_held_is_let_in_again_by_an_administrator(company):
    make(company.browser('employee'))
    Token.update(is_held=True).execute()
    assert 'Held after a restore' in company.browser('employee').get('/settings/tokens').text
    browser = company.browser('administrator')
    assert 'Let it count again' in browser.get('/admin/tokens').text
    assert browser.post(f'/admin/tokens/{Token.get().id}/release', page='/admin/tokens').status_code == 303
    assert not Token.get().is_held


@pytest.mark.parametrize('path', ['/settings/tokens', '/settings/webhooks', '/rest-docs', '/admin/tokens', '/admin/webhooks'])
def test_pages_speak_spanish(company, path):
    browser = company.browser('administrator')
    browser.post('/settings/language', {'language': 'es', 'next': '/'})
    text = browser.get(path).text
    assert 'Acceso de programas' in text and 'Access for programs' not in text
