"""Schema changes, owner by owner: the core, identity, then every tool in the order of what it requires.

Each owner keeps its own history table (`<owner>_migration`) and numbered files; a file freezes the models it makes. Each
migration is one transaction, run outside the write helper: within one, SQLite's foreign_keys pragma does nothing, and a
rebuilt parent table would cascade its children away.
"""

import contextlib
import sqlite3

from peewee import PostgresqlDatabase
from playhouse.migrations import Runner

from appliance.core import tool
from appliance.core.db import close_to_others, database, is_sqlite, path
from appliance.core.errors import StartError
from appliance.core.places import ROOT, tool_folders


def owners():
    """(owner, folder of migrations) in the order in which they run."""
    found = [('core', ROOT / 'core'), ('identity', ROOT / 'identity')]
    found += [(name, tool_folders()[name]) for name in tool.names_in_order()]
    return [(owner, folder / 'migrations') for owner, folder in found if (folder / 'migrations').is_dir()]


def runner(owner, folder):
    return Runner(database.obj, str(folder), table_name=f'{owner}_migration')


def status():
    """[{tool, name, state}] of every migration: applied, pending, or unknown (applied by a newer version)."""
    found = []
    for owner, folder in owners():
        for migration in runner(owner, folder).status():
            state = 'unknown' if migration.path is None else 'applied' if migration.applied else 'pending'
            found.append({'tool': owner, 'name': migration.name, 'state': state})
    return found


def is_pending():
    """Whether the schema is not exactly this code's."""
    return any(row['state'] != 'applied' for row in status())


def require_current():
    """StartError unless the schema is exactly this code's."""
    found = status()
    newer = [f"{row['tool']}/{row['name']}" for row in found if row['state'] == 'unknown']
    if newer:
        raise StartError(f'the database is newer than this version: it has {", ".join(newer)}. Install that version again.')
    pending = [f"{row['tool']}/{row['name']}" for row in found if row['state'] == 'pending']
    if pending:
        raise StartError(f'the database is older than this version: {", ".join(pending)} are missing. Run: appliance migrate')


def migrate(tell=lambda line: None, targets=None):
    """Apply what is pending; returns [{tool, name}]. When a step fails, the database is as it was before the first.

    `targets` ({owner: migration name}) stops each owner there, and leaves out the owners it does not name: for a restore.
    """
    if any(row['state'] == 'unknown' for row in status()):
        require_current()
    applied = []
    with _put_back_on_failure(), _one_at_a_time():
        for owner, folder in owners():
            if targets is not None and owner not in targets:
                continue
            applied += _run_owner(owner, folder, targets and targets[owner], tell)
        _check_links()
    close_to_others()
    return applied


def _run_owner(owner, folder, target, tell):
    run, done = runner(owner, folder), []
    for migration in run.status():
        if migration.applied or migration.path is None:
            if migration.name == target:
                break
            continue
        before = row_counts()
        run.up(migration.name)
        _compare_counts(owner, migration, before)
        tell(f'{owner}: {migration.name}')
        done.append({'tool': owner, 'name': migration.name})
        if migration.name == target:
            break
    return done


def row_counts():
    """{table: rows} of every table of ours."""
    return {name: database.execute_sql(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in tables()}


def tables():
    """The names of all tables but the migrations' own history, sorted."""
    return sorted(name for name in database.get_tables() if not name.endswith('_migration') and not name.startswith('sqlite_'))


def _compare_counts(owner, migration, before):
    """A migration that changes another table's number of rows must say so: `TOUCHES = ('table', ...)`."""
    touched = getattr(migration.load(), 'TOUCHES', ())
    after = row_counts()
    changed = [name for name in before if name not in touched and after.get(name) != before[name]]
    if changed:
        raise StartError(f'migration {owner}/{migration.name} changed rows of {", ".join(changed)} without saying so')


def _check_links():
    if is_sqlite():
        broken = database.execute_sql('PRAGMA foreign_key_check').fetchall()
        if broken:
            raise StartError(f'a migration left {len(broken)} rows that link to nothing, first in table {broken[0][0]}')


@contextlib.contextmanager
def _one_at_a_time():
    """Two hosts or shells that migrate at once take turns on PostgreSQL; on SQLite the caller holds the data folder."""
    if isinstance(database.obj, PostgresqlDatabase):
        database.execute_sql('SELECT pg_advisory_lock(4273)')
        try:
            yield
        finally:
            database.execute_sql('SELECT pg_advisory_unlock(4273)')
    else:
        yield


@contextlib.contextmanager
def _put_back_on_failure():
    """SQLite: a copy beside the database, put back by the backup interface. PostgreSQL: one outer transaction."""
    if not is_sqlite():
        with database.atomic():
            yield
        return
    if not tables():
        with _emptied_on_failure():
            yield
        return
    copy = path().with_name(path().name + '.before-migration')
    copy.unlink(missing_ok=True)
    database.execute_sql('VACUUM INTO ?', (str(copy),))
    try:
        yield
    except BaseException:
        _copy_back(copy)
        raise
    copy.unlink()


@contextlib.contextmanager
def _emptied_on_failure():
    try:
        yield
    except BaseException:
        database.close()
        for suffix in ('', '-wal', '-shm'):
            path().with_name(path().name + suffix).unlink(missing_ok=True)
        raise


def _copy_back(copy):
    database.close()
    source, target = sqlite3.connect(copy), sqlite3.connect(path())
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()
    copy.unlink()
    database.connect(reuse_if_open=True)
