"""The demo company in an open, empty box: loaded once an hour and set of tools, copied from then on."""
import shutil
import tempfile
import time
from pathlib import Path

import psycopg

from appliance.core import db, sealing
from appliance.core.actor import SYSTEM
from appliance.core.tool import registry
from appliance.demo import load as demo

PASSWORD = 'a password of the tests'
KEPT_S = 3600       # what it holds is told from now: days that were begun this morning
_kept = {}


def load(box):
    """Fill the box as `appliance demo` does. On a day that a test travelled to it is made anew."""
    key = box.engine, registry.names, int(_real_time() // KEPT_S)
    if abs(time.time() - _real_time()) > 60:
        demo.load(SYSTEM, PASSWORD)
    elif key in _kept:
        _kept[key].pour(box)
    else:
        demo.load(SYSTEM, PASSWORD)
        _kept[key] = (_Sqlite if box.engine == 'sqlite' else _Postgresql)(box)


def _real_time():
    """Seconds since 1970, whatever the tests make of the clock: when the machine was started, and how long it has been running."""
    started = next(line for line in Path('/proc/stat').read_text().splitlines() if line.startswith('btime'))
    return int(started.split()[1]) + float(Path('/proc/uptime').read_text().split()[0])


class _Copy:
    """Key and files of a box that was filled."""

    def __init__(self, box):
        self._folder = tempfile.TemporaryDirectory(prefix='appliance-loaded-')
        self.folder = Path(self._folder.name)
        shutil.copyfile(box.config.secrets.key_file, self.folder / 'portal.key')
        self._files = [path.relative_to(box.config.data.folder) for path in box.config.data.folder.rglob('*') if path.is_file() and 'portal.db' not in path.name]
        for path in self._files:
            _copy(box.config.data.folder / path, self.folder / 'data' / path)

    def pour(self, box):
        """Make an open box the same."""
        for path in self._files:
            _copy(self.folder / 'data' / path, box.config.data.folder / path)
        shutil.copyfile(self.folder / 'portal.key', box.config.secrets.key_file)
        sealing.use_key(sealing.read_key(box.config.secrets.key_file))
        db.disconnect()


def _copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


class _Sqlite(_Copy):
    def __init__(self, box):
        super().__init__(box)
        db.database.execute_sql(f"VACUUM INTO '{self.folder / 'portal.db'}'")

    def pour(self, box):
        super().pour(box)
        for ending in ('-wal', '-shm'):
            Path(f'{db.path()}{ending}').unlink(missing_ok=True)
        shutil.copyfile(self.folder / 'portal.db', db.path())
        db.database.connect()


class _Postgresql(_Copy):
    def __init__(self, box):
        super().__init__(box)
        self.name = f'{_name(box)}_loaded'
        db.disconnect()
        _administer(box, f'CREATE DATABASE {self.name} TEMPLATE {_name(box)}')
        db.database.connect()

    def pour(self, box):
        super().pour(box)
        _administer(box, f'DROP DATABASE {_name(box)} WITH (FORCE)', f'CREATE DATABASE {_name(box)} TEMPLATE {self.name}')
        db.database.connect()


def _name(box):
    return box.config.database.url.rpartition('/')[2]


def _administer(box, *statements):
    with psycopg.connect(f'{box.config.database.url.rpartition("/")[0]}/postgres', autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
