"""The keytab: which services it has keys of, and which of them is the portal's. Keys themselves are not looked at.

MIT's format, version 0x0502, which ktpass, samba-tool, ipa-getkeytab and kadmin all write.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from appliance.core.i18n import texts
from appliance.identity.kerberos.errors import KerberosMisconfigured

_ = texts(__name__)
VERSION = b'\5\2'
MOST_BYTES = 1 << 20
# RFC 8429 and RFC 6649: DES and RC4 are not to be used; current domain controllers give out no such tickets.
WEAK = frozenset({1, 2, 3, 16, 23, 24})


@dataclass(frozen=True)
class Key:
    """One key of a keytab: whose (`HTTP/portal.company.example@REALM`), its number, and its kind by RFC 3961's numbers."""

    principal: str
    number: int
    kind: int


def read(path):
    """[Key, ...] of the keytab at a path. KerberosMisconfigured when it cannot be read."""
    try:
        with Path(path).open('rb') as file:
            data = file.read(MOST_BYTES)
    except OSError as error:
        raise KerberosMisconfigured('unreadable', _('the keytab %(path)s cannot be read: %(words)s', path=path, words=error.strerror)) from None
    try:
        return list(_keys(data))
    except (ValueError, IndexError, UnicodeDecodeError):
        raise KerberosMisconfigured('unreadable', _('%(path)s is not a keytab', path=path)) from None


def own_principal(sso, public_address):
    """The principal by whose key tickets are checked: the one of the configuration, else the only one of HTTP at the public name.

    sso is the configuration's section. KerberosMisconfigured when there is none, or more than one.
    """
    host = urlsplit(public_address).hostname
    held = sorted({key.principal for key in read(sso.keytab)})
    found = [one for one in held if (one == sso.principal if sso.principal else one.rpartition('@')[0].lower() == f'http/{host}')]
    if len(found) == 1:
        return found[0]
    if found:
        raise KerberosMisconfigured('several', _('the keytab has keys of %(found)s', found=', '.join(found)))
    raise KerberosMisconfigured('no_principal', _('the keytab has no key of %(wanted)s; it has those of %(held)s',
                                                  wanted=sso.principal or f'HTTP/{host}', held=', '.join(held) or '-'))


def _keys(data):
    if not data.startswith(VERSION):
        raise ValueError
    place = len(VERSION)
    while place < len(data):
        size = int.from_bytes(data[place:place + 4], signed=True)
        place += 4
        if size > 0:        # what is below is the hole that a deleted key left
            if place + size > len(data):
                raise ValueError
            yield _key(data[place:place + size])
        elif not size:
            return
        place += abs(size)


def _key(entry):
    """components (2), realm, the components, name type (4), time (4), number (1), kind (2), key, and perhaps the number again (4)."""
    count, place = int.from_bytes(entry[:2]), 2
    parts = []
    for _part in range(count + 1):
        text, place = _counted(entry, place)
        parts.append(text.decode())
    place += 8
    number, kind = entry[place], int.from_bytes(entry[place + 1:place + 3])
    _secret, place = _counted(entry, place + 3)
    if len(entry) - place >= 4:
        number = int.from_bytes(entry[place:place + 4]) or number
    return Key(f'{"/".join(parts[1:])}@{parts[0]}', number, kind)


def _counted(entry, place):
    end = place + 2 + int.from_bytes(entry[place:place + 2])
    if end > len(entry) or end < place + 2:
        raise ValueError
    return entry[place + 2:end], end
