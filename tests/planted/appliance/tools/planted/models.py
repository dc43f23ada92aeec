"""The tables of the planted tool."""

from peewee import CompositeKey

from appliance.core import clock
from appliance.core.access import AccessRow
from appliance.core.db import Base
from appliance.core.fields import Id, Integer, Link, Moment, Text
from appliance.core.people import Person
from appliance.core.personal.declarations import WITH_PERSON, Personal


class PlantedNote(Base):
    """A note of a person, shared with a subject (`everybody`, `department:3`), or with nobody."""

    id = Id()
    person = Link(Person)
    title = Text(limit=200)
    shared = Text(default='')
    created_at = Moment(default=clock.now)
    deleted_at = Moment(null=True)

    class Meta:
        personal = Personal('Notes of a person', person='person', words=('title',), kept=WITH_PERSON)
        indexes = ((('created_at', 'id'), False), (('title', 'id'), False))


class PlantedNoteAccess(AccessRow):
    """Who sees a note; the key is when it was made."""

    key = Integer()

    class Meta:
        primary_key = CompositeKey('subject', 'key', 'object_id')
        indexes = ((('object_id', 'subject'), True),)
