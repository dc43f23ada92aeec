"""Notes go to the trash, come back with everything, or are erased with all that hangs on them."""

from appliance.core import access, clock, refs, trash
from appliance.core.actions import action
from appliance.core.db import row, rows
from appliance.core.errors import NotFound
from appliance.tools.planted.models import PlantedNote
from appliance.tools.planted.rules import access_note


@action(rights=lambda actor, note_id: access_note(actor, note_id, to='edit'))
def delete_note(actor, note_id):
    """Put a note into the trash: nobody sees it any more, nor what hangs on it."""
    PlantedNote.update(deleted_at=clock.now()).where(PlantedNote.id == note_id).execute()
    trash.put(actor, 'planted.note', note_id)
    access.changed('planted.note', [note_id])


def _deleted(actor, note_id):
    found = row('SELECT person_id FROM planted_note WHERE id = ? AND deleted_at IS NOT NULL', note_id)
    if not found or not (actor.is_system or found[0] == actor.person_id):
        raise NotFound()


@action(rights=_deleted)
def restore_note(actor, note_id):
    """Take a note back."""
    PlantedNote.update(deleted_at=None).where(PlantedNote.id == note_id).execute()
    trash.take('planted.note', note_id)
    access.changed('planted.note', [note_id])


@action(rights=_deleted)
def erase_note(actor, note_id):
    """Erase a note for good, with all that hangs on it."""
    trash.take('planted.note', note_id)
    refs.erase_hanging(actor, 'planted.note', note_id)
    PlantedNote.delete().where(PlantedNote.id == note_id).execute()
    access.changed('planted.note', [note_id])


def words(ids):
    """{id: title} of notes."""
    return dict(rows(f'SELECT id, title FROM planted_note WHERE id IN ({", ".join("?" * len(ids))})', *ids))
