"""Service accounts: persons of the kind `service`, which programs act as. Each has somebody who answers for it, and stops with him."""

from peewee import JOIN

from appliance.core import audit
from appliance.core.actions import action
from appliance.core.actor import EMPLOYEE, SERVICE
from appliance.core.errors import Invalid, NotFound
from appliance.core.i18n import texts
from appliance.core.people import Person, PersonBlock, add_person, fold_login, update_person
from appliance.core.permissions import permitted, require
from appliance.identity import tokens

_ = texts(__name__)
MANAGE = 'core.programs.manage'


@action(rights=permitted(MANAGE))
def add_service(actor, login, name, owner_login):
    """A new service account; returns its id. It has no password: tokens are its only way in. Invalid names the field that is wrong."""
    return add_person(actor, login, name, kind=SERVICE, contact_id=_owner(owner_login))


def _owner(login):
    """The id of the active employee of a login."""
    found = Person.get_or_none((Person.login == fold_login(login)) & (Person.kind == EMPLOYEE))
    if found is None or PersonBlock.select().where(PersonBlock.person == found.id).exists():
        raise Invalid(_('There is no active employee with the login %(login)s.', login=login[:100]), field='owner')
    return found.id


@action(rights=permitted(MANAGE))
def hand_over(actor, service_id, owner_login):
    """Let another employee answer for a service account; its tokens go on with him."""
    if not Person.select().where((Person.id == service_id) & (Person.kind == SERVICE)).exists():
        raise NotFound()
    owner_id = _owner(owner_login)
    update_person(actor, service_id, contact_id=owner_id)
    tokens.hand_over(actor, service_id, owner_id)
    audit.record(actor, 'identity.service.handed_over', f'core.person:{service_id}', owner_id=owner_id)


def services(actor):
    """[{id, login, name, owner_id, owner_name, owner_login, is_stopped}] of all service accounts, by name."""
    require(actor, MANAGE)
    owner = Person.alias()
    found = (Person.select(Person.id, Person.login, Person.name, owner.id, owner.name, owner.login)
             .join(owner, JOIN.LEFT_OUTER, on=Person.contact == owner.id).where(Person.kind == SERVICE).order_by(Person.sort_name, Person.id).tuples())
    found = list(found)
    people = [one for row in found for one in (row[0], row[3]) if one]
    blocked = {row for row, in PersonBlock.select(PersonBlock.person_id).where(PersonBlock.person.in_(people)).tuples()} if people else set()
    return [{'id': row[0], 'login': row[1], 'name': row[2], 'owner_id': row[3], 'owner_name': row[4], 'owner_login': row[5],
             'is_stopped': row[3] is None or bool({row[0], row[3]} & blocked)} for row in found]
