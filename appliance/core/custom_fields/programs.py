"""Fields of the company's own as programs see them: `UF_...` to select, filter and sort by in lists, and as values of a row.

A number is a text, a date its midnight, yes and no are 1 and 0, a choice is its number; what is not said is an empty text.
"""

from datetime import date, datetime, time

from appliance.core.custom_fields.types import CHOICE, DATE, DECIMAL, FLAG, NUMBER, TYPES, as_typed, decimal_of
from appliance.core.custom_fields.values import seen, stored
from appliance.core.rest import lists
from appliance.core.rest.kinds import plain_text

_KINDS = {NUMBER: lists.NUMBER, CHOICE: lists.NUMBER, FLAG: lists.FLAG}


def _scaled(value):
    found = decimal_of(plain_text(value).strip())
    if found is None:
        raise ValueError('12.5')
    return found


def list_fields(kind_name, id_column, is_owner):
    """{code: lists.Field} of those that somebody may ask a list by: what he does not see of everybody, he cannot ask by."""
    return {one.code: lists.Field(
                f"(SELECT v.{TYPES[one.type].column} FROM custom_value v WHERE v.kind = '{kind_name}' AND v.object_id = {id_column} AND v.field_id = {one.id})",
                _scaled if one.type == DECIMAL else _KINDS.get(one.type, lists.TEXT))
            for one in seen(kind_name, is_owner)}


def row_values(kind_name, owned, zone):
    """{object id: {code: value}} of some objects ({id: whether somebody has the owner's verb there}), in one statement at most."""
    fields = {is_owner: seen(kind_name, is_owner) for is_owner in {*owned.values()}}
    if not any(fields.values()):
        return dict.fromkeys(owned, {})
    held = stored(kind_name, list(owned))
    return {object_id: {one.code: _value(one, held.get(object_id, {}).get(one.id), zone) for one in fields[is_owner]}
            for object_id, is_owner in owned.items()}


def _value(field, kept, zone):
    if field.type == DATE and kept:
        return datetime.combine(date.fromisoformat(kept), time(), zone).isoformat()
    return as_typed(field, kept)
