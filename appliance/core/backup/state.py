"""What is known of the backups without their key, for page and check: `backup-state.json` in the data folder.

{repository, listed_at, snapshots: [row of `backup list`], key_shown: {fingerprint, at}, failures: {what: {at, what, code, message}},
trial: {at, snapshot, start_ms, seconds, walls, pages}};
moments are text like 2026-11-23T09:00:00Z.
"""

import contextlib
import fcntl
import hashlib
import json
import os
from datetime import datetime

from appliance.core import clock

NAME = 'backup-state.json'
MOMENTS = ('created_at', 'verified_at', 'drilled_at')


def now_text():
    return clock.now().strftime('%Y-%m-%dT%H:%M:%SZ')


def moment(text):
    """A moment of the file as an aware datetime; None stays None."""
    return datetime.fromisoformat(text) if text else None


def read(folder):
    """The whole file as a dict; {} when there is none, or it is not readable as JSON: it is only what was noted."""
    try:
        return json.loads((folder / NAME).read_text())
    except (FileNotFoundError, ValueError):
        return {}


@contextlib.contextmanager
def changing(folder):
    """Yield the dict to change; kept at the end, in one step."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        found = read(folder)
        yield found
        write_whole(folder / NAME, json.dumps(found, indent=1))
    finally:
        os.close(descriptor)


def write_whole(path, text):
    """Replace a small file so that it is whole at every moment, and on the disk afterwards."""
    unfinished = path.with_name(path.name + '.new')
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, 'w') as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
    sync_folder(path.parent)


def sync_folder(folder):
    """Have a rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fingerprint(key_text):
    """What tells one key from another, and nothing about it."""
    return hashlib.sha256(b'appliance backup key ' + key_text.strip().encode()).hexdigest()[:16]
