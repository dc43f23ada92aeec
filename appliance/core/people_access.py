"""Who sees whom, as data: employees and service accounts see every employee, a guest himself and his contact, and who answers for a
guest or a service account sees it; who is blocked is seen by those alone who manage people. core/people.py calls this when a person
changes; pages and methods ask it through core/access.py.
"""

from peewee import CompositeKey

from appliance.core import access, permissions
from appliance.core.access import AccessRow
from appliance.core.actor import EMPLOYEE, GUEST, SERVICE
from appliance.core.db import rows
from appliance.core.errors import Conflict
from appliance.core.fields import Text
from appliance.core.i18n import texts

_ = texts(__name__)
FORGOTTEN = 'forgotten'        # the source of the block that nobody takes back: this person was forgotten
COLLEAGUES = _.lazy('Everybody who works here sees all colleagues.')
OWN = _.lazy('It is this very person.')
CONTACT = _.lazy('The person is the contact of this guest.')
GUEST_OF = _.lazy('The guest belongs to this person.')
FOR_PROGRAMS = _.lazy('Service accounts see all who work here.')
SERVICE_OF = _.lazy('This person answers for the service account.')


class PersonAccess(AccessRow):
    """Who sees a person; the key is the folded name. Level `contact` shows what somebody from outside needs to reach him."""

    key = Text()

    class Meta:
        table_name = 'person_access'
        primary_key = CompositeKey('subject', 'key', 'object_id')
        indexes = ((('object_id', 'subject'), True),)


def audiences(ids):
    """{id: (folded name, {subject: (level, reason)})} of people; of those who are blocked, nobody."""
    marks = ', '.join('?' * len(ids))
    found = {}
    for person_id, kind, name, contact, is_blocked in rows(
            f'''SELECT id, kind, sort_name, contact_id, EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = person.id)
                FROM person WHERE id IN ({marks})''', *ids):
        found[person_id] = (name, {} if is_blocked else _audience(person_id, kind, contact))
    for guest, contact in rows(f"SELECT id, contact_id FROM person WHERE kind = 'guest' AND contact_id IN ({marks})", *ids):
        if contact in found and 'everybody' in found[contact][1]:
            found[contact][1][f'person:{guest}'] = ('contact', CONTACT)
    return found


def _audience(person_id, kind, contact):
    audience = {f'person:{person_id}': ('own', OWN)}
    if kind == EMPLOYEE:
        audience |= {'everybody': ('view', COLLEAGUES), 'services': ('view', FOR_PROGRAMS)}
    elif kind in (GUEST, SERVICE) and contact:
        audience[f'person:{contact}'] = ('view', GUEST_OF if kind == GUEST else SERVICE_OF)
    return audience


def _name(person_id):
    found = rows('SELECT name FROM person WHERE id = ?', person_id)
    return found[0][0] if found else ''


PEOPLE = access.kind(
    'core.person', table=PersonAccess, levels=('contact', 'view', 'own'), audiences=audiences, source=('person', 'id', 'sort_name'),
    title=_.lazy('Person'), describe=_name, sees_all=lambda actor: permissions.may(actor, 'core.people.manage'), version=2,
    common=frozenset({'everybody', 'services'}))


def require_not_forgotten(person_id):
    """Conflict for who was forgotten: nothing of him comes back, from a form, a directory or the console."""
    if rows('SELECT 1 FROM person_block WHERE person_id = ? AND source = ?', person_id, FORGOTTEN):
        raise Conflict(_('This person was forgotten. That cannot be taken back; add a new person instead.'))
