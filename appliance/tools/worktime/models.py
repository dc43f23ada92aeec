"""The tables of work time. A day belongs to the zone it started in; its times are moments in UTC."""

from peewee import SQL, CompositeKey

from appliance.core import clock
from appliance.core.access import AccessRow
from appliance.core.db import Base
from appliance.core.fields import Day, Id, Link, Moment, Text
from appliance.core.limits import REASON_LENGTH
from appliance.core.people import Person

OPENED, PAUSED, CLOSED, EXPIRED = 'opened', 'paused', 'closed', 'expired'


class WorktimeDay(Base):
    """One person's working day. `ended_at` is None until it is closed, `address` is where its start came from."""

    id = Id()
    person = Link(Person)
    on_date = Day()
    zone = Text()
    started_at = Moment()
    ended_at = Moment(null=True)
    state = Text(default=OPENED)
    address = Text(default='')

    class Meta:
        indexes = ((('person', 'on_date'), True),)


# Two tabs at once cannot leave a second open day, whatever a rule forgets. It is also how the top bar finds the day.
WorktimeDay.add_index(SQL("CREATE UNIQUE INDEX worktime_day_unfinished ON worktime_day (person_id) WHERE state <> 'closed'"))


class WorktimeDayAccess(AccessRow):
    """Who sees a working day; the key is its date."""

    key = Text()

    class Meta:
        primary_key = CompositeKey('subject', 'key', 'object_id')
        indexes = ((('object_id', 'subject'), True),)


class WorktimePause(Base):
    """A time within a day that is not worked; `ended_at` is None while it lasts."""

    id = Id()
    day = Link(WorktimeDay)
    started_at = Moment()
    ended_at = Moment(null=True)


WorktimePause.add_index(SQL('CREATE UNIQUE INDEX worktime_pause_open ON worktime_pause (day_id) WHERE ended_at IS NULL'))


class WorktimeCorrection(Base):
    """Who entered which end of a day afterwards, and why. `old_end` is None where the day had none."""

    id = Id()
    day = Link(WorktimeDay)
    old_end = Moment(null=True)
    new_end = Moment()
    reason = Text(limit=REASON_LENGTH)
    by = Link(Person)
    at = Moment(default=clock.now)
