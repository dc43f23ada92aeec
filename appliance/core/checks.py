"""Self-diagnosis: each part adds checks with `@health('name')`; command, page and mail show the same list.

    DAMAGED = finding('database.damaged', FAILED, _.lazy('the database is damaged: %(words)s'), meaning=_.lazy(...), action=_.lazy(...))

    @health('database')
    def _database(config):          # -> Result, or several: then they are shown as one, the worst first
        return DAMAGED(words=...)

A finding's code never changes: monitoring and handbook name it. What is not well says what it means and what to do.
"""

import logging
import shutil
from dataclasses import dataclass

from appliance.core import migrations, registration
from appliance.core.db import database, is_sqlite
from appliance.core.i18n import texts

_ = texts(__name__)
OK, WARNING, FAILED, SKIPPED = 'ok', 'warning', 'failed', 'skipped'
LEAST_FREE, COMFORTABLE_FREE = 200 << 20, 2 << 30
_WORST = (FAILED, WARNING, SKIPPED, OK)
log = logging.getLogger('appliance.checks')
_checks, _findings = {}, {}


@dataclass(frozen=True)
class Result:
    """What a check found: a state, one sentence, what to do unless it is well, what it means, and the finding's code."""

    state: str
    message: str
    action: str = ''
    meaning: str = ''
    code: str = ''


@dataclass(frozen=True)
class Finding:
    """What a check may find: called with the values of its texts, it is the Result, in the current language."""

    code: str
    state: str
    message: object
    meaning: object = ''
    action: object = ''

    def __call__(self, **values):
        message, action, meaning = (str(text) % values if values else str(text) for text in (self.message, self.action, self.meaning))
        return Result(self.state, message, action, meaning, self.code)


def finding(code, state, message, meaning='', action=''):
    """Declare what a check may find; `code` is `<check>.<what>` and stays for ever."""
    if code in _findings and _findings[code].message != message:
        raise ValueError(f'two findings are called {code}')
    _findings[code] = Finding(code, state, message, meaning, action)
    return _findings[code]


def findings():
    """{code: Finding} of all that is declared."""
    _load()
    return dict(_findings)


def names():
    """The names of all checks."""
    _load()
    return list(_checks)


def health(name):
    """Register a check: `check(config) -> Result`, or several. It must not change anything."""
    def register(function):
        _checks[name] = function
        return function
    return register


def _load():
    from appliance.core import audit_health as _audit       # noqa: F401  # cycle: it registers itself here
    from appliance.core import content as _content          # noqa: F401  # cycle: and this
    from appliance.core import storage_sweep as _files      # noqa: F401  # cycle: and this
    from appliance.core.backup import health as _backups    # noqa: F401  # cycle: and this
    from appliance.core.jobs import health as _jobs         # noqa: F401  # cycle: and this
    from appliance.core.personal import health as _people   # noqa: F401  # cycle: and so does this
    registration.load('checks')


def run(config):
    """[{name, state, code, message, meaning, action}] of all checks, in the order of their names within their importance."""
    _load()
    found = []
    for name, check in _checks.items():
        try:
            result = check(config)
            result = result if isinstance(result, Result) else _together(list(result))
        except Exception as error:
            log.exception('the check %s itself failed', name)
            result = CRASHED(error=error)
        found.append({'name': name, 'state': result.state, 'code': result.code, 'message': result.message, 'meaning': result.meaning,
                      'action': result.action})
    return found


def _together(results):
    """Several Results as one: the worst gives state and code."""
    results.sort(key=lambda one: _WORST.index(one.state))

    def joined(words, mark):
        return mark.join(dict.fromkeys(one for one in words if one))
    return Result(results[0].state, joined([one.message for one in results], '; '),
                  joined([one.action.rstrip('.') + '.' for one in results if one.action], ' '), joined([one.meaning for one in results], ' '), results[0].code)


CRASHED = finding('check.crashed', FAILED, _.lazy('the check itself failed: %(error)s'), action=_.lazy('Look at the log.'),
                  meaning=_.lazy('Whether this part is well is not known: looking at it ended with an error.'))
DATABASE_WELL = finding('database.well', OK, _.lazy('the database answers and is whole'))
DATABASE_DAMAGED = finding(
    'database.damaged', FAILED, _.lazy('the database is damaged: %(words)s'), action=_.lazy('Restore the last backup: appliance restore latest'),
    meaning=_.lazy('Pages of the database file cannot be trusted: a disk failed, or something else wrote into it. It gets worse with each write.'))
SCHEMA_WELL = finding('schema.well', OK, _.lazy("the schema is this version's"))
SCHEMA_NEWER = finding(
    'schema.newer', FAILED, _.lazy('the database is newer than this version'), action=_.lazy('Install the version that made it again.'),
    meaning=_.lazy('A later version of the portal changed the tables; this one does not know them and does not start.'))
SCHEMA_PENDING = finding('schema.pending', FAILED, _.lazy('migrations are missing'), action=_.lazy('Run: appliance migrate'),
                         meaning=_.lazy('The tables are those of an older version; the portal does not start before they are changed.'))
_DISK = _.lazy('%(free)s MiB free of %(total)s MiB in %(folder)s')
DISK_WELL = finding('disk.well', OK, _DISK)
DISK_FULL = finding(
    'disk.full', FAILED, _DISK, action=_.lazy('Make room: soon nothing can be written any more.'),
    meaning=_.lazy('With a full disk the portal only shows what is there; whatever people write is refused.'))
DISK_LOW = finding('disk.low', WARNING, _DISK, action=_.lazy('Make room, or move the data folder to a larger disk.'),
                   meaning=_.lazy('A few large files, or a backup, may fill the disk.'))
SECRETS_WELL = finding('secrets.well', OK, _.lazy('only the portal reads its keys'))
SECRETS_MISSING = finding(
    'secrets.missing', FAILED, _.lazy('%(path)s is missing'), action=_.lazy('Put your copy of it back; what it sealed cannot be opened without.'),
    meaning=_.lazy('Without its key the portal does not start, or its backups cannot be opened.'))
SECRETS_READABLE = finding(
    'secrets.readable', FAILED, _.lazy('%(path)s can be read by everybody on this machine'), action=_.lazy('Run: chmod o-rwx %(path)s'),
    meaning=_.lazy('Whoever reads a key opens what it seals: stored passwords of servers, sessions, or all backups.'))


@health('database')
def _database(config):
    """The database answers and, on SQLite, is whole."""
    if is_sqlite():
        words = database.execute_sql('PRAGMA quick_check(1)').fetchone()[0]
        if words != 'ok':
            return DATABASE_DAMAGED(words=words)
    else:
        database.execute_sql('SELECT 1').fetchone()
    return DATABASE_WELL()


@health('schema')
def _schema(config):
    states = {row['state'] for row in migrations.status()}
    if 'unknown' in states:
        return SCHEMA_NEWER()
    return SCHEMA_PENDING() if 'pending' in states else SCHEMA_WELL()


@health('disk')
def _disk(config):
    usage = shutil.disk_usage(config.data.folder)
    found = DISK_FULL if usage.free < LEAST_FREE else DISK_LOW if usage.free < COMFORTABLE_FREE else DISK_WELL
    return found(free=f'{usage.free >> 20:,}', total=f'{usage.total >> 20:,}', folder=config.data.folder)


@health('secrets')
def _secrets(config):
    """Nobody else on this machine may read the keys."""
    for path in (config.secrets.key_file, config.backup.key_file):
        try:
            mode = path.stat().st_mode & 0o777
        except FileNotFoundError:
            return SECRETS_MISSING(path=path)
        except PermissionError:
            continue    # the backup key is for jobs and root alone
        if mode & 0o007:
            return SECRETS_READABLE(path=path)
    return SECRETS_WELL()
