"""A guide is shown once a person, whatever asks for it at once."""
import threading

import pytest

from appliance.core import db, guides
from appliance.core.actor import ANONYMOUS, SYSTEM, Actor
from appliance.core.errors import NotAllowed
from appliance.core.guides import GuideSeen
from appliance.core.people import add_person, update_person


@pytest.fixture
def ana(box):
    return Actor(add_person(SYSTEM, 'ana', 'Ana'), 'employee', frozenset({'employee'}), via='test')


def test_it_is_claimed_once(ana):
    assert not guides.is_seen(ana, guides.WELCOME)
    assert [guides.claim(ana, guides.WELCOME) for _time in range(3)] == [True, False, False]
    assert guides.is_seen(ana, guides.WELCOME) and not guides.is_seen(ana, 'another')
    assert GuideSeen.select().count() == 1


def test_each_person_and_each_guide_for_itself(ana):
    bob = Actor(add_person(SYSTEM, 'bob', 'Bob'), 'employee', via='test')
    assert guides.claim(ana, guides.WELCOME) and guides.claim(bob, guides.WELCOME) and guides.claim(ana, 'another')
    update_person(SYSTEM, ana.person_id, name='Ana María')
    assert not guides.claim(ana, guides.WELCOME)


def test_of_many_that_ask_at_once_one_gets_it(ana):
    told, ready = [], threading.Barrier(4, timeout=20)     # PostgreSQL's pool has five connections

    def ask():
        with db.connected():
            ready.wait()
            told.append(guides.claim(ana, guides.WELCOME))

    threads = [threading.Thread(target=ask) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [False] * 3 + [True]


@pytest.mark.parametrize('nobody', [SYSTEM, ANONYMOUS])
def test_nobody_sees_nothing(box, nobody):
    with pytest.raises(NotAllowed):
        guides.claim(nobody, guides.WELCOME)
