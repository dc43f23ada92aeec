"""The only caller of restic. Version 0.14 exits 1 for every failure and prints no JSON on check and restore: what went
wrong is told by its words on stderr, which tests/core/backup/test_repository.py pins."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from appliance.core.backup.errors import FULL, BackupError, plainly
from appliance.core.children import die_with_parent
from appliance.core.errors import StorageFull

HOST = 'appliance'
# restic reads again for 45 s what was cut off; more than a hiccup of a network disk is none.
MOST_RETRIES = 3
RETRY = 'returned error, retrying'
KEEP = {'daily': 7, 'weekly': 5, 'monthly': 12}
# In this order: a network that is away also leads to "unable to open config file".
_WORDS = (
    ('full', r'no space left on device|disk quota exceeded|file too large'),
    ('wrong_key', r'wrong password or no key found'),
    ('locked', r'already locked'),
    ('rights', r'permission denied|read-only file system|operation not permitted'),
    ('unreachable', r'connection refused|no such host|i/o timeout|no route to host|network is unreachable|input/output error'
                    r'|stale (nfs )?file handle|transport endpoint|host is down|connection reset'),
    ('no_repository', r'unable to open config file'),
    ('not_found', r'no matching ID found|no snapshot found|invalid id'),
    ('damaged', r'ciphertext verification failed|Pack ID does not match|repository contains errors|unexpected file size'
                r'|unexpected EOF|ReadFull: EOF|does not exist|no such file|Unmarshal|unmarshal|invalid data returned|There were \d+ errors'
                r'|hash does not match|unable to load|not found in (the )?index|illegal|invalid character'),
)


def classify(words):
    """The code of REASONS, or 'full', that restic's stderr means."""
    for code, pattern in _WORDS:
        if re.search(pattern, words, re.IGNORECASE):
            return code
    return 'failed'


class Repository:
    """A restic repository in a folder, opened by the key in a file."""

    def __init__(self, place, key_file):
        self.place, self.key_file = str(place), Path(key_file)

    def require_ready(self):
        """BackupError unless restic is here and this process may read the key: asked before long work."""
        if shutil.which('restic') is None:
            raise BackupError('no_restic')
        if not os.access(self.key_file, os.R_OK):
            raise BackupError('key', str(self.key_file))

    def exists(self):
        """Whether restic was here: a config file stands in the folder."""
        return (Path(self.place) / 'config').exists()

    def create(self):
        """Make the repository. The folder above must be there: a missing one is an unmounted disk."""
        Path(self.place).mkdir(mode=0o700, exist_ok=True)
        self._run('init')

    def save(self, folder, moment, tags):
        """Keep a folder as a snapshot of that moment (`2026-11-23 09:00:00`, UTC); returns the beginning of its id."""
        # Hard links have a new ctime each night; the content of a blob never changes.
        out = self._run('backup', '--json', '--host', HOST, '--time', moment, '--tag', ','.join(tags), '--ignore-ctime', '.',
                        cwd=folder)
        return json.loads(out.splitlines()[-1])['snapshot_id']

    def snapshots(self):
        """restic's own list: dicts with id, time, tags. It leaves out what it cannot read, and exits 0: see `unreadable`."""
        return json.loads(self._run('snapshots', '--json') or '[]') or []

    def unreadable(self):
        """The ids of snapshots that are kept, but damaged so that restic does not list them."""
        # Looked at before and after: one may be made or let go meanwhile.
        before = self._kept_ids()
        listed = {one['id'] for one in self.snapshots()}
        return sorted((before - listed) & self._kept_ids())

    def _kept_ids(self):
        with plainly():
            return {path.name for path in (Path(self.place) / 'snapshots').glob('*') if re.fullmatch('[0-9a-f]{64}', path.name)}

    def fetch(self, snapshot, target, only=()):
        """Write a snapshot's files into an empty folder."""
        includes = [part for name in only for part in ('--include', '/' + name)]
        self._run('restore', snapshot, '--target', str(target), *includes)

    def read_all(self):
        """Read every byte back and compare it with its hash."""
        self._run('check', '--read-data')

    def outdated(self):
        """The ids that the retention would let go."""
        keep = [part for period, number in KEEP.items() for part in (f'--keep-{period}', str(number))]
        groups = json.loads(self._run('forget', '--dry-run', '--json', '--group-by', '', *keep) or '[]') or []
        return [one['id'] for group in groups for one in group['remove'] or []]

    def forget(self, ids):
        """Let snapshots go, and their bytes."""
        self._run('forget', '--prune', *ids)

    def _run(self, *arguments, cwd=None):
        try:
            return self._run_once(arguments, cwd)
        except BackupError as error:
            if error.code != 'locked':
                raise
        # Takes away only the locks of processes that are dead.
        self._run_once(('unlock',), None)
        return self._run_once(arguments, cwd)

    def _run_once(self, arguments, cwd):
        self.require_ready()
        # No cache: it would answer for bytes that are gone from the repository.
        command = ['restic', '--no-cache', '--repo', self.place, '--password-file', str(self.key_file), *arguments]
        environment = {'PATH': os.environ.get('PATH', os.defpath), 'HOME': os.environ.get('HOME', '/'), 'TZ': 'UTC',
                       'LANG': 'C.UTF-8', 'TMPDIR': tempfile.gettempdir()}
        with tempfile.TemporaryFile('w+') as out:
            process = subprocess.Popen(command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=subprocess.PIPE, text=True, errors='replace', preexec_fn=die_with_parent)
            try:
                words = _listen(process)
            finally:
                process.kill()
                process.wait()
                process.stderr.close()
            out.seek(0)
            if process.returncode == 0:
                return out.read()
        raise _refusal(words)


def _listen(process):
    """Read stderr to its end; after too many retries end the program and keep what it complained of."""
    words, retries = [], 0
    for line in process.stderr:
        words.append(line)
        retries += RETRY in line
        if retries > MOST_RETRIES:
            break
    else:
        process.wait()
    return ''.join(words)


def _refusal(words):
    code = classify(words)
    if code == 'full':
        return StorageFull(FULL)
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    said = next((line for line in lines if line.startswith('Fatal:')), lines[0] if lines else '')
    return BackupError(code, said.removeprefix('Fatal: ')[:300])
