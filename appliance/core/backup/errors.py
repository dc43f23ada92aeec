"""Why a backup, its verification or a restore was refused. Nothing was changed then, and nothing was lost."""

import contextlib
import errno
import sqlite3

import peewee

from appliance.core.errors import PortalError, StorageFull
from appliance.core.i18n import texts

_ = texts(__name__)
FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FULL = _.lazy('The disk is full. Nothing was changed and nothing is lost; make room, then try again.')
# By code; what restic, the system or the comparison says stands behind it in brackets.
REASONS = {
    'no_restic': _.lazy('Backups are off: the program restic is not installed.'),
    'key': _.lazy('The key of the backups cannot be read; only jobs and the console of root may.'),
    'wrong_key': _.lazy('The key does not open these backups.'),
    'no_repository': _.lazy('There are no backups at this place. Is its disk mounted?'),
    'locked': _.lazy('Another program works on these backups now.'),
    'busy': _.lazy('Another backup, verification or restore is under way. Try again when it has ended.'),
    'damaged': _.lazy('The backup is damaged.'),
    'unreachable': _.lazy('The place of the backups does not answer.'),
    'rights': _.lazy('The portal may not read or write here.'),
    'newer': _.lazy('The backup was made by a newer version of the portal. Install that version, then restore.'),
    'different': _.lazy('What was restored is not what was saved.'),
    'drill': _.lazy('The restore on trial failed.'),
    'no_start': _.lazy('No portal starts on the restored copy.'),
    'pages': _.lazy('The portal on the restored copy does not answer as it should.'),
    'unfit': _.lazy('A value of the backup cannot be stored in this database.'),
    'database': _.lazy('The database refused.'),
    'system': _.lazy('The system refused.'),
    'not_found': _.lazy('There is no such backup.'),
    'shown': _.lazy('The key of the backups was shown already. To see it again: appliance backup key --again'),
    'failed': _.lazy('The program restic failed.'),
}


class BackupError(PortalError):
    """A refusal with one of the codes of REASONS; `detail` is for whoever looks closer."""

    def __init__(self, code, detail=''):
        self.code, self.detail = code, detail.strip()
        super().__init__(f'{REASONS[code]} ({self.detail})' if self.detail else REASONS[code])


@contextlib.contextmanager
def plainly():
    """Turn what the system or a database refuses into words: a full disk, missing rights, a damaged file."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL_ERRNOS:
            raise StorageFull(FULL) from error
        if isinstance(error, PermissionError):
            raise BackupError('rights', str(error.filename)) from error
        raise BackupError('system', f'{error.filename}: {error.strerror}' if error.filename else str(error)) from error
    except (sqlite3.Error, peewee.DatabaseError) as error:
        if 'disk is full' in str(error) or 'No space left' in str(error):
            raise StorageFull(FULL) from error
        if 'malformed' in str(error) or 'not a database' in str(error):
            raise BackupError('damaged', str(error)) from error
        raise BackupError('database', str(error)) from error
