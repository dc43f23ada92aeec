"""Who hears of events, and that each hears of each once: in order for one object, retried for a day, never undoing what happened.

    @listeners.on('worktime.day.corrected')
    def tell_head(actor, event):            # in a tool's listeners.py; one transaction with the mark that it was heard

A listener of a tool that is off hears nothing; when it comes back, its `resume` settles what it missed.
"""

import functools
import logging
from dataclasses import dataclass, replace
from datetime import timedelta

from appliance.core import audit, clock, registration
from appliance.core.actions import action
from appliance.core.actor import SYSTEM
from appliance.core.db import row, rows, write
from appliance.core.errors import NotFound
from appliance.core.events import DONE, FAILED, WAITING, Delivery, EventRow, read
from appliance.core.permissions import permitted

# Before the next try; together about a day.
BACKOFF_S = (10, 60, 300, 1800, 7200, 21600, 54000)
TRIES = len(BACKOFF_S) + 1
log = logging.getLogger('appliance.listeners')
_listeners = {}


class HeardElsewhere(Exception):
    """Another process has heard this delivery by now: what this one did must not be kept."""


@dataclass(frozen=True)
class Listener:
    """A function that hears events of some names; a name that ends with `*` stands for all that begin so."""

    name: str
    events: tuple
    function: object
    is_wanted: object = None

    @functools.cached_property
    def _beginnings(self):
        return tuple(one[:-1] for one in self.events if one.endswith('*'))

    def names(self, event):
        """Whether an event of that name is among its own."""
        return event in self.events or event.startswith(self._beginnings)

    def wants(self, event):
        """Whether it wants one of its events now."""
        return self.is_wanted is None or self.is_wanted(event)


def on(*events, is_wanted=None):
    """Declare a listener: `function(actor, event)`, called `<tool>.<function's name>`. `event` is an events.Happened.

    `is_wanted(event's name)` is asked at each event of these names, and must be cheap: for a listener that mostly has nothing to do.
    """
    def register(function):
        parts = function.__module__.split('.')
        name = f'{parts[2] if parts[1] == "tools" else parts[1]}.{function.__name__}'
        if name in _listeners and _listeners[name].function.__module__ != function.__module__:
            raise ValueError(f'two listeners are called {name}')
        _listeners[name] = Listener(name, events, function, is_wanted)
        return function
    return register


def declared(event=None):
    """{name: Listener} of those of the core and of the tools that are on; of one event, if its name is given."""
    from appliance.core.subscriptions import calls as _calls    # noqa: F401  # cycle: it listens
    for part in ('events', 'notifications', 'listeners'):
        registration.load(part)
    named = _listeners if event is None else {name: one for name, one in _listeners.items() if one.names(event)}
    return registration.of_tools_that_are_on('listeners', named)


def names_for(event):
    """The names of the listeners that hear an event of this name."""
    return [name for name, one in declared(event).items() if one.wants(event)]


# The first of each object that a listener has not heard: what follows waits for it. Of a tool that is off, all waits.
_FIRST = '''
    FROM delivery d WHERE d.state = 'waiting' AND d.listener IN ({names})
      AND NOT EXISTS (SELECT 1 FROM delivery e WHERE e.listener = d.listener AND e.object = d.object
                      AND e.state = 'waiting' AND e.event_id < d.event_id)'''


def _first():
    names = sorted(declared())
    return _FIRST.format(names=', '.join('?' * len(names)) or "''"), names


def next_due():
    """When the next delivery is due, or None."""
    first, names = _first()
    found = row(f'SELECT min(d.next_at) {first}', *names)[0]
    return clock.from_microseconds(found) if found is not None else None


def deliver(most=100):
    """Let listeners hear what is due; returns how many deliveries were tried. An error is noted, and retried later."""
    first, names = _first()
    due = rows(f'SELECT d.event_id, d.listener {first} AND d.next_at <= ? ORDER BY d.event_id LIMIT ?', *names,
               clock.microseconds(clock.now()), most)
    for event_id, name in due:
        _deliver_one(declared()[name], event_id)
    return len(due)


def _deliver_one(listener, event_id):
    attempt = _take(listener.name, event_id)
    if attempt is None:
        return
    this = (Delivery.event == event_id) & (Delivery.listener == listener.name)
    try:
        with write(f'listener {listener.name}'):
            heard = Delivery.update(state=DONE, ended_at=clock.now(), error='').where(
                this & (Delivery.state == WAITING) & (Delivery.attempts == attempt)).execute()
            if not heard:
                raise HeardElsewhere()
            listener.function(replace(SYSTEM, via=f'listener:{listener.name}'), read(EventRow.get_by_id(event_id)))
    except HeardElsewhere:
        return
    except Exception as error:
        log.exception('%s failed at event %s, try %s', listener.name, event_id, attempt)
        values = {'error': f'{type(error).__name__}: {error}'[:2000]}
        if attempt >= TRIES:
            values |= {'state': FAILED, 'ended_at': clock.now()}
        with write('core.listeners.fail'):
            Delivery.update(**values).where(this & (Delivery.attempts == attempt)).execute()


def _take(name, event_id):
    """Count a try before it is made, so that what kills the process is not tried for ever; its number, or None when it is gone."""
    this = (Delivery.event == event_id) & (Delivery.listener == name) & (Delivery.state == WAITING)
    with write('core.listeners.take'):
        found = Delivery.get_or_none(this)
        if found is None or found.next_at > clock.now():
            return None
        if found.attempts >= TRIES:     # every try was killed before it could say why
            Delivery.update(state=FAILED, ended_at=clock.now(), error='killed').where(this).execute()
            return None
        attempt = found.attempts + 1
        pause = timedelta(seconds=BACKOFF_S[min(attempt, len(BACKOFF_S)) - 1])
        taken = Delivery.update(attempts=attempt, next_at=clock.now() + pause).where(this & (Delivery.attempts == found.attempts)).execute()
        return attempt if taken else None


def troubled():
    """[{event_id, event, object, listener, state, attempts, next_at, error}] of deliveries that failed at least once and are not done."""
    found = (Delivery.select(Delivery, EventRow.name).join(EventRow).where((Delivery.state != DONE) & (Delivery.error != ''))
             .order_by(Delivery.event).limit(50))
    return [{'event_id': one.event_id, 'event': one.event.name, 'object': one.object, 'listener': one.listener, 'state': one.state,
             'attempts': one.attempts, 'next_at': one.next_at, 'error': one.error} for one in found]


@action(rights=permitted('core.jobs.manage'))
def retry(actor, event_id, listener):
    """Try a delivery that failed once more, as if it were new. NotFound when there is none, or it was heard."""
    waiting = Delivery.update(state=WAITING, attempts=0, next_at=clock.now(), ended_at=None).where(
        (Delivery.event == event_id) & (Delivery.listener == listener) & (Delivery.state != DONE)).execute()
    if not waiting:
        raise NotFound()
    audit.record(actor, 'core.delivery.retried', f'core.event:{event_id}', listener=listener)
