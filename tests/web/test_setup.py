"""One-time links, the company's settings, the test mail and the certificate of the box."""
import pytest

from appliance.core.actor import SYSTEM
from appliance.core.outbox import Outbox
from appliance.core.people import Person
from appliance.core.settings import get_setting, set_setting
from appliance.identity import one_time_links
from appliance.identity.models import OneTimeLink

FIRST = {'company_name': 'Nube Sur', 'company_language': 'es', 'company_zone': 'America/Santiago', 'name': 'Ana Ríos', 'login': 'ana',
         'mail': 'ana@nube.example', 'password': 'cuatro palabras sin orden', 'repeated': 'cuatro palabras sin orden'}
MAIL = {'mail_host': '127.0.0.1', 'mail_port': '2525', 'mail_tls': 'none', 'mail_user': '', 'mail_password': 'geheim wort',
        'mail_sender': 'portal@nube.example'}


@pytest.fixture
def link(box):
    """The path of a fresh set-up link."""
    return one_time_links.make_link(SYSTEM, one_time_links.SETUP)


def test_looking_at_the_link_spends_nothing(stranger, link):
    for _time in range(3):
        assert stranger.get(link).status_code == 200
    assert OneTimeLink.get().used_at is None


def test_set_up_makes_the_first_administrator_once(stranger, link):
    answer = stranger.post(link, FIRST, page=link)
    assert (answer.status_code, answer.headers['Location']) == (303, '/admin/setup')
    assert get_setting('company.name') == 'Nube Sur'
    assert Person.get().language == 'es'
    assert 'Nube Sur' in stranger.get('/admin/setup').text
    assert stranger.get(link).status_code == 404
    assert stranger.post(link, {**FIRST, 'login': 'eva'}, page='/').status_code == 404
    assert Person.select().count() == 1


@pytest.mark.parametrize(('field', 'value'), [
    ('company_name', ''), ('company_name', 'x' * 201), ('company_zone', 'Moon'), ('company_language', 'xx'), ('name', ''), ('login', ''),
    ('login', 'a b'), ('login', 'x' * 101), ('mail', 'no address'), ('password', 'short'), ('password', '12345678'), ('password', ''),
    ('repeated', 'other'), ('name', 'a\u202eb')])
def test_wrong_value_is_explained_and_keeps_the_link(stranger, link, field, value):
    answer = stranger.post(link, {**FIRST, field: value, **({'repeated': value} if field == 'password' else {})}, page=link)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert 'cuatro palabras' not in answer.text
    assert not Person.select().exists()
    assert stranger.get(link).status_code == 200


@pytest.mark.parametrize('path', ['/setup/wrong', '/rescue/wrong', '/setup/' + 'x' * 5000])
def test_wrong_link_does_not_exist(stranger, path):
    assert stranger.get(path).status_code == 404
    assert stranger.post(path, {}, page='/login').status_code == 404


def test_rescue_link_lets_in_once_by_a_button(company):
    from_console = one_time_links.make_link(SYSTEM, one_time_links.RESCUE, company.ids['administrator'])
    browser = company.browser('guest')
    browser.post('/logout')
    assert browser.get(from_console).status_code == 200
    assert browser.get('/').status_code == 303
    assert browser.post(from_console, page=from_console).status_code == 303
    assert 'Administration' in browser.get('/').text
    assert browser.get(from_console).status_code == 404


@pytest.mark.parametrize('login', ['employee', 'guest', 'head'])
def test_only_administrators_set_the_company_up(company, login):
    browser = company.browser(login)
    assert browser.get('/admin/setup').status_code == 403
    assert browser.post('/admin/setup/mail', MAIL).status_code == 403
    assert browser.post('/admin/setup/test-mail', {'recipient': 'a@b.example'}).status_code == 403


def test_mail_server_is_kept_and_its_password_never_shown(company):
    browser = company.browser('administrator')
    assert browser.post('/admin/setup/mail', MAIL, page='/admin/setup').status_code == 303
    assert (get_setting('mail.port'), get_setting('mail.password')) == (2525, 'geheim wort')
    assert 'geheim' not in browser.get('/admin/setup').text
    browser.post('/admin/setup/mail', {**MAIL, 'mail_password': '', 'mail_sender': 'other@nube.example'}, page='/admin/setup')
    assert get_setting('mail.password') == 'geheim wort'
    browser.post('/admin/setup/mail', {**MAIL, 'mail_password': '', 'mail_host': 'evil.example'}, page='/admin/setup')
    assert get_setting('mail.password') in ('', None)


@pytest.mark.parametrize(('field', 'value'), [('mail_port', 'x'), ('mail_port', '70000'), ('mail_tls', 'ssl3'), ('mail_host', ''), ('mail_host', 'x' * 300),
                                               ('mail_sender', ''), ('mail_sender', 'portal'), ('mail_sender', 'Portal <portal@nube.example>')])
def test_wrong_mail_server_is_explained_at_its_field(company, field, value):
    answer = company.browser('administrator').post('/admin/setup/mail', {**MAIL, field: value}, page='/admin/setup')
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


def test_test_mail_waits_in_the_outbox_and_is_watched(company):
    set_setting(SYSTEM, 'mail.host', '127.0.0.1')
    browser = company.browser('administrator')
    answer = browser.post('/admin/setup/test-mail', {'recipient': 'it@nube.example'}, page='/admin/setup')
    assert answer.status_code == 303
    row = Outbox.get()
    assert (row.recipient, row.state) == ('it@nube.example', 'waiting')
    assert f'hx-get="/admin/setup/test-mail/{row.id}"' in browser.get(answer.headers['Location']).text
    Outbox.update(state='sent').execute()
    fragment = browser.get(f'/admin/setup/test-mail/{row.id}').text
    assert 'hx-get' not in fragment
    assert 'it@nube.example' in fragment


@pytest.mark.parametrize('mail_id', ['9' * 20, '-1', 'x', '٣', '5'])
def test_a_test_mail_that_is_none_does_not_exist(company, mail_id):
    assert company.browser('administrator').get(f'/admin/setup?test={mail_id}').status_code == 404


def test_double_click_sends_one_test_mail(company):
    browser = company.browser('administrator')
    set_setting(SYSTEM, 'mail.host', '127.0.0.1')
    fields = {'recipient': 'it@nube.example', 'request_key': 'one and the same key'}
    answers = [browser.post('/admin/setup/test-mail', fields, page='/admin/setup') for _click in range(2)]
    assert answers[0].headers['Location'] == answers[1].headers['Location']
    assert Outbox.select().count() == 1


@pytest.mark.parametrize('recipient', ['', 'nobody', 'a@b\nBcc: c@d', 'x' * 300 + '@y.example'])
def test_wrong_recipient_is_refused(company, recipient):
    set_setting(SYSTEM, 'mail.host', '127.0.0.1')
    assert company.browser('administrator').post('/admin/setup/test-mail', {'recipient': recipient}, page='/admin/setup').status_code == 422
    assert not Outbox.select().exists()


def test_certificate_of_the_box(box, stranger):
    assert stranger.get('/ca.crt').status_code == 404
    (box.config.data.folder / 'ca.crt').write_text('-----BEGIN CERTIFICATE-----\n')
    with stranger.get('/ca.crt') as answer:
        assert answer.status_code == 200
        assert answer.mimetype == 'application/x-x509-ca-cert'


def test_language_can_be_chosen_on_the_set_up_page_and_the_installer_s_answers_are_there(stranger, link):
    set_setting(SYSTEM, 'company.zone', 'America/Lima')
    answer = stranger.post('/settings/language', {'language': 'es', 'next': link}, page=link)
    assert answer.headers['Location'] == link
    page = stranger.get(link).text
    assert f'name="next" value="{link}"' in page
    assert '<option selected value="America/Lima">' in page
