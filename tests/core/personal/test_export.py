"""What a person gets of what is kept of him: all of his, nothing of others' beyond what he sees, no secret, in his language."""
import dataclasses
import json

import pytest

from appliance.core import attachments, db, people, storage
from appliance.core.actor import SYSTEM
from appliance.core.errors import Conflict, NotAllowed, NotFound
from appliance.core.personal import export, forgetting, tables
from appliance.core.personal.declarations import Follow, Personal
from appliance.core.personal.labels import LABELS
from appliance.core.tool import registry
from appliance.tools.planted import rules as notes
from tests.core.personal.conftest import BEFORE, LOGIN, MAIL, NAME, PHONE, zipped

CONSOLE = dataclasses.replace(SYSTEM, via='console:root')


def test_it_holds_every_row_that_is_about_the_person(full):
    packed = zipped(full.erika)
    for table, model in tables.models().items():
        says = tables.said(model)
        if isinstance(says, Personal) and says.person and not isinstance(says.forget, Follow):
            count = tables.count(model, full.erika)
            assert len(json.loads(packed.get(f'data/{table}.json', b'[]'))) == count, table
    person, = json.loads(packed['data/person.json'])
    assert (person['name'], person['login'], person['mail'], person['phone'], person['birthday']) == (NAME, LOGIN, MAIL, PHONE, '1980-02-03')
    page = packed['index.html'].decode()
    assert NAME in page and 'Sales' not in page and 'src=' not in page and '<script' not in page
    assert packed['photo.jpg'] == b'a large square'
    assert packed[f'files/1-Attest {NAME}.pdf'] == b'what she attached'


def test_it_holds_no_secret_and_nothing_of_others(full):
    said = b'\n'.join(zipped(full.erika).values()).decode()
    secrets = [value for table, column in (('password', 'hash'), ('session', 'csrf_secret')) for value, in db.rows(f'SELECT {column} FROM {table}')]
    assert secrets and not any(secret in said for secret in secrets)
    assert 'token_hash' not in said and 'hush' not in said and 'of a colleague' not in said and BEFORE not in said
    for other in ('Anna Admin', 'Carl Colleague', 'colleague@'):
        assert other not in said


def test_a_file_on_what_she_sees_no_more_is_left_out(full):
    note = notes.add_note(full.actor('colleague'), 'Open for a while', shared='everybody')
    blob = storage.keep_bytes(b'hers').hash
    with db.write('test'):
        attachments.Attachment.create(kind='planted.note', object_id=note, blob=blob, name='hers.txt', media_type='text/plain',
                                      size_bytes=4, person=full.erika)
    assert b'hers' in zipped(full.erika).values()
    notes.share_note(full.actor('colleague'), note, '')
    packed = zipped(full.erika)
    assert b'hers' not in packed.values() and '1 file hangs on something' in packed['index.html'].decode()


def test_names_of_others_come_in_where_the_person_sees_them(full):
    guest, = json.loads(zipped(full.ids['guest'])['data/person.json'])
    assert guest['contact_id'] == NAME
    people.block(SYSTEM, full.erika, 'portal')
    guest, = json.loads(zipped(full.ids['guest'])['data/person.json'])
    assert guest['contact_id'] is None


def test_it_speaks_the_language_of_the_person(full):
    people.set_language(SYSTEM, full.erika, 'es')
    page = zipped(full.erika)['index.html'].decode()
    assert '<html lang="es">' in page and 'Archivos' in page and 'Kept:' not in page


def test_markup_in_what_people_wrote_stays_text(full):
    people.update_person(SYSTEM, full.erika, title='<script>alert(1)</script>')
    page = zipped(full.erika)['index.html'].decode()
    assert '<script' not in page and '&lt;script&gt;' in page


def test_who_is_blocked_gets_his_data_too(full):
    people.block(SYSTEM, full.erika, 'portal', 'dismissed')
    assert json.loads(zipped(full.erika)['data/person_block.json'])[0]['reason'] == 'dismissed'


def test_tools_that_are_off_are_named(full):
    registry.use(None, {'people', 'worktime'})
    packed = zipped(full.erika)
    assert 'data/planted_note.json' not in packed and 'Planted' in packed['index.html'].decode()


@pytest.mark.parametrize('login', ['head', 'colleague', 'guest'])
def test_others_may_not(full, login):
    with pytest.raises(NotAllowed):
        export.begin(full.actor(login), full.erika)
    export.begin(full.actor(login), full.ids[login])


def test_there_must_be_somebody(full):
    with pytest.raises(NotFound):
        export.begin(CONSOLE, 10**6)
    forgetting.forget(CONSOLE, full.erika)
    with pytest.raises(Conflict):
        export.begin(CONSOLE, full.erika)


def test_the_person_is_told_when_somebody_else_exports(full, run_due):
    export.begin(full.actor('administrator'), full.erika)
    export.begin(full.actor('colleague'), full.ids['colleague'])
    run_due('core.deliveries')
    told = db.rows("SELECT person_id FROM notice WHERE kind = 'core.person.exported'")
    assert told == [(full.erika,)]


def test_every_column_has_a_heading(full):
    for table, model in tables.models().items():
        says = tables.said(model)
        if isinstance(says, Personal) and says.person and not isinstance(says.forget, Follow) and not table.startswith('planted'):
            assert set(export.columns_of(model)) <= set(LABELS), table
