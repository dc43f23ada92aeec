"""The table of the planted tool."""

from appliance.core import clock
from appliance.core.db import Base
from appliance.core.fields import Id, Link, Moment, Text
from appliance.core.people import Person


class PlantedNote(Base):
    """A note of a person."""

    id = Id()
    person = Link(Person)
    title = Text(limit=200)
    created_at = Moment(default=clock.now)
