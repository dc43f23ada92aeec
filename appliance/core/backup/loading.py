"""Filling the empty database that is open with the tables of a snapshot: schema of then, rows, sequences, schema of now."""

from appliance.core import drivers, migrations
from appliance.core.backup import snapshot, tables
from appliance.core.backup.errors import BackupError
from appliance.core.db import database, is_sqlite


def require_known(manifest):
    """BackupError `newer` unless this code has every migration that the snapshot was made with."""
    known = {owner: {path.stem for path in folder.glob('*.py')} for owner, folder in migrations.owners()}
    newer = [f'{owner}/{name}' for owner, name in sorted(manifest['migrations'].items()) if name not in known.get(owner, ())]
    if newer:
        raise BackupError('newer', ', '.join(newer))


def build(folder, manifest, tell, sequences=()):
    """Make the schema of the snapshot, load it, compare it, and bring the schema to this version.

    `sequences` ({table: id}): ids that were given since; none of them is given again.
    """
    tell('making the schema that it was saved with')
    migrations.migrate(targets=manifest['migrations'])
    tell(f"loading {sum(table['rows'] for table in manifest['tables'].values())} rows of {len(manifest['tables'])} tables")
    with snapshot.opened(folder / snapshot.DATABASE) as source:
        _require_tables(manifest)
        (_load_sqlite if is_sqlite() else _load_postgresql)(source, manifest, _highest(manifest['sequences'], dict(sequences)))
    tell('comparing counts and hashes')
    wrong = tables.differences(tables.reader(database.connection()), manifest['tables'])
    if wrong:
        raise BackupError('different', ', '.join(wrong))
    if migrations.migrate(lambda name: tell(f'migrating on: {name}')):
        migrations.require_current()


def _highest(saved, present):
    return {table: max(saved.get(table, 0), present.get(table, 0)) for table in {*saved, *present}}


def _require_tables(manifest):
    wrong = set(tables.data_tables(tables.reader(database.connection()))) ^ set(manifest['tables'])
    if wrong:
        raise BackupError('different', ', '.join(sorted(wrong)))


def _load_sqlite(source, manifest, sequences):
    connection = database.connection()
    connection.execute('PRAGMA foreign_keys = off')     # does nothing inside a transaction
    try:
        with database.atomic('IMMEDIATE'):
            for table, columns, rows in _contents(source, manifest):
                connection.execute(f'DELETE FROM {tables.quoted(table)}')
                marks = ', '.join('?' * len(columns))
                connection.executemany(f'INSERT INTO {tables.quoted(table)} ({_list(columns)}) VALUES ({marks})', rows)
            for table, last in sequences.items():
                connection.execute('DELETE FROM sqlite_sequence WHERE name = ?', (table,))
                connection.execute('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)', (table, last))
            broken = connection.execute('PRAGMA foreign_key_check').fetchone()
            if broken:
                raise BackupError('different', f'{broken[0]} links to nothing')
    finally:
        connection.execute('PRAGMA foreign_keys = on')


def _load_postgresql(source, manifest, sequences):
    connection = database.connection()
    connection.execute('SET CONSTRAINTS ALL DEFERRED')
    # What a migration put in; and what is in no backup but links to it (presence), all of it new and empty here.
    connection.execute(f"TRUNCATE {_list(manifest['tables'])} CASCADE")
    try:
        with connection.cursor() as cursor:
            for table, columns, rows in _contents(source, manifest):
                with cursor.copy(f'COPY {tables.quoted(table)} ({_list(columns)}) FROM STDIN') as copy:
                    for row in rows:
                        copy.write_row(row)
        for table, sequence in connection.execute(tables.SEQUENCES).fetchall():
            if sequences.get(table):
                connection.execute('SELECT setval(%s::regclass, %s)', (tables.quoted(sequence), sequences[table]))
        connection.execute('SET CONSTRAINTS ALL IMMEDIATE')
    except drivers.psycopg().DataError as error:
        # SQLite takes a NUL inside a text, PostgreSQL never.
        raise BackupError('unfit', f'{table}: {error}') from error
    except drivers.psycopg().IntegrityError as error:
        raise BackupError('different', str(error)) from error


def _contents(source, manifest):
    """(table, columns, its rows) of each table."""
    for table, described in manifest['tables'].items():
        columns = described['columns']
        yield table, columns, source.connection.execute(f'SELECT {_list(columns)} FROM {tables.quoted(table)}')


def _list(names):
    return ', '.join(map(tables.quoted, names))
