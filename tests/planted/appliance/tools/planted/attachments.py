"""Files hang on notes."""

from appliance.core import attachments
from appliance.tools.planted.rules import access_note

attachments.own('planted.note', access_note, attach='edit', detach='edit')
