"""Making, listing, verifying and letting go of snapshots. Each goes in steps that `tell(text)` hears of.

A snapshot's row, as everywhere: snapshot (its id), created_at, size_bytes, engine, version, verified_at, drilled_at.
"""

import contextlib
import logging
import re

from appliance.core import clock, processes
from appliance.core.backup import snapshot, state, work
from appliance.core.backup.errors import BackupError, plainly
from appliance.core.backup.events import BackupFailed
from appliance.core.backup.repository import Repository
from appliance.core.db import database, disconnect, write
from appliance.core.errors import PortalError
from appliance.core.events import publish

COLUMNS = ('snapshot', 'created_at', 'size_bytes', 'engine', 'version', 'verified_at', 'drilled_at')
LATEST = 'latest'
_SHORTEST_REF = 4
log = logging.getLogger('appliance.backup')


def repository(config):
    """The repository of this portal."""
    return Repository(config.repository, config.backup.key_file)


@contextlib.contextmanager
def working(config, what):
    """Yield the work folder while no restore goes on; a failure is noted for page and check, success clears it."""
    with processes.running(config.data.folder):
        try:
            with work.place(config.data.folder) as folder:
                yield folder
        except PortalError as error:
            # Neither says anything about the backups: a twin at work, a mistyped name.
            if error.code not in ('busy', 'not_found'):
                _note_failure(config, what, error)
            raise
        with state.changing(config.data.folder) as found:
            found.get('failures', {}).pop(what, None)


def _note_failure(config, what, error):
    # The disk may be what is full.
    with contextlib.suppress(OSError), state.changing(config.data.folder) as found:
        # One of each kind: a drill that succeeds does not mend what a verification found.
        found.setdefault('failures', {})[what] = {'at': state.now_text(), 'what': what, 'code': error.code, 'message': str(error.message)}
    was_closed = database.is_closed()
    try:
        with write('core.backup.failed'):
            publish(BackupFailed(0, what, str(error.message), None))
    except Exception:       # the database may be what is broken; the file above says it all the same
        log.exception('nobody could be told that the %s failed', what)
    finally:
        if was_closed:      # whoever called without a connection is left without one
            disconnect()


def create(config, tell):
    """Take a snapshot and keep it; returns its row."""
    kept = repository(config)
    with working(config, 'create') as folder:
        kept.require_ready()
        _require_place(config, kept)
        manifest = snapshot.take(config, folder, tell)
        tell(f'saving to {config.repository}')
        if not kept.exists():
            kept.create()
        bytes_ = snapshot.size(folder)
        tags = [f"engine={manifest['engine']}", f"version={manifest['version']}", f'bytes={bytes_}']
        moment = manifest['created_at'].replace('T', ' ').rstrip('Z')
        made = kept.save(folder, moment, tags)
        rows = _listed(config, kept)
    tell(f'kept as {made[:8]}')
    return next(row for row in rows if row['snapshot'].startswith(made))


def _require_place(config, kept):
    """A repository that was here and is gone is an absent disk: another one must not be begun in its mount point."""
    known = state.read(config.data.folder)
    if not kept.exists() and known.get('repository') == config.repository and known.get('snapshots'):
        raise BackupError('no_repository', config.repository)


def list_all(config):
    """The rows of all snapshots, the newest first, read from the repository now; needs its key."""
    kept = repository(config)
    if not kept.exists():
        if state.read(config.data.folder).get('repository') == config.repository:
            raise BackupError('no_repository', config.repository)
        return []
    with plainly():
        return _listed(config, kept)


def _listed(config, kept):
    """Read the list, join what was noted here of each snapshot, keep it for the page."""
    found = kept.snapshots()
    with state.changing(config.data.folder) as known:
        noted = {row['snapshot']: row for row in known.get('snapshots', [])}
        rows = [_row(one, noted.get(one['id'], {})) for one in found]
        rows.sort(key=lambda row: row['created_at'], reverse=True)
        known |= {'repository': config.repository, 'listed_at': state.now_text(), 'snapshots': rows}
    return with_moments(rows)


def _row(one, noted):
    tags = dict(tag.partition('=')[::2] for tag in one.get('tags') or [])
    return {'snapshot': one['id'], 'created_at': re.sub(r'(\.\d+)?Z$', 'Z', one['time']), 'size_bytes': int(tags.get('bytes', 0)),
            'engine': tags.get('engine', ''), 'version': tags.get('version', ''),
            'verified_at': noted.get('verified_at'), 'drilled_at': noted.get('drilled_at')}


def with_moments(rows):
    """Rows of the state file with aware datetimes."""
    return [row | {name: state.moment(row[name]) for name in state.MOMENTS} for row in rows]


def list_backups(config):
    """What the page shows, without the key: {snapshots, listed_at, repository, is_outside, failure, trial}; moments aware.

    `snapshots` as they were when last looked at; `failure` is None or {at, what, code, message} of the newest
    try that no later one of its kind mended; `trial` is None or what the last portal on a restored copy was like: {at,
    snapshot (its moment), start_ms, seconds (None when it failed), walls, pages} (jobs/on_trial.py).
    """
    known = state.read(config.data.folder)
    rows = known.get('snapshots', []) if known.get('repository') == config.repository else []
    failure = max(known.get('failures', {}).values(), key=lambda one: one['at'], default=None)
    trial = known.get('trial')
    return {'snapshots': with_moments(rows), 'listed_at': state.moment(known.get('listed_at')), 'repository': config.repository,
            'is_outside': config.is_outside, 'failure': failure and failure | {'at': state.moment(failure['at'])},
            'trial': trial and trial | {name: state.moment(trial[name]) for name in ('at', 'snapshot')}}


def find(config, ref):
    """The row of a snapshot by id, its beginning, or `latest`; BackupError `not_found`, `no_repository` or `damaged`."""
    kept = repository(config)
    if not kept.exists():
        raise BackupError('no_repository', config.repository)
    if ref == LATEST:
        # The newest may be the damaged one: an older state must not come back unasked.
        lost = kept.unreadable()
        if lost:
            raise BackupError('damaged', f"{', '.join(one[:8] for one in lost)}; name another of appliance backup list")
    rows = list_all(config)
    found = rows[:1] if ref == LATEST else [row for row in rows if row['snapshot'].startswith(ref)]
    if len(found) != 1 or (ref != LATEST and len(ref) < _SHORTEST_REF):
        raise BackupError('not_found', ref)
    return found[0]


def fetch(config, row, folder, only=()):
    """Write a snapshot's files into an empty folder; returns its manifest."""
    folder.mkdir(mode=0o700)
    repository(config).fetch(row['snapshot'], folder, only)
    return snapshot.read_manifest(folder)


def verify(config, tell, ref=LATEST):
    """Read every byte of the repository back, then compare each table of a snapshot with its manifest; returns its row."""
    with working(config, 'verify') as folder:
        row = find(config, ref)
        tell('reading every byte back')
        repository(config).read_all()
        tell(f"comparing the tables of {row['snapshot'][:8]} with its manifest")
        manifest = fetch(config, row, folder / 'verify', only=(snapshot.DATABASE, snapshot.MANIFEST))
        snapshot.check(folder / 'verify', manifest, only_database=True)
        return note(config, row, 'verified_at')


def note(config, row, what):
    """Note that a snapshot was verified or drilled now; returns its row."""
    at = state.now_text()
    with state.changing(config.data.folder) as known:
        for one in known['snapshots']:
            if one['snapshot'] == row['snapshot']:
                one[what] = at
    return row | {what: state.moment(at)}


def prune(config, tell):
    """Let go what the retention does not ask for, but never the newest snapshot that is verified; returns the ids."""
    with working(config, 'prune'):
        kept, rows = repository(config), list_all(config)
        proven = next((row['snapshot'] for row in rows if row['verified_at']), None)
        outdated = [one for one in kept.outdated() if one != proven]
        if outdated:
            tell(f'letting {len(outdated)} old snapshots go')
            kept.forget(outdated)
            _listed(config, kept)
    return outdated


def nightly(config, tell):
    """What the job core.backup does each night: create, prune, verify. Returns the row of the new snapshot."""
    made = create(config, tell)
    prune(config, tell)
    return verify(config, tell, made['snapshot'])


def show_key(config, is_again=False):
    """The text of the backup key, and note that it was shown for keeping. BackupError when it was already, or unreadable."""
    try:
        key = config.backup.key_file.read_text().strip()
    except OSError as error:
        raise BackupError('key', f'{config.backup.key_file}: {error.strerror}') from None
    with plainly(), state.changing(config.data.folder) as known:
        shown = known.get('key_shown')
        if shown and shown['fingerprint'] == state.fingerprint(key) and not is_again:
            raise BackupError('shown', shown['at'])
        known['key_shown'] = {'fingerprint': state.fingerprint(key), 'at': clock.now().strftime('%Y-%m-%dT%H:%M:%SZ')}
    return key


def is_key_shown(config):
    """Whether the key was shown; where this process may read it, whether it is still that one."""
    shown = state.read(config.data.folder).get('key_shown')
    try:
        key = config.backup.key_file.read_text()
    except OSError:
        return bool(shown)
    return bool(shown) and shown['fingerprint'] == state.fingerprint(key)
