"""Likes: a person likes an object or does not. There is no toggle among the rules: who says so twice has said it once.

The owner of the kind (core/refs.py) names the verb `like`; the button's word is the setting `likes.label`.
"""

from dataclasses import dataclass

from peewee import SQL

from appliance.core import access, clock, refs
from appliance.core.actions import action
from appliance.core.db import Base, row, rows
from appliance.core.errors import NotFound
from appliance.core.events import BY_OWNER, Event, publish
from appliance.core.fields import Id, Integer, Link, Moment, Text
from appliance.core.i18n import texts
from appliance.core.limits import GREATEST_ID, PAGE_ROWS
from appliance.core.people import Person
from appliance.core.people_access import PEOPLE
from appliance.core.personal.declarations import WITH_PERSON, Personal
from appliance.core.settings import get_setting

_ = texts(__name__)


class Liking(Base):
    """A person likes an object."""

    id = Id()
    kind = Text()
    object_id = Integer()
    person = Link(Person)
    at = Moment()

    class Meta:
        personal = Personal(_.lazy('What a person likes'), person='person', kept=WITH_PERSON)
        indexes = ((('kind', 'object_id', 'person'), True),)


# The list of who likes it, page by page.
Liking.add_index(SQL('CREATE INDEX liking_newest ON liking (kind, object_id, id)'))


@dataclass(frozen=True)
class LikingAdded(Event):
    """A person likes an object: `owner_kind` and `owner_id` name it."""

    INSIDE = BY_OWNER
    liking_id: int
    owner_kind: str
    owner_id: int
    actor_id: int | None


@dataclass(frozen=True)
class LikingRemoved(Event):
    """A person does not like an object any more."""

    INSIDE = BY_OWNER
    liking_id: int
    owner_kind: str
    owner_id: int
    actor_id: int | None


def _may_like(actor, kind, object_id, *args, **kwargs):
    refs.require(actor, kind, object_id, 'like')
    if actor.person_id is None:
        raise NotFound()


@action(rights=_may_like)
def like(actor, kind, object_id, is_liked=True):
    """Like an object, or not any more; returns {count, is_liked} as it is then."""
    mine = (Liking.kind == kind) & (Liking.object_id == object_id) & (Liking.person == actor.person_id)
    held = Liking.select(Liking.id).where(mine).scalar()
    if is_liked and held is None:
        # On PostgreSQL a twin of this request may insert it at the same moment.
        if Liking.insert(kind=kind, object_id=object_id, person=actor.person_id, at=clock.now()).on_conflict_ignore().as_rowcount().execute():
            publish(LikingAdded(Liking.select(Liking.id).where(mine).scalar(), kind, object_id, actor.person_id))
    elif not is_liked and held is not None and Liking.delete().where(Liking.id == held).execute():
        publish(LikingRemoved(held, kind, object_id, actor.person_id))
    return _counted(actor, kind, object_id)


def _counted(actor, kind, object_id):
    count, mine = row('''SELECT (SELECT count(*) FROM liking WHERE kind = ? AND object_id = ?),
                         (SELECT count(*) FROM liking WHERE kind = ? AND object_id = ? AND person_id = ?)''',
                      kind, object_id, kind, object_id, actor.person_id or 0)
    return {'count': count, 'is_liked': bool(mine)}


def likes_of(actor, kind, object_id):
    """{count, is_liked} of an object that the actor sees."""
    refs.require(actor, kind, object_id, 'like')
    return _counted(actor, kind, object_id)


def who_likes(actor, kind, object_id, older_than=None, most=PAGE_ROWS):
    """{people: [{id, name, title, photo, is_seen}], older}: who likes an object, the newest first; `is_seen`: there is a profile
    for this actor to look at. `older` is the place of the next page, or None.
    """
    refs.require(actor, kind, object_id, 'like')
    found = rows('''SELECT l.id, p.id, p.name, p.title, p.photo FROM liking l JOIN person p ON p.id = l.person_id
                    WHERE l.kind = ? AND l.object_id = ? AND l.id < ? ORDER BY l.id DESC LIMIT ?''', kind, object_id, older_than or GREATEST_ID, most + 1)
    seen = access.seen_among(PEOPLE, actor, [one[1] for one in found[:most]])
    return {'people': [{'id': one, 'name': name, 'title': title if one in seen else '', 'photo': photo if one in seen else None,
                        'is_seen': one in seen} for _id, one, name, title, photo in found[:most]],
            'older': found[most - 1][0] if len(found) > most else None}


def label():
    """The word on the button: the company's, or ours in the person's language."""
    return get_setting('likes.label') or _('Like')


@refs.hanging
def _erase(actor, kind, object_id):
    Liking.delete().where((Liking.kind == kind) & (Liking.object_id == object_id)).execute()
