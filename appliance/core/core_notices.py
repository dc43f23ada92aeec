"""The notices of the core itself: roles that were given or taken, backups that failed."""

from appliance.core import notices, permissions
from appliance.core.i18n import texts

_ = texts(__name__)


def _role(data):
    return permissions.roles().get(data['role'], data['role'])


@notices.on('core.person.promoted', title=_.lazy('I was given a role'), url=lambda data: '/admin',
            text=lambda data: _('You were given a role: %(role)s.', role=_role(data)))
def tell_promoted(event):
    """The person himself."""
    yield event.object_id, {'role': event.data['role']}


@notices.on('core.person.demoted', title=_.lazy('A role was taken from me'), url=lambda data: '/',
            text=lambda data: _('A role was taken from you: %(role)s.', role=_role(data)))
def tell_demoted(event):
    """The person himself."""
    yield event.object_id, {'role': event.data['role']}


@notices.on('core.backup.failed', title=_.lazy('A backup failed'), url=lambda data: '/admin/backups',
            text=lambda data: _('The last backup failed: %(reason)s', reason=data['message']))
def tell_backup(event):
    """Everybody who may see the backups."""
    for person_id in permissions.holders('core.backups.read'):
        yield person_id, {'message': event.data['message']}
