"""user.userfield.*: an administrator's program defines the fields that people have, in the reference product's words."""

from appliance.core import permissions
from appliance.core.actor import ADMINISTRATOR
from appliance.core.custom_fields import defining
from appliance.core.custom_fields.models import all_definitions
from appliance.core.custom_fields.types import ADDRESS, CHOICE, DATE, DECIMAL, FLAG, NUMBER, TEXT
from appliance.core.errors import Invalid, NotFound
from appliance.core.i18n import current_language, texts
from appliance.core.rest import kinds
from appliance.core.rest.lists import FLAG as IS_FLAG
from appliance.core.rest.lists import NUMBER as IS_NUMBER
from appliance.core.rest.lists import Field, Fields, listed
from appliance.core.rest.methods import method, scope
from appliance.core.rest.queries import Asked

_ = texts(__name__)
SCOPE, KIND = 'user.userfield', 'core.person'
ROLES = (ADMINISTRATOR,)
scope(SCOPE, _.lazy('Fields of people'))
TYPES = {'string': TEXT, 'integer': NUMBER, 'double': DECIMAL, 'date': DATE, 'boolean': FLAG, 'enumeration': CHOICE, 'url': ADDRESS}
WORDS = {ours: theirs for theirs, ours in TYPES.items()}
FIELDS = Fields(ID=Field('f.id', IS_NUMBER), FIELD_NAME=Field('f.code'), USER_TYPE_ID=Field('f.type', words=TYPES), SORT=Field('f.position', IS_NUMBER),
                MANDATORY=Field('f.is_required', IS_FLAG))
LABELS = ('LABEL', 'EDIT_FORM_LABEL', 'LIST_COLUMN_LABEL', 'LIST_FILTER_LABEL')
# What the reference product takes besides, and what would change nothing here.
IGNORED = frozenset({'ENTITY_ID', 'XML_ID', 'SORT', 'SHOW_FILTER', 'SHOW_IN_LIST', 'EDIT_IN_LIST', 'IS_SEARCHABLE', 'ERROR_MESSAGE', 'HELP_MESSAGE', 'SETTINGS'})


@method('user.userfield.list', scope=SCOPE, roles=ROLES)
def list_fields(call, query: Asked(FIELDS)):
    """The fields that people have, by pages of 50, in the order in which the profile shows them.

    LIST are the choices of an enumeration: ID, SORT, VALUE. MULTIPLE is always N. For who may define fields.
    """
    permissions.require(call.actor, defining.PERMISSION)
    known = {one.id: one for one in all_definitions()}
    query = query if query.order else type(query)(query.filter, (('SORT', 'ASC'),), query.select, query.start)
    return listed(FIELDS, 'custom_field f', 'f.id', 'f.kind = ? AND f.is_on = 1', (KIND,), lambda found: [_row(known[one]) for one, in found], query)


def _row(field):
    found = {'ID': str(field.id), 'ENTITY_ID': 'USER', 'FIELD_NAME': field.code, 'USER_TYPE_ID': WORDS[field.type], 'SORT': str(field.position),
             'MULTIPLE': 'N', 'MANDATORY': 'Y' if field.is_required else 'N', 'EDIT_FORM_LABEL': field.title}
    if field.type == CHOICE:
        found['LIST'] = [{'ID': str(number), 'SORT': str(place), 'VALUE': title} for place, (number, title) in enumerate(field.choices, 1)]
    return found


@method('user.userfield.add', scope=SCOPE, roles=ROLES, is_write=True)
def add_field(call, fields: kinds.Map('FIELD_NAME, USER_TYPE_ID (string, integer, double, date, boolean, enumeration, url), LABEL, MANDATORY, LIST.')):
    """Adds a field to people, the last in their profile; answers its number.

    FIELD_NAME gets UF_ before it where it lacks that. LABEL (or EDIT_FORM_LABEL) is a text, or texts by language. LIST: [{VALUE}].
    """
    given = _read(fields)
    type, code = _type(given.get('USER_TYPE_ID')), given.get('FIELD_NAME') or ''
    choices = [title for _number, title in _choices(given.get('LIST', []), ())]
    return defining.add_field(call.actor, KIND, _label(given) or code, type, code, is_required=_flag(given, 'MANDATORY') or False, choices=choices)


@method('user.userfield.update', scope=SCOPE, roles=ROLES, is_write=True)
def update_field(call, id: kinds.Number('The field.', least=1), fields: kinds.Map('LABEL, MANDATORY, LIST.')):
    """Changes a field of people; answers true. Its name stays, and its type once somebody says something in it.

    LIST: [{ID, VALUE}] of choices that are there, [{VALUE}] of new ones, [{ID, DEL: Y}] of those that go; others stay.
    """
    field, given, values = _access(call.actor, id), _read(fields), {}
    if given.get('FIELD_NAME', field.code) != field.code:
        raise Invalid(_('The code of a field stays. Add another field instead.'), field='fields[FIELD_NAME]')
    if 'USER_TYPE_ID' in given:
        values['type'] = _type(given['USER_TYPE_ID'])
    if _label(given):
        values['title'] = _label(given)
    if _flag(given, 'MANDATORY') is not None:
        values['is_required'] = _flag(given, 'MANDATORY')
    defining.change_field(call.actor, id, choices=_choices(given['LIST'], field.choices) if 'LIST' in given else None, **values)
    return True


@method('user.userfield.delete', scope=SCOPE, roles=ROLES, is_write=True)
def delete_field(call, id: kinds.Number('The field.', least=1)):
    """Deletes a field of people with all that they say in it; answers true."""
    _access(call.actor, id)
    defining.delete_field(call.actor, id)
    return True


def _access(actor, field_id):
    field = defining.access_field(actor, field_id)
    if field.kind != KIND:
        raise NotFound()
    return field


def _read(fields):
    """The given ones with names in capitals; Invalid names what no field has."""
    given = {name.upper(): value for name, value in fields.items()}
    for name in given:
        if name not in {'FIELD_NAME', 'USER_TYPE_ID', 'MANDATORY', 'MULTIPLE', 'LIST', *LABELS, *IGNORED}:
            raise Invalid(_('There is no field %(name)s.', name=name[:60]), field=f'fields[{name[:60]}]')
    if _flag(given, 'MULTIPLE'):
        raise Invalid(_('A field holds one value here.'), field='fields[MULTIPLE]')
    return given


def _type(word):
    if not isinstance(word, str) or word not in TYPES:
        raise Invalid(_('Right would be: %(right)s.', right=', '.join(TYPES)), field='fields[USER_TYPE_ID]')
    return TYPES[word]


def _flag(given, name):
    """Yes or no of a given name, None where it was not given."""
    if name not in given:
        return None
    try:
        return kinds.Flag().read(given[name])
    except ValueError as error:
        raise Invalid(_('Right would be: %(right)s.', right=error), field=f'fields[{name}]') from None


def _label(given):
    """What the field is called: one text, or that of the caller's language, or the first."""
    for name in LABELS:
        said = given.get(name)
        if isinstance(said, dict):
            said = said.get(current_language()) or next(iter(said.values()), '')
        if said:
            return said
    return ''


def _choices(asked, held):
    """[(id or None, title)] from the LIST of a call: what it does not speak of stays."""
    asked = [*asked.values()] if isinstance(asked, dict) else asked
    if not isinstance(asked, list) or not all(isinstance(one, dict) for one in asked):
        raise Invalid(_('A LIST is choices, each with a VALUE.'), field='fields[LIST]')
    kept, new = dict(held), []
    for one in ({name.upper(): value for name, value in each.items()} for each in asked):
        number = str(one.get('ID') or '')
        if not number:
            new.append((None, one.get('VALUE')))
        elif number not in {str(known) for known in kept}:
            raise NotFound()
        elif str(one.get('DEL', 'N')).upper() == 'Y':
            del kept[int(number)]
        else:
            kept[int(number)] = one.get('VALUE', kept[int(number)])
    return [*kept.items(), *new]
