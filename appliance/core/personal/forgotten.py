"""Who was forgotten: the row that says so, and the stand-in that takes the name's place."""

from appliance.core import clock
from appliance.core.actor import GUEST, SERVICE
from appliance.core.db import Base
from appliance.core.fields import Json, Link, Moment, Text
from appliance.core.i18n import texts
from appliance.core.people import FORGOTTEN, Person, is_blocked
from appliance.core.personal.declarations import Keep, Personal

_ = texts(__name__)


class PersonForgotten(Base):
    """A person who was forgotten. `counts` is {table: [what was done, rows]}."""

    person = Link(Person, primary_key=True)
    by = Text()
    at = Moment(default=clock.now)
    counts = Json(default=dict)

    class Meta:
        table_name = 'person_forgotten'
        personal = Personal(
            _.lazy('That a person was forgotten, when, and how many rows of which table'), person='person', words=('by',), hidden=('by',),
            forget=Keep(_.lazy('It proves that the person was forgotten, and names nobody.')))


def stand_in(kind, person_id):
    """What stands where a forgotten person's name stood, in the company's language of that day."""
    if kind == GUEST:
        return _('Former guest %(id)s', id=person_id)
    if kind == SERVICE:
        return _('Former service account %(id)s', id=person_id)
    return _('Former employee %(id)s', id=person_id)


def is_forgotten(person_id):
    """Whether a person was forgotten."""
    return is_blocked(person_id, FORGOTTEN)


def count():
    """How many people were forgotten."""
    return PersonForgotten.select().count()
