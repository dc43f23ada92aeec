"""Notes over REST."""

from appliance.core import rest
from appliance.tools.planted import rules

rest.scope('planted', 'Planted')


@rest.method('planted.note.list', scope='planted', roles=('employee',))
def list_notes(call):
    """The newest notes of the token's person."""
    return [{'ID': str(note_id), 'TITLE': title} for note_id, title in rules.list_notes(call.actor)]


@rest.method('planted.note.get', scope='planted', roles=('employee',))
def get_note(call, id: rest.Number('The note.', least=1)):
    """One note."""
    return rules.access_note(call.actor, id)


@rest.method('planted.note.add', scope='planted', roles=('employee',), is_write=True)
def add_note(call, title: rest.Text('What it says.')):
    """Adds a note; answers its number."""
    return rules.add_note(call.actor, title)
