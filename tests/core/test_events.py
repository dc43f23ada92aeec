"""Events: written with what happened or not at all, heard in order, once, and again until it works."""
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from appliance.core import clock, events, listeners
from appliance.core.actions import action
from appliance.core.actor import SYSTEM
from appliance.core.db import write
from appliance.core.departments import Department
from appliance.core.errors import NotFound
from appliance.core.events import Delivery, Event, EventRow, publish

START = datetime(2026, 11, 26, 9, tzinfo=UTC)


@dataclass(frozen=True)
class TestThingHappened(Event):
    """Something of the tests."""

    __test__ = False
    test_thing_id: int
    word: str
    actor_id: int | None


@pytest.fixture
def heard(monkeypatch):
    """The list of (listener, object, word) of what was heard; `hear(name, function)` adds a listener of the tests."""
    monkeypatch.setattr(listeners, '_listeners', {})
    found = []

    def hear(name, function=lambda event: None):
        def listen(actor, event):
            function(event)
            found.append((name, event.object, event.data['word']))
        listeners._listeners[name] = listeners.Listener(name, ('core.test_thing.*',), listen)
    hear.found = found
    return hear


TestThingHappened.name, TestThingHappened.kind = 'core.test_thing.happened', 'core.test_thing'


def say(thing, word):
    with write('test'):
        return publish(TestThingHappened(thing, word, None))


def states():
    return [(one.listener, one.state, one.attempts) for one in Delivery.select().order_by(Delivery.event, Delivery.listener)]


def test_names_come_from_the_class():
    from appliance.tools.worktime.events import DayStarted      # slow: only here
    assert (DayStarted.name, DayStarted(7, 1).object) == ('worktime.day.started', 'worktime.day:7')
    assert 'worktime.day.started' in events.declared() and 'core.person.added' in events.declared()


def test_every_event_explains_itself():
    for one in events.reference():
        if 'test_thing' not in one['name']:
            assert one['text'] and not one['text'].startswith(one['name']) and 'actor_id' in dict(one['fields'])


def test_publishing_belongs_into_an_action(box):
    with pytest.raises(RuntimeError, match='belongs into an action'):
        publish(TestThingHappened(1, 'x', None))


def test_what_did_not_happen_is_not_told(box, heard):
    heard('one')

    @action
    def fail(actor):
        publish(TestThingHappened(1, 'x', None))
        Department.create(name='x')
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError):
        fail(SYSTEM)
    assert not EventRow.select().exists() and not Delivery.select().exists()


def test_each_listener_hears_once_in_order(box, heard):
    heard('one')
    heard('two')
    for word in ('a', 'b', 'c'):
        say(1, word)
    while listeners.deliver(most=1):
        pass
    assert listeners.deliver() == 0
    for name in ('one', 'two'):
        assert [word for who, _object, word in heard.found if who == name] == ['a', 'b', 'c']


def test_an_error_undoes_the_listener_only_and_holds_back_its_object_only(box, heard):
    def fail_at_a(event):
        Department.create(name=event.data['word'])
        if event.data['word'] == 'a' and event.object_id == 1:
            raise ZeroDivisionError('a')
    heard('one', fail_at_a)
    heard('two')
    with time_machine.travel(START, tick=False) as moving:
        for thing, word in ((1, 'a'), (1, 'b'), (2, 'a')):
            say(thing, word)
        for _time in range(5):
            listeners.deliver()
        assert [one for one in heard.found if one[0] == 'one'] == [('one', 'core.test_thing:2', 'a')]
        assert len([one for one in heard.found if one[0] == 'two']) == 3
        assert [row.name for row in Department.select()] == ['a']       # only what object 2 made
        assert listeners.troubled()[0]['error'] == 'ZeroDivisionError: a'
        moving.shift(timedelta(seconds=10))
        listeners._listeners['one'] = listeners.Listener('one', ('core.test_thing.*',), lambda actor, event: heard.found.append(('one', event.object, event.data['word'])))
        while listeners.deliver():
            pass
    assert heard.found[-2:] == [('one', 'core.test_thing:1', 'a'), ('one', 'core.test_thing:1', 'b')]
    assert {state for _name, state, _attempts in states()} == {'done'}


def test_eight_tries_in_a_day_then_it_is_given_up_and_what_follows_goes_on(box, heard):
    def fail_at_a(event):
        if event.data['word'] == 'a':
            raise ZeroDivisionError
    heard('one', fail_at_a)
    with time_machine.travel(START, tick=False) as moving:
        say(1, 'a')
        say(1, 'b')
        tries = 0
        while listeners.next_due() and tries < 20:
            moving.move_to(max(clock.now(), listeners.next_due()))
            before = Delivery.get(Delivery.event == 1).attempts
            listeners.deliver(most=1)
            tries += Delivery.get(Delivery.event == 1).attempts - before
        assert (tries, clock.now() - START) == (8, timedelta(seconds=sum(listeners.BACKOFF_S)))
        assert timedelta(hours=20) < clock.now() - START < timedelta(hours=25)
    assert states() == [('one', 'failed', 8), ('one', 'done', 1)]
    listeners.retry(SYSTEM, 1, 'one')
    with pytest.raises(NotFound):
        listeners.retry(SYSTEM, 2, 'one')
    assert states()[0] == ('one', 'waiting', 0)


def test_what_kills_the_process_is_not_tried_for_ever(box, heard):
    heard('one')
    say(1, 'a')
    with write('test'):
        Delivery.update(attempts=listeners.TRIES).execute()
    listeners.deliver()
    assert states() == [('one', 'failed', 8)] and not heard.found


def test_what_another_process_has_heard_is_not_kept_twice(box, heard):
    def steal(event):
        Department.create(name='mine')
    heard('one', steal)
    say(1, 'a')
    take = listeners._take

    def taken_meanwhile(name, event_id):
        attempt = take(name, event_id)
        Delivery.update(state='done').execute()
        return attempt
    listeners._take = taken_meanwhile
    try:
        listeners.deliver()
    finally:
        listeners._take = take
    assert not Department.select().exists() and not heard.found


def test_a_newer_version_reads_older_rows(box, monkeypatch):
    say(1, 'a')
    monkeypatch.setattr(TestThingHappened, 'VERSION', 3)
    monkeypatch.setattr(TestThingHappened, 'UPCASTS', {1: lambda data: data | {'more': 1}, 2: lambda data: {**data, 'word': data['word'].upper()}})
    found = events.read(EventRow.get())
    assert (found.version, found.data['word'], found.data['more'], found.at.tzinfo) == (3, 'A', 1, UTC)


def test_events_are_kept_for_their_time_and_as_long_as_somebody_waits(box, heard):
    heard('one')
    say(1, 'a')
    say(2, 'b')
    Delivery.update(state='done').where(Delivery.event == 1).execute()
    with write('test'):
        assert events.forget(clock.now() - timedelta(days=1)) == 0
        assert events.forget(clock.now() + timedelta(days=1)) == 1
    assert [row.id for row in EventRow.select()] == [2] and Delivery.select().count() == 1
