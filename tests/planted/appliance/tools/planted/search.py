"""How notes are found."""

from appliance.core import search, tags
from appliance.core.custom_fields import values
from appliance.core.db import rows
from appliance.core.search import Document


def documents(ids):
    """{id: Document} of notes."""
    more, tagged = values.searched('planted.note', ids), tags.searched('planted.note', ids)
    return {note_id: Document(title, f'{more.get(note_id, "")} {tagged.get(note_id, "")}') for note_id, title in
            rows(f'SELECT id, title FROM planted_note WHERE id IN ({", ".join("?" * len(ids))})', *ids)}


search.documents('planted.note', documents, url='/planted/{id}', icon='note', title='Notes')
