"""The database: one open engine a process, the base of all models, and the only way to write.

Reading needs no more than a connection. Writing goes through `write()`: one short transaction at a time on SQLite (a lock
inside the process, fair, then a lock file between processes), an ordinary transaction on PostgreSQL. No file and no network
work belongs inside; what takes over 500 ms is logged by name.
"""

import contextlib
import functools
import logging
import os
import pathlib
import threading
import time
from urllib.parse import urlsplit

from appliance.core import drivers     # before peewee, so that psycopg comes with PostgreSQL only
import peewee
from playhouse.pool import PooledPostgresqlDatabase

from appliance.core.errors import Busy, StartError, StorageFull
from appliance.core.locks import FairLock, file_lock

DEADLINE_S = 5
SLOW_S = 0.5
PRAGMAS = (('journal_mode', 'wal'), ('synchronous', 'full'), ('foreign_keys', 1), ('journal_size_limit', 64 << 20),
           ('busy_timeout', DEADLINE_S * 1000),
           # Reads through the page cache that all processes share: a thousand rows by id in half the time.
           ('mmap_size', 256 << 20))

log = logging.getLogger('appliance.db')
# Called with the seconds that a writer waited for its turn, where that was worth counting.
on_wait = None
_WORTH_S = 0.001
_ADDED_AT_ONCE = 200
database = peewee.DatabaseProxy()


class Base(peewee.Model):
    """The base of every model. A table's name is `<tool>_<thing>`; the core's and identity's have no prefix."""

    class Meta:
        database = database
        legacy_table_names = False
        only_save_dirty = True

    @classmethod
    def add(cls, **values):
        """Insert a row, with the defaults of its fields; returns its id. As `create`, which builds its SQL anew each time: that takes
        longer than the insert.
        """
        values = cls._meta.get_default_dict() | values
        return row(_adding(cls, tuple(values)), *_stored(cls, values))[0]

    @classmethod
    def add_all(cls, many):
        """Insert rows that name the same columns, prepared like `add`: [{column: value}, ...], of which a long list goes in parts."""
        for first in range(0, len(many), _ADDED_AT_ONCE):
            part = [cls._meta.get_default_dict() | values for values in many[first:first + _ADDED_AT_ONCE]]
            names = tuple(part[0])
            rows(_adding(cls, names, len(part)), *[one for values in part for one in _stored(cls, {name: values[name] for name in names})])

    @classmethod
    def change(cls, row_id, **values):
        """Set these columns of the row with an id, prepared like `add`; returns whether there is one."""
        return row(_changing(cls, tuple(values)), *_stored(cls, values), row_id) is not None

    @classmethod
    def read(cls, condition, *values):
        """The rows for which a condition in SQL (`?` for values) holds, as models, prepared like `add`."""
        reading, fields = _reading(cls)
        return [_model(cls, {name: read(value) for (name, read), value in zip(fields, one, strict=True)})
                for one in rows(f'{reading} WHERE {condition}', *values)]


def _stored(model, values):
    return [model._meta.combined[name].db_value(value) for name, value in values.items()]


@functools.lru_cache(maxsize=256)
def _adding(model, names, count=1):
    columns = [f'"{model._meta.combined[name].column_name}"' for name in names]
    values = f'({", ".join("?" * len(columns))})'
    returned = 'RETURNING 1' if isinstance(model._meta.primary_key, peewee.CompositeKey) else f'RETURNING {model._meta.primary_key.column_name}'
    return f'INSERT INTO "{model._meta.table_name}" ({", ".join(columns)}) VALUES {", ".join([values] * count)} {returned}'


@functools.cache
def _reading(model):
    columns = [f'"{field.column_name}"' for field in model._meta.sorted_fields]
    return f'SELECT {", ".join(columns)} FROM "{model._meta.table_name}"', [(field.name, field.python_value) for field in model._meta.sorted_fields]


def _model(model, values):
    # As a query of peewee's gives it: nothing is changed yet.
    made = model(__no_default__=True)
    made.__data__.update(values)
    return made


@functools.cache
def _changing(model, names):
    columns = [f'"{model._meta.combined[name].column_name}" = ?' for name in names]
    key = model._meta.primary_key.column_name
    return f'UPDATE "{model._meta.table_name}" SET {", ".join(columns)} WHERE {key} = ? RETURNING {key}'


class _Asked(threading.local):
    count = 0


_asked = _Asked()


class _Counting:
    """Counts the statements of each thread: what a tool asks is told by `appliance tool list`."""

    def execute_sql(self, *args, **kwargs):
        _asked.count += 1
        return super().execute_sql(*args, **kwargs)


class Sqlite(_Counting, peewee.SqliteDatabase):
    """The embedded engine."""


class Postgresql(_Counting, PooledPostgresqlDatabase):
    """The server, through a pool."""


def asked():
    """How many statements this thread has asked so far."""
    return _asked.count


class DoomedTransaction(RuntimeError):
    """An inner action failed and somebody swallowed the error: the whole must not be kept."""


def open_database(url, password_file=None, connections=5):
    """Open `sqlite:///PATH` or `postgresql://...` and bind every model to it. StartError when the URL says neither."""
    parts = urlsplit(url)
    if parts.scheme == 'sqlite' and not parts.netloc and parts.path:
        engine = Sqlite(parts.path[1:], pragmas=PRAGMAS, timeout=DEADLINE_S)
    elif parts.scheme == 'postgresql':
        drivers.psycopg()
        password = _read_password(password_file) if password_file else None
        engine = Postgresql(url, max_connections=connections, timeout=DEADLINE_S, prefer_psycopg3=True, stale_timeout=300,
                            **({'password': password} if password else {}))
    else:
        raise StartError(f'database.url is {url!r}; right would be sqlite:///PATH or postgresql://USER@HOST/NAME')
    database.initialize(engine)
    return engine


def _read_password(path):
    try:
        return pathlib.Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f'the password file {path} cannot be read: {getattr(error, "strerror", "it is not text")}') from None


def is_sqlite():
    return isinstance(database.obj, peewee.SqliteDatabase)


def path():
    """The file of the SQLite database."""
    return pathlib.Path(database.obj.database)


def close_to_others():
    """Let the service's user alone read the SQLite database, whatever the umask of who made it: the web server may pass the data folder."""
    if is_sqlite():
        for ending in ('', '-wal', '-shm'):
            with contextlib.suppress(FileNotFoundError):
                os.chmod(f'{path()}{ending}', 0o600)


@contextlib.contextmanager
def connected():
    """A connection for this thread: SQLite keeps the thread's own open, PostgreSQL takes one from the pool."""
    database.connect(reuse_if_open=True)
    try:
        yield database
    finally:
        release()


def release():
    """Give this thread's connection back. SQLite's stays: opening one costs more than a page's queries."""
    if not is_sqlite() and not database.is_closed():
        database.close()


def disconnect():
    """Close every connection of this process: before a fork, which must not share one, and after one broke off."""
    if not database.is_closed():
        database.close()
    if not is_sqlite():
        database.obj.close_all()


class _State(threading.local):
    depth = 0
    doomed = False
    before = after = None


_state = _State()
_turn = FairLock()


def in_write():
    """Whether this thread is inside `write()`."""
    return _state.depth > 0


@contextlib.contextmanager
def write(name):
    """One transaction. An inner one joins the outer; an exception inside dooms the outermost, even if it is caught."""
    if _state.depth:
        try:
            yield
        except BaseException:
            _state.doomed = True
            raise
        return
    with _writers_turn(), _transaction(name):
        _state.depth, _state.doomed, _state.before, _state.after = 1, False, {}, []
        try:
            yield
            if _state.doomed:
                raise DoomedTransaction(name)
            _run_before()
            after = _state.after
        finally:
            _state.depth = 0
    for function in after:
        try:
            function()
        except Exception:       # what is committed stays; nobody waits for this
            log.exception('what %s does after its commit failed', name)


def before_commit(function, item):
    """Call `function(items)` as the last thing inside the outermost `write()`, once, with every item that was given with it, in order."""
    if not _state.depth:
        raise RuntimeError('before_commit belongs into a write')
    _state.before.setdefault(function, []).append(item)


def _run_before():
    while _state.before:        # one may ask for another
        function = next(iter(_state.before))
        function(_state.before.pop(function))


def after_commit(function):
    """Call `function()` when the outermost `write()` has committed and given its locks back; never after a rollback.

    In the order of asking. An error in it is logged: what was done stays done. It may write itself.
    """
    if not _state.depth:
        raise RuntimeError('after_commit belongs into a write')
    _state.after.append(function)


@contextlib.contextmanager
def _transaction(name):
    started = time.monotonic()
    try:
        with database.atomic('IMMEDIATE') if is_sqlite() else database.atomic():
            yield
    except peewee.OperationalError as error:
        raise _translated(error) from error
    finally:
        elapsed = time.monotonic() - started
        if elapsed > SLOW_S:
            log.warning('slow write: %s held the database for %d ms', name, elapsed * 1000)


def _translated(error):
    """The refusal that a person understands, for the two failures that are the machine's and pass."""
    text = str(error)
    if 'disk is full' in text or 'No space left' in text:
        return StorageFull()
    if 'database is locked' in text or 'could not obtain lock' in text or 'deadlock detected' in text:
        return Busy()
    return error


@contextlib.contextmanager
def _writers_turn():
    if not is_sqlite():
        yield
        return
    started = time.monotonic()
    deadline = started + DEADLINE_S
    if not _turn.acquire(DEADLINE_S):
        raise Busy()
    try:
        with file_lock(f'{database.obj.database}.lock', deadline):
            if on_wait and time.monotonic() - started > _WORTH_S:
                on_wait(time.monotonic() - started)
            yield
    finally:
        _turn.release()


def lock_row(model, row_id):
    """Keep other transactions from changing what belongs to this row until ours ends. On SQLite we are alone already."""
    if not is_sqlite():
        key = model._meta.primary_key
        list(model.select(key).where(key == row_id).for_update().tuples())


def rows(sql, *values):
    """Rows of a prepared statement as tuples. `?` stands for a value on both engines."""
    return database.execute_sql(sql if is_sqlite() else sql.replace('?', '%s'), values).fetchall()


def row(sql, *values):
    """The first row as a tuple, or None."""
    found = rows(sql, *values)
    return found[0] if found else None


def position(text, sought):
    """SQL for the place of one text in another, from 1 on, 0 when it is not there: the engines call it differently."""
    return f"{'instr' if is_sqlite() else 'strpos'}({text}, {sought})"
