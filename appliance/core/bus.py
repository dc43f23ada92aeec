"""The bus wakes the processes that wait for work (`live`, `jobs`), at the commit that made it. It carries nothing: who is woken reads the
database, and whoever misses a wake reads it a second later all the same.

On SQLite a wake is a datagram to each socket in the run folder, on PostgreSQL a NOTIFY.
"""

import contextlib
import logging
import os
import secrets
import socket

from appliance.core import drivers
from appliance.core.db import after_commit, before_commit, database, is_sqlite

LIVE, JOBS = 'live', 'jobs'
ENDING = '.sock'
ENOUGH_WAKES = 64
log = logging.getLogger('appliance.bus')
_folder = None


class Broken(Exception):
    """The bus cannot be heard now; open another bell in a while. Work is found all the same, only later."""


def use(folder):
    """The run folder of this process's portal, where sockets are; without one, nobody is woken on SQLite."""
    global _folder
    _folder = folder


def wake(kind):
    """Wake every process of a kind when this `write()` commits; however often it is asked for, once."""
    before_commit(_ring, kind)


def _ring(kinds):
    if is_sqlite():
        after_commit(lambda: send(*kinds))
    else:
        for kind in sorted(set(kinds)):
            database.execute_sql(f'NOTIFY appliance_{kind}')


def send(*kinds):
    """Send a datagram to the sockets of these kinds. A full one has wakes enough; one that nobody holds any more is removed."""
    with _opened(_folder) as folder:
        if folder is None:
            return
        names = [name for name in os.listdir(folder) if name.endswith(ENDING) and name.partition('-')[0] in kinds]
        if names:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                for name in names:
                    _send_one(sender, folder, name)


def _send_one(sender, folder, name):
    try:
        sender.sendto(b'.', _address(folder, name))
    except BlockingIOError:
        pass
    except ConnectionRefusedError:      # of a process that was killed; a name is never used twice
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        pass


@contextlib.contextmanager
def _opened(folder):
    """The folder's descriptor, or None where there is none."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) if folder else None
    except FileNotFoundError:
        descriptor = None
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _address(folder, name):
    # A socket's address has 108 bytes, and a data folder may lie deep.
    return f'/proc/self/fd/{folder}/{name}'


def bell(kind):
    """What rings when this kind is woken: an object with `fileno()` to wait on, `silence()` after a ring, and `close()`.

    Broken from here or from `silence` when it cannot be heard.
    """
    if not is_sqlite():
        return NotifyBell(kind)
    if _folder is None:
        raise Broken('no run folder is known')
    return SocketBell(kind, _folder)


class SocketBell:
    """A datagram socket of this process in the run folder."""

    def __init__(self, kind, folder):
        self.folder, self.name = folder, f'{kind}-{os.getpid()}-{secrets.token_hex(4)}{ENDING}'
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _opened(folder) as descriptor:
                self.socket.bind(_address(descriptor, self.name))
        except OSError as error:        # a full disk, a folder that is not ours
            self.socket.close()
            raise Broken(f'{folder}: {error.strerror}') from None

    def fileno(self):
        return self.socket.fileno()

    def silence(self):
        """Take what has come. Not for ever: who writes without pause must not keep us from reading what he wrote."""
        with contextlib.suppress(BlockingIOError):
            for _wake in range(ENOUGH_WAKES):
                self.socket.recv(16)

    def close(self):
        self.socket.close()
        with contextlib.suppress(FileNotFoundError):
            (self.folder / self.name).unlink()


class NotifyBell:
    """A connection of its own that listens."""

    def __init__(self, kind):
        try:
            self.connection = drivers.psycopg().connect(database.obj.database, autocommit=True, connect_timeout=5, **database.obj.connect_params)
            self.connection.execute(f'LISTEN appliance_{kind}')
        except drivers.psycopg().Error as error:
            raise Broken(str(error)) from None

    def fileno(self):
        return self.connection.fileno()

    def silence(self):
        """Take what has come."""
        try:
            # Twice: the first takes a server's last words, the second sees that it has hung up.
            self.connection.pgconn.consume_input()
            self.connection.pgconn.consume_input()
            while self.connection.pgconn.notifies():
                pass
        except drivers.psycopg().Error as error:
            raise Broken(str(error)) from None

    def close(self):
        self.connection.close()
