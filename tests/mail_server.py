"""A real mail server for tests: aiosmtpd on loopback that keeps what it takes, with TLS, login, refusals and outages."""
import email
import socket
import ssl
import time
from dataclasses import dataclass, field
from email.policy import default as modern

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.ldap.authority import Authority
from tests.postgresql import free_port

USER, PASSWORD = 'portal@company.example', 'the mail password'


@dataclass
class Delivery:
    """One mail as it arrived: envelope and parsed message. `text` and `html` are its two bodies."""

    sender: str
    recipients: list
    message: email.message.EmailMessage
    is_encrypted: bool
    user: str | None

    @property
    def text(self):
        return self.message.get_body(('plain',)).get_content()

    @property
    def html(self):
        return self.message.get_body(('html',)).get_content()


@dataclass
class MailServer:
    """tls: none, starttls or tls. `stop()` and `start()` are an outage on the same port.

    `refusals` maps a command (`MAIL`, `RCPT`, `DATA`) or a recipient to the answer that it gets instead of a yes;
    `received` holds the Deliveries, `before_answer` is called when a mail is taken, before the server says so.
    """

    folder: object
    tls: str = 'none'
    needs_login: bool = False
    host: str = '127.0.0.1'
    received: list = field(default_factory=list)
    refusals: dict = field(default_factory=dict)
    before_answer: object = None
    connections: int = 0

    def __post_init__(self):
        self.port = free_port()
        self.authority = Authority('Mail CA')
        self.ca_file = self.folder / 'mail-ca.pem'
        self.ca_file.write_text(self.authority.pem)
        self._controller = None
        self.start()

    def start(self):
        """Listen (again)."""
        context = self._context() if self.tls != 'none' else None
        kind = _TlsController if self.tls == 'tls' else Controller
        self._controller = kind(_Handler(self), hostname='127.0.0.1', port=self.port, ssl_context=None if self.tls != 'tls' else context,
                                tls_context=context if self.tls == 'starttls' else None, require_starttls=self.tls == 'starttls',
                                auth_required=self.needs_login, auth_require_tls=self.tls == 'starttls', authenticator=self._check)
        self._controller.start()

    def stop(self):
        """Be away: connections are refused."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def _context(self):
        certificate, key = self.authority.issue(self.host)
        path = self.folder / 'mail-server.pem'
        path.write_bytes(certificate + key)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context

    @staticmethod
    def _check(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False,
                          auth_data=data.login.decode())

    def wait_for(self, count, within_s=10):
        """The deliveries once there are that many; fails when they do not come."""
        deadline = time.monotonic() + within_s
        while len(self.received) < count:
            assert time.monotonic() < deadline, f'{len(self.received)} of {count} mails came within {within_s} s'
            time.sleep(0.02)
        return self.received


class _TlsController(Controller):
    """TLS from the first byte; the stock way of waiting for the start speaks plain SMTP to it."""

    def _trigger_server(self):
        with ssl.create_default_context(cafile=self.handler.server.ca_file).wrap_socket(
                socket.create_connection(('127.0.0.1', self.port), 5), server_hostname=self.handler.server.host):
            pass


class _Handler:
    def __init__(self, server):
        self.server = server

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.server.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if 'MAIL' in self.server.refusals:
            return self.server.refusals['MAIL']
        envelope.mail_from = address
        return '250 OK'

    async def handle_RCPT(self, server, session, envelope, address, options):
        refusal = self.server.refusals.get(address, self.server.refusals.get('RCPT'))
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        if 'DATA' in self.server.refusals:
            return self.server.refusals['DATA']
        user = session.auth_data if session.authenticated else None
        self.server.received.append(Delivery(envelope.mail_from, envelope.rcpt_tos,
                                             email.message_from_bytes(envelope.content, policy=modern),
                                             session.ssl is not None or self.server.tls == 'tls', user))
        if self.server.before_answer:
            self.server.before_answer()
        return '250 2.0.0 Ok: queued as TEST'
