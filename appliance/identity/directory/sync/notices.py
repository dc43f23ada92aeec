"""Whom a sync tells what."""

from appliance.core import notices, permissions
from appliance.core.db import row, rows
from appliance.core.i18n import texts

_ = texts(__name__)


@notices.on('identity.sync_run.held', title=_.lazy('A comparison with a directory waits for a word'),
            url=lambda data: f'/admin/directories/{data["directory_id"]}/runs/{data["run_id"]}',
            text=lambda data: (_('%(absent)s of %(known)s people are missing in the directory %(directory)s. Nobody was cut off for it: please look.',
                                 absent=data['absent'], known=data['known'], directory=data['directory']) if data['brake'] in ('many', 'empty')
                               else _('By groups of the directory %(directory)s people would get or lose rights: please look.', directory=data['directory'])
                               if data['brake'] in ('gains', 'losses', 'heads') else _('The directory %(directory)s is not followed in full: please look why.', directory=data['directory'])))
def tell_held(event):
    """Everybody who may manage directories."""
    found = row('SELECT name FROM directory WHERE id = ?', event.data['directory_id'])
    for person_id in permissions.holders('identity.directories.manage') if found else ():
        yield person_id, {'directory_id': event.data['directory_id'], 'run_id': event.object_id, 'directory': found[0], 'brake': event.data['brake'],
                          'absent': event.data['absent'], 'known': event.data['known']}


@notices.on('identity.sync_run.proposed', title=_.lazy('People of a directory may be here already'),
            url=lambda data: f'/admin/directories/{data["directory_id"]}/adoption',
            text=lambda data: _.plural('%(n)s person of the directory %(directory)s may be here already: please say who is who.',
                                       '%(n)s people of the directory %(directory)s may be here already: please say who is who.', data['people'],
                                       directory=data['directory']))
def tell_proposed(event):
    """Everybody who may manage directories."""
    found = row('SELECT name FROM directory WHERE id = ?', event.data['directory_id'])
    for person_id in permissions.holders('identity.directories.manage') if found else ():
        yield person_id, {'directory_id': event.data['directory_id'], 'directory': found[0], 'people': event.data['people']}


@notices.on('identity.person.adopted', title=_.lazy('Somebody logs in by a directory from now on'),
            url=lambda data: f'/people/{data["person_id"]}' if data['name'] else '/settings',
            text=lambda data: (_('%(name)s, who has rights in the portal, logs in by the directory %(directory)s from now on.', name=data['name'],
                                 directory=data['directory']) if data['name']
                               else _('You log in with your password of the directory %(directory)s from now on; one of the portal’s own does not count any more.',
                                      directory=data['directory'])))
def tell_adopted(event):
    """The person; of one who was given rights, also the others who may give them."""
    found = row('SELECT d.name, p.name FROM directory d, person p WHERE d.id = ? AND p.id = ?', event.data['directory_id'], event.object_id)
    if not found:
        return
    data = {'person_id': event.object_id, 'directory': found[0]}
    yield event.object_id, data | {'name': ''}
    if rows('SELECT 1 FROM person_role WHERE person_id = ?', event.object_id):
        for person_id in permissions.holders('core.roles.manage'):
            if person_id != event.object_id:
                yield person_id, data | {'name': found[1]}


@notices.on('identity.person.parted', title=_.lazy('Somebody logs in as before a directory had him'), url=lambda data: '/settings',
            text=lambda data: _('That you log in by the directory %(directory)s was taken back. You log in as before.', directory=data['directory']))
def tell_parted(event):
    """The person."""
    found = row('SELECT name FROM directory WHERE id = ?', event.data['directory_id'])
    if found:
        yield event.object_id, {'directory': found[0]}
