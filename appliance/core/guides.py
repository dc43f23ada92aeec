"""Guides: windows that explain something to a person once. That he saw one is a row, so two tabs and two devices show it once too."""

from peewee import CompositeKey

from appliance.core import clock
from appliance.core.actions import action
from appliance.core.db import Base, row
from appliance.core.errors import NotAllowed
from appliance.core.fields import Link, Moment, Text
from appliance.core.people import Person

WELCOME = 'welcome'     # the first one of all, with the first login


class GuideSeen(Base):
    """Which guide a person was shown, and when."""

    person = Link(Person)
    guide = Text()
    at = Moment(default=clock.now)

    class Meta:
        table_name = 'guide_seen'
        primary_key = CompositeKey('person', 'guide')


def is_seen(actor, guide):
    """Whether this person was shown a guide."""
    return row('SELECT 1 FROM guide_seen WHERE person_id = ? AND guide = ?', actor.person_id, guide) is not None


def _themselves(actor, *args, **kwargs):
    if actor.person_id is None:
        raise NotAllowed()


@action(rights=_themselves)
def claim(actor, guide):
    """Note that the actor is shown a guide now. Whether he was not before: of two that ask at once, one is told so."""
    return bool(GuideSeen.insert(person=actor.person_id, guide=guide, at=clock.now()).on_conflict_ignore().as_rowcount().execute())
