"""Which mechanism a token of a browser is for, told before any library opens it (RFC 4178, 4.2; DER)."""

from appliance.identity.kerberos.errors import TicketRefused

# OIDs as DER, with tag and length. The second is what Windows 2000 made of the first, and still comes from all of its heirs.
SPNEGO = bytes.fromhex('06062b0601050502')
KERBEROS = (bytes.fromhex('06092a864886f712010202'), bytes.fromhex('06092a864882f712010202'))
NTLM = bytes.fromhex('060a2b06010401823702020a')
NTLM_BEGINS = b'NTLMSSP\0'


def require_kerberos(token):
    """TicketRefused unless a token (bytes) opens a negotiation whose first choice is Kerberos: that is the one whose ticket came along.

    NTLM may stand behind it, as Windows lists it for those who have nothing better; it is never answered.
    """
    if token.startswith(NTLM_BEGINS):
        raise TicketRefused('ntlm')
    try:
        mechanisms = _mechanisms(token)
    except ValueError:
        raise TicketRefused('unreadable') from None
    if mechanisms.startswith(KERBEROS) and NTLM_BEGINS not in token:
        return
    raise TicketRefused('ntlm' if NTLM in mechanisms else 'unreadable')


def _mechanisms(token):
    """The OIDs of a NegTokenInit, one behind the other."""
    negotiation = _inside(token, 0x60)
    if not negotiation.startswith(SPNEGO):
        raise ValueError
    # NegotiationToken [0], its SEQUENCE, mechTypes [0], their SEQUENCE.
    return _inside(_inside(_inside(_inside(negotiation[len(SPNEGO):], 0xa0), 0x30), 0xa0), 0x30)


def _inside(data, tag):
    """What is in the first element of DER data; ValueError unless it has this tag and is whole."""
    if len(data) < 2 or data[0] != tag:
        raise ValueError
    length, start = data[1], 2
    if length & 0x80:
        count = length & 0x7f
        if not 1 <= count <= 3:
            raise ValueError
        length, start = int.from_bytes(data[2:2 + count]), 2 + count
    if len(data) < start + length:
        raise ValueError
    return data[start:start + length]
