"""The profile as an object: what hangs on it, what its history calls its fields, and that it takes fields of the company's own.

Himself and who manages people read the history, fill the company's fields in and give tags; who else sees a person sees what they say.
Nobody likes or comments a profile: a colleague is not a post (ARCHITECTURE.md).
"""

from appliance.core import access, audit, history, permissions, refs, revisions
from appliance.core.custom_fields import declarations, values
from appliance.core.errors import NotAllowed
from appliance.core.events import publish
from appliance.core.history import Field
from appliance.core.i18n import format_day, texts
from appliance.core.people_access import PEOPLE
from appliance.core.people_events import PersonUpdated

_ = texts(__name__)
KIND = 'core.person'
# Codes that mean something else to programs.
RESERVED = frozenset({'UF_DEPARTMENT', 'UF_DEPARTMENT_NAME', 'UF_HEAD'})
FIELDS = {
    'photo': Field(_.lazy('Photo'), lambda version: _('A photo')), 'name': Field(_.lazy('Name')), 'title': Field(_.lazy('Title')),
    'phone': Field(_.lazy('Phone')), 'mail': Field(_.lazy('Mail')), 'employee_number': Field(_.lazy('Employee number')),
    'birthday': Field(_.lazy('Birthday'), lambda day: format_day(day, 'long')),
    'department': Field(_.lazy('Department')), 'contact': Field(_.lazy('Contact')), 'login': Field(_.lazy('Login')),
    'tags': Field(_.lazy('Tag'))}


def access_profile(actor, person_id, to='view'):
    """The level of an actor on a person; NotFound when unseen or absent, NotAllowed when it is less than `to`."""
    level = access.require_seen(PEOPLE, actor, person_id)
    if to != 'view' and PEOPLE.level(level) < PEOPLE.level(to):
        raise NotAllowed()
    return level


def _changed(actor, person_id, codes):
    # Which fields, not what they hold: what was said is in the history, which goes with the person.
    audit.record(actor, 'core.person.updated', f'core.person:{person_id}', changed=codes)
    publish(PersonUpdated(person_id, codes, actor.person_id))
    revisions.bump('person')


refs.own(KIND, access_profile, url='/people/{id}', people=lambda person_id: (person_id,), verbs={'history': 'own', 'fill': 'own', 'tag': 'own'})
history.fields(KIND, lambda: FIELDS | values.history_fields(KIND))
declarations.takes(KIND, title=_.lazy('People'), manages=lambda actor: permissions.may(actor, 'core.people.manage'), changed=_changed, reserved=RESERVED)
