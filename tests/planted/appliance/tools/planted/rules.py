"""Who writes and sees notes: each his own."""

from appliance.core import clock, live, live_pages
from appliance.core.actions import action
from appliance.core.db import row, rows
from appliance.core.errors import Invalid, NotFound

from appliance.tools.planted.models import PlantedNote


def access_note(actor, note_id, to='view'):
    """The note of an id as a dict; NotFound unless it is the actor's own."""
    found = row('SELECT id, title FROM planted_note WHERE id = ? AND person_id = ?', note_id, actor.person_id)
    if found is None:
        raise NotFound()
    return {'id': found[0], 'title': found[1]}


def list_notes(actor):
    """[(id, title)] of the actor's newest notes."""
    return rows('SELECT id, title FROM planted_note WHERE person_id = ? ORDER BY id DESC LIMIT 50', actor.person_id)


@action
def add_note(actor, title):
    """A new note; returns its id."""
    title = title.strip()
    if not 0 < len(title) <= PlantedNote.title.limit:
        raise Invalid('A title has 1 to 200 characters.', field='title')
    return PlantedNote.create(person=actor.person_id, title=title, created_at=clock.now()).id


@action
def rename_note(actor, note_id, title):
    """Another title; every page that shows the note follows."""
    access_note(actor, note_id, to='change')
    PlantedNote.update(title=title).where(PlantedNote.id == note_id).execute()
    live.tell([f'page:planted.note:{note_id}'], 'planted.renamed', ref=f'planted.note:{note_id}')


@action
def give_note(actor, note_id, person_id):
    """Another person's from now on; pages that were opened before hear no more of it."""
    access_note(actor, note_id, to='change')
    PlantedNote.update(person=person_id).where(PlantedNote.id == note_id).execute()
    live_pages.close(f'planted.note:{note_id}')
