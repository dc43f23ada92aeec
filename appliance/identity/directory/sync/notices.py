"""Whom a sync tells what."""

from appliance.core import notices, permissions
from appliance.core.db import row
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
