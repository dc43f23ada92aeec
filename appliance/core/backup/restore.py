"""A restore: builds the database of a snapshot beside the present one, proves it equal, then switches.

Until the switch nothing of the present state is touched; what it replaces is kept aside, by a name with the moment.
"""

import os
import shutil
import time

from appliance.core import clock, processes
from appliance.core.backup import keeping, loading, snapshot, switch, targets, trust, work
from appliance.core.backup.errors import BackupError, plainly
from appliance.core.sealing import read_key

NOTHING = {'sequences': {}, 'epoch': 0, 'audit_no': 0, 'forgotten': []}


def restore(config, ref, tell):
    """Restore a snapshot (id, its beginning, or `latest`).

    Returns {snapshot, created_at, rows, tables, seconds, kept}; `kept` names what holds the state before. StartError while
    the portal runs, BackupError and StorageFull otherwise; then everything is as it was.
    """
    started, stamp = time.monotonic(), clock.now().strftime('%Y%m%dT%H%M%SZ')
    with plainly():
        config.data.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with processes.alone(config.data.folder), work.place(config.data.folder) as folder:
        switch.finish(config)
        row = keeping.find(config, ref)
        tell(f"fetching {row['snapshot'][:8]} of {row['created_at']:%Y-%m-%d %H:%M} UTC")
        manifest = keeping.fetch(config, row, folder / 'restore')
        loading.require_known(manifest)
        tell('comparing what came with the manifest')
        snapshot.check(folder / 'restore', manifest)
        kept = _replace(config, folder / 'restore', manifest, stamp, tell)
    return {'snapshot': row['snapshot'], 'created_at': row['created_at'], 'tables': len(manifest['tables']), 'kept': kept,
            'rows': sum(table['rows'] for table in manifest['tables'].values()), 'seconds': round(time.monotonic() - started, 1)}


def _replace(config, folder, manifest, stamp, tell):
    target = targets.target(config, stamp)
    present = _present(target, tell)
    try:
        renames, kept = _files_to_switch(config, folder, stamp)
        with target.building():
            loading.build(folder, manifest, tell, present['sequences'])
            tell('ending sessions and links, holding unsent mails')
            trust.take_back(config.data.folder, present, manifest['created_at'])
            for login in trust.keep_out_forgotten(present['forgotten']):
                tell(f'{login} was forgotten since this backup was made, and is back in it: appliance person forget {login} --yes')
            tell('switching')
            target.make_ready()
            switch.write_note(config, [*target.renames, *renames], target.marker)
    finally:
        switch.finish(config)
    return target.kept + kept


def _present(target, tell):
    """What must outlive the present database, if that can be told: a damaged one is a reason to restore."""
    try:
        return target.present()
    except BackupError as error:
        tell(f'the present database cannot be read, so ids given since the backup may be given again: {error.message}')
        return NOTHING


def _files_to_switch(config, folder, stamp):
    """Put blobs and key beside those in use; ([(from, to)], names of what will be kept aside)."""
    renames, kept = [], []
    blobs = config.data.folder / snapshot.BLOBS
    waiting = blobs.with_name(blobs.name + targets.BUILDING)
    os.rename(folder / snapshot.BLOBS, waiting)
    _plan(blobs, waiting, stamp, renames, kept)
    key = config.secrets.key_file
    if not key.exists() or read_key(folder / snapshot.KEY) != read_key(key):
        try:
            shutil.copyfile(folder / snapshot.KEY, switch.building_key(config))
            switch.building_key(config).chmod(0o600)
        except PermissionError:
            raise BackupError('rights', f'{key.parent}: the key of the portal ({key.name}) must be put back there') from None
        _plan(key, switch.building_key(config), stamp, renames, kept)
    return renames, kept


def _plan(path, waiting, stamp, renames, kept):
    if path.exists():
        aside = f'{path}{targets.ASIDE}{stamp}'
        renames.append((str(path), aside))
        kept.append(aside)
    renames.append((str(waiting), str(path)))
