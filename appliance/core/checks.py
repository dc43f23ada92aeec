"""Self-diagnosis: each part adds checks with `@health('name')`; command, page and mail show the same list."""

import logging
import shutil
from dataclasses import dataclass

from appliance.core import migrations
from appliance.core.db import database, is_sqlite
from appliance.core.tool import registry

OK, WARNING, FAILED, SKIPPED = 'ok', 'warning', 'failed', 'skipped'
LEAST_FREE, COMFORTABLE_FREE = 200 << 20, 2 << 30
log = logging.getLogger('appliance.checks')
_checks = {}


@dataclass(frozen=True)
class Result:
    """What a check found: a state, one sentence, and, unless it is well, what to do."""

    state: str
    message: str
    action: str = ''


def health(name):
    """Register a check: `check(config) -> Result`. It must not change anything."""
    def register(function):
        _checks[name] = function
        return function
    return register


def run(config):
    """[{name, state, message, action}] of all checks, in the order of their names within their importance."""
    from appliance.core import audit_health as _audit       # noqa: F401  # cycle: it registers itself here
    from appliance.core.backup import health as _backups    # noqa: F401  # cycle: it registers itself here
    from appliance.core import content as _content          # noqa: F401  # cycle: and this
    from appliance.core import storage_sweep as _files      # noqa: F401  # cycle: and this
    from appliance.core.jobs import health as _jobs         # noqa: F401  # cycle: and so does this
    registry.load('checks')
    found = []
    for name, check in _checks.items():
        try:
            result = check(config)
        except Exception as error:
            log.exception('the check %s itself failed', name)
            result = Result(FAILED, f'the check itself failed: {error}', 'Look at the log.')
        found.append({'name': name, 'state': result.state, 'message': result.message, 'action': result.action})
    return found


@health('database')
def _database(config):
    """The database answers and, on SQLite, is whole."""
    if is_sqlite():
        words = database.execute_sql('PRAGMA quick_check(1)').fetchone()[0]
        if words != 'ok':
            return Result(FAILED, f'the database is damaged: {words}', 'Restore the last backup: appliance restore latest')
    else:
        database.execute_sql('SELECT 1').fetchone()
    return Result(OK, 'the database answers and is whole')


@health('schema')
def _schema(config):
    states = {row['state'] for row in migrations.status()}
    if 'unknown' in states:
        return Result(FAILED, 'the database is newer than this version', 'Install the version that made it again.')
    if 'pending' in states:
        return Result(FAILED, 'migrations are missing', 'Run: appliance migrate')
    return Result(OK, 'the schema is this version\'s')


@health('disk')
def _disk(config):
    usage = shutil.disk_usage(config.data.folder)
    text = f'{usage.free >> 20:,} MiB free of {usage.total >> 20:,} MiB in {config.data.folder}'
    if usage.free < LEAST_FREE:
        return Result(FAILED, text, 'Make room: soon nothing can be written any more.')
    if usage.free < COMFORTABLE_FREE:
        return Result(WARNING, text, 'Make room, or move the data folder to a larger disk.')
    return Result(OK, text)


@health('secrets')
def _secrets(config):
    """Nobody else on this machine may read the keys."""
    for path in (config.secrets.key_file, config.backup.key_file):
        try:
            mode = path.stat().st_mode & 0o777
        except FileNotFoundError:
            return Result(FAILED, f'{path} is missing', 'Put your copy of it back; what it sealed cannot be opened without.')
        except PermissionError:
            continue    # the backup key is for jobs and root alone
        if mode & 0o007:
            return Result(FAILED, f'{path} can be read by everybody on this machine', f'Run: chmod o-rwx {path}')
    return Result(OK, 'only the portal reads its keys')
