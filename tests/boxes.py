"""Empty portals for tests: a migrated database, a configuration, keys and a data folder, made by copying a template."""
import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from appliance.core import bus, config, db, migrations, sealing, storage, switch

CONFIGURATION = """\
[server]
address = 127.0.0.1:{port}
admin_address = 127.0.0.1:{admin_port}
public_address = http://127.0.0.1:{port}
[live]
address = {live_address}
[database]
url = {url}
[data]
folder = data
[secrets]
key_file = portal.key
[backup]
key_file = backup.key
"""


@dataclass(frozen=True)
class Box:
    """One portal: `folder` holds config.ini, portal.key and data/; `engine` is sqlite or postgresql."""

    folder: Path
    engine: str
    config: config.Config


def configuration(url, port, admin_port=None, live_port=None):
    """The text of a configuration; the admin address has the port after the portal's, the stream the one after that."""
    return CONFIGURATION.format(url=url, port=port, admin_port=admin_port or port + 1, live_address=f'127.0.0.1:{live_port or port + 2}')


def write_box(folder, engine, url, port=18100, admin_port=None, live_port=None):
    """Write configuration, key and data folder of a portal into `folder`; return its Box. The database is the caller's."""
    (folder / 'data').mkdir(parents=True, exist_ok=True)
    path = folder / 'config.ini'
    path.write_text(configuration(url, port, admin_port, live_port))
    sealing.create_key(folder / 'portal.key')
    return Box(folder, engine, config.load(path))


@contextlib.contextmanager
def opened(box):
    """Open a box's database and key in this process, as the portal's own processes do."""
    sealing.use_key(sealing.read_key(box.config.secrets.key_file))
    bus.use(box.config.run_folder)
    storage.use_folder(box.config.data.folder)
    engine = db.open_database(box.config.database.url, box.config.database.password_file or None)
    try:
        with db.connected():
            switch.load()
            yield box
    finally:
        close(engine)


def close(engine):
    """Close every connection of this process to a database."""
    if not engine.is_closed():
        engine.close()
    if hasattr(engine, 'close_all'):
        engine.close_all()


class SqliteTemplate:
    """A migrated SQLite file, copied for each test."""

    def __init__(self, folder):
        self.file = folder / 'template.db'
        engine = db.open_database(f'sqlite:///{self.file}')
        migrations.migrate()
        engine.execute_sql('PRAGMA wal_checkpoint(TRUNCATE)')
        close(engine)

    @contextlib.contextmanager
    def box(self, folder):
        """Yield a Box with its own copy."""
        (folder / 'data').mkdir(parents=True)
        shutil.copyfile(self.file, folder / 'data' / 'portal.db')
        yield write_box(folder, 'sqlite', 'sqlite:///data/portal.db')


class PostgresqlTemplate:
    """A migrated PostgreSQL database, copied by the server for each test."""

    def __init__(self, server):
        self.server = server
        self.name = server.create()
        engine = db.open_database(server.url(self.name))
        migrations.migrate()
        close(engine)

    @contextlib.contextmanager
    def box(self, folder):
        """Yield a Box with its own copy, which is dropped afterwards."""
        name = self.server.create(template=self.name)
        try:
            yield write_box(folder, 'postgresql', self.server.url(name))
        finally:
            self.server.drop(name)
