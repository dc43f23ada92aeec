"""A directory that lies: as much of LDAP (RFC 4511) as it takes to answer a bind and a search with anything at all, over real sockets."""
import contextlib
import time
import uuid

from tests.ldap.people import PEOPLE
from tests.ldap.silence import silent_server

BIND, SEARCH, EXTENDED, MODIFY = 0x60, 0x63, 0x77, 0x66      # requests, by their tags
BOUND, ENTRY, DONE, REFERENCE = 0x61, 0x64, 0x65, 0x73      # answers
PAGED = b'1.2.840.113556.1.4.319'


def tlv(tag, *parts):
    """One BER element of these parts."""
    body = b''.join(parts)
    size = len(body)
    head = bytes([size]) if size < 128 else bytes([0x84]) + size.to_bytes(4, 'big')
    return bytes([tag]) + head + body


def text(value):
    return tlv(0x04, value.encode() if isinstance(value, str) else value)


def number(value, tag=0x02):
    return tlv(tag, value.to_bytes(max(1, (value.bit_length() + 8) // 8), 'big'))


def message(number_, operation, controls=b''):
    """An LDAPMessage."""
    return tlv(0x30, number(number_), operation, controls)


def result(tag, code=0, words='', referral=()):
    """The LDAPResult of an operation."""
    return tlv(tag, number(code, 0x0a), text(''), text(words), *([tlv(0xa3, *map(text, referral))] if referral else []))


def entry(dn, attributes):
    """A SearchResultEntry; attributes is {name: [value, ...]}."""
    return tlv(ENTRY, text(dn), tlv(0x30, *(tlv(0x30, text(name), tlv(0x31, *map(text, values))) for name, values in attributes.items())))


def done(code=0, cookie=None, control=None, **more):
    """(SearchResultDone, its controls): with a cookie of paged results, or with a control of these bytes."""
    if cookie is not None:
        control = tlv(0x30, number(0), text(cookie))
    controls = b'' if control is None else tlv(0xa0, tlv(0x30, text(PAGED), text(control)))
    return result(DONE, code, **more), controls


def person(login, known_by=None, dn=None, **attributes):
    """The entry of somebody as OpenLDAP would have it."""
    known_by = str(uuid.uuid5(uuid.NAMESPACE_DNS, login)) if known_by is None else known_by
    usual = {'uid': [login], 'cn': [login.title()], 'entryUUID': [known_by]}
    return entry(dn or f'uid={login},{PEOPLE}', {name: value for name, value in (usual | attributes).items() if value is not None})


class Liar:
    """What a lying server does: `bind(dn, password)` is the result code of a bind, or (code, bytes of its controls); `search(number of the search, limit)` yields what is sent,
    each (operation, controls), (operation, controls, message id), or bytes as they are. `asked` holds what came: (tag, what)."""

    def __init__(self, search=lambda count: (done(),), bind=lambda dn, password: 0):
        self.search, self.bind, self.asked = search, bind, []

    def __call__(self, connection, end):
        connection.settimeout(0.2)
        searches, waiting = 0, b''
        while not end.is_set():
            try:
                got = connection.recv(65536)
            except TimeoutError:
                continue
            if not got:
                return
            waiting += got
            while (split := _split(waiting)) is not None:
                request, waiting = split
                number_, tag, body = _read(request)
                if tag == BIND:
                    dn, password = _bind(body)
                    self.asked.append((BIND, (dn, password)))
                    answer = self.bind(dn, password)
                    code, controls = answer if isinstance(answer, tuple) else (answer, b'')
                    connection.sendall(message(number_, result(BOUND, code), controls))
                elif tag == SEARCH:
                    searches += 1
                    self.asked.append((SEARCH, searches))
                    for answer in self.search(searches):
                        if end.is_set():
                            return
                        connection.sendall(answer if isinstance(answer, bytes) else message(answer[2] if len(answer) > 2 else number_, answer[0], answer[1]))
                else:
                    self.asked.append((tag, None))


@contextlib.contextmanager
def lying_server(liar):
    """The address of a server that answers so."""
    with silent_server(liar) as port:
        yield f'ldap://127.0.0.1:{port}'


def drip(data, every_s=1.0):
    """The same bytes, one at a time."""
    for byte in data:
        yield bytes([byte])
        time.sleep(every_s)


def _element(data, at=0):
    """(tag, start of the body, end) of the element there, or None where it is not whole."""
    if len(data) < at + 2:
        return None
    size, start = data[at + 1], at + 2
    if size & 0x80:
        width = size & 0x7f
        if len(data) < start + width:
            return None
        size, start = int.from_bytes(data[start:start + width], 'big'), start + width
    return (data[at], start, start + size) if len(data) >= start + size else None


def _split(data):
    found = _element(data)
    return None if found is None else (data[:found[2]], data[found[2]:])


def _read(request):
    """(message id, tag of the operation, its body)."""
    _tag, at, _end = _element(request)
    _tag, start, end = _element(request, at)
    tag, body, last = _element(request, end)
    return int.from_bytes(request[start:end], 'big'), tag, request[body:last]


def _bind(body):
    _tag, _start, end = _element(body)                  # the version
    _tag, start, end = _element(body, end)
    dn = body[start:end]
    _tag, start, end = _element(body, end)
    return dn.decode('utf-8', 'replace'), body[start:end].decode('utf-8', 'replace')
