"""The outbox against a real mail server: what arrives, what is tried again, what is given up, and what is never lost."""
import socket
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from appliance.core import clock as clocks
from appliance.core import outbox
from appliance.core.actor import SYSTEM, Actor
from appliance.core.db import write
from appliance.core.errors import Conflict, NotAllowed, NotFound
from appliance.core.outbox import Outbox
from appliance.core.people import add_person, block, unblock
from appliance.core.settings import set_setting
from tests.mail_server import PASSWORD, USER

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def send_due(run_due):
    """Run core.outbox if there is something to send."""
    return lambda: run_due('core.outbox')


@pytest.fixture
def clock():
    with time_machine.travel(START) as moving:
        yield moving


def use(server, tls=None, **settings):
    """Set a server up as the company's mail server."""
    values = {'mail.host': server.host, 'mail.port': server.port, 'mail.tls': tls or server.tls, 'mail.sender': 'portal@company.example'}
    for name, value in {**values, **{f'mail.{name}': value for name, value in settings.items()}}.items():
        set_setting(SYSTEM, name, str(value))


def write_mail(key='k', recipient='ana@company.example', **options):
    with write('test'):
        outbox.send_mail('mail/test', {}, key=key, recipient='' if options.get('person_id') else recipient, language='en', **options)
    return Outbox.get(Outbox.key == key).id


def state(mail_id):
    row = Outbox.get_by_id(mail_id)
    return row.state, row.attempts, row.error.partition(':')[0]


@pytest.mark.parametrize('tls', ['none', 'starttls', 'tls'])
def test_a_mail_arrives_over_each_kind_of_connection(send_due, mail_server, monkeypatch, tls):
    server = mail_server(tls=tls)
    monkeypatch.setenv('SSL_CERT_FILE', str(server.ca_file))
    use(server)
    mail_id = write_mail()
    assert send_due() == ['core.outbox'] and state(mail_id) == ('sent', 1, '')
    delivery, = server.received
    assert (delivery.sender, delivery.recipients) == ('portal@company.example', ['ana@company.example'])
    assert delivery.is_encrypted == (tls != 'none')
    assert 'It works' in delivery.text and 'It works' in delivery.html
    assert send_due() == []


def test_the_login_of_the_settings_is_used(send_due, mail_server, monkeypatch):
    server = mail_server(tls='starttls', needs_login=True)
    monkeypatch.setenv('SSL_CERT_FILE', str(server.ca_file))
    use(server, user=USER, password=PASSWORD)
    mail_id = write_mail()
    send_due()
    assert state(mail_id)[0] == 'sent' and server.received[0].user == USER


def test_a_certificate_of_another_host_or_authority_is_refused(send_due, mail_server, monkeypatch, clock):
    other_host = mail_server(tls='starttls', host='mail.elsewhere.example')
    monkeypatch.setenv('SSL_CERT_FILE', str(other_host.ca_file))
    use(other_host)
    set_setting(SYSTEM, 'mail.host', '127.0.0.1')
    mail_id = write_mail()
    send_due()
    assert state(mail_id) == ('waiting', 1, 'certificate')
    monkeypatch.delenv('SSL_CERT_FILE')
    use(mail_server(tls='tls'))
    clock.shift(60)
    send_due()
    assert state(mail_id) == ('waiting', 2, 'certificate')


def test_a_server_without_the_encryption_that_is_set_gets_nothing(send_due, mail_server):
    server = mail_server()
    use(server, tls='starttls', user=USER, password=PASSWORD)
    mail_id = write_mail()
    send_due()
    assert state(mail_id) == ('waiting', 1, 'encryption') and not server.received


def test_a_password_never_goes_over_the_network_unencrypted(send_due, mail_server, monkeypatch):
    server = mail_server()
    monkeypatch.setattr(socket, 'create_connection', lambda address, *rest, connect=socket.create_connection, **options:
                        connect(('127.0.0.1', address[1]), *rest, **options))
    use(server, user=USER, password=PASSWORD)
    set_setting(SYSTEM, 'mail.host', 'mail.company.example')
    set_setting(SYSTEM, 'mail.password', PASSWORD)
    mail_id = write_mail()
    send_due()
    assert state(mail_id) == ('waiting', 1, 'unencrypted')


@pytest.mark.parametrize('command, answer, expected', [
    ('RCPT', '550 5.1.1 no such person', ('failed', 1, 'recipient')),
    ('RCPT', '451 4.7.1 greylisted', ('waiting', 1, 'later')),
    ('DATA', '554 5.7.1 spam', ('failed', 1, 'refused')),
    ('DATA', '452 4.3.1 no room', ('waiting', 1, 'later')),
    ('MAIL', '553 5.7.1 not your address', ('waiting', 1, 'sender')),
    ('MAIL', '421 4.3.2 closing', ('waiting', 1, 'unreachable'))])
def test_refusals_are_told_apart(send_due, mail_server, command, answer, expected):
    server = mail_server()
    server.refusals[command] = answer
    use(server)
    mail_id = write_mail()
    send_due()
    assert state(mail_id) == expected
    assert answer in outbox.list_outbox(SYSTEM)['mails'][0]['error'].replace('  ', ' ')
    assert not server.received


def test_one_refused_recipient_keeps_no_other_mail_back(send_due, mail_server):
    server = mail_server()
    server.refusals['gone@company.example'] = '550 no such person'
    use(server)
    ids = [write_mail(f'k{number}', recipient) for number, recipient in enumerate(
        ['gone@company.example', 'ana@company.example', 'not an address', 'eva@company.example'])]
    send_due()
    assert [state(mail_id)[0] for mail_id in ids] == ['failed', 'sent', 'failed', 'sent']
    assert server.connections == 1


def test_a_wrong_password_stops_all_mails_with_one_try(send_due, mail_server, monkeypatch):
    server = mail_server(tls='starttls', needs_login=True)
    monkeypatch.setenv('SSL_CERT_FILE', str(server.ca_file))
    use(server, user=USER, password='wrong')
    ids = [write_mail(f'k{number}') for number in range(5)]
    send_due()
    assert {state(mail_id) for mail_id in ids} == {('waiting', 1, 'login')}
    assert server.connections == 2      # EHLO before and after STARTTLS


def test_a_server_that_is_away_for_hours_loses_nothing(send_due, mail_server, clock):
    server = mail_server()
    use(server)
    server.stop()
    ids = [write_mail(f'k{number}') for number in range(7)]
    tries = []
    for _minute in range(8 * 60):
        if send_due():
            tries.append((clocks.now() - START) // timedelta(minutes=1))
        clock.shift(60)
    assert tries == [0, 1, 3, 8, 23, 83, 143, 203, 263, 323, 383, 443]
    assert {state(mail_id) for mail_id in ids} == {('waiting', 12, 'unreachable')}
    server.start()
    clock.shift(3600)
    send_due()
    assert len(server.received) == 7 and {state(mail_id)[0] for mail_id in ids} == {'sent'}
    assert len({delivery.message['Message-ID'] for delivery in server.received}) == 7


def test_after_more_than_a_day_a_mail_is_given_up_and_can_be_sent_again(send_due, mail_server, clock):
    server = mail_server()
    use(server)
    server.stop()
    mail_id = write_mail()
    for hour in range(48):
        for _try in range(5):
            send_due()
            clock.shift(720)
        if state(mail_id)[0] == 'failed':
            break
    assert hour >= 24 and state(mail_id) == ('failed', outbox.TRIES, 'unreachable')
    assert send_due() == []
    server.start()
    outbox.retry(SYSTEM, mail_id)
    send_due()
    assert state(mail_id) == ('sent', 1, '')
    with pytest.raises(Conflict):
        outbox.retry(SYSTEM, mail_id)


def test_without_a_mail_server_mails_wait_and_then_go(send_due, mail_server, clock):
    mail_id = write_mail()
    clock.shift(3 * 86400)
    assert send_due() == []
    assert state(mail_id) == ('waiting', 0, '')
    server = mail_server()
    use(server)
    send_due()
    assert state(mail_id)[0] == 'sent'


def test_a_blocked_person_gets_no_mail_and_the_row_says_so(send_due, mail_server):
    server = mail_server()
    use(server)
    person_id = add_person(SYSTEM, 'ana', 'Ana', 'ana@company.example')
    mail_id = write_mail(person_id=person_id)
    block(SYSTEM, person_id, 'portal')
    send_due()
    assert state(mail_id) == ('skipped', 1, 'blocked') and server.connections == 0
    unblock(SYSTEM, person_id, 'portal')
    assert send_due() == []      # the time of that news may be over: an administrator decides
    outbox.retry(SYSTEM, mail_id)
    send_due()
    assert len(server.received) == 1


def test_a_template_that_breaks_is_shown_and_keeps_no_other_mail_back(send_due, mail_server):
    server = mail_server()
    use(server)
    with write('test'):
        outbox.send_mail('mail/rescued', {'login': 'x'}, key='broken', recipient='a@company.example', language='en')
    other = write_mail('other')
    send_due()
    assert state(other)[0] == 'sent'
    assert state(Outbox.get(Outbox.key == 'broken').id) == ('waiting', 1, 'broken')


def test_a_sender_killed_after_the_server_took_the_mail_sends_it_once_more_with_the_same_id(send_due, mail_server, clock):
    server = mail_server()
    use(server)
    mail_id = write_mail()
    outbox.take()       # and then killed
    assert send_due() == [] and state(mail_id) == ('sending', 1, '')
    clock.shift(outbox.LEASE)
    send_due()
    assert state(mail_id) == ('sent', 2, '') and len(server.received) == 1


def test_two_senders_never_take_the_same_mail_and_a_late_mark_changes_nothing(box, mail_server, clock):
    use(mail_server())
    mail_id = write_mail()
    first = outbox.take()
    assert outbox.take() is None
    clock.shift(outbox.LEASE)
    second = outbox.take()
    outbox.mark_failed(first, 'later: the first one is late')
    assert state(mail_id)[0] == 'sending'
    outbox.mark_sent(second)
    assert state(mail_id) == ('sent', 2, '')


def test_a_silent_server_is_given_up_after_seconds(send_due, box):
    with socket.create_server(('127.0.0.1', 0)) as silent:
        # Nobody accepts: the system's queue takes the connection, and then nothing is said.
        set_setting(SYSTEM, 'mail.host', '127.0.0.1')
        set_setting(SYSTEM, 'mail.port', str(silent.getsockname()[1]))
        set_setting(SYSTEM, 'mail.tls', 'none')
        set_setting(SYSTEM, 'mail.sender', 'portal@company.example')
        mail_id = write_mail()
        began = time.monotonic()
        send_due()
        assert time.monotonic() - began < 7
        assert state(mail_id) == ('waiting', 1, 'unreachable')


def test_only_administrators_see_and_change_the_outbox(box):
    mail_id = write_mail()
    somebody = Actor(1, 'employee', frozenset({'employee'}))
    for refused in (lambda: outbox.list_outbox(somebody), lambda: outbox.counts(somebody), lambda: outbox.retry(somebody, mail_id),
                    lambda: outbox.cancel(somebody, mail_id)):
        with pytest.raises(NotAllowed):
            refused()
    outbox.cancel(SYSTEM, mail_id)
    assert state(mail_id)[0] == 'cancelled' and outbox.counts(SYSTEM)['cancelled'] == 1
    with pytest.raises(NotFound):
        outbox.cancel(SYSTEM, 999)


def test_pages_of_the_outbox_go_both_ways(box):
    for number in range(120):
        write_mail(f'k{number}')
    first = outbox.list_outbox(SYSTEM)
    second = outbox.list_outbox(SYSTEM, 'waiting', older_than=first['older'])
    last = outbox.list_outbox(SYSTEM, older_than=second['older'])
    assert [len(page['mails']) for page in (first, second, last)] == [50, 50, 20]
    assert (first['newer'], last['older']) == (None, None)
    assert outbox.list_outbox(SYSTEM, newer_than=last['newer'])['mails'] == second['mails']
    assert outbox.list_outbox(SYSTEM, 'sent') == {'mails': [], 'older': None, 'newer': None}


def test_a_mail_belongs_into_a_transaction(box):
    with pytest.raises(RuntimeError):
        outbox.send_mail('mail/test', {}, key='k', recipient='a@b.example')
