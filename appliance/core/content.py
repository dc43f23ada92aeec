"""Addresses of the content origin: each names person, epoch and attachment, is signed, and lives for an hour.

The content origin is another name or port of the portal (`server.content_address`), where files of people are shown: it knows no
cookie, so the address itself says who asks. Whether he may is asked of the file's owner at each request.
"""

import hmac
import re
from urllib.parse import quote

from appliance.core import clock, sealing
from appliance.core.attachments import access_attachment
from appliance.core.checks import OK, WARNING, Result, health
from appliance.core.db import row
from appliance.core.errors import NotAllowed, NotFound
from appliance.core.people import actor_for

LIFETIME_S = 3600
_MAC_BYTES = 16
_TOKEN = re.compile(r'([0-9]{1,18})-([0-9]{1,18})-([0-9]{1,18})-([0-9]{1,18})-([0-9a-f]{32})', re.ASCII)


def url(address, actor, attachment_id, name):
    """The address of an attachment for a person, below the content origin's `address`; `name` ends it, for saving.

    Made when it is asked for, never stored: it is a secret as long as it lives.
    """
    found = row('SELECT epoch FROM person WHERE id = ?', actor.person_id) if actor.person_id else None
    if found is None:
        raise NotAllowed()
    expires = int(clock.now().timestamp()) + LIFETIME_S
    claim = f'{attachment_id}-{actor.person_id}-{found[0]}-{expires}'
    return f'{address}/f/{claim}-{_sign(claim)}/{quote(name)}'


def _sign(claim):
    return sealing.mac('content', claim.encode())[:_MAC_BYTES].hex()


def opened(token):
    """The attachment that a token opens now, as attachments.access_attachment gives it.

    NotFound when it is not ours, has expired, its person's epoch has moved on, he is blocked, or may not see it any more.
    """
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        raise NotFound()
    claim, _dash, mac = token.rpartition('-')
    attachment_id, person_id, epoch, expires = (int(part) for part in parts.groups()[:4])
    if not hmac.compare_digest(mac, _sign(claim)) or expires < clock.now().timestamp():
        raise NotFound()
    if row('SELECT epoch FROM person WHERE id = ?', person_id) != (epoch,):
        raise NotFound()
    try:
        return access_attachment(actor_for(person_id, via='content'), attachment_id)
    except NotAllowed:
        raise NotFound() from None


@health('content')
def content(config):
    """Files of people are shown from a place of their own."""
    if config.server.content_address:
        return Result(OK, f'files that people attach are shown from {config.server.content_address}')
    return Result(WARNING, 'server.content_address is not set: files that people attach can be downloaded, and not be looked at in the browser',
                  'Give the portal a second name or port there; config.example.ini says how.')
