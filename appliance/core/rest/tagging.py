"""Tags over REST, on objects of every kind: the same rules as the pages call."""

from appliance.core import tags
from appliance.core.i18n import texts
from appliance.core.limits import TAG_LENGTH, TAGS_AN_OBJECT
from appliance.core.refs import Ref
from appliance.core.rest.kinds import Number, Text
from appliance.core.rest.methods import method, scope

_ = texts(__name__)
scope('tags', _.lazy('Tags'))
OWNER = Text('What bears them: kind and id, as core.person:7.')


@method('tag.list', scope='tags')
def list_tags(call, owner: OWNER):
    """The tags of an object, by the alphabet: ID and TEXT of each."""
    ref = Ref.read(owner)
    return [{'ID': one['id'], 'TEXT': one['text']} for one in tags.tags_of(call.actor, ref.kind, ref.id)]


@method('tag.add', scope='tags', is_write=True)
def add_tags(call, owner: OWNER, text: Text('Tags, with commas between them.', most=(TAG_LENGTH + 2) * TAGS_AN_OBJECT)):
    """Gives an object tags; answers those that it did not bear before, as they are written."""
    ref = Ref.read(owner)
    return tags.add_tags(call.actor, ref.kind, ref.id, text)


@method('tag.delete', scope='tags', is_write=True)
def remove_tag(call, owner: OWNER, id: Number('The ID of tag.list.', least=1)):
    """Takes a tag off an object; answers true."""
    ref = Ref.read(owner)
    tags.remove_tag(call.actor, ref.kind, ref.id, id)
    return True


@method('tag.find', scope='tags')
def find_tagged(call, text: Text('The tag.', most=TAG_LENGTH), older: Number('Only those before this place: OLDER of the answer before.') = None):
    """What bears a tag and the person may see, fifty at a time, the latest first: ITEMS with OWNER and TITLE; OLDER leads on, null at the end."""
    found = tags.bearing(call.actor, text, older)
    return {'ITEMS': [{'OWNER': f'{one["kind"]}:{one["object_id"]}', 'TITLE': one['title']} for one in found['found']], 'OLDER': found['older']}
