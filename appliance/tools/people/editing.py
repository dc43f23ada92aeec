"""Who may change which field of a person, and the changes. Who manages people all, people of themselves what the company lets them; what
a directory fills is changed there. Login and mail are doors into the portal: an administrator's alone, and the old address is told.
"""

import json

from appliance.core import clock, photos, sealing
from appliance.core.actions import action
from appliance.core.actor import EMPLOYEE, GUEST
from appliance.core.custom_fields import values as custom_values
from appliance.core.departments import all_departments
from appliance.core.errors import Conflict, Invalid, NotAllowed
from appliance.core.i18n import texts
from appliance.core.outbox import send_mail
from appliance.core.people import Person, change_fields
from appliance.core.person_fields import check_fields, fold_login, one_line
from appliance.core.settings import get_setting
from appliance.tools.people.rules import access_person, filled_by, manages

_ = texts(__name__)
FIELDS = ('photo', 'name', 'title', 'phone', 'mail', 'birthday', 'employee_number', 'department_id', 'contact', 'login')
DOORS = ('login', 'mail')
# The directory's word for a field of ours, where they differ.
_FILLED_AS = {'department_id': 'department'}
_MARK_BYTES = 8
KIND = 'core.person'


def fields_of(actor, person, directory):
    """The names of the fields that an actor may change of a person (a dict of access_person): in the order of FIELDS, then the company's.

    `directory` is what rules.filled_by says of the person. `contact` is the login of the employee a guest belongs to.
    """
    if manages(actor):
        may = set(FIELDS) - ({'contact'} if person['kind'] != GUEST else {'department_id'})
    elif actor.person_id == person['id']:
        may = set(get_setting('people.own_fields'))
    else:
        may = set()
    filled = directory['fields'] if directory else ()
    return [*(name for name in FIELDS if name in may and _FILLED_AS.get(name, name) not in filled),
            *(one.code for one in custom_fields_of(actor, person))]


def custom_fields_of(actor, person):
    """The company's own fields that an actor may fill in of a person."""
    return custom_values.editable(actor, KIND, is_owner=actor.person_id == person['id'] or manages(actor))


def opened(actor, person_id):
    """What the page of editing needs: {person, fields, custom, directory, values, seen}. NotAllowed where there is nothing to change.

    `custom` are the definitions of the company's own among the fields. `values` are those of the fields now, `seen` the same as marks,
    to be handed back to edit_profile.
    """
    person = access_person(actor, person_id)
    directory = filled_by(person_id) if manages(actor) or actor.person_id == person_id else None
    fields = fields_of(actor, person, directory)
    if not fields:
        raise NotAllowed()
    custom = [one for one in custom_fields_of(actor, person) if one.code in fields]
    values = _values(person, [name for name in fields if name in FIELDS]) | custom_values.typed(KIND, person_id, custom)
    return {'person': person, 'fields': fields, 'custom': custom, 'directory': directory, 'values': values, 'seen': json.dumps(_marks(values))}


def _values(person, fields):
    values = {name: person[name] for name in fields if name not in ('photo', 'contact')}
    if 'contact' in fields:
        contact = Person.get_or_none(Person.id == person['contact_id'])
        values['contact'] = contact.login if contact else ''
    return values


def _marks(values):
    """Short marks of what fields hold, which say nothing about it: a form brings them back."""
    return {name: sealing.mac('people.seen', f'{name}={"" if value is None else value}'.encode())[:_MARK_BYTES].hex() for name, value in values.items()}


def _may(actor, person_id, fields):
    """What `opened` says, once each of these fields may be changed; else the refusal."""
    found = opened(actor, person_id)
    for name in fields:
        if name not in found['fields']:
            _refuse(name, found['directory'])
    return found


def _refuse(name, directory):
    if directory and _FILLED_AS.get(name, name) in directory['fields']:
        raise Invalid(_('This comes from the directory %(name)s and is changed there.', name=directory['name']), field=name)
    raise NotAllowed()


@action(rights=lambda actor, person_id, values, seen='': _may(actor, person_id, values))
def edit_profile(actor, person_id, values, seen=''):
    """Change fields of a person; returns the names of those that were changed.

    `values` {field: value} with names of fields_of (birthday a date, ISO text or None; department_id an id or None). `seen`, as
    `opened` gave it, keeps what somebody else changed meanwhile: what was not touched here stays his, what both changed is a
    Conflict with the field. Invalid names the field that is wrong.
    """
    found = _may(actor, person_id, values)
    if 'photo' in values:
        raise Invalid(_('A photo is sent as a file.'), field='photo')
    typed = _checked(actor, found, values)
    wanted = {name: typed[name] for name in _touched(found, typed, _read(seen))}
    own = {name: values[name] for name in wanted if name not in FIELDS}     # as typed: the rule reads them itself
    changed = change_fields(actor, person_id, _columns({name: value for name, value in wanted.items() if name not in own}))
    changed += custom_values.fill(actor, KIND, person_id, own) if own else []
    _tell_old_address(actor, found['person'], [name for name in DOORS if name in changed])
    return changed


def _checked(actor, found, values):
    """The values, cleaned. Whoever edits his own profile fills in what the company needs; others need not know it, and empty nothing."""
    known = {one.code: one for one in found['custom']}
    own = custom_values.check(found['custom'], {name: value for name, value in values.items() if name in known})
    for name, value in own.items():
        if value is None and known[name].is_required and actor.person_id == found['person']['id']:
            raise Invalid(_('%(title)s is needed.', title=known[name].title), field=name)
    return check_fields({name: value for name, value in values.items() if name not in own}) | own


def _read(seen):
    """The marks of a form; {} for what is none, which then keeps nothing of anybody's."""
    try:
        marks = json.loads(seen) if seen else {}
    except ValueError:
        marks = {}
    return marks if isinstance(marks, dict) else {}


def _touched(found, typed, seen):
    """The names of the fields that this form changes."""
    stored = found['values']
    now, then = _marks(stored), _marks(typed)
    for name in typed:
        was_changed_here = then[name] != seen.get(name, now[name])
        was_changed_there = seen.get(name, now[name]) != now[name]
        if was_changed_here and was_changed_there and then[name] != now[name]:
            raise Conflict(_('Somebody else has changed this meanwhile to: %(value)s', value=_said(found, name) or '–'), field=name)
        if was_changed_here and not was_changed_there:
            yield name


def _said(found, name):
    """What a field says now, in words."""
    field = next((one for one in found['custom'] if one.code == name), None)
    stored = found['values'][name]
    return custom_values.words_of(field, stored) if field and stored is not None else stored


def _columns(wanted):
    """Fields of a form as columns of a person."""
    columns = {name: value for name, value in wanted.items() if name != 'contact'}
    if wanted.get('department_id') is not None and wanted['department_id'] not in all_departments():
        raise Invalid(_('There is no such department.'), field='department_id')
    if 'contact' in wanted:
        columns['contact_id'] = _contact(wanted['contact'])
    return columns


def _contact(login):
    login = one_line(login, 'contact')
    if not login:
        return None
    contact = Person.get_or_none((Person.login == fold_login(login)) & (Person.kind == EMPLOYEE))
    if contact is None:
        raise Invalid(_('There is no employee with this login.'), field='contact')
    return contact.id


def _tell_old_address(actor, person, doors):
    """Whoever reads mail at the address so far hears that a way in was changed, and by whom."""
    if doors and person['mail']:
        by = Person.get_or_none(Person.id == actor.person_id)
        send_mail('people/mail/door', {'name': person['name'], 'doors': doors, 'by': by.name if by else ''},
                  key=f'people.door:{person["id"]}:{clock.microseconds(clock.now())}', recipient=person['mail'], language=person['language'])


@action(rights=lambda actor, person_id, *made: _may(actor, person_id, ['photo']))
def set_photo(actor, person_id, large, small):
    """Give a person a photo that photos.make made; returns its version."""
    return photos.keep(actor, person_id, large, small)


@action(rights=lambda actor, person_id: _may(actor, person_id, ['photo']))
def remove_photo(actor, person_id):
    """Take a person's photo away; whether he had one."""
    return photos.drop(actor, person_id)


def require_photo_right(actor, person_id):
    """NotFound or NotAllowed before a picture is opened that this actor may not change."""
    _may(actor, person_id, ['photo'])
