"""What a snapshot holds, as a folder: `portal.db` (every table), `blobs/`, `portal.key`, `manifest.json`.

The manifest: format, created_at, version, engine, migrations {owner: its last}, sequences {table: highest id given},
tables {name: {columns, key, rows, sha256}}, files {path: {bytes, sha256}}.
"""

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
from pathlib import Path

from appliance import __version__
from appliance.core import clock, drivers
from appliance.core.backup import tables
from appliance.core.backup.errors import BackupError, plainly

FORMAT = 1
DATABASE, KEY, MANIFEST, BLOBS = 'portal.db', 'portal.key', 'manifest.json', 'blobs'


def sqlite_path(config):
    """The file of the database, or None on PostgreSQL."""
    prefix = 'sqlite:///'
    return Path(config.database.url.removeprefix(prefix)) if config.database.url.startswith(prefix) else None


def take(config, folder, tell):
    """Write a snapshot of the running portal into an empty folder; returns its manifest."""
    with plainly():
        tell('copying the database')
        found = _copy_database(config, folder / DATABASE)
        tell('collecting files and secrets')
        shutil.copyfile(config.secrets.key_file, folder / KEY)
        # After the tables: a blob is written before the row that names it.
        _link_blobs(config, folder / BLOBS)
        manifest = {'format': FORMAT, 'created_at': clock.now().strftime('%Y-%m-%dT%H:%M:%SZ'), 'version': __version__,
                    **found, 'files': {name: _measure(folder / name) for name in _files(folder)}}
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))
    return manifest


def _copy_database(config, path):
    source = sqlite_path(config)
    if source is None:
        return _copy_postgresql(config, path)
    if not source.exists():
        raise BackupError('database', f'{source} is missing')
    with contextlib.closing(sqlite3.connect(f'file:{source}?mode=rw', uri=True, timeout=60)) as connection:
        # One read transaction; writers go on meanwhile.
        connection.execute('VACUUM INTO ?', (str(path),))
    with opened(path) as copy:
        return _summary(copy, {name: tables.describe(copy, name) for name in tables.data_tables(copy)})


def _summary(source, described):
    given = {table: last for table, last in source.sequences().items() if table in described}
    return {'engine': source.engine, 'migrations': tables.last_migrations(source), 'sequences': given, 'tables': described}


def _copy_postgresql(config, path):
    with contextlib.closing(sqlite3.connect(path)) as copy, _frozen(config) as connection:
        source, described = tables.PostgresqlTables(connection), {}
        copy.execute('PRAGMA journal_mode = off')
        for table in tables.data_tables(source):
            described[table] = _copy_table(source, copy, table)
        copy.commit()
        return _summary(source, described)


@contextlib.contextmanager
def _frozen(config):
    """A connection on which the whole database stands still; the others go on."""
    try:
        connection = tables.connect_postgresql(config.database.url, config.database.password_file)
    except drivers.psycopg().Error as error:
        raise BackupError('database', str(error)) from error
    with connection:
        connection.isolation_level = drivers.psycopg().IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        try:
            yield connection
        except drivers.psycopg().Error as error:
            raise BackupError('database', str(error)) from error


def _copy_table(source, copy, table):
    """Copy a table while hashing it: one reading, one truth. Columns have no type, so values stay what they are."""
    columns, key = source.shape(table)
    names = ', '.join(map(tables.quoted, columns))
    primary = f', PRIMARY KEY ({", ".join(map(tables.quoted, key))})' if key else ''
    copy.execute(f'CREATE TABLE {tables.quoted(table)} ({names}{primary})')
    digest, count = hashlib.sha256(), 0

    def passing():
        nonlocal count
        for row in source.rows(table, columns, key or columns):
            digest.update(tables.line(row))
            count += 1
            yield row

    copy.executemany(f'INSERT INTO {tables.quoted(table)} VALUES ({", ".join("?" * len(columns))})', passing())
    return {'columns': columns, 'key': key, 'rows': count, 'sha256': digest.hexdigest()}


def _link_blobs(config, target):
    """The blobs by hard link: they never change, so nothing is copied. What lies under the repository is no blob."""
    source, repository = config.data.folder / BLOBS, Path(config.repository).resolve()
    target.mkdir()
    if source.exists():
        shutil.copymode(source, target)     # nginx may pass these folders, whatever the umask of who makes a backup
    for path in sorted(source.rglob('*')):
        if path.is_symlink() or not path.is_file() or path.resolve().is_relative_to(repository):
            continue
        linked = target / path.relative_to(source)
        linked.parent.mkdir(parents=True, exist_ok=True)
        shutil.copymode(path.parent, linked.parent)
        try:
            os.link(path, linked)
        except OSError:
            shutil.copy2(path, linked)      # another file system, or one without links


def _files(folder):
    """The files that the manifest lists by hash: all but the database, whose tables it lists, and itself."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob('*')
                  if path.is_file() and path.relative_to(folder).as_posix() not in (DATABASE, MANIFEST))


def _measure(path):
    with path.open('rb') as file:
        return {'bytes': path.stat().st_size, 'sha256': hashlib.file_digest(file, 'sha256').hexdigest()}


@contextlib.contextmanager
def opened(path):
    """The tables of a snapshot's database file, which is only read."""
    with contextlib.closing(sqlite3.connect(f'file:{path}?mode=ro', uri=True)) as connection:
        yield tables.SqliteTables(connection)


def read_manifest(folder):
    """The manifest of a snapshot's folder. BackupError when it is damaged, or of a format that this version does not know."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        if manifest['format'] > FORMAT:
            raise BackupError('newer', f"format {manifest['format']}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError('damaged', f'{MANIFEST}: {error}') from None
    return manifest


def check(folder, manifest, only_database=False):
    """BackupError unless the folder holds exactly what the manifest says; without blobs and secrets if told so."""
    with plainly(), opened(folder / DATABASE) as source:
        wrong = tables.differences(source, manifest['tables'])
    if not only_database:
        present, listed = set(_files(folder)), manifest['files']
        wrong += sorted(present ^ set(listed))
        wrong += sorted(name for name in present & set(listed) if _measure(folder / name) != listed[name])
    if wrong:
        raise BackupError('different', ', '.join(wrong[:5]))


def size(folder):
    """Bytes of all files of a snapshot's folder."""
    return sum(path.stat().st_size for path in folder.rglob('*') if path.is_file())
