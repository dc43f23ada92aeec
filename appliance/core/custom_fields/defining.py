"""Which fields of its own a company has: defined, changed, moved, switched off and deleted by who has `core.fields.manage`."""

import re

from appliance.core import audit, history, permissions
from appliance.core.actions import action
from appliance.core.custom_fields import following
from appliance.core.custom_fields.choices import checked_choices, keep_choices
from appliance.core.custom_fields.declarations import kind, kinds
from appliance.core.custom_fields.events import CustomFieldAdded, CustomFieldChanged, CustomFieldDeleted
from appliance.core.custom_fields.models import ALL, MANAGER, OWNER, CustomChoice, CustomField, CustomValue, all_definitions, bump
from appliance.core.custom_fields.types import CHOICE, TYPES
from appliance.core.db import row
from appliance.core.errors import Conflict, Invalid, NotFound
from appliance.core.events import publish
from appliance.core.folding import fold
from appliance.core.i18n import texts
from appliance.core.limits import FIELD_CODE_LENGTH, FIELD_TITLE_LENGTH, FIELDS_A_KIND
from appliance.core.permissions import permitted
from appliance.core.person_fields import one_line, one_space

_ = texts(__name__)
PERMISSION = 'core.fields.manage'
BEGINS = 'UF_'
_CODE = re.compile(r'UF_[A-Z0-9_]*[A-Z0-9][A-Z0-9_]*')
_AMONG = {'type': tuple(TYPES), 'edited_by': (OWNER, MANAGER), 'seen_by': (ALL, OWNER)}


def listing(actor):
    """[(Kind, [Definition])] of all kinds that take fields, those that are off among them; for who may define fields."""
    permissions.require(actor, PERMISSION)
    found = all_definitions()
    return [(one, [field for field in found if field.kind == name]) for name, one in kinds().items()]


def access_field(actor, field_id):
    """The Definition of an id; NotFound where there is none, or its kind's tool is off."""
    permissions.require(actor, PERMISSION)
    for one in all_definitions():
        if one.id == field_id and one.kind in kinds():
            return one
    raise NotFound()


def count_values(field_id):
    """How many objects say something in a field."""
    return row('SELECT count(*) FROM custom_value WHERE field_id = ?', field_id)[0]


@action(rights=permitted(PERMISSION))
def add_field(actor, kind_name, title, type, code='', is_required=False, edited_by=OWNER, seen_by=ALL, choices=()):
    """A new field, the last of its kind; returns its id. Without a code it is called after its title.

    Invalid names what is not right; Conflict when the code is taken, or there are 100 fields already.
    """
    bump()      # first: on PostgreSQL a twin waits here
    taking, there = kind(kind_name), [one for one in all_definitions() if one.kind == kind_name]
    if len(there) >= FIELDS_A_KIND:
        raise Conflict(_('At most %(most)s fields: delete one first.', most=FIELDS_A_KIND))
    taken = {one.code for one in there} | taking.reserved
    title = _title(title)
    code = _given(code, taken) if code else _made(title, taken)
    values = _checked({'type': type, 'is_required': is_required, 'edited_by': edited_by, 'seen_by': seen_by})
    wanted = checked_choices([(None, one) for one in choices]) if type == CHOICE else []
    position = max([one.position for one in there], default=0) + 1
    field_id = CustomField.create(kind=kind_name, code=code, title=title, position=position, **values).id
    keep_choices(field_id, (), wanted)
    audit.record(actor, 'core.custom_field.added', f'core.custom_field:{field_id}', kind=kind_name, code=code, type=type)
    publish(CustomFieldAdded(field_id, kind_name, actor.person_id))
    return field_id


def _title(text):
    text = one_space(text, 'title')
    if not 0 < len(text) <= FIELD_TITLE_LENGTH:
        raise Invalid(_('A name has 1 to %(most)s characters.', most=FIELD_TITLE_LENGTH), field='title')
    return text


def _given(code, taken):
    code = one_line(code, 'code').upper()
    code = code if code.startswith(BEGINS) else f'{BEGINS}{code}'
    if not _CODE.fullmatch(code) or len(code) > FIELD_CODE_LENGTH:
        raise Invalid(_('A code is UF_ with letters A to Z, digits and _, at most %(most)s characters.', most=FIELD_CODE_LENGTH), field='code')
    if code in taken:
        raise Conflict(_('There is a field %(code)s already.', code=code), field='code')
    return code


def _made(title, taken):
    word = re.sub(r'[^A-Z0-9]+', '_', fold(title).upper()).strip('_')[:FIELD_CODE_LENGTH - 8].strip('_') or 'FIELD'
    code, number = f'{BEGINS}{word}', 1
    while code in taken:
        number += 1
        code = f'{BEGINS}{word}_{number}'
    return code


def _checked(values):
    for name, value in values.items():
        if name in _AMONG and value not in _AMONG[name]:
            raise Invalid(_('This is one of: %(words)s.', words=', '.join(_AMONG[name])), field=name)
        if name not in _AMONG and not isinstance(value, bool):
            raise Invalid(_('This is yes or no.'), field=name)
    return values


@action(rights=lambda actor, field_id, **values: access_field(actor, field_id))
def change_field(actor, field_id, choices=None, **values):
    """Change what a field is: title, type, is_required, edited_by, seen_by, is_on; `choices` are all of them, [(id or None, title)].

    Returns the names of what differed. Conflict for another type once objects say something in it, or for a choice that is chosen.
    """
    bump()
    field = access_field(actor, field_id)
    if 'title' in values:
        values['title'] = _title(values['title'])
    _checked({name: value for name, value in values.items() if name != 'title'})
    changed = {name: value for name, value in values.items() if getattr(field, name) != value}
    if 'type' in changed and count_values(field_id):
        raise Conflict(_('The type cannot be changed: objects say something in this field. Add another field instead.'), field='type')
    if changed:
        CustomField.update(**changed).where(CustomField.id == field_id).execute()
    names = sorted([*changed, *_keep_choices(field, changed.get('type', field.type), choices)])
    if names:
        if {'is_on', 'seen_by', 'choices'} & {*names}:
            following.begin(field)
        audit.record(actor, 'core.custom_field.changed', f'core.custom_field:{field_id}', code=field.code, changed=names)
        publish(CustomFieldChanged(field_id, field.kind, names, actor.person_id))
    return names


def _keep_choices(field, type, choices):
    if type != CHOICE:
        CustomChoice.delete().where(CustomChoice.field == field.id).execute()
        return []
    if choices is None:
        checked_choices(field.choices)      # a field that becomes one of a list needs one
        return []
    return ['choices'] if keep_choices(field.id, field.choices, checked_choices(choices)) else []


@action(rights=lambda actor, field_id, *args: access_field(actor, field_id))
def move_field(actor, field_id, is_up):
    """Let a field change places with the one before it, or with the next; nothing where there is none."""
    bump()
    field = access_field(actor, field_id)
    order = [one for one in all_definitions() if one.kind == field.kind]
    place = next(number for number, one in enumerate(order) if one.id == field_id)
    other = place - 1 if is_up else place + 1
    if not 0 <= other < len(order):
        return
    order[place], order[other] = order[other], order[place]
    for number, one in enumerate(order, 1):
        if one.position != number:
            CustomField.update(position=number).where(CustomField.id == one.id).execute()
    audit.record(actor, 'core.custom_field.changed', f'core.custom_field:{field_id}', code=field.code, changed=['position'])
    publish(CustomFieldChanged(field_id, field.kind, ['position'], actor.person_id))


@action(rights=lambda actor, field_id: access_field(actor, field_id))
def delete_field(actor, field_id):
    """Delete a field for good, with what objects say in it and what they said; returns how many said something."""
    bump()
    field = access_field(actor, field_id)
    after = following.of_deleted(field)
    count = CustomValue.delete().where(CustomValue.field == field_id).execute()
    history.erase_field(field.kind, field.note)
    CustomChoice.delete().where(CustomChoice.field == field_id).execute()
    CustomField.delete().where(CustomField.id == field_id).execute()
    after()
    audit.record(actor, 'core.custom_field.deleted', f'core.custom_field:{field_id}', code=field.code, values=count)
    publish(CustomFieldDeleted(field_id, field.kind, actor.person_id))
    return count
