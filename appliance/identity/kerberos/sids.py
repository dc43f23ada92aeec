"""What a ticket of an Active Directory says beside the name: the number of its account, sealed by the domain ([MS-PAC] 2.10).

A name may be given to somebody else while tickets of it are good; a number is not.
"""

import struct

ATTRIBUTE = b'urn:mspac:upn-dns-info'
# Lengths and places of the principal name and the domain, flags, then those of the login and the SID, where the flags say so.
HEAD = struct.Struct('<HHHHIHHHH')
HAS_SID = 2


def sid_of(raw, name):
    """The SID (bytes) of who showed a ticket, b'' where it says none: another kind of KDC, or a domain controller of before 2021.

    raw is gssapi.raw, name what it made of the ticket.
    """
    try:
        found = raw.get_name_attribute(name, ATTRIBUTE)
    except raw.GSSError:
        return b''
    return read_sid(found.values[0]) if found.authenticated and found.values else b''


def read_sid(data):
    """The SID that a UPN_DNS_INFO (bytes) holds, or b''."""
    if len(data) < HEAD.size:
        return b''
    *_lengths, flags, _login_size, _login_place, size, place = HEAD.unpack_from(data)
    return data[place:place + size] if flags & HAS_SID and place + size <= len(data) else b''
