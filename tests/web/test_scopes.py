"""The page of settings in a scope: one's own, a department's, the company's."""
import pytest

from appliance.core import scopes, settings

PAGE = '/settings/values'


def value(company, login):
    return scopes.value_for(company.actor(login), 'trash.keep_days')


def led(company):
    return scopes.led_by(company.actor('head'))[0][0]


def test_a_person_decides_and_lets_go(company):
    browser = company.browser('employee')
    text = browser.get(PAGE).text
    assert 'Decided by the portal’s default.' in text and 'likes.label' not in text and 'Leave it to others' not in text
    assert browser.post(f'{PAGE}/mine', {'name': 'trash.keep_days', 'value': '7'}, page=PAGE).location == PAGE
    assert value(company, 'employee') == 7 and value(company, 'head') == 30 and 'Decided by yourself.' in browser.get(PAGE).text
    assert browser.post(f'{PAGE}/mine/clearing', {'name': 'trash.keep_days'}, page=PAGE).status_code == 303
    assert value(company, 'employee') == 30


def test_a_wrong_value_stays_to_be_mended(company):
    answer = company.browser('employee').post(f'{PAGE}/mine', {'name': 'trash.keep_days', 'value': '<b>'}, page=PAGE)
    assert answer.status_code == 422 and 'value="&lt;b&gt;"' in answer.text and 'aria-invalid="true"' in answer.text and 'right would be' in answer.text
    assert value(company, 'employee') == 30


def test_a_head_decides_for_the_department(company):
    browser, page = company.browser('head'), f'{PAGE}/{led(company)}'
    assert page in browser.get(PAGE).text
    assert browser.post(page, {'name': 'trash.keep_days', 'value': '9'}, page=page).location == page
    assert value(company, 'head') == 9


def test_an_administrator_decides_for_the_company(company):
    browser, page = company.browser('administrator'), f'{PAGE}/company'
    assert 'likes.label' in browser.get(page).text and 'mail.host' not in browser.get(page).text
    assert browser.post(page, {'name': 'likes.label', 'value': 'Bravo'}, page=page).location == page
    assert settings.get_setting('likes.label') == 'Bravo'


@pytest.mark.parametrize('login', ['employee', 'guest', 'outsider'])
def test_what_is_not_his_to_decide(company, login):
    browser = company.browser(login)
    hidden = browser.hidden('/')
    for path, wanted in (('company', 403), (led(company), 404), ('department:99', 404), ('department:x', 404), ('person:1', 404), ('x', 404)):
        assert browser.get(f'{PAGE}/{path}').status_code == wanted, path
        for where in (path, f'{path}/clearing'):
            assert browser.post(f'{PAGE}/{where}', hidden | {'name': 'trash.keep_days', **({'value': '5'} if where == path else {})}).status_code == wanted, where
    assert browser.post(f'{PAGE}/mine', hidden | {'name': 'likes.label', 'value': 'x'}).status_code == 404
    assert not settings.Setting.select().where(settings.Setting.name == 'trash.keep_days').exists()
