"""What hangs on notes: everything. They can be deleted and taken back."""

from appliance.core import history, refs, trash
from appliance.core.custom_fields import declarations, values
from appliance.core.db import row
from appliance.tools.planted.deleting import erase_note, restore_note, words
from appliance.tools.planted.rules import access_note

refs.own('planted.note', access_note, url='/planted/{id}', people=lambda note_id: row('SELECT person_id FROM planted_note WHERE id = ?', note_id) or (),
         verbs={'attach': 'edit', 'detach': 'edit', 'comment': 'view', 'moderate': 'edit', 'like': 'view', 'history': 'view', 'fill': 'edit', 'tag': 'edit'})
trash.kind('planted.note', restore=restore_note, erase=erase_note, title='Note', words=words)
history.fields('planted.note', lambda: {'shared': history.Field('Shared with'), 'tags': history.Field('Tag')} | values.history_fields('planted.note'))
declarations.takes('planted.note', title='Notes', manages=lambda actor: actor.is_administrator)
