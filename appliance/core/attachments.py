"""Files that hang on an object of any kind. Who may see or change them says the one who owns the kind (core/refs.py), by two verbs:
`attach` (add, and take back one's own) and `detach` (others'). Bytes are core.storage's; web serves them (core/content.py).
"""

import mimetypes
import unicodedata
from dataclasses import dataclass

from peewee import fn

from appliance.core import audit, clock, refs, storage
from appliance.core.actions import action
from appliance.core.db import Base, row, rows
from appliance.core.errors import Conflict, NotFound
from appliance.core.events import BY_OWNER, Event, publish
from appliance.core.fields import Id, Integer, Link, Moment, Text
from appliance.core.i18n import texts
from appliance.core.limits import ATTACHMENTS_AN_OBJECT, FILE_NAME_BYTES
from appliance.core.people import Person
from appliance.core.personal.declarations import WITH_OBJECT, Keep, Personal
from appliance.core.storage import Blob

_ = texts(__name__)
USE = 'core.attachment'
NAMELESS = 'file'
DIRECTIONS = frozenset('\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069')
# Not what this machine's own list says: the same name has the same type everywhere.
_TYPES = mimetypes.MimeTypes(filenames=())
_COLUMNS = ('id', 'kind', 'object_id', 'blob', 'name', 'media_type', 'size_bytes', 'person_id', 'created_at', 'person_name')
_SELECT = '''SELECT a.id, a.kind, a.object_id, a.blob_id, a.name, a.media_type, a.size_bytes, a.person_id, a.created_at, p.name
             FROM attachment a LEFT JOIN person p ON p.id = a.person_id'''


class Attachment(Base):
    """A file on an object. `media_type` follows from the name: what a browser claims is not asked."""

    id = Id()
    kind = Text()
    object_id = Integer()
    blob = Link(Blob)
    name = Text()
    media_type = Text()
    size_bytes = Integer()
    person = Link(Person, null=True)
    created_at = Moment(default=clock.now)

    class Meta:
        personal = Personal(
            _.lazy('Files that a person attached to something, and when'), person='person', words=('name',), kept=WITH_OBJECT,
            forget=Keep(_.lazy('The file belongs to what it was attached to; who attached it becomes the stand-in.')))
        indexes = ((('kind', 'object_id', 'id'), False),)


@dataclass(frozen=True)
class AttachmentAdded(Event):
    """A file was attached to an object: `owner_kind` and `owner_id` name it."""

    INSIDE = BY_OWNER
    attachment_id: int
    owner_kind: str
    owner_id: int
    actor_id: int | None


@dataclass(frozen=True)
class AttachmentRemoved(Event):
    """A file was taken off an object: `owner_kind` and `owner_id` name it."""

    INSIDE = BY_OWNER
    attachment_id: int
    owner_kind: str
    owner_id: int
    actor_id: int | None


def access_attachment(actor, attachment_id, to='view'):
    """An attachment as a dict: id, kind, object_id, blob, name, media_type, size_bytes, person_id, created_at,
    person_name.
    NotFound when it is absent or its object is unseen. To remove it: `detach` on the object, or `attach` for who attached it.
    """
    found = row(f'{_SELECT} WHERE a.id = ?', attachment_id)
    if found is None:
        raise NotFound()
    one = _as_dict(found)
    if to != 'view':
        is_own = one['person_id'] is not None and one['person_id'] == actor.person_id
        refs.require(actor, one['kind'], one['object_id'], 'attach' if is_own else 'detach')
    else:
        refs.require(actor, one['kind'], one['object_id'], 'view')
    return one


def verbs(actor, kind, object_id):
    """What this actor may do with the files of an object: a set of `view`, `attach`, `detach`; NotFound when he does not see it."""
    return refs.verbs(actor, kind, object_id, ('attach', 'detach'))


def attachments_of(actor, kind, object_id, may=None):
    """The files of an object, the oldest first, as access_attachment gives them, each with `is_removable`.

    `may`: the verbs, where the owner's page has found out already what the actor may; else the owner is asked.
    """
    may = verbs(actor, kind, object_id) if may is None else may
    return [one | {'is_removable': ('attach' if one['person_id'] == actor.person_id else 'detach') in may} for one in listed(kind, [object_id])]


def listed(kind, object_ids):
    """The files of several objects in one statement. Asks nobody: for an owner that has chosen what the actor sees."""
    if not object_ids:
        return []
    marks = ', '.join('?' * len(object_ids))
    return [_as_dict(found) for found in rows(f'{_SELECT} WHERE a.kind = ? AND a.object_id IN ({marks}) ORDER BY a.object_id, a.id', kind, *object_ids)]


def _as_dict(found):
    one = dict(zip(_COLUMNS, found, strict=True))
    return one | {'created_at': clock.from_microseconds(one['created_at'])}


def _may_attach(actor, kind, object_id, *args, **kwargs):
    refs.require(actor, kind, object_id, 'attach')


@action(rights=_may_attach)
def attach(actor, kind, object_id, files):
    """Hang files that storage keeps, [(hash, name)], on an object, all or none; returns their ids. Conflict when there are too many."""
    there = Attachment.select(fn.COUNT(Attachment.id)).where((Attachment.kind == kind) & (Attachment.object_id == object_id)).scalar()
    if there + len(files) > ATTACHMENTS_AN_OBJECT:
        raise Conflict(_('At most %(most)s files fit here; there are %(there)s already.', most=ATTACHMENTS_AN_OBJECT, there=there))
    return [_attach(actor, kind, object_id, blob, safe_name(name)) for blob, name in files]


def _attach(actor, kind, object_id, blob, name):
    size = storage.size_of(blob)
    made = Attachment.create(kind=kind, object_id=object_id, blob=blob, name=name, media_type=media_type(name), size_bytes=size,
                             person=actor.person_id)
    storage.use(blob, USE, made.id)
    audit.record(actor, 'core.attachment.added', f'core.attachment:{made.id}', to=f'{kind}:{object_id}')
    publish(AttachmentAdded(made.id, kind, object_id, actor.person_id))
    return made.id


@action(rights=lambda actor, attachment_id: access_attachment(actor, attachment_id, to='remove'))
def remove(actor, attachment_id):
    """Take a file off its object."""
    _remove(actor, access_attachment(actor, attachment_id, to='remove'))


@refs.hanging
def remove_all(actor, kind, object_id):
    """Take all files off an object that is being deleted: inside its owner's action, whose right it is."""
    for one in listed(kind, [object_id]):
        _remove(actor, one)


def _remove(actor, one):
    storage.release(USE, one['id'])
    Attachment.delete().where(Attachment.id == one['id']).execute()
    audit.record(actor, 'core.attachment.removed', f'core.attachment:{one["id"]}', of=f'{one["kind"]}:{one["object_id"]}')
    publish(AttachmentRemoved(one['id'], one['kind'], one['object_id'], actor.person_id))


def safe_name(name):
    """A name as it is shown and saved: no path, no control or direction characters, at most 255 bytes with its ending kept."""
    name = unicodedata.normalize('NFC', name.replace('\\', '/').rpartition('/')[2])
    name = ''.join(char for char in name if unicodedata.category(char) not in ('Cc', 'Cs', 'Co', 'Cn', 'Zl', 'Zp') and char not in DIRECTIONS)
    name = ' '.join(name.split()).strip('. ')
    stem, dot, ending = name.rpartition('.')
    if not dot or len(ending) > 16:
        stem, ending = name, ''
    room = FILE_NAME_BYTES - len((dot + ending).encode() if ending else b'')
    return (stem.encode()[:room].decode(errors='ignore').rstrip() + (dot + ending if ending else '')) or NAMELESS


def media_type(name):
    """The type of a file by its name's ending; `application/octet-stream` where that says nothing."""
    return _TYPES.guess_type(name)[0] or 'application/octet-stream'
