"""A ticket is checked: pure computing by the keytab, without a network, of bounded size; the library is loaded with the first one.

Which person it is about is not known here (people.py).
"""

import base64
import binascii
import logging
from typing import NamedTuple

from appliance.core.i18n import texts
from appliance.core.limits import TICKET_BYTES
from appliance.identity.kerberos import keytab
from appliance.identity.kerberos.errors import KerberosMisconfigured, TicketRefused
from appliance.identity.kerberos.sids import sid_of
from appliance.identity.kerberos.spnego import require_kerberos

_ = texts(__name__)
log = logging.getLogger('appliance.kerberos')
REPLAYS = 'kerberos.replays'
KERBEROS, SPNEGO = '1.2.840.113554.1.2.2', '1.3.6.1.5.5.2'
# What libkrb5 says. Its numbers are of no use: the layer above gives each a new one, in the order in which they happen.
REASONS = {'Clock skew too great': 'skew', 'Ticket expired': 'expired', 'Ticket not yet valid': 'early', 'Request is a replay': 'replay',
           'Cannot find key': 'key', 'Cannot decrypt ticket': 'key', 'Decrypt integrity check failed': 'key', 'Key version': 'key'}


class Proof(NamedTuple):
    """What a good ticket says: the principal `name@REALM`, the number of its account in an Active Directory or b'', and what is answered to
    the browser (base64) or ''."""

    principal: str
    sid: bytes
    answer: str


def accept(config, text):
    """Check what a browser sent behind `Negotiate ` (base64): a Proof.

    Raises TicketRefused, or KerberosMisconfigured when the keytab or the library is missing. The same ticket is taken once.
    """
    token = _token(text)
    require_kerberos(token)
    raw = library()
    principal = keytab.own_principal(config.sso, config.server.public_address)
    try:
        credentials = _credentials(raw, config, principal)
    except raw.GSSError as error:
        raise KerberosMisconfigured('unreadable', _('the keytab cannot be used: %(words)s', words=_words(error))) from None
    try:
        done = raw.accept_sec_context(token, acceptor_creds=credentials)
    except raw.GSSError as error:
        raise _refusal(error) from None
    # Kerberos is done after one step. Who wants more has begun with something else, for which nothing is kept between requests.
    if done.more_steps or done.mech != raw.OID.from_int_seq(KERBEROS):
        raise TicketRefused('unreadable')
    name = done.initiator_name
    return Proof(raw.display_name(name, False).name.decode(), sid_of(raw, name), base64.b64encode(done.token or b'').decode())


def library():
    """gssapi.raw, loaded when it is first needed."""
    try:
        import gssapi.raw as raw        # slow: 8 MiB, for who has a keytab; an installation without Kerberos has none
    except ImportError:
        raise KerberosMisconfigured('no_library', _('the package gssapi is not installed')) from None
    return raw


def _token(text):
    if len(text) > TICKET_BYTES:
        raise TicketRefused('too_long')
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise TicketRefused('unreadable') from None


def _credentials(raw, config, principal):
    """The key of one service alone: a ticket for another in the same keytab must not open this one. Read each time: a new keytab counts at once."""
    kerberos, spnego = raw.OID.from_int_seq(KERBEROS), raw.OID.from_int_seq(SPNEGO)
    name = raw.import_name(principal.encode(), raw.NameType.kerberos_principal)
    store = {b'keytab': b'FILE:' + str(config.sso.keytab).encode(), b'rcache': b'file2:' + str(config.data.folder / REPLAYS).encode()}
    credentials = raw.acquire_cred_from(store, name, mechs=[kerberos, spnego], usage='accept').creds
    # Whatever else is installed on this machine (a module for NTLM) is not spoken.
    raw.set_neg_mechs(credentials, [kerberos])
    return credentials


def _refusal(error):
    words = _words(error)
    if REPLAYS in words:        # a full disk, a folder that is gone: without it a ticket could be used twice
        return KerberosMisconfigured('replays', _('the list of used tickets cannot be written: %(words)s', words=words))
    reason = next((reason for begin, reason in REASONS.items() if words.startswith(begin)), 'refused')
    log.info('a ticket was refused (%s): %s', reason, words)
    return TicketRefused(reason)


def _words(error):
    """What the library says, as one line."""
    said = error.get_all_statuses(error.min_code, False) if error.min_code else error.get_all_statuses(error.maj_code, True)
    return ''.join(char for char in '; '.join(said) if char.isprintable())[:300]
