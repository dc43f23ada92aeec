"""Who writes and sees notes: each his own, and those that are shared with him."""

from appliance.core import access, clock, history, live
from appliance.core.actions import action
from appliance.core.db import rows
from appliance.core.errors import Invalid, NotAllowed
from appliance.core.limits import PAGE_ROWS
from appliance.tools.planted.models import PlantedNote, PlantedNoteAccess


def audiences(ids):
    """{id: (when it was made, {subject: (level, reason)})} of notes."""
    found = {}
    for note_id, person_id, shared, created_at in rows(
            f'SELECT id, person_id, shared, created_at FROM planted_note WHERE id IN ({", ".join("?" * len(ids))}) AND deleted_at IS NULL', *ids):
        audience = {shared: ('view', 'It is shared with him.')} if shared else {}
        found[note_id] = (created_at, audience | {f'person:{person_id}': ('edit', 'It is his own.')})
    return found


NOTES = access.kind('planted.note', table=PlantedNoteAccess, levels=('view', 'edit'), audiences=audiences,
                    source=('planted_note', 'id', 'created_at'), title='Note', describe=lambda note_id: f'Note {note_id}', is_descending=True)


def access_note(actor, note_id, to='view'):
    """The note of an id as a dict; NotFound when the actor does not see it."""
    level = access.require_seen(NOTES, actor, note_id)
    if NOTES.level(level) < NOTES.level(to):
        raise NotAllowed()
    found = rows('SELECT id, title, shared FROM planted_note WHERE id = ?', note_id)[0]
    return dict(zip(('id', 'title', 'shared'), found, strict=True))


def list_notes(actor, place=None):
    """[(id, title)] of the newest 50 notes that the actor sees, beyond a place (moment, id)."""
    seen, values = access.page(NOTES, actor, PAGE_ROWS, place)
    return rows(f'SELECT n.id, n.title FROM ({seen}) seen JOIN planted_note n ON n.id = seen.object_id ORDER BY seen.key DESC, n.id DESC', *values)


def list_by_title(actor, place=None):
    """[(id, title)] of 50 notes that the actor sees, by title, beyond a place (title, id): another order than the default."""
    source, seen, values = access.other_order(NOTES, actor, 'n')
    beyond = ' AND (n.title, n.id) > (?, ?)' if place else ''
    return rows(f'SELECT n.id, n.title FROM {source} WHERE {seen}{beyond} ORDER BY n.title, n.id LIMIT {PAGE_ROWS}', *values, *(place or ()))


@action
def add_note(actor, title, shared=''):
    """A new note; returns its id."""
    title = title.strip()
    if not 0 < len(title) <= PlantedNote.title.limit:
        raise Invalid('A title has 1 to 200 characters.', field='title')
    note_id = PlantedNote.create(person=actor.person_id, title=title, shared=shared, created_at=clock.now()).id
    access.changed('planted.note', [note_id])
    return note_id


@action
def share_note(actor, note_id, shared):
    """Share a note with a subject, or with nobody ('')."""
    history.note(actor, 'planted.note', note_id, {'shared': (access_note(actor, note_id, to='edit')['shared'], shared)})
    PlantedNote.update(shared=shared).where(PlantedNote.id == note_id).execute()
    access.changed('planted.note', [note_id])


@action
def rename_note(actor, note_id, title):
    """Another title; every page that shows the note follows."""
    access_note(actor, note_id, to='edit')
    PlantedNote.update(title=title).where(PlantedNote.id == note_id).execute()
    live.tell([f'page:planted.note:{note_id}'], 'planted.renamed', ref=f'planted.note:{note_id}')


@action
def give_note(actor, note_id, person_id):
    """Another person's from now on; pages that were opened before hear no more of it."""
    access_note(actor, note_id, to='edit')
    PlantedNote.update(person=person_id).where(PlantedNote.id == note_id).execute()
    access.changed('planted.note', [note_id])
