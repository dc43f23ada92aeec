"""The last step of a restore, in one piece for whoever looks: renames that are written down before the first.

A kill before the note leaves everything as it was, a kill after it is made good by the next command or process. On
PostgreSQL the tables change by a transaction, and the note counts only if that was kept.
"""

import json
import os
import pathlib

from appliance.core import processes
from appliance.core.backup import snapshot, state, targets, work
from appliance.core.backup.errors import plainly
from appliance.core.errors import StartError

NOTE = 'restore-switch.json'


def write_note(config, renames, marker):
    """Write down the renames ((from, to), in order): from here on they will be done."""
    state.write_whole(config.data.folder / NOTE, json.dumps({'renames': renames, 'marker': marker}))


def finish(config):
    """Do what the note says, and remove what an unfinished restore left; the data folder is held alone."""
    note = config.data.folder / NOTE
    if note.exists():
        with plainly():
            noted = json.loads(note.read_text())
            if noted['marker'] is None or targets.has_marker(config, noted['marker']):
                for source, target in noted['renames']:
                    _rename(pathlib.Path(source), pathlib.Path(target))
            note.unlink()
            state.sync_folder(config.data.folder)
    with plainly():
        for path in _unfinished(config):
            if path.is_dir():
                work.remove(path)
            else:
                path.unlink(missing_ok=True)


def _rename(source, target):
    # Both there, or no source: this one was done before the kill.
    if source.exists() and not target.exists():
        os.rename(source, target)
        state.sync_folder(target.parent)


def _unfinished(config):
    """What a restore that came to nothing leaves beside the database, the blobs and the key."""
    database = snapshot.sqlite_path(config)
    found = [config.data.folder / (snapshot.BLOBS + targets.BUILDING), building_key(config)]
    if database:
        found += database.parent.glob(f'{database.name}{targets.BUILDING}*')     # also its WAL, and a copy before a migration
    return [path for path in found if path.exists()]


def building_key(config):
    """Where the restored key waits for the switch."""
    return config.secrets.key_file.with_name(config.secrets.key_file.name + targets.BUILDING)


def settle(config):
    """At the start of every command and process: make good what a kill left. Cheap when there is nothing to do."""
    if not config.data.folder.is_dir():
        return
    work.clear_leftovers(config.data.folder)
    if (config.data.folder / NOTE).exists() or _unfinished(config):
        try:
            with processes.alone(config.data.folder):
                finish(config)
        except StartError:
            pass    # a restore goes on now, or a process that settled it runs already
