"""Tables as the database's catalogue tells them, read alike on both engines through a connection of one's own.

A table's hash is the SHA-256 over its rows in the order of the primary key (without one, of all columns), each a line of
compact JSON: the values in the order of the columns' names, bytes as hexadecimal digits. Equal data hash alike on SQLite
and PostgreSQL.
"""

import hashlib
import json
import sqlite3

from appliance.core import drivers

CHUNK = 1000
HISTORY = '_migration'
# Made anew from the others after a restore, or gone by then.
DERIVED = ('search_', 'derived_', 'live_', 'presence')


def quoted(name):
    """A name as SQL takes it on both engines."""
    return '"' + name.replace('"', '""') + '"'


def _names(columns):
    return ', '.join(map(quoted, columns))


class SqliteTables:
    """The tables of an open sqlite3 connection."""

    engine = 'sqlite'

    def __init__(self, connection):
        self.connection = connection

    def names(self):
        """The names of all tables, sorted, but SQLite's own."""
        found = self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
        return sorted(name for name, in found)

    def shape(self, table):
        """(columns by name, columns of the primary key in its order)."""
        found = self.connection.execute('SELECT name, pk FROM pragma_table_info(?)', (table,)).fetchall()
        return sorted(name for name, _pk in found), [name for name, _pk in sorted(found, key=lambda row: row[1]) if _pk]

    def rows(self, table, columns, order):
        """Yield the rows as tuples of these columns, in the order of those others."""
        by = ', '.join(f'{quoted(name)} NULLS FIRST' for name in order)
        yield from self.connection.execute(f'SELECT {_names(columns)} FROM {quoted(table)} ORDER BY {by}')

    def sequences(self):
        """{table: the highest id ever given} where ids are never given twice."""
        if not self.connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
            return {}
        return {table: last for table, last in self.connection.execute('SELECT name, seq FROM sqlite_sequence') if last}


_KEY = '''
    SELECT a.attname FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(number, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
    WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY k.place'''
_COLUMNS = '''
    SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attname COLLATE "C"'''
SEQUENCES = '''
    SELECT t.relname, s.relname FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i')
    JOIN pg_class t ON t.oid = d.refobjid WHERE s.relkind = 'S' AND s.relnamespace = current_schema()::text::regnamespace'''


class PostgresqlTables:
    """The tables of the current schema of an open psycopg connection, inside a transaction."""

    engine = 'postgresql'

    def __init__(self, connection):
        self.connection = connection

    def names(self):
        """The names of all tables, sorted."""
        found = self.connection.execute('SELECT tablename FROM pg_tables WHERE schemaname = current_schema()')
        return sorted(name for name, in found)

    def shape(self, table):
        """(columns by name, columns of the primary key in its order)."""
        return ([name for name, _type in self._columns(table)],
                [name for name, in self.connection.execute(_KEY, (quoted(table),))])

    def _columns(self, table):
        return self.connection.execute(_COLUMNS, (quoted(table),)).fetchall()

    def rows(self, table, columns, order):
        """Yield the rows as tuples of these columns, in the order of those others."""
        kinds = dict(self._columns(table))
        # Whatever the server's locale: SQLite compares bytes and puts NULL first.
        by = ', '.join(f'{quoted(name)}{_byte_order(kinds[name])} NULLS FIRST' for name in order)
        with self.connection.cursor(name='snapshot') as cursor:
            cursor.itersize = CHUNK
            cursor.execute(f'SELECT {_names(columns)} FROM {quoted(table)} ORDER BY {by}')
            yield from cursor

    def sequences(self):
        """{table: the highest id ever given} where ids are never given twice."""
        found = {}
        for table, sequence in self.connection.execute(SEQUENCES).fetchall():
            last, is_called = self.connection.execute(f'SELECT last_value, is_called FROM {quoted(sequence)}').fetchone()
            if is_called:
                found[table] = last
        return found


def _byte_order(kind):
    return ' COLLATE "C"' if kind in ('text', 'character varying', 'character') else ''


def reader(connection):
    """The tables of a raw connection of either engine."""
    return SqliteTables(connection) if isinstance(connection, sqlite3.Connection) else PostgresqlTables(connection)


def data_tables(tables):
    """The names of the tables that hold data; the migrations' own history is not restored but made again, as are derived tables."""
    return [name for name in tables.names() if not name.endswith(HISTORY) and not name.startswith(DERIVED)]


def last_migrations(tables):
    """{owner: name of its last applied migration}."""
    found = {}
    for name in tables.names():
        if name.endswith(HISTORY):
            last = tables.connection.execute(f'SELECT max(name) FROM {quoted(name)}').fetchone()[0]
            if last:
                found[name.removesuffix(HISTORY)] = last
    return found


def describe(tables, table):
    """{columns, key, rows, sha256} of a table."""
    columns, key = tables.shape(table)
    count, digest = measure(tables, table, columns, key)
    return {'columns': columns, 'key': key, 'rows': count, 'sha256': digest}


def measure(tables, table, columns, key):
    """(number of rows, hash) of a table."""
    digest, count = hashlib.sha256(), 0
    for row in tables.rows(table, columns, key or columns):
        digest.update(line(row))
        count += 1
    return count, digest.hexdigest()


def line(row):
    """A row as it is hashed."""
    values = [value.hex() if isinstance(value, bytes) else value for value in row]
    return json.dumps(values, ensure_ascii=False, separators=(',', ':')).encode() + b'\n'


def differences(tables, described):
    """The names of the tables that are missing, too many, or not as described ({table: {columns, key, rows, sha256}})."""
    present = set(data_tables(tables))
    found = present ^ set(described)
    for table in present & set(described):
        was = described[table]
        if tables.shape(table)[0] != was['columns'] or measure(tables, table, was['columns'], was['key']) != (was['rows'], was['sha256']):
            found.add(table)
    return sorted(found)


def connect_postgresql(url, password_file, **options):
    """A psycopg connection of its own, apart from the pool."""
    password = open(password_file).read().strip() if password_file else None
    return drivers.psycopg().connect(url, **({'password': password} if password else {}), **options)
