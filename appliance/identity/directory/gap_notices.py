"""Whom a directory that cannot be followed is told of: once, and once when it is back."""

from appliance.core import clock, notices, permissions
from appliance.core.db import row
from appliance.core.i18n import format_moment, texts
from appliance.identity.directory.gaps import UNEXPECTED, WORDS

_ = texts(__name__)


def _address(data):
    return f'/admin/directories/{data["directory_id"]}'


@notices.on('identity.directory.lost', title=_.lazy('A directory cannot be followed'), url=_address,
            text=lambda data: _('The directory %(directory)s cannot be followed since %(since)s: %(why)s Who leaves there is not cut off here until it can.',
                                directory=data['directory'], since=format_moment(clock.from_microseconds(data['since'])),
                                why=WORDS.get(data['reason'], WORDS[UNEXPECTED])))
def tell_lost(event):
    """Everybody who may manage directories."""
    yield from _told(event, reason=event.data['reason'])


@notices.on('identity.directory.found', title=_.lazy('A directory is followed again'), url=_address,
            text=lambda data: _('The directory %(directory)s is followed again. It could not be since %(since)s.', directory=data['directory'],
                                since=format_moment(clock.from_microseconds(data['since']))))
def tell_found(event):
    """The same people."""
    yield from _told(event)


def _told(event, **more):
    found = row('SELECT name FROM directory WHERE id = ?', event.object_id)
    for person_id in permissions.holders('identity.directories.manage') if found else ():
        yield person_id, {'directory_id': event.object_id, 'directory': found[0], 'since': event.data['since'], **more}
