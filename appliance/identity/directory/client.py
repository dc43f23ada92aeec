"""Talking LDAP: one connection, encrypted and checked, that binds and searches before a deadline.

It knows neither people nor the database. It follows no referral, and what it is given by people must have been escaped.
"""

import contextlib
import errno
import ipaddress
import os
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import ldap
from ldap.controls import SimplePagedResultsControl

from appliance.core.i18n import texts
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured

_ = texts(__name__)

PORTS = {'ldap': 389, 'ldaps': 636}
TLS_MODES = ('ldaps', 'starttls', 'none')
# Named always: the libldap in our wheel reads no ldap.conf, so it would trust nobody.
SYSTEM_CA = Path('/etc/ssl/certs/ca-certificates.crt')
LEAST_TIMEOUT_S = 0.05

DOWN = {
    ldap.TIMEOUT: 'silent', ldap.TIMELIMIT_EXCEEDED: 'silent', ldap.BUSY: 'overloaded', ldap.UNAVAILABLE: 'overloaded',
    ldap.ADMINLIMIT_EXCEEDED: 'overloaded', ldap.CONNECT_ERROR: 'tls', ldap.SERVER_DOWN: 'closed',
}
ERRNO_REASONS = {
    errno.ECONNREFUSED: 'refused', errno.EHOSTUNREACH: 'refused', errno.ENETUNREACH: 'refused',
    errno.ETIMEDOUT: 'silent', errno.EINPROGRESS: 'silent',
    errno.EAGAIN: 'tls',
    # libldap sets no number when the name was not resolved.
    None: 'name',
}


@dataclass(frozen=True)
class Directory:
    """A directory as its row describes it, the secret opened. Plain data: it may cross threads."""

    id: int
    name: str
    url: str
    tls: str
    ca_pem: str
    base_dn: str
    bind_dn: str
    preset: str
    person_filter: str
    login_attributes: tuple
    mapping: dict
    bind_password: str = field(repr=False)
    failed_at: datetime | None = None
    failure: str = ''
    tree: str = 'attribute'     # where departments come from: attribute, ou, groups
    heads: bool = False         # whether who heads a department comes from the people's `manager`


def address(url):
    """(scheme, host, port) of `ldap://host[:port]` or `ldaps://host[:port]`. ValueError says what would be right."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip('/') or parts.query or parts.fragment or '@' in parts.netloc:
        raise ValueError(_('ldaps://host[:port] or ldap://host[:port], nothing more'))
    return parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]


def is_loopback(host):
    """Whether a host name or address is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'


def check_encryption(url, tls):
    """ValueError when address and TLS mode contradict, or passwords would cross a network in the clear."""
    scheme, host, _port = address(url)
    if (scheme == 'ldaps') != (tls == 'ldaps'):
        raise ValueError(_('ldaps with an address ldaps://, starttls or none with an address ldap://'))
    if tls == 'none' and not is_loopback(host):
        raise ValueError(_('starttls or ldaps: without encryption only a directory on this machine may be asked'))


@contextlib.contextmanager
def connect(directory, deadline):
    """A connection as `with connect(directory, deadline) as connection`; deadline is a time.monotonic() moment.

    Raises DirectoryDown, or DirectoryMisconfigured when StartTLS is refused or the row must not be used.
    """
    try:
        check_encryption(directory.url, directory.tls)
    except ValueError as error:
        raise DirectoryMisconfigured('encryption', _('The encryption must be: %(right)s.', right=error)) from None
    connection = Connection(directory, deadline)
    try:
        connection.open()
        yield connection
    finally:
        connection.close()


class Connection:
    """One LDAP connection. Every call lasts until the deadline at most."""

    def __init__(self, directory, deadline):
        self._directory = directory
        self._deadline = deadline
        scheme, host, port = address(directory.url)
        host = f'[{host}]' if ':' in host else host
        try:
            sys.audit('appliance.connect', host, port)      # libldap connects by itself, unseen by who watches over Python
        except PermissionError:
            raise DirectoryDown('refused') from None
        self._ldap = ldap.initialize(f'{scheme}://{host}:{port}')

    def open(self):
        """Set the options; with StartTLS connect and encrypt. Otherwise the first call connects."""
        for option, value in ((ldap.OPT_PROTOCOL_VERSION, ldap.VERSION3), (ldap.OPT_REFERRALS, 0), (ldap.OPT_DEREF, ldap.DEREF_NEVER)):
            self._ldap.set_option(option, value)
        if self._directory.tls != 'none':
            self._prepare_tls()
        if self._directory.tls == 'starttls':
            self._start_tls()

    def bind(self, dn, password):
        """A simple bind. Raises ldap.LDAPError as it comes, except that a directory which is down is DirectoryDown."""
        self._call(self._ldap.simple_bind_s, dn, password)

    def search(self, search_filter, attributes, limit=0, base=None, scope=ldap.SCOPE_SUBTREE):
        """[(dn, {attribute: [bytes, ...]}), ...] below the base, at most `limit` (0: as the server allows).

        More than `limit` is ldap.SIZELIMIT_EXCEEDED. References to other servers are left out.
        """
        base = self._directory.base_dn if base is None else base
        found = self._call(self._ldap.search_ext_s, base, scope, search_filter, list(attributes),
                           timeout=self._remaining_s(), sizelimit=limit)
        return [(dn, values) for dn, values in found if dn is not None]

    def pages(self, search_filter, attributes, size, base=None):
        """The same search page by page, so that the server's size limit does not end it: yields lists of (dn, values)."""
        control = SimplePagedResultsControl(True, size=size, cookie='')
        while True:
            message = self._call(self._ldap.search_ext, self._directory.base_dn if base is None else base, ldap.SCOPE_SUBTREE, search_filter,
                                 list(attributes), serverctrls=[control])
            _kind, found, _id, answers = self._call(self._ldap.result3, message)
            yield [(dn, values) for dn, values in found if dn is not None]
            control.cookie = next((answer.cookie for answer in answers if answer.controlType == control.controlType), '')
            if not control.cookie:
                return

    def close(self):
        with contextlib.suppress(ldap.LDAPError):
            self._ldap.unbind_ext_s()

    def _prepare_tls(self):
        trusted = self._directory.ca_pem.encode() if self._directory.ca_pem else system_ca()
        # libldap takes a path only. A file in memory leaves nothing behind when we are killed.
        descriptor = os.memfd_create('directory-ca')
        try:
            with open(descriptor, 'wb', closefd=False) as file:
                file.write(trusted)
            self._ldap.set_option(ldap.OPT_X_TLS_CACERTFILE, f'/proc/self/fd/{descriptor}')
            self._ldap.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_DEMAND)
            self._ldap.set_option(ldap.OPT_X_TLS_PROTOCOL_MIN, ldap.OPT_X_TLS_PROTOCOL_TLS1_2)
            # Without it a handshake that is never answered outlasts every timeout. The price: of a name with several
            # addresses libldap then tries the first alone.
            self._ldap.set_option(ldap.OPT_CONNECT_ASYNC, 1)
            # Last: it builds the context from the options above.
            self._ldap.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        except ldap.LDAPError:
            raise DirectoryMisconfigured('encryption', _('The CA certificates cannot be used. Give them anew, as PEM.')) from None
        finally:
            os.close(descriptor)

    def _start_tls(self):
        try:
            self._call(self._ldap.start_tls_s)
        except ldap.LDAPError as error:
            raise DirectoryMisconfigured('encryption', _(
                'The directory refuses StartTLS (%(words)s). Use an address ldaps://, or switch TLS on there.',
                words=describe(error))) from error

    def _remaining_s(self):
        left = self._deadline - time.monotonic()
        if left < LEAST_TIMEOUT_S:
            raise DirectoryDown('silent')
        return left

    def _call(self, function, *args, **kwargs):
        left = self._remaining_s()
        self._ldap.set_option(ldap.OPT_NETWORK_TIMEOUT, left)
        self._ldap.set_option(ldap.OPT_TIMEOUT, left)
        try:
            return function(*args, **kwargs)
        except tuple(DOWN) as error:
            raise DirectoryDown(self._reason(error)) from error

    def _reason(self, error):
        reason = DOWN[type(error)]
        if isinstance(error, ldap.SERVER_DOWN):
            reason = ERRNO_REASONS.get(_details(error).get('errno'), 'closed')
            # GnuTLS leaves no words when it refuses a certificate, and the number of whatever call came before.
            if reason == 'silent' and self._deadline - time.monotonic() > LEAST_TIMEOUT_S:
                reason = 'tls' if self._directory.tls != 'none' else 'closed'
        return reason


def system_ca():
    """The CAs that this machine trusts, as PEM bytes."""
    try:
        return SYSTEM_CA.read_bytes()
    except OSError:
        raise DirectoryMisconfigured('encryption', _(
            'This server has no list of known CAs. Give the CA certificate of the directory, or install ca-certificates.')) from None


def _details(error):
    return error.args[0] if error.args and isinstance(error.args[0], dict) else {}


def describe(error):
    """What the directory said, as one short line for logs and administrators: `Invalid credentials (80090308: ...)`."""
    details = _details(error)
    words = details.get('desc') or type(error).__name__
    info = ''.join(c for c in str(details.get('info') or '') if c.isprintable())[:200]
    return f'{words} ({info})' if info else words
