"""Who wants to hear what is said of an object: whoever commented, or pressed the button; whose object it is hears unless he says no."""

from peewee import CompositeKey

from appliance.core import clock, refs
from appliance.core.actions import action
from appliance.core.db import Base, rows
from appliance.core.errors import NotFound
from appliance.core.fields import Flag, Integer, Link, Moment, Text
from appliance.core.i18n import texts
from appliance.core.people import Person
from appliance.core.personal.declarations import WITH_PERSON, Personal

_ = texts(__name__)


class Follow(Base):
    """What a person decided about an object, or what his first comment decided for him."""

    kind = Text()
    object_id = Integer()
    person = Link(Person)
    is_on = Flag()
    at = Moment()

    class Meta:
        personal = Personal(_.lazy('Which objects a person follows'), person='person', kept=WITH_PERSON)
        primary_key = CompositeKey('kind', 'object_id', 'person')


def begin(person_id, kind, object_id):
    """Follow an object unless the person has said no: inside an action."""
    Follow.insert(kind=kind, object_id=object_id, person=person_id, is_on=True, at=clock.now()).on_conflict_ignore().execute()


def _may_follow(actor, kind, object_id, *args, **kwargs):
    refs.require(actor, kind, object_id, 'comment')
    if actor.person_id is None:
        raise NotFound()


@action(rights=_may_follow)
def follow(actor, kind, object_id, is_on):
    """Hear of an object's comments, or not any more."""
    values = {'is_on': is_on, 'at': clock.now()}
    (Follow.insert(kind=kind, object_id=object_id, person=actor.person_id, **values)
     .on_conflict(conflict_target=(Follow.kind, Follow.object_id, Follow.person), update=values).execute())


def choices(kind, object_id):
    """{person id: whether he follows} of those who decided."""
    return {person_id: bool(is_on) for person_id, is_on in
            rows('SELECT person_id, is_on FROM follow WHERE kind = ? AND object_id = ?', kind, object_id)}


@refs.hanging
def _erase(actor, kind, object_id):
    Follow.delete().where((Follow.kind == kind) & (Follow.object_id == object_id)).execute()
