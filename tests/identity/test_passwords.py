"""Local passwords: what is refused, how they are kept, and that setting one ends what the old one opened."""

import threading
import time

import pytest

from appliance.core.actor import SYSTEM, Actor
from appliance.core.errors import Busy, Invalid, NotAllowed, NotFound
from appliance.core.people import Person, add_person
from appliance.identity import passwords
from appliance.identity.models import Password

GOOD = 'correct horse battery'


@pytest.fixture
def ana(box):
    return add_person(SYSTEM, 'ana.maria', 'Ana')


@pytest.mark.parametrize('password', ['', 'short', '12345678', 'PASSWORD', 'aaaaaaaaaaaa', 'ana.maria', 'x' * 257, 'with\0zero1', None])
def test_a_weak_or_wrong_password_is_refused(ana, password):
    with pytest.raises(Invalid) as refused:
        passwords.set_password(SYSTEM, ana, password)
    assert refused.value.field == 'password'
    assert not passwords.has_password(ana)


def test_a_password_is_kept_as_argon2id_and_verified(ana):
    passwords.set_password(SYSTEM, ana, GOOD)
    assert Password.get().hash.startswith('$argon2id$')
    assert passwords.verify(ana, GOOD)
    assert not passwords.verify(ana, GOOD + ' ')
    assert not passwords.verify(None, 'nobody has this password')


def test_a_new_password_raises_the_epoch(ana):
    passwords.set_password(SYSTEM, ana, GOOD)
    assert Person.get_by_id(ana).epoch == 2


def test_only_oneself_or_an_administrator_sets_a_password(ana):
    with pytest.raises(NotAllowed):
        passwords.set_password(Actor(ana + 1, 'employee'), ana, GOOD)
    passwords.set_password(Actor(ana, 'employee'), ana, GOOD)
    with pytest.raises(NotFound):
        passwords.set_password(SYSTEM, 999, GOOD)


def test_a_damaged_hash_is_never_right(ana):
    Password.create(person=ana, hash='damaged')
    assert not passwords.verify(ana, GOOD)


def test_one_hash_at_a_time_and_no_endless_queue(ana, monkeypatch):
    monkeypatch.setattr(passwords, 'WAIT_S', 0.05)
    with passwords._one_at_a_time(), pytest.raises(Busy):
        passwords.verify(ana, GOOD)
    assert not passwords.verify(ana, GOOD)


def test_one_hashes_one_waits_and_the_others_are_told_at_once(monkeypatch):
    """Those who wait hold threads of the worker: a wave of logins must leave some to everybody else."""
    monkeypatch.setattr(passwords, 'WAIT_S', 30)
    waiting, done = threading.Event(), []

    def hash_after():
        waiting.set()
        with passwords._one_at_a_time():
            done.append(True)

    with passwords._one_at_a_time():
        second = threading.Thread(target=hash_after)
        second.start()
        waiting.wait(10)
        begun = time.monotonic()
        while time.monotonic() < begun + 10 and passwords._places._value:
            time.sleep(0.01)        # until he has his place
        refused = time.monotonic()
        with pytest.raises(Busy):
            passwords.verify(None, 'whatever')
        assert time.monotonic() - refused < passwords.WAIT_S and not done
    second.join()
    assert done and passwords._places._value == 2
