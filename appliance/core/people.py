"""The person: who he is to everybody. Accounts, sessions and directories are identity's; pages are the tool people's."""

from peewee import JOIN, CompositeKey

from appliance.core import access, audit, clock, history, live, revisions
from appliance.core import people_access as _access  # noqa: F401 - declares who sees whom
from appliance.core import people_search as _search  # noqa: F401 - and how people are found
from appliance.core.actions import action
from appliance.core.actor import ADMINISTRATOR, EMPLOYEE, SERVICE, Actor
from appliance.core.db import Base, row, rows
from appliance.core.departments import Department, all_departments, path_to
from appliance.core.errors import Conflict, NotAllowed, NotFound
from appliance.core.events import publish
from appliance.core.fields import Day, Flag, Id, Integer, Link, Moment, Text
from appliance.core.folding import fold
from appliance.core.i18n import texts
from appliance.core.limits import EMPLOYEE_NUMBER_LENGTH, LOGIN_LENGTH, MAIL_LENGTH, NAME_LENGTH, PHONE_LENGTH, TITLE_LENGTH
from appliance.core.people_access import FORGOTTEN, require_not_forgotten
from appliance.core.people_events import PersonAdded, PersonBlocked, PersonDemoted, PersonPromoted, PersonUnblocked, PersonUpdated
from appliance.core.permissions import permitted, require, require_grantable
from appliance.core.person_fields import LIMITS, check_fields, search_fields
from appliance.core.personal.declarations import WITH_PERSON, Empty, Personal
from appliance.core.settings import get_setting

_ = texts(__name__)


class Person(Base):
    """A person. `epoch` rises with each change of trust: what carries an older one (sessions, tokens) is dead.

    `sort_name` and `words` are the folded name and everything that the search of people looks through; `photo` is the version of
    his photo (core/photos.py), None where he has none.
    """

    id = Id()
    kind = Text(default=EMPLOYEE)
    login = Text(limit=LOGIN_LENGTH, unique=True)
    name = Text(limit=NAME_LENGTH)
    mail = Text(limit=MAIL_LENGTH, default='')
    phone = Text(limit=PHONE_LENGTH, default='')
    title = Text(limit=TITLE_LENGTH, default='')
    birthday = Day(null=True)
    photo = Text(null=True)
    employee_number = Text(limit=EMPLOYEE_NUMBER_LENGTH, default='', index=True)     # '' for none; not unique
    language = Text(limit=20)
    has_chosen_language = Flag(default=False)       # himself; else the company's, or the directory's
    zone = Text(limit=64)
    department = Link(Department, null=True, index=False)
    contact = Link('self', null=True)       # of a guest: the employee he belongs to
    epoch = Integer(default=1)
    sort_name = Text()
    words = Text()
    created_at = Moment(default=clock.now)

    class Meta:
        personal = Personal(
            _.lazy('Who a person is: name, login, mail, phone, title, birthday, employee number, department, language and zone'), person='id', kept=WITH_PERSON,
            hidden=('sort_name', 'words', 'epoch', 'photo'),
            forget=Empty({}, _.lazy('The row stays under its number with a stand-in for the name, so that nothing made by this person falls apart.')))
        indexes = ((('sort_name', 'id'), False), (('department', 'sort_name', 'id'), False), (('mail',), False))


class PersonBlock(Base):
    """Why a person may not come in, one row a source (`portal`, `directory:1`); without rows he is active."""

    person = Link(Person)
    source = Text()
    reason = Text(default='')
    by = Integer(null=True)
    at = Moment(default=clock.now)

    class Meta:
        personal = Personal(
            _.lazy('Why a person may not come in, and who said so'), person='person', kept=WITH_PERSON, hidden=('by',),
            forget=Empty({'reason': ''}, _.lazy('That the door is shut stays; why is emptied.')))
        table_name = 'person_block'
        primary_key = CompositeKey('person', 'source')


class PersonRole(Base):
    """A role beyond the person's kind, with who gave it and when."""

    person = Link(Person)
    role = Text()
    by = Integer(null=True)
    at = Moment(default=clock.now)

    class Meta:
        personal = Personal(_.lazy('Roles that a person was given'), person='person', kept=WITH_PERSON, hidden=('by',))
        table_name = 'person_role'
        primary_key = CompositeKey('person', 'role')


@action(rights=permitted('core.people.manage'))
def add_person(actor, login, name, mail='', kind=EMPLOYEE, **fields):
    """A new person; returns the id. `fields`: phone, title, birthday, employee_number, language, zone, department_id, contact_id.

    Conflict when the login is taken, Invalid (with the field) for a value that is not right.
    """
    values = check_fields({'login': login, 'name': name, 'mail': mail, 'kind': kind,
                           'language': fields.pop('language', None) or get_setting('company.language'),
                           'zone': fields.pop('zone', None) or get_setting('company.zone'), **fields})
    if Person.select().where(Person.login == values['login']).exists():
        raise Conflict(_('There is a person with the login %(login)s already.', login=values['login']))
    person_id = Person.create(**values, **search_fields(values)).id
    _seen_anew(person_id, values.get('contact_id'))
    audit.record(actor, 'core.person.added', f'core.person:{person_id}', kind=kind)
    publish(PersonAdded(person_id, kind, actor.person_id))
    return person_id


@action(rights=permitted('core.people.manage'))
def update_person(actor, person_id, **fields):
    """Change fields of a person for the directory or the console; returns the names of those that differed, which alone are written."""
    return change_fields(actor, person_id, fields)


def change_fields(actor, person_id, fields):
    """What update_person does, inside an action of somebody whose rights were asked already."""
    person = next(iter(Person.read('id = ?', person_id)), None)
    if person is None:
        raise NotFound()
    # What is there was cleaned when it came: each login through a directory brings all of it again.
    values = check_fields({name: value for name, value in fields.items() if getattr(person, name) != value})
    changed = {name: value for name, value in values.items() if getattr(person, name) != value}
    if changed:
        require_not_forgotten(person_id)
    if 'login' in changed and Person.select().where(Person.login == changed['login']).exists():
        raise Conflict(_('There is a person with the login %(login)s already.', login=changed['login']), field='login')
    if changed:
        merged = {name: changed.get(name, getattr(person, name)) for name in LIMITS}
        Person.update(**changed, **search_fields(merged)).where(Person.id == person_id).execute()
        history.note(actor, 'core.person', person_id, _noted(person, changed))
        _seen_anew(person_id, person.contact_id, changed.get('contact_id'))
        if 'department_id' in changed:
            access.person_moved(person_id)
        _note_update(actor, person_id, changed)
    return sorted(changed)


def _noted(person, changed):
    """{field: (old, new)} for the history: of a department and of a contact their names, which are what somebody saw."""
    noted = {name: (getattr(person, name), value) for name, value in changed.items() if name in ('login', 'name', 'mail', 'phone', 'title', 'employee_number')}
    if 'birthday' in changed:
        noted['birthday'] = tuple(day and day.isoformat() for day in (person.birthday, changed['birthday']))
    if 'department_id' in changed:
        tree = all_departments()
        noted['department'] = tuple(tree[one][0] if one in tree else None for one in (person.department_id, changed['department_id']))
    if 'contact_id' in changed:
        names = names_of([one for one in (person.contact_id, changed['contact_id']) if one])
        noted['contact'] = (names.get(person.contact_id), names.get(changed['contact_id']))
    return noted


def _seen_anew(person_id, *contacts):
    """Who sees this person, and whom his contacts are seen by, may be others now; what is kept of all people (how many a department has,
    drawn talks with their names) is read anew.
    """
    revisions.bump('person')
    access.changed('core.person', [person_id, *{contact for contact in contacts if contact}])


def _note_update(actor, person_id, changed):
    # Which fields, not what they hold: that stands in the history, which goes when the person is forgotten.
    audit.record(actor, 'core.person.updated', f'core.person:{person_id}', changed=sorted(changed))
    publish(PersonUpdated(person_id, sorted(changed), actor.person_id))
    if {'department_id', 'kind'} & {*changed}:
        live.tell_subjects_changed([person_id])


def _own_or_administrator(actor, person_id, *args, **kwargs):
    if actor.person_id != person_id:
        require(actor, 'core.people.manage')


@action(rights=_own_or_administrator)
def set_language(actor, person_id, language):
    """The language that this person sees and is written to in."""
    _change(actor, person_id, check_fields({'language': language}) | ({'has_chosen_language': True} if actor.person_id == person_id else {}))


@action(rights=_own_or_administrator)
def set_zone(actor, person_id, zone):
    """The time zone in which this person sees times and begins days."""
    _change(actor, person_id, check_fields({'zone': zone}))


def _change(actor, person_id, values):
    if not Person.change(person_id, **values):
        raise NotFound()
    revisions.bump('person')
    publish(PersonUpdated(person_id, sorted(values), actor.person_id))


@action(rights=permitted('core.roles.manage'))
def give_role(actor, person_id, role):
    """Give a role; twice is once. The epoch rises: sessions with the old rights end. NotAllowed when it can more than the actor."""
    require_grantable(actor, role)
    if not Person.select().where(Person.id == person_id).exists():
        raise NotFound()
    require_not_forgotten(person_id)
    given = (PersonRole.insert(person=person_id, role=role, by=actor.person_id, at=clock.now())
             .on_conflict_ignore().as_rowcount().execute())
    if given:
        raise_epoch(person_id)
        audit.record(actor, 'core.role.given', f'core.person:{person_id}', role=role)
        publish(PersonPromoted(person_id, role, actor.person_id))
    else:
        # Whoever gave it first: it stands by the newest word now, and what another source gave takes it back no more.
        PersonRole.update(by=actor.person_id, at=clock.now()).where((PersonRole.person == person_id) & (PersonRole.role == role)).execute()


@action(rights=permitted('core.roles.manage'))
def take_role(actor, person_id, role):
    """Take a role back; sessions with the old rights end. Conflict when it would leave nobody who may do everything."""
    require_grantable(actor, role)
    if role == ADMINISTRATOR and not other_administrators(person_id):
        raise Conflict(_('There must be another active administrator first.'))
    if PersonRole.delete().where((PersonRole.person == person_id) & (PersonRole.role == role)).execute():
        raise_epoch(person_id)
        audit.record(actor, 'core.role.taken', f'core.person:{person_id}', role=role)
        publish(PersonDemoted(person_id, role, actor.person_id))


def other_administrators(*person_ids):
    """How many others than these have the role administrator and may come in."""
    return row(f'''SELECT count(*) FROM person_role r WHERE r.role = ? AND r.person_id NOT IN ({", ".join("?" * len(person_ids))})
                   AND NOT EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = r.person_id)''', ADMINISTRATOR, *person_ids)[0]


def people_with_roles():
    """[(person id, name, role)] of every role that was given."""
    return rows('SELECT p.id, p.name, r.role FROM person_role r JOIN person p ON p.id = r.person_id ORDER BY r.role, p.sort_name, p.id')


def raise_epoch(person_id):
    """End everything that carries this person's trust: inside an action only."""
    Person.update(epoch=Person.epoch + 1).where(Person.id == person_id).execute()


@action(rights=permitted('core.people.manage'))
def block(actor, person_id, source, reason=''):
    """Keep a person out, by this source; ends his sessions."""
    if not Person.select().where(Person.id == person_id).exists():
        raise NotFound()
    (PersonBlock.insert(person=person_id, source=source, reason=reason, by=actor.person_id, at=clock.now())
     .on_conflict_ignore().execute())
    raise_epoch(person_id)
    _seen_anew(person_id)
    audit.record(actor, 'core.person.blocked', f'core.person:{person_id}', source=source, reason=reason)
    publish(PersonBlocked(person_id, source, actor.person_id))


@action(rights=permitted('core.people.manage'))
def unblock(actor, person_id, source):
    """Take back what one source said; others' blocks stay. Conflict for who was forgotten."""
    if source == FORGOTTEN:
        require_not_forgotten(person_id)
    if is_blocked(person_id, source) and PersonBlock.delete().where((PersonBlock.person == person_id) & (PersonBlock.source == source)).execute():
        _seen_anew(person_id)
        audit.record(actor, 'core.person.unblocked', f'core.person:{person_id}', source=source)
        publish(PersonUnblocked(person_id, source, actor.person_id))


def names_of(person_ids):
    """{id: name} of people, in one query."""
    return dict(Person.select(Person.id, Person.name).where(Person.id.in_(list(person_ids))).tuples()) if person_ids else {}


def ids_called(words):
    """The ids of the people whose name, login or mail holds these words; at most 1,000."""
    found = Person.select(Person.id)
    for word in fold(''.join(char if char.isprintable() else ' ' for char in words)).split():
        found = found.where(Person.words.contains(word))
    return [person_id for person_id, in found.limit(1000).tuples()]


def has_colleagues(actor):
    """Whether there is an employee besides the actor."""
    return bool(rows("SELECT 1 FROM person WHERE kind = 'employee' AND id <> ? LIMIT 1", actor.person_id))


def is_blocked(person_id, source=None):
    """Whether anything keeps a person out, or whether one source does."""
    if source is None:
        return row('SELECT 1 FROM person_block WHERE person_id = ? LIMIT 1', person_id) is not None
    return row('SELECT 1 FROM person_block WHERE person_id = ? AND source = ?', person_id, source) is not None


def subjects_of(person_id, kind, department_id, tree):
    """What a person is to rights: himself, his department, those above it (`under:1`), those he heads (`leads:1`; what is below them
    names them, too), everybody if an employee, services if a service account.
    """
    found = {f'person:{person_id}', *(f'leads:{one}' for one, (_name, _parent, head) in tree.items() if head == person_id)}
    if department_id:
        found.add(f'department:{department_id}')
        found |= {f'under:{above}' for above in path_to(department_id, tree)}
    if kind == EMPLOYEE:
        found.add('everybody')
    if kind == SERVICE:
        found.add('services')
    return frozenset(found)


def actor_for(person_id, via):
    """The Actor of a person, read now; NotFound when there is none, NotAllowed when he is blocked."""
    found = (Person.select(Person.kind, Person.language, Person.zone, Person.department_id, PersonBlock.source)
             .join(PersonBlock, JOIN.LEFT_OUTER).where(Person.id == person_id).tuples().first())
    if found is None:
        raise NotFound()
    if found[4] is not None:
        raise NotAllowed()
    roles = {role for role, in rows('SELECT role FROM person_role WHERE person_id = ?', person_id)}
    return build_actor(person_id, *found[:4], roles, via)


def build_actor(person_id, kind, language, zone, department_id, roles, via):
    """The Actor from rows read already; one query more, for the tree of departments."""
    tree = all_departments() if department_id or kind == EMPLOYEE else {}
    return Actor(person_id, kind, frozenset(roles | {kind}), subjects_of(person_id, kind, department_id, tree),
                 language, zone, via)
