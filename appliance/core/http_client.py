"""The one way out over HTTP. Nothing else in the portal asks another server by HTTP (tests/contracts hold that).

A name is resolved here, its addresses are judged, and the connection goes to the one that was judged: a name that points elsewhere a
moment later changes nothing. Only globally routable addresses are asked, private ones where an administrator lists host:port, and the
portal's own doors never. No redirect is followed, no proxy of the environment is used; a whole exchange takes five seconds at most and
an answer is read up to 1 MB.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from appliance.core.limits import REPLY_BYTES, REPLY_S

AGENT = 'Appliance'
_PORTS = {'http': 80, 'https': 443}
# Addresses that hide another one, which the judgement would have to see.
_WRAPPED = (ipaddress.ip_network('64:ff9b::/96'), ipaddress.ip_network('64:ff9b:1::/48'), ipaddress.ip_network('2002::/16'),
            ipaddress.ip_network('2001::/32'))


class Refused(Exception):
    """We do not ask there. `reason` is a key of REASONS in core/subscriptions.py."""

    def __init__(self, reason, detail=''):
        self.reason, self.detail = reason, detail
        super().__init__(f'{reason}: {detail}')


class Failed(Refused):
    """There was no answer: no such name, no connection, no trusted certificate, too slow."""


@dataclass(frozen=True)
class Reply:
    """What came back. `body` may be cut at REPLY_BYTES."""

    status: int
    headers: dict
    body: bytes


@dataclass(frozen=True)
class Target:
    """An address taken apart: `path` with its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def door(self):
        """`host:port`, as an administrator lists it."""
        return f'{f"[{self.host}]" if ":" in self.host else self.host}:{self.port}'


def parse(address):
    """The Target of an http or https address. Refused (`address`) for anything else: user names, odd ports, control characters."""
    try:
        parts = urlsplit(address)
        port = parts.port or _PORTS.get(parts.scheme)
        host = (parts.hostname or '').rstrip('.')
        host = host if ':' in host else host.encode('idna').decode()
    except (ValueError, UnicodeError):
        raise Refused('address', 'not readable') from None
    is_plain = address.isprintable() and ' ' not in address and '\\' not in address
    if parts.scheme not in _PORTS or not host or parts.username is not None or parts.password is not None or not is_plain:
        raise Refused('address', 'not http://host/... or https://host/...')
    path = (parts.path or '/') + (f'?{parts.query}' if parts.query else '')
    return Target(parts.scheme, host.lower(), port, _quoted(path))


def _quoted(path):
    """A path for a request line: ASCII, with what is not percent-encoded."""
    return ''.join(char if char.isascii() else ''.join(f'%{byte:02X}' for byte in char.encode()) for char in path)


class Client:
    """Asks other servers for one portal. `private` are the doors (`host:port`) that an administrator allows although they are not public."""

    def __init__(self, config, private=()):
        self.private = frozenset(private)
        self.own_host = (urlsplit(config.server.public_address).hostname or '').lower()
        self.own_ports = _own_ports(config)

    def judge(self, address):
        """Refused when an address can never be asked, as far as that can be said without asking the network."""
        target = parse(address)
        try:
            found = [ipaddress.ip_address(target.host)]
        except ValueError:
            found = []
        self._allowed(target, found)

    def post(self, address, body, headers):
        """POST bytes; the Reply, whatever its status. Failed when there is none, Refused when we do not ask there."""
        target, deadline = parse(address), time.monotonic() + REPLY_S
        found = self._allowed(target, _resolved(target, deadline))
        if not found:
            raise Failed('name', target.host)
        return _exchange(target, found[0], body, {'User-Agent': AGENT, 'Accept': '*/*', **headers}, deadline)

    def _allowed(self, target, found):
        """The addresses that may be asked. Refused when one of them may not: a name with two faces is not trusted with either."""
        if target.host in (self.own_host, 'localhost'):
            if target.port in self.own_ports:
                raise Refused('own', target.door)
            if target.door not in self.private:
                raise Refused('private', target.door)
        for one in found:
            one = getattr(one, 'ipv4_mapped', None) or one
            if target.port in self.own_ports and _is_own(one):
                raise Refused('own', target.door)
            if target.door not in self.private and (not _is_public(one) or _is_own(one)):
                raise Refused('private', target.door)
        return found


def is_own_door(config, host, port):
    """Whether a host and port are one of this portal's own doors, which nothing that is asked for may knock at, whatever it speaks."""
    client, host = Client(config), host.lower().rstrip('.')
    if port not in client.own_ports:
        return False
    if host in (client.own_host, 'localhost'):
        return True
    try:
        found = [ipaddress.ip_address(host)]
    except ValueError:
        try:
            found = _resolved(Target('', host, port, ''), time.monotonic() + REPLY_S)
        except Failed:
            return False
    return any(_is_own(getattr(one, 'ipv4_mapped', None) or one) for one in found)


def _own_ports(config):
    found = {urlsplit(config.server.public_address).port or _PORTS[urlsplit(config.server.public_address).scheme]}
    for address in (config.server.address, config.server.admin_address, config.live.address):
        if not address.startswith('unix:'):
            found.add(int(address.rpartition(':')[2]))
    database = urlsplit(config.database.url)
    return found | ({database.port or 5432} if database.scheme == 'postgresql' else set())


def _is_public(address):
    return address.is_global and not address.is_multicast and not (
        address.version == 6 and any(address in network for network in _WRAPPED))


def _is_own(address):
    """Whether an address is this machine's: only then a socket can be bound to it."""
    if address.is_loopback or address.is_unspecified:
        return True
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as tried:
        tried.bind((str(address), 0))
        return True
    return False


def _resolved(target, deadline):
    """The addresses of a name. In a thread of its own: the system's resolver has no time-out."""
    found, is_done = [], threading.Event()

    def ask():
        with contextlib.suppress(OSError, UnicodeError):
            found.extend(socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))
        is_done.set()

    threading.Thread(target=ask, name='resolve', daemon=True).start()
    if not is_done.wait(max(0, deadline - time.monotonic())):
        raise Failed('slow', target.host)
    return [ipaddress.ip_address(one[4][0].partition('%')[0]) for one in found]


class _Deadline:
    """Cuts a socket when its time is over, whatever it is doing: a server may send a byte a second for ever."""

    def __init__(self, deadline):
        self.is_over, self._socket = False, None
        self._timer = threading.Timer(max(0.001, deadline - time.monotonic()), self._cut)

    def watch(self, connected):
        self._socket = connected
        self._timer.daemon = True
        self._timer.start()

    def _cut(self):
        self.is_over = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def cancel(self):
        self._timer.cancel()


def _exchange(target, address, body, headers, deadline):
    limit, plain = _Deadline(deadline), None
    connection = http.client.HTTPConnection(target.host, target.port)
    try:
        plain = socket.create_connection((str(address), target.port), timeout=max(0.001, deadline - time.monotonic()))
        connection.sock = plain
        limit.watch(plain)
        if target.scheme == 'https':
            connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=target.host)
        default = target.port == _PORTS[target.scheme]
        connection.request('POST', target.path, body, {'Host': target.door.rpartition(':')[0] if default else target.door, **headers})
        # The answer takes the connection over when it is the last one, and would keep its socket open.
        with connection.getresponse() as answer:
            reply = Reply(answer.status, dict(answer.getheaders()), answer.read(REPLY_BYTES))
        if limit.is_over:       # what was cut reads like the end of the answer
            raise TimeoutError()
        return reply
    except ssl.SSLCertVerificationError as error:
        raise Failed('certificate', error.verify_message) from None
    except (OSError, http.client.HTTPException) as error:
        raise Failed('slow' if limit.is_over or isinstance(error, TimeoutError) else 'unreachable',
                     getattr(error, 'strerror', None) or type(error).__name__) from None
    finally:
        limit.cancel()
        connection.close()
        if plain is not None:
            plain.close()
