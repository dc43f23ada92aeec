"""Tables of adoption. No rules here."""

from peewee import CompositeKey

from appliance.core import clock
from appliance.core.db import Base
from appliance.core.fields import Flag, Integer, Json, Link, Moment, Text, Uuid
from appliance.core.i18n import texts
from appliance.core.people import Person
from appliance.core.personal.declarations import WITH_OBJECT, WITH_PERSON, Empty, Personal
from appliance.identity.directory.sync.models import SyncStep
from appliance.identity.models import Directory

_ = texts(__name__)


class Adoption(Base):
    """What a step of the kind `adopt` has beside the step: who ticked it, and what joining put away, for taking it back.

    `sign` is a hash of what was compared: a proposal with other values is another one. `is_open`: it waits for a tick, or its
    run is still at it. `blocks` is {source: reason} of the directories' blocks that fell.
    """

    step = Link(SyncStep, primary_key=True)
    directory = Link(Directory, index=False)
    person = Link(Person)
    sign = Text()
    is_open = Flag(default=True)
    ticked_by = Integer(null=True)      # None with a ticked_at: the console
    ticked_at = Moment(null=True)
    password_hash = Text(null=True)
    password_set_at = Moment(null=True)
    blocks = Json(default=dict)

    class Meta:
        personal = Personal(
            _.lazy('That a person may be an entry of a directory, and what he had before'), person='person', kept=WITH_OBJECT,
            hidden=('sign', 'password_hash', 'password_set_at', 'ticked_by', 'blocks'),
            forget=Empty({'sign': '', 'password_hash': None, 'blocks': {}, 'is_open': False}, _.lazy('That it was asked stays; what was put away goes.')))
        indexes = ((('directory', 'is_open', 'step'), False),)


class FormerTie(Base):
    """The entry that a person came in by until he was tied to another one: kept so that it makes nobody new, and for taking it back.

    `run` is the number of the run that put it away; runs go after 90 days, this stays.
    """

    directory = Link(Directory)
    uuid = Uuid()
    person = Link(Person)
    dn = Text()
    seen_at = Moment()
    run = Integer()
    at = Moment(default=clock.now)

    class Meta:
        personal = Personal(
            _.lazy('Which entry of a directory a person was before he came in by another'), person='person', kept=WITH_PERSON, hidden=('run',),
            forget=Empty({'dn': ''}, _.lazy('The entry’s number stays, so that whoever is still in the directory does not come in anew; its name goes.')))
        table_name = 'former_tie'
        primary_key = CompositeKey('directory', 'uuid')
