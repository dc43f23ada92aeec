"""The notices of the core itself: roles that were given or taken, backups that failed, who may read whose things."""

from appliance.core import insight, notices, permissions
from appliance.core.db import row
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


@notices.on('core.person.exported', title=_.lazy('My data were exported by somebody else'), url=lambda data: '/settings/my-data',
            kinds={'employee', 'guest'}, text=lambda data: _('Somebody who answers for personal data exported what the portal keeps of you.'))
def tell_exported(event):
    """The person whose data they are."""
    yield event.object_id, {}


_INSIGHT = 'SELECT i.asked_by_id, a.name, p.name FROM insight i JOIN person a ON a.id = i.asked_by_id JOIN person p ON p.id = i.person_id WHERE i.id = ?'


@notices.on('core.insight.asked', title=_.lazy('Another administrator asks to read what is a person’s alone'), url=lambda data: '/admin/insight',
            text=lambda data: _('%(asker)s asks to read what is %(person)s’s alone. Another administrator must decide.', asker=data['asker'], person=data['person']))
def tell_deciders(event):
    """Everybody who may decide, but the one who asked."""
    found = row(_INSIGHT, event.object_id)
    if found:
        for person_id in permissions.holders(insight.PERMISSION):
            if person_id != found[0]:
                yield person_id, {'asker': found[1], 'person': found[2]}


@notices.on('core.insight.granted', title=_.lazy('Somebody may read what is mine alone'), url=lambda data: '/settings/insight', kinds={'employee', 'guest'},
            text=lambda data: _('%(asker)s may read what is yours alone for some hours; two administrators said so. See why.', asker=data['asker']))
def tell_whose(event):
    """The person whose things they are."""
    found = row(_INSIGHT, event.object_id)
    if found:
        yield event.data['person_id'], {'asker': found[1]}


def _decided(event):
    found = row(_INSIGHT, event.object_id)
    if found:
        yield found[0], {'person': found[2]}


@notices.on('core.insight.refused', title=_.lazy('My asking to read was refused'), url=lambda data: '/admin/insight',
            text=lambda data: _('Your asking to read what is %(person)s’s alone was refused.', person=data['person']))
def tell_refused(event):
    """Who asked."""
    yield from _decided(event)


@notices.on('core.insight.ended', title=_.lazy('A reading was ended'), url=lambda data: '/admin/insight',
            text=lambda data: _('What you could read of %(person)s was ended.', person=data['person']))
def tell_ended(event):
    """Who asked."""
    yield from _decided(event)
