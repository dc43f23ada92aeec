"""Addresses of the content origin: each names person, epoch and attachment or photo, is signed, and lives for an hour.

The content origin is another name or port of the portal (`server.content_address`), where files of people are shown: it knows no
cookie, so the address itself says who asks. Whether he may is asked of the file's owner at each request.
"""

import functools
import hmac
import re
from urllib.parse import quote

from appliance.core import access, clock, photos, sealing
from appliance.core.attachments import access_attachment
from appliance.core.checks import OK, WARNING, finding, health
from appliance.core.db import row
from appliance.core.errors import NotAllowed, NotFound
from appliance.core.i18n import texts
from appliance.core.people import actor_for
from appliance.core.people_access import PEOPLE

_ = texts(__name__)
LIFETIME_S = 3600
_MAC_BYTES = 16
_STEP_S = LIFETIME_S // 2
_TOKEN = re.compile(r'([0-9]{1,18})-([0-9]{1,18})-([0-9]{1,18})-([0-9]{1,18})-([0-9a-f]{32})', re.ASCII)
_PHOTO = re.compile(r'p([0-9]{1,18})\.([0-9a-f]{16})-([0-9]{1,18})-([0-9]{1,18})-([0-9]{1,18})-([0-9a-f]{32})', re.ASCII)


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


def photo_urls(address, actor):
    """A function (person's id, version of his photo or None) -> the photo's address for this actor; '' without a photo, or an origin.

    For half an hour it gives the same address, which lives for half an hour more: a program that lists people again need not fetch again.
    """
    trust = []

    def photo_url(person_id, version):
        if not (version and address):
            return ''
        if not trust:       # asked once, and only where there is a photo
            expires = (int(clock.now().timestamp()) // _STEP_S + 2) * _STEP_S
            trust[:] = sealing.derive('content'), f'{actor.person_id}-{row("SELECT epoch FROM person WHERE id = ?", actor.person_id)[0]}-{expires}'
        key, whose = trust
        return f'{address}/f/{_signed(key, f"p{person_id}.{version}-{whose}")}/photo.jpg'
    return photo_url


@functools.lru_cache(maxsize=8192)
def _signed(key, claim):
    return f'{claim}-{_sign(claim)}'


def _sign(claim):
    return sealing.mac('content', claim.encode())[:_MAC_BYTES].hex()


def opened(token):
    """The attachment that a token opens now, as attachments.access_attachment gives it; of a photo blob, name and media_type.

    NotFound when it is not ours, has expired, its person's epoch has moved on, he is blocked, or may not see it any more.
    """
    try:
        if parts := _TOKEN.fullmatch(token):
            return access_attachment(_asking(token, *parts.groups()[1:4]), int(parts[1]))
        if parts := _PHOTO.fullmatch(token):
            access.require_seen(PEOPLE, _asking(token, *parts.groups()[2:5]), int(parts[1]))
            return {'blob': photos.blob_of(int(parts[1]), parts[2], photos.LARGE), 'name': 'photo.jpg', 'media_type': 'image/jpeg'}
    except NotAllowed:
        pass
    raise NotFound()


def _asking(token, person_id, epoch, expires):
    """The Actor that a token names. NotFound when it is not ours, has expired, or his epoch has moved on; NotAllowed when he is blocked."""
    claim, _dash, mac = token.rpartition('-')
    if not hmac.compare_digest(mac, _sign(claim)) or int(expires) < clock.now().timestamp():
        raise NotFound()
    if row('SELECT epoch FROM person WHERE id = ?', int(person_id)) != (int(epoch),):
        raise NotFound()
    return actor_for(int(person_id), via='content')


SHOWN = finding('content.shown', OK, _.lazy('files that people attach are shown from %(address)s'))
NOT_SHOWN = finding(
    'content.not_shown', WARNING,
    _.lazy('server.content_address is not set: files that people attach can be downloaded, and not be looked at in the browser'),
    action=_.lazy('Give the portal a second name or port there; config.example.ini says how.'),
    meaning=_.lazy('A file of somebody else’s is shown only from a place that has none of the portal’s rights, and there is none.'))


@health('content')
def content(config):
    """Files of people are shown from a place of their own."""
    return SHOWN(address=config.server.content_address) if config.server.content_address else NOT_SHOWN()
