"""Giving a person what the portal keeps of him: one zip with a JSON file a table, his files, and a page to read in his language.

Of others it holds what the person may see himself: their names where he sees them, a file only where he sees what it hangs on. Secrets
(check values, tokens) are in no export. Tables say in their declarations what is his.
"""

import json
import zipfile
from datetime import date, datetime

from appliance.core import access, attachments, audit, clock, mail, notices, people, storage
from appliance.core.actions import action
from appliance.core.custom_fields.models import all_definitions
from appliance.core.custom_fields.types import decimal_text
from appliance.core.db import row, rows
from appliance.core.errors import Conflict, NotAllowed, NotFound
from appliance.core.events import publish
from appliance.core.fields import Link
from appliance.core.i18n import format_moment, language, texts
from appliance.core.people import Person
from appliance.core.people_access import PEOPLE
from appliance.core.people_events import PersonExported
from appliance.core.permissions import require
from appliance.core.personal import tables
from appliance.core.personal.declarations import Follow, Personal
from appliance.core.personal.forgotten import is_forgotten
from appliance.core.personal.labels import label
from appliance.core.settings import get_setting
from appliance.core.tool import declarations

_ = texts(__name__)
SHOWN_ROWS = 200        # of a table on the page; the JSON file has all


def _own_or_manager(actor, person_id, *args, **kwargs):
    if actor.person_id != person_id:
        require(actor, 'core.personal.manage')


@action(rights=_own_or_manager)
def begin(actor, person_id):
    """Note that a person's data are being exported; before `write`. Conflict for who was forgotten: there is nothing left."""
    if not Person.select().where(Person.id == person_id).exists():
        raise NotFound()
    if is_forgotten(person_id):
        raise Conflict(_('This person was forgotten already.'))
    audit.record(actor, 'core.person.exported', f'core.person:{person_id}')
    publish(PersonExported(person_id, actor.person_id))


def write(person_id, file):
    """Write the zip into a binary file that can seek; returns {tables, rows, files}. Reads only; `begin` has asked for the right."""
    person = Person.get_by_id(person_id)
    with language(person.language, person.zone), zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as packed:
        actor, parts = _actor(person), []
        for table, model in tables.models().items():
            part = _part(actor, table, model)
            if part['rows']:
                packed.writestr(f'data/{table}.json', json.dumps(part['rows'], ensure_ascii=False, indent=1, default=_plain))
                parts.append(part)
        files = _files(actor, packed)
        packed.writestr('index.html', _page(person, parts, files))
        packed.writestr('style.css', STYLE)
    return {'tables': len(parts), 'rows': sum(len(part['rows']) for part in parts), 'files': len(files['kept'])}


def _actor(person):
    """The person as he would act, also one who may not come in any more: what he sees is what he gets."""
    roles = {role for role, in rows('SELECT role FROM person_role WHERE person_id = ?', person.id)}
    return people.build_actor(person.id, person.kind, person.language, person.zone, person.department_id, roles, 'export')


def columns_of(model):
    """{column: field} of a table that an export gives out."""
    hidden = tables.said(model).hidden
    return {name: field for name, field in sorted(model._meta.columns.items()) if name not in hidden}


def _part(actor, table, model):
    says = tables.said(model)
    if not isinstance(says, Personal) or not says.person or isinstance(says.forget, Follow):
        return {'rows': []}
    columns, shown = columns_of(model), []
    found = model.select(*columns.values()).where(tables.condition(model, actor.person_id)).order_by(*model._meta.get_primary_keys()).tuples()
    for values in found:
        shown.append(dict(zip(columns, values, strict=True)))
    _name_people(actor, columns, shown)
    if table == 'notice':
        _word_notices(actor, shown)
    if table in ('custom_value', 'history'):
        _word_fields(shown)
    return {'table': table, 'what': str(says.what), 'kept': str(says.kept), 'rows': shown, 'columns': list(shown[0]) if shown else []}


def _name_people(actor, columns, shown):
    """Put names for the numbers of others, where he sees them, and nothing where not."""
    links = [name for name, field in columns.items() if isinstance(field, Link) and field.rel_model is Person]
    ids = {one[name] for one in shown for name in links if one[name]} - {actor.person_id}
    seen = people.names_of(access.seen_among(PEOPLE, actor, sorted(ids)))
    for one in shown:
        for name in links:
            if one[name] and one[name] != actor.person_id:
                one[name] = seen.get(one[name])


def _word_notices(actor, shown):
    """The words of each notice whose object he may still see; of the others that there was one."""
    found = rows('SELECT id, kind, object, data, count, at, read_at FROM notice WHERE person_id = ?', actor.person_id)
    texts_of = {one[0]: notices.wording(one[1], notices.Notice.data.python_value(one[3])) for one in notices.visible(actor, found)}
    for one in shown:
        one['text'] = (texts_of.get(one['id']) or ('',))[0]


def _word_fields(shown):
    """What the company calls its fields and choices, for their numbers; decimals as they are written."""
    known = {one.id: one for one in all_definitions()}
    named = {one.note: one.title for one in known.values()}
    for one in shown:
        if 'field' in one:
            one['field'] = named.get(one['field'], one['field'])
            continue
        field = known[one['field_id']]
        one |= {'field_id': field.title, 'choice_id': dict(field.choices).get(one['choice_id']),
                'quantity': one['quantity'] is not None and decimal_text(one['quantity']) or None}


def _files(actor, packed):
    """{kept: [(name in the zip, what it is called, size)], left_out}: his photo, and what he attached where he still sees it."""
    kept, left_out = [], 0
    photo = row('SELECT large_id FROM person_photo WHERE person_id = ?', actor.person_id)
    wanted = [(photo[0], 'photo.jpg', _('Photo'))] if photo else []
    for number, blob, name in rows('SELECT id, blob_id, name FROM attachment WHERE person_id = ? ORDER BY id', actor.person_id):
        try:
            attachments.access_attachment(actor, number)
        except (NotFound, NotAllowed):
            left_out += 1
        else:
            wanted.append((blob, f'files/{number}-{name}', name))
    for blob, path, name in wanted:
        if not storage.path_of(blob).exists():
            left_out += 1       # lost past the portal: `appliance check` says so
            continue
        with open(storage.path_of(blob), 'rb') as source, packed.open(zipfile.ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0)), 'w', force_zip64=True) as target:
            size = 0
            while data := source.read(1 << 20):
                size += target.write(data)
        kept.append((path, name, size))
    return {'kept': kept, 'left_out': left_out}


def _plain(value):
    if isinstance(value, datetime):
        return value.strftime('%Y-%m-%dT%H:%M:%S.%fZ')
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f'{value!r} cannot be written')


def _page(person, parts, files):
    off = [str(declarations()[name].title) for name in tables.tools_that_are_off()]
    # Who he is, first.
    parts.sort(key=lambda part: part['table'] != 'person')
    for part in parts:
        part['headings'] = [label(name) for name in part['columns']]
        part['cells'] = [[_cell(value) for value in one.values()] for one in part['rows'][-SHOWN_ROWS:]]
        part['more'] = len(part['rows']) - len(part['cells'])
    template = mail.environment().get_template('personal/index.html')
    return template.render(person=person, parts=parts, files=files, off=off, company=get_setting('company.name') or 'Appliance', now=clock.now())


def _cell(value):
    """A value as people read it."""
    if value is None or value == '':
        return '–'
    if isinstance(value, bool):
        return _('yes') if value else _('no')
    if isinstance(value, datetime):
        return format_moment(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    return str(value)


STYLE = '''
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
section { margin-top: 2.5rem; overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; }
th, td { text-align: start; vertical-align: top; padding: .35rem .75rem; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
td { max-width: 30rem; overflow-wrap: anywhere; }
.note { opacity: .75; }
'''.lstrip()
