"""Migrations: a newer or older database stops the start; a failing step leaves everything as it was."""

import pytest

from appliance.core import db, migrations
from appliance.core.departments import Department
from appliance.core.errors import StartError

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


def _models(base):
    for model in base.__subclasses__():
        if model.__module__.startswith('appliance.'):
            yield model
        yield from _models(model)
