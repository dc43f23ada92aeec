"""`@action`: rights first and for repeats again, one answer for one request key, Conflict for the same key elsewhere."""

import threading

import pytest

from appliance.core import db
from appliance.core.actions import RequestKey, action
from appliance.core.actor import Actor
from appliance.core.departments import Department
from appliance.core.errors import Conflict, Invalid, NotAllowed

ANA = Actor(1, 'employee', via='session:1')
KEY = 'a-key-of-some-length'


def allowed_to_add(actor, name):
    if actor.kind != 'employee':
        raise NotAllowed()


@action(rights=allowed_to_add)
def add(actor, name):
    return {'id': Department.create(name=name).id}


@action
def add_two(actor, first, second):
    return [add(actor, first), add(actor, second)]


def count():
    return Department.select().count()


def test_a_repeat_gets_the_first_answer_and_does_nothing(box):
    first = add(ANA, 'Sales', request_key=KEY)
    assert add(ANA, 'Sales', request_key=KEY) == first
    assert count() == 1


def test_the_same_key_with_other_arguments_is_a_conflict(box):
    add(ANA, 'Sales', request_key=KEY)
    with pytest.raises(Conflict):
        add(ANA, 'Purchase', request_key=KEY)
    assert count() == 1


def test_a_key_belongs_to_one_person_and_one_door(box):
    add(ANA, 'Sales', request_key=KEY)
    add(Actor(1, 'employee', via='session:2'), 'Sales', request_key=KEY)
    add(Actor(2, 'employee', via='session:1'), 'Sales', request_key=KEY)
    assert count() == 3


def test_a_repeat_passes_the_rights_again(box):
    add(ANA, 'Sales', request_key=KEY)
    with pytest.raises(NotAllowed):
        add(Actor(1, 'guest', via='session:1'), 'Sales', request_key=KEY)


def test_a_failed_try_does_not_use_up_its_key(box):
    @action
    def fails_once(actor):
        if not failed:
            failed.append(True)
            raise Conflict()
        return 'done'

    failed = []
    with pytest.raises(Conflict):
        fails_once(ANA, request_key=KEY)
    assert fails_once(ANA, request_key=KEY) == 'done'


def test_a_failing_inner_action_takes_the_outer_with_it(box):
    with pytest.raises(NotAllowed):
        add_two(Actor(3, 'guest'), 'Sales', 'Purchase')
    assert count() == 0
    assert len(add_two(ANA, 'Sales', 'Purchase')) == 2


@pytest.mark.parametrize('key', ['short', 'x' * 101, 7, '', 'with a\0nul', 'half \ud800 of one'])
def test_a_key_of_wrong_length_or_unprintable_is_invalid(box, key):
    with pytest.raises(Invalid) as refused:
        add(ANA, 'Sales', request_key=key)
    assert refused.value.field == 'request_key'
    assert count() == 0


def test_the_table_does_not_tell_the_arguments(box):
    add(ANA, 'Secret merger', request_key=KEY)
    kept = RequestKey.get()
    assert b'Secret' not in kept.fingerprint and 'Secret' not in str(kept.answer)


def test_twins_at_the_same_moment_are_one(box):
    answers, start = [], threading.Barrier(4)

    def ask():
        with db.connected():
            start.wait()
            answers.append(add(ANA, 'Sales', request_key=KEY)['id'])
            if db.is_sqlite():
                db.database.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4 and len(set(answers)) == 1
    assert count() == 1
