"""Examples: the company's own fields, and tags."""
from appliance.core import db, tags
from appliance.core.custom_fields import defining, values
from tests.actions.stage import example


def _field(at, type='text', **options):
    """The id of a field of people, which the employee says something in."""
    field_id = defining.add_field(at.admin, 'core.person', at.word(), type, **options)
    if type == 'text':
        values.fill(at.ana, 'core.person', at.ids['employee'], {_code(field_id): 'said'})
    return field_id


def _code(field_id):
    return db.row('SELECT code FROM custom_field WHERE id = ?', field_id)[0]


@example('core.custom_fields.defining.add_field')
def _(at):
    return lambda: defining.add_field(at.admin, 'core.person', 'Size', 'choice', choices=['S', 'M'])


@example('core.custom_fields.defining.change_field')
def _(at):
    field_id = _field(at)
    return lambda: defining.change_field(at.admin, field_id, title='Called otherwise', is_on=False)


@example('core.custom_fields.defining.move_field')
def _(at):
    _field(at)
    field_id = _field(at)
    return lambda: defining.move_field(at.admin, field_id, True)


@example('core.custom_fields.defining.delete_field')
def _(at):
    field_id = _field(at)
    return lambda: defining.delete_field(at.admin, field_id)


@example('core.custom_fields.values.fill')
def _(at):
    codes = [_code(_field(at)) for _time in range(2)]
    return lambda: values.fill(at.ana, 'core.person', at.ids['employee'], {codes[0]: 'something else', codes[1]: ''})


@example('core.tags.add_tags')
def _(at):
    note = at.note()
    return lambda: tags.add_tags(at.ana, 'planted.note', note, 'lenses, grinding')


@example('core.tags.remove_tag')
def _(at):
    note = at.note()
    tags.add_tags(at.ana, 'planted.note', note, 'lenses')
    tagging_id = tags.listed('planted.note', note)[0]['id']
    return lambda: tags.remove_tag(at.ana, 'planted.note', note, tagging_id)
