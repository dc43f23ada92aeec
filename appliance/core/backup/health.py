"""The check `backup`: red until backups go outside the data folder, their key is kept, and the last one is proven."""

import shutil
from datetime import timedelta

from appliance.core import clock
from appliance.core.backup import keeping
from appliance.core.checks import FAILED, OK, WARNING, finding, health
from appliance.core.i18n import texts

_ = texts(__name__)
OLDEST = timedelta(hours=30)        # a night, and the time that a long one takes
UNTRIED = timedelta(days=40)        # a month, and the days that a server may be off
WELL = finding('backup.well', OK, _.lazy('the last backup, of %(at)s UTC, was read back whole'))
NO_RESTIC = finding('backup.no_restic', FAILED, _.lazy('backups are off: the program restic is not installed'), action=_.lazy('Run: apt install restic'),
                    meaning=_.lazy('Nothing is backed up: what the disk loses is lost.'))
INSIDE = finding('backup.inside', FAILED, _.lazy('backups go into the data folder, and are lost with its disk'),
                 action=_.lazy('Set [backup] repository in %(path)s to a folder on another disk.'),
                 meaning=_.lazy('A backup beside what it copies helps against mistakes, not against a broken disk or a thief.'))
KEY_NOT_SHOWN = finding('backup.key_not_shown', FAILED, _.lazy('the key of the backups was not shown for keeping'),
                        action=_.lazy('Run: appliance backup key, and keep it outside this server; without it no backup can be opened.'),
                        meaning=_.lazy('The only copy of the key is on this server. If it is lost, so is every backup.'))
LAST_FAILED = finding('backup.last_failed', FAILED, _.lazy('the last %(what)s failed at %(at)s UTC: %(message)s'),
                      action=_.lazy('Mend that, then run: appliance backup %(command)s'),
                      meaning=_.lazy('Until it works again, what was written since the last good backup has no copy.'))
NONE = finding('backup.none', FAILED, _.lazy('there is no backup'), action=_.lazy('Run: appliance backup create'),
               meaning=_.lazy('Nothing could be brought back after a loss.'))
OLD = finding('backup.old', FAILED, _.lazy('the last backup is of %(at)s UTC'), action=_.lazy('Look at: appliance job list'),
              meaning=_.lazy('The backup of the last night did not happen; what was written since has no copy.'))
NOT_READ = finding('backup.not_read', WARNING, _.lazy('the last backup was not read back'), action=_.lazy('Run: appliance backup verify'),
                   meaning=_.lazy('Whether it can be restored is not proven.'))

STARTED = finding('backup.started', OK, _.lazy('the last backup, of %(at)s UTC, was read back whole; a portal started on a restored copy on %(on)s in %(seconds)s s'))
NOT_TRIED = finding('backup.not_tried', WARNING, _.lazy('no portal was started on a restored copy in the last %(days)s days'),
                    action=_.lazy('Run: appliance backup drill'),
                    meaning=_.lazy('What is saved can be read; that a portal runs on it, nobody has seen lately.'))


@health('backup')
def _backup(config):
    """All that is wrong at once, the worst first."""
    known = keeping.list_backups(config)
    return [*_setup(config), *_last(known)] or _well(known['snapshots'][0], known['trial'])


def _well(newest, trial):
    at = _words(newest['created_at'])
    if trial and trial['seconds']:
        return STARTED(at=at, on=f"{trial['at']:%Y-%m-%d}", seconds=trial['seconds'])
    return WELL(at=at)


def _setup(config):
    if shutil.which('restic') is None:
        yield NO_RESTIC()
    if not config.is_outside:
        yield INSIDE(path=config.path)
    if not keeping.is_key_shown(config):
        yield KEY_NOT_SHOWN()


def _last(known):
    failure, rows = known['failure'], known['snapshots']
    if failure:
        yield LAST_FAILED(what=failure['what'], at=_words(failure['at']), message=failure['message'],
                          command='create' if failure['what'] == 'prune' else failure['what'])
    if not rows:
        yield NONE()
        return
    if clock.now() - rows[0]['created_at'] > OLDEST:
        yield OLD(at=_words(rows[0]['created_at']))
    if not any(row['verified_at'] for row in rows[:2]):
        yield NOT_READ()
    tried_at = known['trial']['at'] if known['trial'] else rows[-1]['created_at']
    if not failure and clock.now() - tried_at > UNTRIED:
        yield NOT_TRIED(days=UNTRIED.days)


def _words(at):
    return f'{at:%Y-%m-%d %H:%M}'
