"""Handing a mail to the company's mail server: verified TLS, short waits, and refusals told apart.

What concerns the server (away, certificate, login, sender) is an outage for all mails; a recipient's or a mail's own refusal
is final when the server says so (5xx), and else tried again.
"""

import contextlib
import ipaddress
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass
from email import policy

from appliance.core.settings import get_setting

ANSWER_S = 5        # for each answer of the server
LATER = 'later'


class MailFailure(Exception):
    """`reason` is a key of outbox.REASONS, `detail` what the server said. `is_outage`: it would be the same for any mail."""

    def __init__(self, reason, detail='', is_final=False, is_outage=False):
        self.reason, self.detail, self.is_final, self.is_outage = reason, detail, is_final, is_outage
        super().__init__(f'{reason}: {detail}')


@dataclass(frozen=True)
class Server:
    """The mail server of the settings. tls: starttls, tls or none."""

    host: str
    port: int
    tls: str
    user: str
    password: str
    sender: str


def configured():
    """The Server of the settings, or None while none is set up."""
    values = {name: get_setting(f'mail.{name}') for name in ('host', 'port', 'tls', 'user', 'password', 'sender')}
    return Server(**values) if values['host'] and values['sender'] else None


@contextlib.contextmanager
def connected(server, total_s=20):
    """An open, logged in connection; MailFailure (an outage) when there is none to be had within `total_s`."""
    connection = None
    deadline = time.monotonic() + total_s
    try:
        with _outages():
            connection = _connect(server, min(ANSWER_S, total_s))
            _left(connection, deadline)
            _encrypt(connection, server)
            _left(connection, deadline)
            _log_in(connection, server)
            _left(connection, deadline)
        yield connection
    finally:
        if connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()


@contextlib.contextmanager
def _outages():
    """The failures of a connection as MailFailure."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise MailFailure('certificate', error.verify_message, is_outage=True) from None
    except smtplib.SMTPAuthenticationError as error:
        raise MailFailure('login', _answer(error.smtp_code, error.smtp_error), is_outage=True) from None
    except smtplib.SMTPNotSupportedError as error:
        raise MailFailure('encryption' if 'STARTTLS' in str(error) else 'login', str(error), is_outage=True) from None
    except smtplib.SMTPResponseException as error:
        raise MailFailure('unreachable', _answer(error.smtp_code, error.smtp_error), is_outage=True) from None
    except (smtplib.SMTPException, OSError) as error:
        raise MailFailure('unreachable', getattr(error, 'strerror', '') or str(error) or type(error).__name__, is_outage=True) from None


def _connect(server, timeout_s):
    # Named, since smtplib would ask the DNS for our own name, without any limit of time.
    name = socket.gethostname()
    options = {'host': server.host, 'port': server.port, 'timeout': timeout_s,
               'local_hostname': name if '.' in name else '[127.0.0.1]'}
    if server.tls == 'tls':
        return smtplib.SMTP_SSL(context=ssl.create_default_context(), **options)
    return smtplib.SMTP(**options)


def _encrypt(connection, server):
    if server.tls == 'starttls':
        connection.starttls(context=ssl.create_default_context())
    connection.ehlo()


def _log_in(connection, server):
    if not server.user:
        return
    if server.tls == 'none' and not _is_loopback(server.host):
        raise MailFailure('unencrypted', server.host, is_outage=True)
    connection.login(server.user, server.password or '')


def _is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'


def _left(connection, deadline):
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise MailFailure('unreachable', 'too slow', is_outage=True)
    connection.sock.settimeout(min(ANSWER_S, left_s))


def deliver(connection, message, sender, recipient):
    """Hand one mail over; returns the server's answer, or raises MailFailure. The connection serves for the next one."""
    with _outages():
        _expect(connection.mail(sender), 'sender', is_outage=True)
        try:
            _expect(connection.rcpt(recipient), 'recipient')
            try:
                answer = connection.data(message.as_bytes(policy=policy.SMTP))
            except smtplib.SMTPDataError as error:
                answer = (error.smtp_code, error.smtp_error)
            _expect(answer, 'refused')
        except MailFailure as failure:
            if not failure.is_outage:
                connection.rset()
            raise
    return _answer(*answer)


def _expect(answer, reason, is_outage=False):
    """The refusal that an answer is, unless it is a yes. 421: the server closes, whatever it was asked."""
    code, text = answer
    if 200 <= code < 300:
        return
    if code == 421:
        raise MailFailure('unreachable', _answer(code, text), is_outage=True)
    if code >= 500:
        raise MailFailure(reason, _answer(code, text), is_final=not is_outage, is_outage=is_outage)
    raise MailFailure(LATER, _answer(code, text), is_outage=is_outage)


def _answer(code, text):
    text = text.decode('utf-8', 'replace') if isinstance(text, bytes) else str(text)
    return ' '.join(f'{code} {text}'.split())[:500]
