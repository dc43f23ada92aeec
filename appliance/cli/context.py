"""What most commands begin with: configuration read, key loaded, database open, schema checked, actor known."""

import contextlib
import getpass
import logging
import os
import sys

import click

from appliance.core import drivers     # noqa: F401  # before peewee, so that psycopg comes with PostgreSQL only
import peewee

from appliance.core import config as configuration
from appliance.core import bus, db, migrations, sealing, storage
from appliance.core import switch as switches
from appliance.core.actor import ADMINISTRATOR, Actor
from appliance.core.backup import switch
from appliance.core.errors import StartError
from appliance.core.logs import JsonFormatter


def console_actor():
    """The system acting for whoever sits at the console, by his name at the operating system (and before sudo)."""
    try:
        name = os.environ.get('SUDO_USER') or getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return Actor(None, 'system', frozenset({ADMINISTRATOR}), via=f'console:{name}')


def load_config():
    """The configuration that the global option `--config` names, and logging as it says."""
    config = configuration.load(click.get_current_context().find_root().obj)
    set_up_logging(config.log)
    return config


def open_all(config, connections=None):
    """Load the key and open the database for this process; the schema is not checked. StartError names the line of what is wrong."""
    with _named(config, 'secrets', 'key_file'):
        sealing.use_key(sealing.read_key(config.secrets.key_file))
    bus.use(config.run_folder)
    storage.use_folder(config.data.folder)
    with _named(config, 'database', 'password_file'):
        db.open_database(config.database.url, config.database.password_file, connections or config.server.threads + 1)
    try:
        db.database.connect(reuse_if_open=True)
    except peewee.PeeweeException as error:
        words = ' '.join(str(error).split())
        raise StartError(f'{config.place("database", "url")}: the database cannot be opened: {words}') from None


@contextlib.contextmanager
def _named(config, section, key):
    """Put the line of a key before what is wrong with the file that it names."""
    try:
        yield
    except StartError as error:
        raise StartError(f'{config.place(section, key)}: {error}') from None


@contextlib.contextmanager
def opened(is_checked=True):
    """Yield the configuration with key and database open and the switches of the tools read; unless told otherwise the schema
    must be this code's.
    """
    config = load_config()
    switch.settle(config)
    open_all(config)
    with db.connected():
        if is_checked:
            migrations.require_current()
        if is_checked or not migrations.is_pending():
            switches.load()
        yield config


def stand_back(niceness):
    """Let the processes that answer pages go first where the processor is short: nobody waits for this one with a page before him."""
    with contextlib.suppress(OSError):      # where a server's rules forbid it, all go alike
        os.setpriority(os.PRIO_PROCESS, 0, max(niceness, os.getpriority(os.PRIO_PROCESS, 0)))


def set_up_logging(log):
    """Log to stderr, which journald or the terminal takes."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log.format == 'json' else logging.Formatter('%(levelname)s %(name)s: %(message)s'))
    # No line names a place in the code or a thread: not to look for them is half of what a line costs.
    logging._srcfile = None
    logging.logThreads = logging.logMultiprocessing = logging.logAsyncioTasks = False       # Gunicorn names its processes
    logging.basicConfig(level=log.level.upper(), handlers=[handler], force=True)
    # What these say is in the table of runs and in the words of `migrate`.
    for name in ('apscheduler', 'peewee.migrations'):
        logging.getLogger(name).setLevel(logging.WARNING)
