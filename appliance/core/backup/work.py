"""The one folder in which backups are put together and taken apart: 0700, in the data folder, gone afterwards.

A lock file keeps two at a time from it; a kill frees the lock, and whoever comes next clears what was left.
"""

import contextlib
import fcntl
import os
import shutil

from appliance.core.backup.errors import BackupError, plainly

FOLDER, LOCK = 'backup-work', 'backup.lock'


@contextlib.contextmanager
def place(data_folder):
    """Yield the empty folder. BackupError `busy` while somebody else has it."""
    with plainly(), _locked(data_folder):
        folder = data_folder / FOLDER
        remove(folder)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            remove(folder)


def clear_leftovers(data_folder):
    """Remove what a kill left behind, unless somebody works there now. Cheap when there is nothing."""
    if (data_folder / FOLDER).exists():
        with contextlib.suppress(BackupError), _locked(data_folder):
            remove(data_folder / FOLDER)


@contextlib.contextmanager
def _locked(data_folder):
    descriptor = os.open(data_folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError('busy') from None
        yield
    finally:
        os.close(descriptor)


def remove(folder):
    """Remove a folder with all that is in it; an absent one is well."""
    if folder.exists():
        shutil.rmtree(folder)
