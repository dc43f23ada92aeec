"""Mails as they leave: in the person's language, with HTML and text, and with headers that no data can bend."""
import re
from email import message_from_bytes
from email.policy import default as modern

import pytest

from appliance.core import clock, mail, outbox
from appliance.core.actor import SYSTEM
from appliance.core.db import write
from appliance.core.people import Person, add_person, block, update_person
from appliance.core.settings import set_setting
from appliance.core.smtp import MailFailure

PUBLIC = 'https://portal.company.example'


@pytest.fixture
def company(box):
    set_setting(SYSTEM, 'company.name', 'Muster & <Söhne> GmbH')
    set_setting(SYSTEM, 'mail.sender', 'portal@company.example')


def compose(template='mail/test', data=None, **options):
    with write('test'):
        outbox.send_mail(template, data or {}, key=options.pop('key', 'test'), **options)
    message, recipient = mail.compose(outbox.Outbox.get(), PUBLIC)
    return message_from_bytes(message.as_bytes(), policy=modern), recipient


def test_a_mail_is_written_in_the_language_of_the_moment_of_sending(company):
    person_id = add_person(SYSTEM, 'ana', 'Ana Ñuñez', 'ana@company.example', language='en', zone='Europe/Madrid')
    update_person(SYSTEM, person_id, language='es', mail='new@company.example')
    message, recipient = compose(person_id=person_id)
    assert recipient == 'new@company.example'
    assert message['Subject'] == 'Correo de prueba' and message['Content-Language'] == 'es'
    assert message['To'] == 'Ana Ñuñez <new@company.example>'
    text, html = (message.get_body((kind,)).get_content() for kind in ('plain', 'html'))
    assert 'Funciona' in text and 'Funciona' in html
    assert message['From'] == '"Muster & <Söhne> GmbH" <portal@company.example>'
    assert 'Muster & <Söhne> GmbH' in text and 'Muster &amp; &lt;Söhne&gt; GmbH' in html


def test_a_mail_fetches_nothing_and_links_to_the_public_address(company):
    message, _recipient = compose(recipient='somebody@else.example', language='en')
    html = message.get_body(('html',)).get_content()
    assert set(re.findall(r'https?://[^"<\s]+', html)) == {'http://www.w3.org/1999/xhtml', f'{PUBLIC}/'}
    assert '<img' not in html and '@import' not in html and f'{PUBLIC}/' in message.get_body(('plain',)).get_content()


def test_the_message_id_is_the_same_at_each_try_and_another_for_another_mail(company):
    with write('test'):
        for key in ('one', 'two'):
            outbox.send_mail('mail/test', {}, key=key, recipient='a@b.example')
    first, again, other = (mail.compose(outbox.Outbox.get(outbox.Outbox.key == key), PUBLIC)[0] for key in ('one', 'one', 'two'))
    assert first['Message-ID'] == again['Message-ID'] != other['Message-ID']
    assert first['Message-ID'].endswith('@company.example>')
    assert first['Auto-Submitted'] == 'auto-generated'
    assert abs((first['Date'].datetime - clock.now()).total_seconds()) < 5


@pytest.mark.parametrize('name', ['Eve\r\nBcc: all@company.example', 'Eve\nBcc: all@company.example', 'Eve\x85Bcc: x@y.example',
                                  '"Eve" <boss@company.example>,', 'Ñ' * 200, '=?utf-8?q?a=0Ab?='])
def test_no_name_bends_a_header(company, name):
    person_id = add_person(SYSTEM, 'eve', 'Eve', 'eve@company.example')
    Person.update(name=name).where(Person.id == person_id).execute()     # past the checks, as a faulty directory might
    message, recipient = compose(person_id=person_id)
    assert recipient == 'eve@company.example' and 'Bcc' not in message
    assert [address.addr_spec for address in message['To'].addresses] == ['eve@company.example']
    assert not message['To'].defects


@pytest.mark.parametrize('address', ['a@b@c', 'a b@c.example', 'a\n@c.example', '@c.example', 'a@', 'ñ@c.example', '', 'a@' + 'x' * 80 + '.example',
                                     'a,b@c.example\0', 'a@[1.2.3'])
def test_an_address_that_cannot_stand_in_a_header_is_final(company, address):
    with pytest.raises(MailFailure) as refused:
        mail.address('A', address)
    assert refused.value.is_final and refused.value.reason == 'address'


def test_a_domain_with_other_letters_is_written_as_the_mail_system_wants_it():
    assert mail.address('', 'info@bücher.example').addr_spec == 'info@xn--bcher-kva.example'


def test_a_subject_is_one_line_whatever_the_data_holds(company, tmp_path, monkeypatch):
    folder = tmp_path / 'mail'
    folder.mkdir()
    (folder / 'odd.txt').write_text('{% block subject %}{{ what }}{% endblock %}{% block text %}{{ what }}{% endblock %}')
    (folder / 'odd.mjml').write_text('{% extends "mail/layout.mjml" %}{% block content %}<mj-text>{{ what }}</mj-text>{% endblock %}')
    monkeypatch.setattr(mail.environment().loader, 'searchpath', [str(tmp_path), *mail.environment().loader.searchpath])
    what = 'Hi\r\nBcc: all@company.example</mj-text><mj-image src="http://evil.example/x.png" />'
    message, _recipient = compose('mail/odd', {'what': what}, recipient='a@b.example')
    assert 'Bcc' not in message and message['Subject'].startswith('Hi Bcc: all@')
    assert '<img' not in message.get_body(('html',)).get_content()


def test_a_blocked_person_and_one_without_an_address_get_none(company):
    person_id = add_person(SYSTEM, 'ana', 'Ana', '')
    with pytest.raises(mail.NotToSend) as refused:
        compose(person_id=person_id)
    assert refused.value.reason == 'no_address'
    update_person(SYSTEM, person_id, mail='ana@company.example')
    block(SYSTEM, person_id, 'portal')
    with pytest.raises(mail.NotToSend) as refused:
        mail.compose(outbox.Outbox.get(), PUBLIC)
    assert refused.value.reason == 'blocked'


@pytest.mark.parametrize('language', ['en', 'es'])
@pytest.mark.parametrize('template', sorted(
    {name.rpartition('.')[0] for name in mail.environment().list_templates() if '/mail/' in f'/{name}' and 'layout' not in name}))
def test_every_mail_has_both_halves_and_compiles(box, template, language):
    names = mail.environment().list_templates()
    assert f'{template}.txt' in names and f'{template}.mjml' in names
    for ending in ('.txt', '.mjml'):
        mail.environment().get_template(template + ending)
