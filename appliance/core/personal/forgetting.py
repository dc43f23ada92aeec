"""Forgetting a person: a plan that changes nothing, and the one action that carries it out, all of it or nothing.

What each table says of itself (declarations.py) decides. The person's row stays under its number with a stand-in for the name: people
are never deleted, only emptied. Afterwards neither name, mail, login nor phone stands in any table or in the search index; photo and
files leave the disk within a day; older backups hold him until they are thinned out.
"""

from datetime import date

from peewee import CompositeKey, sort_models

from appliance.core import access, audit, clock, people, photos, refs, revisions, search
from appliance.core.actions import action
from appliance.core.actor import ADMINISTRATOR
from appliance.core.db import lock_row, row, rows
from appliance.core.departments import all_departments, set_head
from appliance.core.errors import Conflict, NotFound
from appliance.core.events import publish
from appliance.core.i18n import format_day, language, texts
from appliance.core.people import FORGOTTEN, Person, PersonBlock
from appliance.core.people_events import PersonForgotten as Forgotten
from appliance.core.permissions import require
from appliance.core.person_fields import search_fields
from appliance.core.personal import finding, holds, tables
from appliance.core.personal.declarations import Delete, Empty, Personal, Until, WithParent
from appliance.core.personal.forgotten import PersonForgotten, is_forgotten, stand_in
from appliance.core.settings import get_setting
from appliance.core.tool import declarations

_ = texts(__name__)
_BATCH = 500
# What hangs on objects of any kind and goes with them: function(actor, kind, object_id).
ERASERS = [refs.erase_hanging]


def _may(actor, *args, **kwargs):
    require(actor, 'core.personal.manage')
    require(actor, 'core.people.manage')


def plan(actor, person_id, more=()):
    """What forgetting would do, without doing it; `more` are names that the person had before.

    {person_id, login, name, stand_in, hindrances: [words], notes: [words], tables: [{table, what, rows, does, why}], named: [{table, column,
    rows}]}. `does` is deleted, anonymous, kept, as_parent or derived; `named` are rows of others in which the stand-in comes in.
    """
    _may(actor)
    person = _person(person_id)
    words, new = finding.Words(person_id, more), _stand_in(person)
    return {'person_id': person_id, 'login': person.login, 'name': person.name, 'stand_in': new, 'hindrances': _hindrances(actor, person, words),
            'notes': _notes(person), 'tables': [one for one in map(lambda model: _planned(model, person_id), tables.models().values()) if one],
            'named': _named(words, new, person_id)}


def _person(person_id):
    person = Person.get_or_none(Person.id == person_id)
    if person is None:
        raise NotFound()
    if is_forgotten(person_id):
        raise Conflict(_('This person was forgotten already.'))
    return person


def _stand_in(person):
    with language(get_setting('company.language')):
        return stand_in(person.kind, person.id)


def _hindrances(actor, person, words):
    """Why this person cannot be forgotten now, in words that say what to do."""
    found = []
    if actor.person_id == person.id:
        found.append(_('Nobody forgets himself: another administrator must.'))
    is_administrator = row('SELECT 1 FROM person_role WHERE person_id = ? AND role = ?', person.id, ADMINISTRATOR)
    if is_administrator and not people.other_administrators(person.id):
        found.append(_('There must be another active administrator first.'))
    for one in holds.holding(person.id):
        found.append(_('A hold is on this person until %(day)s: %(reason)s', day=format_day(one.until.isoformat()) if one.until else _('it is ended'),
                       reason=one.reason))
    for name, count in tables.off_with_data().items():
        found.append(_('%(tool)s is switched off and keeps %(count)s rows that cannot be looked at. Switch it on first.',
                       tool=declarations()[name].title, count=count))
    condition, values = words.conditions('value')
    for name, value in rows(f'SELECT name, value FROM setting WHERE {condition}', *values):
        if words.replaced(value, '') != value:
            found.append(_('The setting %(name)s holds this person’s words. Change it first.', name=name))
    return found


def _notes(person):
    """What whoever forgets should know."""
    found = []
    heads = [name for name, _parent, head in all_departments().values() if head == person.id]
    if heads:
        found.append(_('Heads %(departments)s, which will have no head.', departments=', '.join(heads)))
    guests = [name for name, in rows('SELECT name FROM person WHERE contact_id = ? ORDER BY sort_name', person.id)]
    if guests:
        found.append(_('Is the contact of %(guests)s, who will have none.', guests=', '.join(guests)))
    if row('SELECT 1 FROM directory_person WHERE person_id = ?', person.id):
        found.append(_('Has an entry in a directory. Remove it there, too: the portal lets nobody in by it, but does not change directories.'))
    found.append(_('Backups made until now hold this person until they are thinned out, the monthly ones for a year. After one of them is restored, '
                   'the person must be forgotten again.'))
    return found


def _planned(model, person_id):
    says = tables.said(model)
    if not isinstance(says, Personal) or not says.person:
        return None
    count, does, why = tables.count(model, person_id), says.forget.does, str(says.forget.why)
    if not count:
        return None
    if isinstance(says.forget, Until):
        due = model.select().where(tables.condition(model, person_id) & _is_due(model, says.forget)).count()
        why = _('%(why)s %(due)s of them are old enough to be deleted now.', why=why, due=due)
    return {'table': model._meta.table_name, 'what': str(says.what), 'rows': count, 'does': does, 'why': why}


def _named(words, new, person_id):
    found = {}
    for model, key, changed in finding.changes(words, new):
        if model is Person and key == {'id': person_id}:
            continue
        for column in changed:
            found[model._meta.table_name, column] = found.get((model._meta.table_name, column), 0) + 1
    return [{'table': table, 'column': column, 'rows': count} for (table, column), count in sorted(found.items())]


def _is_due(model, until):
    """Rows that need not be kept any more: older than the years of the setting; with no years, all."""
    years, today = get_setting(until.setting), clock.now().date()
    first = date(today.year - years, today.month, min(today.day, 28)) if years else date.max
    field = model._meta.columns[until.column]
    return field < first


@action(rights=_may)
def forget(actor, person_id, more=()):
    """Forget a person for good; returns {table: [what was done, rows]}. `more` are names that he had before.

    Conflict when something stands against it (`plan` says what: the last administrator, a hold, a tool that is off), or for a second time.
    """
    lock_row(Person, person_id)
    person = _person(person_id)
    words, new = finding.Words(person_id, more), _stand_in(person)
    hindrances = _hindrances(actor, person, words)
    if hindrances:
        raise Conflict(' '.join(hindrances))
    counts = {one['table']: [one['does'], one['rows']] for one in plan(actor, person_id, more)['tables']}
    _let_go_of_others(actor, person)
    photos.drop(actor, person_id)
    for model in reversed(_in_order()):
        _forget_in(actor, model, person_id)
    for erase in ERASERS:       # the row stays, and what hung on the profile goes
        erase(actor, 'core.person', person_id)
    _empty(person, new)
    _put_stand_in(actor, words, new)
    access.changed('core.person', [person_id])
    access.person_moved(person_id)
    _find_anew(words)
    by = f'person:{actor.person_id}' if actor.person_id else actor.via
    PersonForgotten.create(person=person_id, by=by, at=clock.now(), counts=counts)
    audit.record(actor, 'core.person.forgotten', f'core.person:{person_id}')
    publish(Forgotten(person_id, actor.person_id))
    return counts


def _let_go_of_others(actor, person):
    for department_id, (_name, _parent, head) in all_departments().items():
        if head == person.id:
            set_head(actor, department_id, None)
    guests = [guest for guest, in rows('SELECT id FROM person WHERE contact_id = ?', person.id)]
    Person.update(contact=None).where(Person.contact == person.id).execute()
    if guests:
        access.changed('core.person', guests)


def _in_order():
    """The tables that hold something of people, each after those it links to."""
    return [model for model in sort_models(list(tables.models().values())) if isinstance(tables.said(model), Personal)]


def _forget_in(actor, model, person_id):
    how, where = tables.said(model).forget, tables.condition(model, person_id)
    if where is None:
        return
    if isinstance(how, Delete):
        delete(actor, model, where)
    elif isinstance(how, Until):
        delete(actor, model, where & _is_due(model, how))
        if how.emptied:
            model.update(**how.emptied).where(where).execute()
    elif isinstance(how, Empty) and how.values:
        model.update(**how.values).where(where).execute()


def delete(actor, model, where):
    """Delete rows with their parts and all that hangs on them; inside an action. Returns how many."""
    key = model._meta.primary_key
    if isinstance(key, CompositeKey):
        return model.delete().where(where).execute()
    ids = [one for one, in model.select(key).where(where).tuples()]
    kinds = [name for name, this in access.kinds().items() if this.source[0] == model._meta.table_name]
    for start in range(0, len(ids), _BATCH):
        some = ids[start:start + _BATCH]
        for name in kinds:
            for object_id in some:
                for erase in ERASERS:
                    erase(actor, name, object_id)
        for part in tables.models().values():
            says = tables.said(part)
            if isinstance(says, Personal) and isinstance(says.forget, WithParent) and part._meta.fields[says.forget.link].rel_model is model:
                delete(actor, part, part._meta.fields[says.forget.link].in_(some))
        model.delete().where(key.in_(some)).execute()
        for name in kinds:
            access.changed(name, some)
    return len(ids)


def _empty(person, new):
    fields = {'login': _free_login(person.id), 'name': new, 'mail': '', 'phone': '', 'title': ''}
    (Person.update(**fields, **search_fields(fields), birthday=None, employee_number='', photo=None, department=None, contact=None,
                   language=get_setting('company.language'), zone=get_setting('company.zone')).where(Person.id == person.id).execute())
    PersonBlock.insert(person=person.id, source=FORGOTTEN, reason='', by=None, at=clock.now()).on_conflict_ignore().execute()
    revisions.bump('person')
    people.raise_epoch(person.id)


def _free_login(person_id):
    """A login that nobody has: somebody may call himself former-7."""
    login = f'former-{person_id}'
    while Person.select().where(Person.login == login).exists():
        login += '_'
    return login


def _put_stand_in(actor, words, new):
    redacted, touched = {}, {}
    for model, key, changed in list(finding.changes(words, new)):
        if model is audit.AuditRow:
            redacted[key['id']] = {column: model._meta.columns[column].python_value(value) for column, (_old, value) in changed.items()}
            continue
        finding.write_change(model, key, changed)
        if 'id' in key:
            touched.setdefault(model._meta.table_name, []).append(key['id'])
    audit.redact(actor, redacted)
    for name, this in access.kinds().items():
        if this.source[0] in touched:
            access.changed(name, touched[this.source[0]])


def _find_anew(words):
    """Make those documents of the search anew that still hold the words: they quote rows that hold them no more."""
    for name, ids in finding.documents(words).items():
        # What hangs on other objects (a comment) has no access rows of its own.
        (access if name in access.kinds() else search).changed(name, ids)


@action(rights=lambda actor: require(actor, 'core.personal.manage'))
def let_go(actor):
    """Delete of forgotten people what had to be kept and need not be kept any more; for the job. Returns how many rows."""
    gone = 0
    for person_id, in PersonForgotten.select(PersonForgotten.person_id).tuples():
        for model in tables.models().values():
            says = tables.said(model)
            if isinstance(says, Personal) and isinstance(says.forget, Until):
                gone += delete(actor, model, tables.condition(model, person_id) & _is_due(model, says.forget))
    if gone:
        audit.record(actor, 'core.person.let_go', rows=gone)
    return gone
