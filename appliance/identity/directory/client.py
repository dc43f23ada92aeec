"""Talking LDAP: one connection, encrypted and checked, that binds and searches before a deadline.

It knows neither people nor the database. It follows no referral, and what it is given by people must have been escaped.
"""

import contextlib
import errno
import functools
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
from ldap.dn import str2dn
from pyasn1.error import PyAsn1Error

from appliance.core.i18n import texts
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured

_ = texts(__name__)

PORTS = {'ldap': 389, 'ldaps': 636}
TLS_MODES = ('ldaps', 'starttls', 'none')
# Named always: the libldap in our wheel reads no ldap.conf, so it would trust nobody.
SYSTEM_CA = Path('/etc/ssl/certs/ca-certificates.crt')
LEAST_TIMEOUT_S = 0.05
ANSWER_S = 5            # within which a server encrypts and binds, however long the caller has: it is no search
# Beyond these an answer is none of a directory of people, and would only fill the memory: bytes of one value (left out), bytes of a
# search or a page, entries of all pages together, and pages in a row that bring nobody new.
MOST_VALUE, MOST_ANSWER, MOST_ENTRIES, MOST_IDLE_PAGES = 4 << 20, 64 << 20, 1_000_000, 100
# RFC 4519: the names of attributes in a DN that have a short one.
LONG_NAMES = {'commonname': 'cn', 'domaincomponent': 'dc', 'organizationalunitname': 'ou', 'organizationname': 'o', 'countryname': 'c',
              'localityname': 'l', 'userid': 'uid'}
VALUE_COSTS = 60        # bytes that a value takes beside itself

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
    """A directory as its row describes it, the secret opened. Plain data: it may cross threads.

    A connection talks to `url`; more_servers are the other addresses (servers.py), more_bases the other bases. failures is
    {address: [microseconds, reason]} of servers that failed lately.
    """

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
    more_servers: tuple = ()
    more_bases: tuple = ()
    failures: dict = field(default_factory=dict)
    changes_passwords: bool = True
    realm: str = ''         # of Kerberos; '': that of its base
    tree: str = 'attribute'     # where departments come from: attribute, ou, groups
    heads: bool = False         # whether who heads a department comes from the people's `manager`

    @property
    def bases(self):
        """Where people are, below any of them."""
        return (self.base_dn, *self.more_bases)


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
        raise DirectoryMisconfigured('encryption', _.lazy('The encryption must be: %(right)s.', right=error)) from None
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

    def bind(self, dn, password, controls=None):
        """A simple bind; returns the controls of the answer. Raises ldap.LDAPError as it comes, but DirectoryDown where it is down."""
        return self._call(self._ldap.simple_bind_s, dn, password, serverctrls=controls, most_s=ANSWER_S)[3]

    def modify(self, dn, changes):
        """Change an entry: [(ldap.MOD_..., attribute, [bytes, ...]), ...]. Raises as `bind` does."""
        self._call(self._ldap.modify_ext_s, dn, changes)

    def change_password(self, dn, old, new, controls=None):
        """The password modify operation of RFC 3062. Raises as `bind` does."""
        message = self._call(self._ldap.passwd, dn, old, new, serverctrls=controls)
        self._call(self._ldap.result3, message)

    def search(self, search_filter, attributes, limit=0, base=None, scope=ldap.SCOPE_SUBTREE, controls=None):
        """[(dn, {attribute: [bytes, ...]}), ...] below the base, at most `limit` (0: as the server allows).

        base: one, or a tuple of several; without it all of the directory's. An entry comes once even where one base is inside another. More than
        `limit` is ldap.SIZELIMIT_EXCEEDED. References to other servers are left out.
        """
        entries = []
        for one in self._bases(base):
            message = self._call(self._ldap.search_ext, one, scope, search_filter, list(attributes), serverctrls=controls,
                                 timeout=self._remaining_s(), sizelimit=limit)
            known = {dn for dn, _values in entries}
            entries += [entry for entry in self._gather(message, one, limit)[0] if entry[0] not in known]
        if limit and len(entries) > limit:
            raise ldap.SIZELIMIT_EXCEEDED({'desc': 'more than was asked for'})
        return entries

    def pages(self, search_filter, attributes, size, base=None, controls=()):
        """The same search page by page, so that the server's size limit does not end it: yields lists of (dn, values).

        DirectoryDown where the pages have no end, or one is said to be the last that cannot be.
        """
        known, bases = set(), self._bases(base)
        for one in bases:
            for page in self._pages_below(one, search_filter, attributes, size, controls):
                if len(bases) > 1:      # one may be inside another
                    page = [entry for entry in page if entry[0] not in known]
                    known.update(dn for dn, _values in page)
                yield page

    def _bases(self, base):
        return self._directory.bases if base is None else (base,) if isinstance(base, str) else base

    def _pages_below(self, base, search_filter, attributes, size, controls):
        control, seen, idle = SimplePagedResultsControl(True, size=size, cookie=''), set(), 0
        while True:
            message = self._call(self._ldap.search_ext, base, ldap.SCOPE_SUBTREE, search_filter, list(attributes), serverctrls=[control, *controls])
            found, answers = self._gather(message, base)
            yield found
            answer = next((answer for answer in answers if answer.controlType == control.controlType), None)
            if answer is None and len(found) >= size:
                raise DirectoryDown('nonsense')     # a full page without a word of the next: it may be half of all
            if answer is None or not answer.cookie:
                return
            # Not the cookie tells an endless server: 389 gives the same one each time. That nobody new comes does.
            before, control.cookie = len(seen), answer.cookie
            seen.update([dn for dn, _values in found])
            idle = idle + 1 if len(seen) == before else 0
            if idle > MOST_IDLE_PAGES or len(seen) > MOST_ENTRIES or (found and idle):
                raise DirectoryDown('nonsense')

    def _gather(self, message, base, limit=0):
        """([(dn, values), ...], controls) of a search, one entry at a time: what is no answer any more is not taken to its end."""
        found, size, is_inside = [], 0, _below(base)
        while True:
            kind, entries, _message, controls = self._guarded(self._ldap.result3, message, 0, self._remaining_s())
            for dn, values in entries:
                size += sum([len(value) + VALUE_COSTS for data in values.values() for value in data]) if dn is not None else VALUE_COSTS
                if dn is not None and is_inside(dn):
                    found.append((dn, values if size < MOST_VALUE else _without_huge(values)))
            if kind == ldap.RES_SEARCH_RESULT:
                return found, controls
            if limit and len(found) > limit:
                raise ldap.SIZELIMIT_EXCEEDED({'desc': 'more than was asked for'})
            if size > MOST_ANSWER:
                raise DirectoryDown('nonsense')

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
            raise DirectoryMisconfigured('encryption', _.lazy('The CA certificates cannot be used. Give them anew, as PEM.')) from None
        finally:
            os.close(descriptor)

    def _start_tls(self):
        try:
            self._call(self._ldap.start_tls_s, most_s=ANSWER_S)
        except ldap.LDAPError as error:
            raise DirectoryMisconfigured('encryption', _.lazy(
                'The directory refuses StartTLS (%(words)s). Use an address ldaps://, or switch TLS on there.',
                words=describe(error))) from error

    def _remaining_s(self):
        left = self._deadline - time.monotonic()
        if left < LEAST_TIMEOUT_S:
            raise DirectoryDown('silent')
        return left

    def _call(self, function, *args, most_s=None, **kwargs):
        left = self._remaining_s()
        left = min(left, most_s or left)
        self._until = time.monotonic() + left
        self._ldap.set_option(ldap.OPT_NETWORK_TIMEOUT, left)
        self._ldap.set_option(ldap.OPT_TIMEOUT, left)
        return self._guarded(function, *args, **kwargs)

    def _guarded(self, function, *args, **kwargs):
        try:
            return function(*args, **kwargs)
        except tuple(DOWN) as error:
            raise DirectoryDown(self._reason(error)) from error
        except (UnicodeDecodeError, PyAsn1Error, ldap.DECODING_ERROR, ldap.NO_MEMORY, MemoryError) as error:
            raise DirectoryDown('nonsense') from error

    def _reason(self, error):
        reason = DOWN[type(error)]
        if isinstance(error, ldap.SERVER_DOWN):
            reason = ERRNO_REASONS.get(details(error).get('errno'), 'closed')
            # GnuTLS leaves no words when it refuses a certificate, and the number of whatever call came before.
            if reason == 'silent' and self._until - time.monotonic() > LEAST_TIMEOUT_S:
                reason = 'tls' if self._directory.tls != 'none' else 'closed'
        return reason


def is_below(dn, base):
    """Whether an entry is the base or stands below it, however the two are written (RFC 4514). Anything is below '' and `<GUID=...>`."""
    return _below(base)(dn)


def _below(base):
    """is_below for one base and many entries."""
    if not base or base.startswith('<'):
        return lambda dn: True
    end, ending = f',{base.lower()}', _parts(base)
    size = len(end)

    def test(dn):
        if dn.lower().endswith(end) and dn[-size - 1:-size] != '\\':
            return True
        parts = _parts(dn)
        return bool(ending) and parts[-len(ending):] == ending
    return test


@functools.lru_cache(maxsize=256)
def _parts(dn):
    """A DN as it compares: no case, one blank where there are several, the parts of a name in one order; () where it is none."""
    try:
        return tuple(tuple(sorted((LONG_NAMES.get(name.lower(), name.lower()), ' '.join(value.casefold().split())) for name, value, _kind in part))
                     for part in str2dn(dn))
    except (ldap.LDAPError, UnicodeError):
        return ()


def _without_huge(values):
    """The values of an entry but those that nothing of a person is as large as."""
    return {name: [value for value in data if len(value) <= MOST_VALUE] for name, data in values.items()}


def system_ca():
    """The CAs that this machine trusts, as PEM bytes."""
    try:
        return SYSTEM_CA.read_bytes()
    except OSError:
        raise DirectoryMisconfigured('encryption', _.lazy(
            'This server has no list of known CAs. Give the CA certificate of the directory, or install ca-certificates.')) from None


def details(error):
    """What libldap says beside the kind of an error: {desc, info, matched, ctrls, errno}, each of which may be absent."""
    return error.args[0] if error.args and isinstance(error.args[0], dict) else {}


def describe(error):
    """What the directory said, as one short line for logs and administrators: `Invalid credentials (80090308: ...)`."""
    said = details(error)
    words = said.get('desc') or type(error).__name__
    info = ''.join(c for c in str(said.get('info') or '') if c.isprintable())[:200]
    return f'{words} ({info})' if info else words
