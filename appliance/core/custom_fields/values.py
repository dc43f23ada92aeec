"""What objects say in the company's own fields: read for pages, the search and programs, and filled in by whom each field is for."""

from appliance.core import access, history, refs
from appliance.core.actions import action
from appliance.core.custom_fields.declarations import kind
from appliance.core.custom_fields.models import ALL, OWNER, CustomValue, all_definitions, definitions
from appliance.core.custom_fields.types import ADDRESS, COLUMNS, TYPES, noted, read, shown_note
from appliance.core.custom_fields.types import shown as words_of
from appliance.core.db import rows
from appliance.core.errors import Invalid, NotAllowed
from appliance.core.i18n import texts

_ = texts(__name__)


def seen(kind_name, is_owner):
    """The fields of a kind that somebody sees, in their order. `is_owner`: he has the owner's verb `fill`."""
    return [one for one in definitions(kind_name) if is_owner or one.seen_by == ALL]


def editable(actor, kind_name, is_owner):
    """The fields that an actor may fill in, in their order."""
    fields = definitions(kind_name) if is_owner else []
    manages = bool(fields) and kind(kind_name).manages(actor)
    return [one for one in fields if manages or one.edited_by == OWNER]


def stored(kind_name, object_ids):
    """{object id: {field id: value as it is kept}} of some objects, in one statement. Asks nobody."""
    found = {}
    if object_ids and any(one.kind == kind_name for one in all_definitions()):
        marks = ', '.join('?' * len(object_ids))
        for object_id, field_id, *values in rows(f'''SELECT object_id, field_id, {", ".join(COLUMNS)} FROM custom_value
                                                     WHERE kind = ? AND object_id IN ({marks})''', kind_name, *object_ids):
            found.setdefault(object_id, {})[field_id] = next((one for one in values if one is not None), None)
    return found


def shown(kind_name, object_id, is_owner):
    """[{code, title, text, url}] of what an object says to somebody who sees it: fields without a value are left out."""
    fields = seen(kind_name, is_owner)
    values = stored(kind_name, [object_id]).get(object_id, {}) if fields else {}
    return [{'code': one.code, 'title': one.title, 'text': words_of(one, values[one.id]), 'url': values[one.id] if one.type == ADDRESS else ''}
            for one in fields if values.get(one.id) is not None]


def typed(kind_name, object_id, fields):
    """{code: value as it is kept, None for none} of some fields of an object, for a form."""
    values = stored(kind_name, [object_id]).get(object_id, {}) if fields else {}
    return {one.code: values.get(one.id) for one in fields}


def searched(kind_name, object_ids):
    """{object id: words} by which objects are found: what everybody who sees them may read."""
    fields = [one for one in definitions(kind_name) if one.seen_by == ALL and TYPES[one.type].is_words]
    values = stored(kind_name, object_ids) if fields else {}
    return {object_id: ' '.join(words_of(one, held[one.id]) for one in fields if held.get(one.id) is not None) for object_id, held in values.items()}


def check(fields, values):
    """The same {code: value}, each as it is kept; Invalid names the field that is wrong."""
    known = {one.code: one for one in fields}
    return {code: read(known[code], value) for code, value in values.items()}


def _may_fill(actor, kind_name, object_id, values):
    """{code: field} of what this actor fills in there, once each of the values is one of them."""
    kind(kind_name)
    refs.require(actor, kind_name, object_id, 'fill')
    known = {one.code: one for one in editable(actor, kind_name, is_owner=True)}
    for code in values:
        if code not in known:
            _refuse(code, kind_name)
    return known


def _refuse(code, kind_name):
    if any(one.code == code for one in definitions(kind_name)):
        raise NotAllowed()
    raise Invalid(_('There is no field %(code)s.', code=str(code)[:60]), field=str(code)[:60])


@action(rights=_may_fill)
def fill(actor, kind_name, object_id, values):
    """Say something else in fields of an object ({code: value}, None or '' for nothing); returns the codes of those that differed.

    Invalid names the field that is wrong, or that must not be emptied; NotAllowed for a field that is not this actor's to fill in.
    """
    known = _may_fill(actor, kind_name, object_id, values)
    wanted, held = check(known.values(), values), stored(kind_name, [object_id]).get(object_id, {})
    changes = {}
    for code, value in wanted.items():
        field = known[code]
        if value == held.get(field.id):
            continue
        if value is None and field.is_required:
            raise Invalid(_('%(title)s is needed.', title=field.title), field=code)
        _write(kind_name, object_id, field, value)
        changes[field.note] = (noted(field, held.get(field.id)), noted(field, value))
    changed = sorted(code for code in wanted if known[code].note in changes)
    if changed:
        history.note(actor, kind_name, object_id, changes)
        access.changed(kind_name, [object_id])
        kind(kind_name).changed(actor, object_id, changed)
    return changed


def _write(kind_name, object_id, field, value):
    this = (CustomValue.kind == kind_name) & (CustomValue.object_id == object_id) & (CustomValue.field == field.id)
    if value is None:
        CustomValue.delete().where(this).execute()
        return
    values = {TYPES[field.type].column.removesuffix('_id'): bool(value) if TYPES[field.type].column == 'flag' else value}
    (CustomValue.insert(kind=kind_name, object_id=object_id, field=field.id, **values)
     .on_conflict(conflict_target=(CustomValue.kind, CustomValue.object_id, CustomValue.field), update=values).execute())


def history_fields(kind_name):
    """{name: history.Field} of a kind's fields, also those that are off; who does not see one, sees nothing of it here either."""
    return {one.note: history.Field(one.title, lambda kept, field=one: shown_note(field, kept), _everybody if one.seen_by == ALL else _owners(kind_name))
            for one in all_definitions() if one.kind == kind_name}


def _everybody(actor, object_id):
    return True


def _owners(kind_name):
    def is_seen(actor, object_id):
        return refs.may(actor, kind_name, object_id, 'fill')
    return is_seen


@refs.hanging
def _erase(actor, kind_name, object_id):
    CustomValue.delete().where((CustomValue.kind == kind_name) & (CustomValue.object_id == object_id)).execute()
