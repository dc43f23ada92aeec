"""From the fields of an entry to those of a person."""

from appliance.core.departments import department_by_name


def person_values(actor, fields):
    """{field of a person: value} of {field: value} as a directory names them: a department by its name, '' for none; inside an action."""
    values = {name: value for name, value in fields.items() if name != 'department'}
    if 'department' in fields:
        values['department_id'] = department_by_name(actor, fields['department']) if fields['department'] else None
    return values
