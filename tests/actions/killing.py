"""Kills a call after each of its statements, in a forked child each, and tells what the database holds afterwards.

Cheap: the child is a fork of this process, in which all is imported and prepared, on a copy of the database. Moment and randomness
are the same in each, so that what a whole run leaves can be compared row by row.
"""
import contextlib
import filecmp
import gc
import json
import os
import random
import shutil
import signal
import sqlite3
import traceback
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from appliance.core import db

MOST_KILLS = 25


@dataclass(frozen=True)
class Whole:
    """A run to its end: how many statements it had, which of them was the commit, what the database held before and after."""

    statements: int
    commit: int
    before: dict
    after: dict


COMMIT = 'commit'


class Steps:
    """Counts the statements of the open engine, and kills this process after one of them: its number, or COMMIT."""

    def __init__(self, engine, kill_after):
        self.count, self.commits, self.kill_after = 0, [], kill_after
        for name in ('begin', 'execute_sql', 'commit'):
            setattr(engine, name, self._counted(getattr(engine, name), name == 'commit'))

    def _counted(self, function, is_commit):
        def run(*args, **kwargs):
            result = function(*args, **kwargs)
            self.count += 1
            if is_commit:
                self.commits.append(self.count)
            if self.kill_after == self.count or (is_commit and self.kill_after == COMMIT):
                os.kill(os.getpid(), signal.SIGKILL)
            return result
        return run


class SqliteCopies:
    """Copies of the open SQLite database; `use` closes it in this process."""

    def __init__(self, box, folder):
        self.source, self.copy = box.config.data.folder / 'portal.db', Path(folder) / 'copy.db'
        db.database.execute_sql('PRAGMA wal_checkpoint(TRUNCATE)').fetchall()
        db.disconnect()

    @contextlib.contextmanager
    def fresh(self):
        """Yield the URL of a fresh copy."""
        for suffix in ('', '-wal', '-shm', '.lock'):
            Path(f'{self.copy}{suffix}').unlink(missing_ok=True)
        shutil.copyfile(self.source, self.copy)
        yield f'sqlite:///{self.copy}'

    def is_untouched(self):
        """Whether not a byte was written since the copy was made: then there is nothing to read."""
        log = Path(f'{self.copy}-wal')
        return (not log.exists() or log.stat().st_size == 0) and filecmp.cmp(self.source, self.copy, shallow=False)

    @staticmethod
    def contents(url):
        """{table: rows}. The sequences are left out: an id that was nobody's may be missing."""
        with contextlib.closing(sqlite3.connect(url.removeprefix('sqlite:///'))) as connection:
            names = [name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
            return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}


class PostgresqlCopies:
    """Copies of the open PostgreSQL database, made by the server."""

    def __init__(self, box, server):
        self.server, self.source = server, box.config.database.url.rpartition('/')[2].partition('?')[0]
        db.disconnect()

    @contextlib.contextmanager
    def fresh(self):
        name = self.server.create(template=self.source)
        try:
            yield self.server.url(name)
        finally:
            self.server.drop(name)

    @staticmethod
    def is_untouched():
        """Only the server knows."""
        return False

    @staticmethod
    def contents(url):
        with psycopg.connect(make_conninfo(url)) as connection:
            names = [name for name, in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
            return {name: sorted(connection.execute(f'SELECT t.* FROM "{name}" t').fetchall(), key=repr) for name in names}


def run_whole(copies, call):
    """Run a call to its end in a child; returns Whole. AssertionError with the child's words when it fails."""
    with copies.fresh() as url:
        before = copies.contents(url)
        status, said = _fork(url, call, None)
        assert status == 0, said
        told = json.loads(said)
        assert len(told['commits']) == 1, f'an action is one transaction, and this one committed {len(told["commits"])} times'
        return Whole(told['count'], told['commits'][0], before, copies.contents(url))


def finish(url, call):
    """Run a call on a database to its end in a child; how many statements it had. AssertionError with the child's words when it fails."""
    status, said = _fork(url, call, None)
    assert status == 0, said
    return json.loads(said)['count']


def end_alike(copies, call, killed_after, contents=None):
    """Killed after some of its statements and called again, a call ends with the same as in one go; what that is.

    killed_after(how many statements it has): after which. contents(url): what is compared, everything where it is left out.
    """
    contents = contents or copies.contents
    with copies.fresh() as url:
        statements = finish(url, call)
        whole = contents(url)
    for after in killed_after(statements):
        with copies.fresh() as url:
            kill(url, call, after)
            finish(url, call)
            assert contents(url) == whole, f'killed after statement {after} of {statements}'
    return whole


def run_killed(copies, call, after, before):
    """Run a call in a child that is killed after its nth statement; what the database holds then, which held `before`."""
    with copies.fresh() as url:
        kill(url, call, after)
        return before if copies.is_untouched() else copies.contents(url)


def kill(url, call, after):
    """Run a call on a database in a child that is killed after its nth statement, or after COMMIT."""
    status, said = _fork(url, call, after)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, (status, said)


def places(whole, most=MOST_KILLS):
    """After which statements to kill: each, or of many an even choice with the first, the last two, and those around the commit."""
    everywhere = range(1, whole.statements + 1)
    if len(everywhere) <= most:
        return list(everywhere)
    chosen = {1 + round(number * (whole.statements - 1) / (most - 1)) for number in range(most)}
    return sorted(chosen | {1, whole.commit - 1, whole.commit, whole.statements - 1, whole.statements})


def _fork(url, call, kill_after):
    """(wait status, what the child said) of a call in a child with a database of its own."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            gc.disable()        # it would touch, and so copy, all that both have together
            os.close(read)
            said, status = _live(url, call, kill_after)
            os.write(write, said.encode()[:60_000])
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read) as file:
        said = file.read()
    return os.waitpid(pid, 0)[1], said


def _live(url, call, kill_after):
    try:
        _repeatable()
        engine = db.open_database(url)
        db.database.connect()
        steps = Steps(engine, kill_after)
        call()
        return json.dumps({'count': steps.count, 'commits': steps.commits}), 0
    except BaseException:
        return traceback.format_exc(), 1


def _repeatable():
    """The same randomness in each child: tokens, secrets, ids."""
    source = random.Random(7)
    os.urandom = random._urandom = source.randbytes
