"""Documents of the search follow when a field is seen by others, called otherwise or gone: a few at once, many bit by bit."""

from appliance.core import access, listeners
from appliance.core.custom_fields.declarations import kinds
from appliance.core.custom_fields.events import CustomFieldReseen
from appliance.core.db import rows
from appliance.core.events import publish

AT_ONCE = 200       # objects that follow in the same transaction


def begin(field):
    """Have the objects that say something in a field be found by what they say now: inside the action that changed the field."""
    of_deleted(field)()


def of_deleted(field):
    """The same in two steps, for a field whose values go meanwhile: a function to be called when they are gone."""
    ids = [one for one, in rows('SELECT object_id FROM custom_value WHERE field_id = ? ORDER BY object_id LIMIT ?', field.id, AT_ONCE + 1)]
    if len(ids) > AT_ONCE:
        return lambda: publish(CustomFieldReseen(field.id, field.kind, 0, None))
    return lambda: ids and access.changed(field.kind, ids)


@listeners.on('core.custom_field.reseen')
def follow_fields(actor, event):
    """The next objects of the kind, and the rest by another event."""
    name, last = event.data['owner_kind'], event.data['after']
    if name not in kinds():     # its tool is off: what was changed is settled when it comes back
        return
    table, id_column = access.kinds()[name].source[:2]
    ids = [one for one, in rows(f'SELECT {id_column} FROM {table} WHERE {id_column} > ? ORDER BY {id_column} LIMIT ?', last, AT_ONCE)]
    if ids:
        access.changed(name, ids)
        publish(CustomFieldReseen(event.object_id, name, ids[-1], None))
