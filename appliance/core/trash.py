"""What was deleted, until it is gone for good: a row for each object, with who deleted it and how long it is kept.

    trash.kind('core.comment', restore=restore_comment, erase=erase_comment, title=_.lazy('Comment'), words=words)
    trash.put(actor, 'core.comment', comment_id)        # in the rule that deletes, which hides the object and keeps its row
    trash.take(kind, object_id)                         # in the rules `restore(actor, id)` and `erase(actor, id)` of the kind

An object in the trash is unseen (its access says so), and with it all that hangs on it; so it comes back with everything.
The promise of how long is made when it is deleted: another setting later holds for what is deleted later.
"""

from dataclasses import dataclass
from datetime import timedelta

from appliance.core import clock, registration, scopes
from appliance.core.actions import action
from appliance.core.db import Base, rows
from appliance.core.errors import NotFound
from appliance.core.fields import Id, Integer, Moment, Text
from appliance.core.i18n import texts
from appliance.core.limits import GREATEST_ID, PAGE_ROWS
from appliance.core.personal.declarations import Keep, Kept, Personal

_ = texts(__name__)

_AT_ONCE = 100
_kinds = {}


class TrashRow(Base):
    """One deleted object. `person_id` is who deleted it and may take it back; after `gone_at` it is erased."""

    id = Id()
    kind = Text()
    object_id = Integer()
    person_id = Integer(null=True)
    at = Moment()
    gone_at = Moment(index=True)

    class Meta:
        table_name = 'trash'
        personal = Personal(_.lazy('What a person deleted'), person='person_id', kept=Kept(_.lazy('as long as the setting `trash.keep_days` says')),
                            forget=Keep(_.lazy('It is about the object.')))
        indexes = ((('kind', 'object_id'), True), (('person_id', 'id'), False))


@dataclass(frozen=True)
class Kind:
    """A kind that can be deleted and taken back: `restore(actor, id)` and `erase(actor, id)` are actions, `words(ids)` -> {id: text}."""

    name: str
    restore: object
    erase: object
    title: object
    words: object


def kind(name, **values):
    """Declare a kind, in the part that declares who owns it (refs.py)."""
    _kinds[name] = Kind(name, **values)


def kinds():
    """{name: Kind} of the core and of the tools that are on."""
    return registration.of_tools_that_are_on('refs', _kinds)


def put(actor, kind, object_id):
    """Note that an object was deleted: inside the action that hides it."""
    now = clock.now()
    TrashRow.create(kind=kind, object_id=object_id, person_id=actor.person_id, at=now, gone_at=now + timedelta(days=scopes.value_for(actor, 'trash.keep_days')))


def take(kind, object_id):
    """Forget that it was deleted: inside the action that shows it again, or erases it. NotFound when it is not in the trash."""
    if not TrashRow.delete().where((TrashRow.kind == kind) & (TrashRow.object_id == object_id)).execute():
        raise NotFound()


def deleted_by(kind, object_id):
    """The id of the person who deleted an object; None when it is not in the trash."""
    found = rows('SELECT person_id FROM trash WHERE kind = ? AND object_id = ?', kind, object_id)
    return found[0][0] if found else None


def listing(actor, older_than=None, most=PAGE_ROWS):
    """{deleted: [{id, kind_title, words, at, gone_at}], older}: a page of what the actor deleted, the newest first."""
    known = kinds()
    if actor.person_id is None or not known:
        return {'deleted': [], 'older': None}
    found = rows(f'''SELECT id, kind, object_id, at, gone_at FROM trash WHERE person_id = ? AND id < ? AND kind IN ({', '.join('?' * len(known))})
                     ORDER BY id DESC LIMIT ?''', actor.person_id, older_than or GREATEST_ID, *known, most + 1)
    shown, words = found[:most], {}
    for name in {one[1] for one in shown}:
        words |= {(name, object_id): text for object_id, text in known[name].words([one[2] for one in shown if one[1] == name]).items()}
    return {'deleted': [{'id': trash_id, 'kind_title': str(known[name].title), 'words': words.get((name, object_id), ''),
                         'at': clock.from_microseconds(at), 'gone_at': clock.from_microseconds(gone)}
                        for trash_id, name, object_id, at, gone in shown],
            'older': shown[-1][0] if len(found) > most else None}


def access_deleted(actor, trash_id):
    """(Kind, object id) of a row that the actor himself put there; NotFound for any other."""
    found = TrashRow.get_or_none(TrashRow.id == trash_id)
    if found is None or found.person_id is None or found.person_id != actor.person_id or found.kind not in kinds():
        raise NotFound()
    return kinds()[found.kind], found.object_id


@action(rights=lambda actor, trash_id: access_deleted(actor, trash_id))
def restore(actor, trash_id):
    """Take an object back, with all that hung on it; the kind's own rule asks whether the actor still may."""
    this, object_id = access_deleted(actor, trash_id)
    this.restore(actor, object_id)


@action(rights=lambda actor, trash_id: access_deleted(actor, trash_id))
def erase(actor, trash_id):
    """Erase an object for good before its time."""
    this, object_id = access_deleted(actor, trash_id)
    this.erase(actor, object_id)


def empty(actor):
    """Erase what has had its time, each in a transaction of its own; returns how many. What belongs to a tool that is off waits for it."""
    known, count = kinds(), 0
    while known and (due := rows(f'''SELECT kind, object_id FROM trash WHERE gone_at <= ? AND kind IN ({', '.join('?' * len(known))})
                                     ORDER BY gone_at, id LIMIT {_AT_ONCE}''', clock.microseconds(clock.now()), *known)):
        for name, object_id in due:
            known[name].erase(actor, object_id)
            count += 1
    return count
