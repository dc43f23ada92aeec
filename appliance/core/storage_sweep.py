"""Takes away files that nobody uses, and what a kill left of an upload; tells when what should be kept is not there.

Never a file that an upload is about to use: what came in within the last day stays, and a row goes while its folder is locked.
"""

import contextlib
import fcntl
import os
import time

from appliance.core import clock, storage
from appliance.core.checks import FAILED, OK, Result, health
from appliance.core.db import row, rows, write
from appliance.core.storage import BLOBS, INCOMING, Blob

# Longer than a backup takes: it copies the rows first and the files after.
GRACE_S = 24 * 3600
_AT_ONCE = 500


def remove_unused(now):
    """Remove the files that nobody uses since GRACE_S before a moment; returns how many. One short transaction each."""
    before, removed = clock.microseconds(now) - GRACE_S * 1_000_000, 0
    while found := rows('SELECT hash FROM blob WHERE unused_at < ? ORDER BY unused_at LIMIT ?', before, _AT_ONCE):
        for blob, in found:
            with storage.shard(blob):
                if _forget(blob, before):
                    # A kill before this leaves a file without a row: remove_strays takes it.
                    storage.path_of(blob).unlink(missing_ok=True)
                    removed += 1
    return removed


def _forget(blob, before):
    """Delete the row of a file that nobody uses; whether it was deleted. The doubt ends for one that somebody does use."""
    with write('core.storage.forget'):
        doubted = (Blob.hash == blob) & (Blob.unused_at < before)
        if row('SELECT 1 FROM blob_use WHERE blob_id = ?', blob):
            Blob.update(unused_at=None).where(doubted).execute()
            return False
        return bool(Blob.delete().where(doubted).execute())


def remove_strays(folder, now):
    """Remove from a data folder, a day after they were written, files without a row and uploads whose process is gone; returns how many."""
    before = now.timestamp() - GRACE_S
    removed = sum(_remove_dead_upload(entry) for entry in _entries(folder / INCOMING) if entry.stat().st_mtime < before)
    for one in sorted(_entries(folder / BLOBS), key=lambda entry: entry.name):
        old = {entry.name for entry in _entries(one.path) if entry.is_file() and entry.stat().st_mtime < before}
        if old:
            removed += sum(_remove_stray(blob) for blob in sorted(old - _known(one.name)))
    return removed


def _entries(folder):
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as found:
        return list(found)
    return []


def _known(prefix):
    """The hashes with rows that begin so."""
    return {blob for blob, in rows('SELECT hash FROM blob WHERE hash >= ? AND hash < ?', prefix, prefix + 'g')}


def _remove_stray(blob):
    if not storage.is_hash(blob):
        return 0        # nothing of ours, so nothing to delete
    with storage.shard(blob):
        if row('SELECT 1 FROM blob WHERE hash = ?', blob):
            return 0
        storage.path_of(blob).unlink(missing_ok=True)
    return 1


def _remove_dead_upload(entry):
    with contextlib.suppress(FileNotFoundError), open(entry.path, 'rb') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        os.unlink(entry.path)
        return 1
    return 0


@health('files')
def files(config):
    """Every file that somebody uses is there, with its size."""
    started, missing, wrong, count, size = time.monotonic(), [], [], 0, 0
    for blob, expected in used():
        count, size = count + 1, size + expected
        try:
            if os.stat(config.data.folder / BLOBS / blob[:2] / blob).st_size != expected:
                wrong.append(blob)
        except FileNotFoundError:
            missing.append(blob)
    text = f'{count:,} files, {size >> 20:,} MiB, looked at in {time.monotonic() - started:.1f} s'
    if missing or wrong:
        return Result(FAILED, f'{text}: {len(missing)} are missing, {len(wrong)} have another size, the first {(missing + wrong)[0]}',
                      'Restore the newest backup that has them: appliance backup list, then appliance restore SNAPSHOT')
    return Result(OK, f'{text}: all are there')


def used():
    """(hash, size) of each file that somebody uses, in the order of the hashes."""
    after = ''
    while found := rows('''SELECT b.hash, b.size FROM blob b WHERE b.hash > ? AND EXISTS (SELECT 1 FROM blob_use u WHERE u.blob_id = b.hash)
                           ORDER BY b.hash LIMIT 10000''', after):
        yield from found
        after = found[-1][0]
