"""Where a restored database is built, and how it takes the place of the present one, on each engine.

A target is a context manager around the building; `present()` tells what must outlive the old database, `make_ready()` ends
the building. What it leaves for `switch` to do is in `renames`; `marker` proves that the database itself was switched.
"""

import contextlib
import os
import sqlite3

from appliance.core import db, drivers
from appliance.core.backup import snapshot, tables
from appliance.core.backup.errors import BackupError, plainly
from appliance.core.backup.state import sync_folder
from appliance.core.db import database

SUFFIXES = ('', '-wal', '-shm')
BUILDING, ASIDE = '.restoring', '.before-'
SCHEMA = 'restoring'


@contextlib.contextmanager
def using(url, password_file=None):
    """Open another database in this process; the one before it afterwards again."""
    before = database.obj
    engine = db.open_database(url, password_file)
    try:
        with plainly():
            database.connect(reuse_if_open=True)
            yield
    finally:
        db.disconnect()
        if before is not None and before is not engine:
            database.initialize(before)


def _present(source):
    """{sequences, epoch, audit_no, forgotten}: the ids given, the trust carried, the audit rows sealed and the people forgotten so far."""
    def highest(table, column):
        return source.connection.execute(f'SELECT coalesce(max({column}), 0) FROM {table}').fetchone()[0] if table in source.names() else 0
    forgotten = source.connection.execute('SELECT person_id FROM person_forgotten').fetchall() if 'person_forgotten' in source.names() else []
    return {'sequences': source.sequences(), 'epoch': highest('person', 'epoch'), 'audit_no': highest('audit', 'seal_no'),
            'forgotten': [person_id for person_id, in forgotten]}


class SqliteTarget:
    """A file beside the database's."""

    def __init__(self, config, stamp):
        self.path = snapshot.sqlite_path(config)
        self.new = self.path.with_name(self.path.name + BUILDING)
        self.aside = self.path.with_name(self.path.name + ASIDE + stamp)
        self.marker = None
        self.kept = [str(self.aside)] if self.path.exists() else []
        self.renames = [(f'{self.path}{suffix}', f'{self.aside}{suffix}') for suffix in SUFFIXES
                        if self.path.with_name(self.path.name + suffix).exists()]
        self.renames.append((str(self.new), str(self.path)))

    def present(self):
        """See _present; BackupError when the present database is unreadable."""
        if not self.path.exists():
            return {'sequences': {}, 'epoch': 0, 'audit_no': 0, 'forgotten': []}
        with plainly(), contextlib.closing(sqlite3.connect(f'file:{self.path}?mode=ro', uri=True, timeout=5)) as connection:
            return _present(tables.SqliteTables(connection))

    @contextlib.contextmanager
    def building(self):
        """Yield while the new file is the open database; a failure removes it."""
        self._remove()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with using(f'sqlite:///{self.new}'):
                yield
        except BaseException:
            self._remove()
            raise

    def make_ready(self):
        """Have all of it in one file, on the disk."""
        database.execute_sql('PRAGMA wal_checkpoint(TRUNCATE)').fetchall()
        database.close()
        self.new.chmod(0o600)
        with self.new.open('rb') as file:
            os.fsync(file.fileno())
        sync_folder(self.new.parent)

    def _remove(self):
        for suffix in SUFFIXES:
            self.new.with_name(self.new.name + suffix).unlink(missing_ok=True)


class PostgresqlTarget:
    """A schema beside `public`, in one transaction: killed at any moment, the server takes all of it back.

    No right to create databases is needed, and no other connection has to be ended.
    """

    def __init__(self, config, stamp):
        self.config, self.renames = config, []
        self.marker = self.schema = 'before_' + stamp.lower()
        self.kept = [f'schema {self.schema}']

    def present(self):
        """See _present."""
        with _refusals(), tables.connect_postgresql(self.config.database.url, self.config.database.password_file) as connection:
            return _present(tables.PostgresqlTables(connection))

    @contextlib.contextmanager
    def building(self):
        """Yield while the new schema is the current one; the transaction is kept at the end."""
        with _refusals(), using(self.config.database.url, self.config.database.password_file or None), database.atomic():
            self._require_rights()
            database.execute_sql(f'CREATE SCHEMA {SCHEMA}')
            database.execute_sql(f'SET LOCAL search_path TO {SCHEMA}')
            yield

    def _require_rights(self):
        """Said before the long work, not after it."""
        owner, role, may_create = database.execute_sql(
            "SELECT pg_has_role(current_user, nspowner, 'USAGE'), current_user, has_database_privilege(current_database(), 'CREATE') "
            "FROM pg_namespace WHERE nspname = 'public'").fetchone()
        if not (owner and may_create):
            raise BackupError('rights', f'the role {role} must own the database and its schema public: '
                                        f'ALTER DATABASE ... OWNER TO {role}; ALTER SCHEMA public OWNER TO {role}')

    def make_ready(self):
        """Put the new schema in the place of the old one; seen by nobody before the transaction ends."""
        database.execute_sql(f'ALTER SCHEMA public RENAME TO {self.schema}')
        database.execute_sql(f'ALTER SCHEMA {SCHEMA} RENAME TO public')
        database.execute_sql('SET LOCAL search_path TO public')


@contextlib.contextmanager
def _refusals():
    try:
        yield
    except drivers.psycopg().Error as error:
        raise BackupError('database', str(error)) from error


def has_marker(config, marker):
    """Whether the transaction that made this schema was kept."""
    with _refusals(), tables.connect_postgresql(config.database.url, config.database.password_file) as connection:
        return bool(connection.execute('SELECT 1 FROM pg_namespace WHERE nspname = %s', (marker,)).fetchone())


def target(config, stamp):
    """The target of this portal's engine. `stamp` names what is kept aside."""
    return (SqliteTarget if snapshot.sqlite_path(config) else PostgresqlTarget)(config, stamp)
