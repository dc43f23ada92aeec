"""The pages of subscriptions: made, the secret shown once, paused, resumed, replayed, removed; the administrators' rules."""
import re

import pytest

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.events import EventRow
from appliance.core.settings import get_setting, set_setting
from appliance.core.subscriptions.models import Subscription, SubscriptionCall

HANDLER = 'https://erp.company.example/portal?key=Zq8vT'


def make(browser, **values):
    return browser.post('/settings/webhooks', {'event': 'ONUSERADD', 'handler': HANDLER, **values}, page='/settings/webhooks')


def call(state='failed', **values):
    """A call of the only subscription."""
    event = EventRow.create(name='core.person.added', version=1, object='core.person:1', data={}, at=clock.now())
    return SubscriptionCall.create(subscription=Subscription.get().id, event=event.id, state=state, next_at=clock.now(), created_at=clock.now(), **values)


def test_secret_is_shown_once(company):
    browser = company.browser('employee')
    answer = make(browser)
    secret = re.search(r'id="secret" value="([^"]{20,})"', answer.text)[1]
    assert answer.status_code == 200 and re.search(r'id="application-token" value="[0-9a-f]{32}"', answer.text)
    subscription_id = Subscription.get().id
    for path in ('/settings/webhooks', f'/settings/webhooks/{subscription_id}'):
        text = browser.get(path).text
        assert secret not in text and HANDLER in text
    renewed = browser.post(f'/settings/webhooks/{subscription_id}/secret', page=f'/settings/webhooks/{subscription_id}')
    assert re.search(r'id="secret" value="([^"]{20,})"', renewed.text)[1] != secret


@pytest.mark.parametrize('values', [{'handler': ''}, {'handler': 'x'}, {'handler': 'http://10.0.0.1/'}, {'handler': 'http://127.0.0.1:18100/'}, {'event': 'NOPE'},
                                    {'handler': 'https://u:p@a.example/'}, {'handler': 'https://a.example/' + 'x' * 2000}])
def test_a_wrong_form_says_so_and_makes_nothing(company, values):
    answer = make(company.browser('employee'), **values)
    assert answer.status_code == 422 and 'class="invalid-feedback"' in answer.text and not Subscription.select().exists()


def test_guests_and_who_is_not_allowed_make_none(company):
    assert 'Only administrators let the portal' in company.browser('guest').get('/settings/webhooks').text
    assert make(company.browser('guest')).status_code == 404
    set_setting(SYSTEM, 'webhooks.outgoing', 'administrators')
    assert make(company.browser('employee')).status_code == 422 and not Subscription.select().exists()
    assert make(company.browser('administrator')).status_code == 200


def test_pause_resume_replay_remove(company):
    browser = company.browser('employee')
    make(browser)
    path = f'/settings/webhooks/{Subscription.get().id}'
    failed = call(error='status: 500', status=500, took_ms=12)
    text = browser.get(path).text
    assert 'The server refused. (500)' in text and 'Tell once more' in text and f'{Subscription.get().id}-{failed.event_id}' in text
    assert browser.post(f'{path}/calls/{failed.id}/replay', page=path).status_code == 303
    assert (SubscriptionCall.get().state, SubscriptionCall.get().error) == ('waiting', '')
    for verb, state in (('pausing', 'paused'), ('resumption', 'active')):
        assert browser.post(f'{path}/{verb}', page=path).status_code == 303 and Subscription.get().state == state
    assert browser.post(f'{path}/removal', page=path).location == '/settings/webhooks'
    assert not Subscription.select().exists() and not SubscriptionCall.select().exists()
    assert browser.get(path).status_code == 404


def test_another_persons_does_not_exist(company):
    make(company.browser('employee'))
    subscription_id, call_id = Subscription.get().id, call().id
    for role in ('outsider', 'head', 'guest'):
        browser = company.browser(role)
        assert browser.get(f'/settings/webhooks/{subscription_id}').status_code == 404
        for verb in ('pausing', 'resumption', 'removal', 'secret', f'calls/{call_id}/replay'):
            assert browser.post(f'/settings/webhooks/{subscription_id}/{verb}', page='/settings/webhooks').status_code == 404
            assert browser.post(f'/admin/webhooks/{subscription_id}/{verb}', page='/settings/webhooks').status_code in (403, 404)
    assert Subscription.get().state == 'active' and SubscriptionCall.get().state == 'failed'


def test_administrators_see_the_door_alone_and_can_pause_and_remove(company):
    make(company.browser('employee'))
    browser, path = company.browser('administrator'), f'/admin/webhooks/{Subscription.get().id}'
    for address in ('/admin/webhooks', path):
        text = browser.get(address).text
        assert 'erp.company.example:443' in text and 'Zq8vT' not in text and 'Tomás Herrera' in text
    assert browser.post(f'{path}/pausing', page=path).status_code == 303 and Subscription.get().state == 'paused'
    assert browser.post(f'{path}/resumption', page=path).status_code == 403     # its person's word
    Subscription.update(state='held').execute()
    held = call('held')
    assert browser.post(f'{path}/resumption', page=path).status_code == 303
    assert Subscription.get().state == 'active' and SubscriptionCall.get_by_id(held.id).state == 'waiting'
    assert browser.post(f'{path}/removal', page=path).status_code == 303 and not Subscription.select().exists()


def test_rules_are_set_and_a_wrong_door_is_named(company):
    browser = company.browser('administrator')
    values = {'outgoing': 'administrators', 'private': 'ERP.company.example:8443\r\n10.0.0.5:80, [fd00::1]:443', 'limit': 'standard'}
    assert browser.post('/admin/webhooks', values, page='/admin/webhooks').status_code == 303
    assert get_setting('webhooks.private') == 'erp.company.example:8443 10.0.0.5:80 [fd00::1]:443'
    assert (get_setting('webhooks.outgoing'), get_setting('rest.limit')) == ('administrators', 'standard')
    for wrong in ('erp.company.example', 'x:0', 'x:99999', ':80', 'http://x:80', 'a b'):
        answer = browser.post('/admin/webhooks', {**values, 'private': wrong}, page='/admin/webhooks')
        assert answer.status_code == 422 and 'class="invalid-feedback"' in answer.text
    assert get_setting('webhooks.private').startswith('erp.')


def test_long_logs_are_pages(company):
    browser = company.browser('employee')
    make(browser)
    for _number in range(60):
        call('done', status=200)
    path = f'/settings/webhooks/{Subscription.get().id}'
    text = browser.get(path).text
    assert text.count('Tell once more: core.person:1') == 50
    assert browser.get(re.search(rf'href="({path}\?older=\d+)"', text)[1]).text.count('Tell once more: core.person:1') == 10
