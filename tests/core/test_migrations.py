"""Migrations: a newer or older database stops the start; a failing step leaves everything as it was."""

import importlib
import pkgutil
import re

import pytest
from peewee import SQL

import appliance.core
import appliance.identity.models  # noqa: F401: its tables are looked at
from appliance.core import db, migrations
from appliance.core.access import AccessRow
from appliance.core.departments import Department
from appliance.core.errors import StartError
from appliance.core.tool import registry
from tests.switches import off_at_first, switch_on

BREAKS = '"""Breaks half way."""\n\n\ndef up(migrator, db):\n    db.execute_sql(\'CREATE TABLE half (id INTEGER)\')\n    raise RuntimeError(\'half way\')\n'
DELETES = '"""Loses rows."""\n\n\ndef up(migrator, db):\n    db.execute_sql(\'DELETE FROM department\')\n'


@pytest.fixture
def extra(tmp_path, monkeypatch):
    """A further owner of migrations, whose folder is returned."""
    folder = tmp_path / 'extra'
    folder.mkdir()
    known = migrations.owners()
    monkeypatch.setattr(migrations, 'owners', lambda: [*known, ('extra', folder)])
    return folder


def test_the_box_is_current(box):
    migrations.require_current()
    assert {row['state'] for row in migrations.status()} == {'applied'}


def test_the_file_is_for_the_service_alone(box):
    """An older release, or a wide umask, left it open to the web server."""
    if db.is_sqlite():
        db.path().chmod(0o644)
        migrations.migrate()
        assert {path.name: oct(path.stat().st_mode & 0o777) for path in db.path().parent.glob('portal.db*') if path.suffix != '.lock'} == {
            name: '0o600' for name in ('portal.db', 'portal.db-wal', 'portal.db-shm')}


def test_a_newer_database_stops_the_start(box):
    db.database.execute_sql("INSERT INTO core_migration (name, applied) VALUES ('0999_future', '2030-01-01')")
    with pytest.raises(StartError, match='newer.*0999_future'):
        migrations.require_current()
    with pytest.raises(StartError, match='newer'):
        migrations.migrate()


def test_a_missing_migration_stops_the_start(box, extra):
    (extra / '0001_initial.py').write_text(BREAKS)
    with pytest.raises(StartError, match='appliance migrate'):
        migrations.require_current()


@pytest.mark.parametrize('text, error', [(BREAKS, RuntimeError), (DELETES, StartError)])
def test_a_failing_step_puts_everything_back(box, extra, text, error):
    Department.create(name='Sales')
    (extra / '0001_well.py').write_text(BREAKS.replace("    raise RuntimeError('half way')\n", ''))
    (extra / '0002_wrong.py').write_text(text.replace('half', 'other'))
    with pytest.raises(error):
        migrations.migrate()
    assert [row.name for row in Department.select()] == ['Sales']
    assert not {'half', 'other'} & set(migrations.tables())
    assert {row['state'] for row in migrations.status() if row['tool'] == 'extra'} == {'pending'}


def test_a_migration_may_say_that_it_changes_rows(box, extra):
    Department.create(name='Sales')
    (extra / '0001_clean.py').write_text(DELETES.replace('\n\n\ndef', "\nTOUCHES = ('department',)\n\n\ndef"))
    assert migrations.migrate() == [{'tool': 'extra', 'name': '0001_clean'}]
    assert not Department.select().exists()


def test_the_models_are_what_the_migrations_made(box):
    """Each model's columns stand in the database, with the same nullness."""
    for model in _models(db.Base):
        columns = {column.name: column.null for column in db.database.get_columns(model._meta.table_name)}
        assert columns == {field.column_name: field.null for field in model._meta.sorted_fields}, model._meta.table_name


def test_the_migrations_make_the_indexes_and_links_of_the_models(box):
    """As `create_tables` would make them; an operation that a migration forgot to run is missing here."""
    for model in _models(db.Base):
        table = model._meta.table_name
        made = {(index.name, tuple(index.columns), index.unique) for index in db.database.get_indexes(table) if not _is_of_key(index.name)}
        assert {name for name, _columns, _unique in made} == {name for name, _sql in _wanted_indexes(model)}, table
        links = {(link.column, link.dest_table) for link in db.database.get_foreign_keys(table)}
        assert links == {(field.column_name, field.rel_model._meta.table_name) for field in model._meta.refs}, table


def _is_of_key(name):
    """Whether an index is the engine's own, for a primary key."""
    return name.startswith('sqlite_autoindex') or name.endswith('_pkey')


def _wanted_indexes(model):
    for index in model._meta.fields_to_index():
        text = index.sql if isinstance(index, SQL) else model._meta.database.get_sql_context().sql(index).query()[0]
        yield re.search(r'INDEX (?:IF NOT EXISTS )?"?(\w+)"?', text)[1], text


def _models(base):
    """Every model of ours, also those that no test has imported."""
    for module in pkgutil.walk_packages(appliance.core.__path__, 'appliance.core.'):
        if 'migrations.' not in module.name:
            importlib.import_module(module.name)
    switch_on(*off_at_first())
    registry.load('models')
    return [model for model in _below(base) if model.__module__.startswith('appliance.') and model is not AccessRow]


def _below(model):
    for one in model.__subclasses__():
        yield one
        yield from _below(one)
