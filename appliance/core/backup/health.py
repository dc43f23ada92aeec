"""The check `backup`: red until backups go outside the data folder, their key is kept, and the last one is proven."""

import shutil
from datetime import timedelta

from appliance.core import clock
from appliance.core.backup import keeping
from appliance.core.checks import FAILED, OK, WARNING, Result, health

OLDEST = timedelta(hours=30)        # a night, and the time that a long one takes


@health('backup')
def _backup(config):
    """All that is wrong at once, the worst first."""
    known = keeping.list_backups(config)
    found = [*_setup(config), *_last(known)]
    if not found:
        newest = known['snapshots'][0]
        return Result(OK, f"the last backup, of {newest['created_at']:%Y-%m-%d %H:%M} UTC, was read back whole")
    state = FAILED if any(problem[0] == FAILED for problem in found) else WARNING
    return Result(state, '; '.join(problem[1] for problem in found), ' '.join(problem[2].rstrip('.') + '.' for problem in found))


def _setup(config):
    if shutil.which('restic') is None:
        yield FAILED, 'backups are off: the program restic is not installed', 'Run: apt install restic'
    if not config.is_outside:
        yield FAILED, 'backups go into the data folder, and are lost with its disk', \
            f'Set [backup] repository in {config.path} to a folder on another disk.'
    if not keeping.is_key_shown(config):
        yield FAILED, 'the key of the backups was not shown for keeping', \
            'Run: appliance backup key, and keep it outside this server; without it no backup can be opened.'


def _last(known):
    failure, rows = known['failure'], known['snapshots']
    if failure:
        yield FAILED, f"the last {failure['what']} failed at {failure['at']:%Y-%m-%d %H:%M} UTC: {failure['message']}", \
            f"Mend that, then run: appliance backup {'create' if failure['what'] == 'prune' else failure['what']}"
    if not rows:
        yield FAILED, 'there is no backup', 'Run: appliance backup create'
        return
    if clock.now() - rows[0]['created_at'] > OLDEST:
        yield FAILED, f"the last backup is of {rows[0]['created_at']:%Y-%m-%d %H:%M} UTC", 'Look at: appliance job list'
    if not any(row['verified_at'] for row in rows[:2]):
        yield WARNING, 'the last backup was not read back', 'Run: appliance backup verify'
