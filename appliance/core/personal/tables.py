"""All tables with what each says of the personal data in it: the one list behind the page, the commands and the contract test."""

from appliance.core import migrations, registration
from appliance.core.access import AccessRow
from appliance.core.db import Base, row
from appliance.core.i18n import texts
from appliance.core.permissions import require
from appliance.core.personal.declarations import Nothing
from appliance.core.tool import declarations, registry

_ = texts(__name__)
# Tables that no model stands for: {name or ending: why nothing of a person is lost in them}.
INDEX = _.lazy('The words of the search index; they go with the documents.')
WITHOUT_MODEL = {'search_fts': INDEX, 'search_vector': INDEX}
HISTORY = _.lazy('Which changes of the schema were made.')


def models():
    """{table: model} of the core, identity and the tools that are on, sorted."""
    from appliance.core.custom_fields import models as _fields   # noqa: F401  # cycle: and so do these
    from appliance.core import attachments, comments, core_notices, following, guides, history, insight  # noqa: F401  # cycle: they import the people whom this is about
    from appliance.core import likes, live_pages, operations, outbox, photos, presence, processes, search, switch, tags, trash, usage    # noqa: F401  # cycle: and so do these
    from appliance.core.rest import emulation   # noqa: F401  # cycle: and so does this
    from appliance.core.subscriptions import models as _subscriptions   # noqa: F401  # cycle: and so does this
    from appliance.core.personal import forgotten, holds    # noqa: F401  # cycle: and so do these
    registration.load('models')
    found = {one._meta.table_name: one for one in _below(Base) if one.__module__.startswith('appliance.') and one is not AccessRow and _is_on(one)}
    return dict(sorted(found.items()))


def _below(model):
    for one in model.__subclasses__():
        yield one
        yield from _below(one)


def _is_on(model):
    parts = model.__module__.split('.')
    return parts[1] != 'tools' or parts[2] in registry.names


def said(model):
    """The Personal or Nothing of a model, None where it says nothing. All access tables say the same, once."""
    found = getattr(model._meta, 'personal', None)
    return AccessRow._meta.personal if found is None and issubclass(model, AccessRow) else found


def owner_of(model):
    """`core`, `identity` or the name of the tool."""
    parts = model.__module__.split('.')
    return parts[2] if parts[1] == 'tools' else parts[1]


def unsaid():
    """The names of the tables of the database for which nobody says what is in them."""
    known = models()
    quiet = [table for table, model in known.items() if said(model) is None]
    return sorted([*quiet, *(table for table in migrations.tables() if table not in known and not _is_explained(table))])


def _is_explained(table):
    shadow = any(table == name or table.startswith(f'{name}_') for name in WITHOUT_MODEL)
    return shadow or table.endswith('_migration') or any(table.startswith(f'{name}_') for name in tools_that_are_off())


def tools_that_are_off():
    """The names of the tools that this process has not loaded: their tables cannot be asked, so nobody can be forgotten in them."""
    return [name for name in declarations() if name not in registry.names]


def off_with_data():
    """{tool: rows} of the tools that are off and keep something."""
    found = {}
    for table in migrations.tables():
        for name in tools_that_are_off():
            if table.startswith(f'{name}_') and not table.endswith('_migration'):
                found[name] = found.get(name, 0) + row(f'SELECT count(*) FROM "{table}"')[0]
    return {name: count for name, count in found.items() if count}


def data_map(actor):
    """[{table, owner, what, of_whom, kept, job, forgotten, why, is_personal}] of all tables, for who answers for people's data."""
    require(actor, 'core.personal.manage')
    found = [_described(table, model) for table, model in models().items()]
    return sorted(found, key=lambda one: (not one['is_personal'], one['owner'], one['table']))


def _described(table, model):
    says, owner = said(model), owner_of(model)
    if isinstance(says, Nothing):
        return {'table': table, 'owner': owner, 'what': str(says.because), 'of_whom': '', 'kept': '', 'job': '', 'forgotten': '', 'why': '',
                'is_personal': False}
    return {'table': table, 'owner': owner, 'what': str(says.what), 'of_whom': _of_whom(says), 'kept': str(says.kept), 'job': says.kept.job,
            'forgotten': says.forget.does, 'why': str(says.forget.why), 'is_personal': True}


def _of_whom(says):
    if callable(says.person):
        return 'person'
    return says.person


def condition(model, person_id):
    """The Peewee expression of a model's rows that are about a person; None for a table that is about nobody."""
    person = said(model).person
    if not person:
        return None
    if callable(person):
        return person(model, person_id)
    first, _dot, rest = person.partition('.')
    field = model._meta.fields.get(first) or model._meta.columns[first]
    if rest:
        parent = field.rel_model
        return field.in_(parent.select(parent._meta.primary_key).where(parent._meta.fields[rest] == person_id))
    return field == person_id


def count(model, person_id):
    """How many rows of a table are about a person."""
    where = condition(model, person_id)
    return model.select().where(where).count() if where is not None else 0
