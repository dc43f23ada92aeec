"""A snapshot holds every table, file and secret; whatever changes in it afterwards is found."""
import dataclasses
import sqlite3

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.core import migrations
from appliance.core.backup import snapshot, tables
from appliance.core.backup.errors import BackupError
from tests.core.backup.conftest import BLOB, BLOB_PATH, FILES, TEXTS, contents, silent

INTEGERS = st.integers(-2**63, 2**63 - 1)
# PostgreSQL has no NUL in a text, and neither engine has half a surrogate pair.
WORDS = st.text(st.characters(exclude_characters='\0', exclude_categories=['Cs']))
ROWS = st.dictionaries(st.tuples(WORDS, INTEGERS), st.tuples(st.none() | WORDS, st.none() | st.binary(), st.none() | INTEGERS), max_size=12)


@pytest.fixture
def taken(portal, tmp_path):
    """(folder, manifest) of a snapshot."""
    folder = tmp_path / 'snapshot'
    folder.mkdir(mode=0o700)
    return folder, snapshot.take(portal.config, folder, silent)


def test_it_holds_every_table_file_and_secret(portal, taken):
    folder, manifest = taken
    assert (manifest['engine'], manifest['format']) == (portal.engine, 1)
    assert {name: (table['rows'], table['sha256']) for name, table in manifest['tables'].items()} == contents(portal.config)
    assert manifest['tables']['person']['rows'] == len(TEXTS) and {'session', 'outbox', 'worktime_day'} <= set(manifest['tables'])
    assert not any(name.endswith('_migration') for name in manifest['tables'])
    assert set(manifest['migrations']) == {owner for owner, _folder in migrations.owners()}
    assert (folder / BLOB_PATH).read_bytes() == BLOB
    assert (folder / 'portal.key').read_text() == portal.config.secrets.key_file.read_text()
    assert set(manifest['files']) == {*FILES, 'portal.key'}
    assert snapshot.read_manifest(folder) == manifest
    snapshot.check(folder, manifest)


def test_it_remembers_ids_that_are_gone(taken):
    _folder, manifest = taken
    assert manifest['sequences']['login_failure'] == 3 and manifest['tables']['login_failure']['rows'] == 2


def test_both_engines_hash_alike(sqlite_template, postgresql_template, tmp_path):
    """The same rows, written through each engine by the same statements."""
    found = []
    for number, template in enumerate((sqlite_template, postgresql_template)):
        with template.box(tmp_path / str(number)) as box:
            (tmp_path / f'taken{number}').mkdir()
            found.append(snapshot.take(box.config, tmp_path / f'taken{number}', silent))
    for name in ('tables', 'sequences', 'migrations'):
        assert found[0][name] == found[1][name]


def test_blobs_under_the_repository_are_not_saved_into_it(portal, tmp_path):
    inside = portal.config.data.folder / 'blobs' / 'backups'
    inside.mkdir()
    (inside / 'pack').write_bytes(b'x')
    backup = dataclasses.replace(portal.config.backup, repository=str(inside))
    (tmp_path / 'snapshot').mkdir()
    manifest = snapshot.take(dataclasses.replace(portal.config, backup=backup), tmp_path / 'snapshot', silent)
    assert set(manifest['files']) == {*FILES, 'portal.key'}


def _sql(statement):
    def change(folder):
        with sqlite3.connect(folder / 'portal.db') as connection:
            connection.execute(statement)
        connection.close()
    return change


@pytest.mark.parametrize('change, named', [
    (_sql("UPDATE person SET name = name || ' ' WHERE id = 1"), 'person'),
    (_sql('DELETE FROM session'), 'session'),
    (_sql('DROP TABLE outbox'), 'outbox'),
    (_sql('CREATE TABLE extra (id)'), 'extra'),
    (lambda folder: (folder / BLOB_PATH).unlink(), BLOB_PATH),
    (lambda folder: (folder / 'blobs/other').touch(), 'blobs/other'),
    (lambda folder: (folder / 'portal.key').write_text('0' * 64), 'portal.key')])
def test_every_change_is_found(taken, change, named):
    folder, manifest = taken
    change(folder)
    with pytest.raises(BackupError) as refused:
        snapshot.check(folder, manifest)
    assert refused.value.code == 'different' and named in refused.value.detail


@pytest.mark.parametrize('content, code', [('{"format": 2}', 'newer'), ('{"form', 'damaged'), ('[]', 'damaged'), ('', 'damaged')])
def test_a_manifest_of_another_kind_is_refused(tmp_path, content, code):
    (tmp_path / 'manifest.json').write_text(content)
    with pytest.raises(BackupError) as refused:
        snapshot.read_manifest(tmp_path)
    assert refused.value.code == code


def test_a_file_that_is_no_database_is_damaged(taken):
    folder, manifest = taken
    (folder / 'portal.db').write_bytes(b'nothing like a database' * 500)
    with pytest.raises(BackupError) as refused:
        snapshot.check(folder, manifest)
    assert refused.value.code == 'damaged'


@pytest.fixture
def twins(postgres):
    """A connection to each engine, each with the same empty tables: one with a key of two columns, one without."""
    name = postgres.create()
    lite, full = sqlite3.connect(':memory:'), psycopg.connect(postgres.url(name), autocommit=False)
    lite.execute('CREATE TABLE keyed (word TEXT, number BIGINT, note TEXT, raw BLOB, large BIGINT, PRIMARY KEY (word, number))')
    lite.execute('CREATE TABLE bare (word TEXT, number BIGINT, note TEXT, raw BLOB, large BIGINT)')
    # Columns in another order, and a locale's order of texts: neither may show.
    full.execute('CREATE TABLE keyed (large BIGINT, word TEXT COLLATE "es-x-icu", raw BYTEA, number BIGINT, note TEXT, PRIMARY KEY (word, number))')
    full.execute('CREATE TABLE bare (large BIGINT, word TEXT COLLATE "es-x-icu", raw BYTEA, number BIGINT, note TEXT)')
    full.commit()
    yield lite, full
    lite.close()
    full.close()
    postgres.drop(name)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_any_rows_hash_alike_on_both_engines(twins, rows):
    lite, full = twins
    values = [(*key, *rest) for key, rest in rows.items()]
    found = []
    for connection, mark in ((lite, '?'), (full, '%s')):
        cursor = connection.cursor()
        for table in ('keyed', 'bare'):
            cursor.executemany(f'INSERT INTO {table} (word, number, note, raw, large) VALUES ({", ".join([mark] * 5)})', values)
        reader = tables.reader(connection)
        found.append([tables.describe(reader, table) for table in ('keyed', 'bare')])
        connection.rollback()
    assert found[0] == found[1] and found[0][0]['rows'] == len(values)
