"""What has happened, for whoever wants to know: rows written in the transaction that made it happen, told on by listeners.

    @dataclass(frozen=True)
    class DayStarted(Event):                    # of the tool worktime: `worktime.day.started`
        '''A person began a working day.'''     # the reference of the event
        day_id: int
        actor_id: int | None

    publish(DayStarted(day_id=7, actor_id=actor.person_id))     # in a rule, after the fact

A field is only ever added. What must change otherwise gets a new VERSION, and UPCASTS turns what older rows hold into it.
Events are kept for 30 days.
"""

import re
from dataclasses import asdict, dataclass, fields
from typing import ClassVar

from peewee import SQL, CompositeKey

from appliance.core import bus, clock
from appliance.core.db import Base, in_write, row
from appliance.core.fields import Id, Integer, Json, Link, Moment, Text
from appliance.core.i18n import texts
from appliance.core.personal.declarations import Keep, Personal, after

_ = texts(__name__)
WAITING, DONE, FAILED = 'waiting', 'done', 'failed'
_WORD = re.compile(r'[A-Z][a-z0-9]*')
_classes = {}
# Prepared: building it for each event cost more than all else that publishing does.
_INSERT = 'INSERT INTO event (name, version, object, data, at, actor_id) VALUES (?, ?, ?, ?, ?, ?) RETURNING id'


class EventRow(Base):
    """One event. `object` is `<tool>.<thing>:<id>`; `data` are its fields."""

    id = Id()
    name = Text()
    version = Integer()
    object = Text()
    data = Json()
    at = Moment(index=True)
    actor_id = Integer(null=True)

    class Meta:
        personal = Personal(
            _.lazy('What happened, and who did it'), person='actor_id', words=('data',), hidden=('data',), kept=after(30, 'core.clean'),
            forget=Keep(_.lazy('It names nobody, only a number, and goes after 30 days.')))
        table_name = 'event'


class Delivery(Base):
    """An event on its way to a listener: waiting, done, or given up. In order for each listener and object."""

    event = Link(EventRow, on_delete='CASCADE')
    listener = Text()
    object = Text()
    state = Text(default=WAITING)
    attempts = Integer(default=0)
    next_at = Moment()
    ended_at = Moment(null=True)
    error = Text(default='')

    class Meta:
        personal = Personal(
            _.lazy('Which part of the portal heard what happened; an error may quote it'), words=('error',), kept=after(30, 'core.clean'),
            forget=Keep(_.lazy('It is about the portal, and goes after 30 days.')))
        primary_key = CompositeKey('event', 'listener')
        indexes = ((('state', 'next_at'), False),)


# What waits is little, whatever was delivered in a month.
Delivery.add_index(SQL("CREATE INDEX delivery_waiting ON delivery (listener, object, event_id) WHERE state = 'waiting'"))


# `INSIDE` of what hangs on objects of any kind.
BY_OWNER = 'its object’s tool tells of it under its own names, when programs want it'


class Event:
    """The base of events: frozen dataclasses called thing and past tense, with `<thing>_id` and `actor_id` among their fields.

    Programs are told of an event by a `rest.happening`; one that has none says in `INSIDE` why it stays inside the portal.
    """

    VERSION: ClassVar[int] = 1
    # {version: function from its data to that of the next}
    UPCASTS: ClassVar[dict] = {}
    INSIDE: ClassVar[str] = ''
    name: ClassVar[str]
    kind: ClassVar[str]

    def __init_subclass__(cls):
        super().__init_subclass__()
        parts = cls.__module__.split('.')
        owner = parts[2] if parts[1] == 'tools' else parts[1]
        *thing, verb = [word.lower() for word in _WORD.findall(cls.__name__)]
        cls.kind, cls.name = f'{owner}.{"_".join(thing)}', f'{owner}.{"_".join(thing)}.{verb}'
        cls._thing_id = f'{"_".join(thing)}_id'
        _classes[cls.name] = cls

    @property
    def object(self):
        """`<tool>.<thing>:<id>`: what it happened to."""
        return f'{self.kind}:{getattr(self, self._thing_id)}'


@dataclass(frozen=True)
class Happened:
    """An event as a listener gets it: `data` is as its newest version holds it, and plain."""

    id: int
    name: str
    version: int
    object: str
    data: dict
    at: object
    actor_id: int | None

    @property
    def object_id(self):
        """The id of what it happened to."""
        return int(self.object.rpartition(':')[2])


def declared():
    """{name: class} of the events in the modules loaded so far, by name."""
    return dict(sorted(_classes.items()))


def publish(event):
    """Write an event, and a delivery for each listener that is on: inside the action that made it happen."""
    from appliance.core import listeners     # cycle: listeners hear what is published here
    if not in_write():
        raise RuntimeError('publish belongs into an action: what happened and its event are one transaction')
    now = clock.now()
    event_id = row(_INSERT, event.name, event.VERSION, event.object, EventRow.data.db_value(asdict(event)), clock.microseconds(now),
                   event.actor_id)[0]
    waiting = [{'event': event_id, 'listener': name, 'object': event.object, 'next_at': now} for name in listeners.names_for(event.name)]
    if waiting:
        Delivery.add_all(waiting)
        bus.wake(bus.JOBS)
    return event_id


def read(found):
    """An EventRow as Happened, brought up to the version that this code knows."""
    version, data, known = found.version, found.data, _classes.get(found.name)
    while known and version < known.VERSION:
        data = known.UPCASTS[version](data)
        version += 1
    return Happened(found.id, found.name, version, found.object, data, found.at, found.actor_id)


def reference():
    """[{name, version, text, fields: [(name, type)]}] of all declared events, for people who write listeners."""
    return [{'name': name, 'version': one.VERSION, 'text': (one.__doc__ or '').strip(),
             'fields': [(field.name, getattr(field.type, '__name__', str(field.type))) for field in fields(one)]}
            for name, one in declared().items()]


def forget(before):
    """Delete events older than a moment with what was delivered of them; for the cleaning job, inside an action."""
    undelivered = Delivery.select(Delivery.event).where(Delivery.state == WAITING)
    old = (EventRow.at < before) & EventRow.id.not_in(undelivered)
    Delivery.delete().where(Delivery.event.in_(EventRow.select(EventRow.id).where(old))).execute()
    return EventRow.delete().where(old).execute()
