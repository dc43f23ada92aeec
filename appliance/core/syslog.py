"""Sending records to a syslog server: RFC 5424, over a Unix socket, UDP (RFC 5426) or TCP with octet counting (RFC 6587)."""

import contextlib
import json
import re
import socket
from urllib.parse import urlsplit

from appliance.core import clock
from appliance.core.i18n import texts

_ = texts(__name__)
TIMEOUT_S = 5
_PRIORITY = 10 * 8 + 6      # facility authpriv, severity informational
_DEFAULT_PORT = 514
_ADDRESS = re.compile(r'(udp|tcp)://(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:\d{1,5})?|unix:/\S{1,100}')


def read_address(text):
    """`unix:/dev/log`, `udp://HOST:514` or `tcp://HOST:514` as it is kept, '' for none; ValueError says what would be right."""
    text = str(text).strip()
    if text and not _ADDRESS.fullmatch(text):
        raise ValueError(_('unix:/dev/log, udp://HOST:514 or tcp://HOST:514'))
    return text


@contextlib.contextmanager
def connected(address):
    """A function that sends one record ({...}) as JSON to a syslog server. OSError when it cannot be reached."""
    if address.startswith('unix:'):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        target = address.removeprefix('unix:')
    else:
        parts = urlsplit(address)
        target = (parts.hostname, parts.port or _DEFAULT_PORT)
        line = None if parts.scheme == 'tcp' else _datagrams(*target)
    if line is None:
        with socket.create_connection(target, TIMEOUT_S) as line:
            yield lambda record: line.sendall(b'%d %s' % (len(text := _message(record)), text))
        return
    with line:
        line.settimeout(TIMEOUT_S)
        line.connect(target)
        yield lambda record: line.send(_message(record))


def _datagrams(host, port):
    family = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][0]
    return socket.socket(family, socket.SOCK_DGRAM)


def _message(record):
    at = record.get('at') or clock.now().isoformat()
    text = json.dumps(record, ensure_ascii=False, separators=(',', ':'))
    return f'<{_PRIORITY}>1 {at} {socket.gethostname()} appliance - audit - \ufeff{text}'.encode()
