"""Which field of an object changed, from what to what, when and by whom: rows written by the action that changed it.

    history.note(actor, 'worktime.day', day_id, {'ended_at': (old, new)})       # plain data; what did not change is left out
    history.fields('worktime.day', {'ended_at': Field(_.lazy('End'), shown)})   # in the part that declares who owns the kind

The audit log says that something was done; this says what it was before. It goes with its object.
"""

from dataclasses import dataclass

from appliance.core import clock, refs, registration
from appliance.core.db import Base, in_write, rows
from appliance.core.fields import Id, Integer, Json, Moment, Text
from appliance.core.i18n import texts
from appliance.core.limits import GREATEST_ID, PAGE_ROWS
from appliance.core.personal.declarations import WITH_OBJECT, Keep, Personal, of_profile_and_by

_ = texts(__name__)

_fields = {}


class HistoryRow(Base):
    """A field that changed. `old` and `new` are plain data; `person_id` is None for the portal itself."""

    id = Id()
    kind = Text()
    object_id = Integer()
    field = Text()
    old = Json(null=True)
    new = Json(null=True)
    person_id = Integer(null=True)
    at = Moment()

    class Meta:
        table_name = 'history'
        personal = Personal(_.lazy('Who changed which field of an object'), person=of_profile_and_by('person_id'), kept=WITH_OBJECT, words=('old', 'new'),
                            forget=Keep(_.lazy('It is about the object.')))
        indexes = ((('kind', 'object_id', 'id'), False),)


@dataclass(frozen=True)
class Field:
    """How a field reads: `title`, `shown(value)` in the current language, and who may see it: `is_seen(actor, object_id)`."""

    title: object
    shown: object = str
    is_seen: object = staticmethod(lambda actor, object_id: True)


def fields(kind, declared):
    """Declare the fields of a kind, {name: Field}, or a function that returns them. What is not declared is kept, and shown to nobody."""
    _fields[kind] = declared


def declared():
    """{kind: {name: Field}, or a function that returns it} of the core and of the tools that are on."""
    return registration.of_tools_that_are_on('refs', _fields)


def note(actor, kind, object_id, changes):
    """Write down {field: (old, new)}, without those that are equal: inside the action that changes them."""
    if not in_write():
        raise RuntimeError('history belongs into an action: a change and its row are one transaction')
    now = clock.now()
    changed = [{'kind': kind, 'object_id': object_id, 'field': field, 'old': old, 'new': new, 'person_id': actor.person_id, 'at': now}
               for field, (old, new) in changes.items() if old != new]
    HistoryRow.add_all(changed)


def of(actor, kind, object_id, older_than=None, most=PAGE_ROWS):
    """{changes: [{id, at, person (name or None), title, old, new}], older}: the newest first; values as words, None for nothing.

    The owner of the kind is asked for `history`; a field that the actor may not see is left out in the question itself.
    """
    refs.require(actor, kind, object_id, 'history')
    known = _seen(actor, kind, object_id)
    if not known:
        return {'changes': [], 'older': None}
    found = rows(f'''SELECT h.id, h.at, p.name, h.field, h.old, h.new FROM history h LEFT JOIN person p ON p.id = h.person_id
                     WHERE h.kind = ? AND h.object_id = ? AND h.id < ? AND h.field IN ({', '.join('?' * len(known))})
                     ORDER BY h.id DESC LIMIT ?''', kind, object_id, older_than or GREATEST_ID, *known, most + 1)
    return {'changes': [{'id': row_id, 'at': clock.from_microseconds(at), 'person': name, 'title': str(known[field].title),
                         'old': _shown(known[field], old), 'new': _shown(known[field], new)} for row_id, at, name, field, old, new in found[:most]],
            'older': found[most - 1][0] if len(found) > most else None}


def _seen(actor, kind, object_id):
    """{name: Field} of those that the actor may see; fields that ask the same are asked once."""
    known = declared().get(kind, {})
    known = known() if callable(known) else known
    answers = {asked: asked(actor, object_id) for asked in {one.is_seen for one in known.values()}}
    return {name: one for name, one in known.items() if answers[one.is_seen]}


def erase_field(kind, name):
    """Erase what a field of all objects of a kind ever said: inside the action that deletes the field for good."""
    HistoryRow.delete().where((HistoryRow.kind == kind) & (HistoryRow.field == name)).execute()


def _shown(field, stored):
    value = HistoryRow.old.python_value(stored)
    return None if value in (None, '') else str(field.shown(value))


@refs.hanging
def _erase(actor, kind, object_id):
    HistoryRow.delete().where((HistoryRow.kind == kind) & (HistoryRow.object_id == object_id)).execute()
