"""The throttle: five tries, then a growing wait; strangers spend their own budgets; directories are asked three times."""

import threading
from datetime import timedelta

import pytest
import time_machine

from appliance.core import clock, db
from appliance.core.actor import ANONYMOUS
from appliance.core.errors import TooMany
from appliance.identity import throttle
from appliance.identity.models import LoginFailure

HOME, ELSEWHERE = '192.0.2.1', '198.51.100.7'


def fail(times, login='ana', address=HOME, is_known=False):
    for _ in range(times):
        throttle.count_failure(ANONYMOUS, login, address, is_known)


def test_four_failures_are_free_the_fifth_waits_longer_each_time(box):
    with time_machine.travel(clock.now(), tick=False) as traveller:
        fail(4)
        throttle.require_budget('ana', HOME, False)
        waits = []
        for _ in range(4):
            fail(1)
            with pytest.raises(TooMany) as refused:
                throttle.require_budget('ANA ', HOME, False)
            waits.append(refused.value.retry_after_s)
            traveller.shift(timedelta(seconds=refused.value.retry_after_s))
            throttle.require_budget('ana', HOME, False)
        assert waits == [15, 30, 60, 120]


def test_a_stranger_does_not_shut_out_the_owner_of_a_name(box):
    fail(25, address=ELSEWHERE)
    with pytest.raises(TooMany):
        throttle.require_budget('ana', ELSEWHERE, False)
    throttle.require_budget('ana', HOME, True)
    with pytest.raises(TooMany):
        throttle.require_budget('ana', '203.0.113.5', False)


def test_one_network_that_tries_many_names_is_stopped(box):
    for number in range(throttle.NETWORK_TRIES):
        fail(1, login=f'name{number}')
    with pytest.raises(TooMany):
        throttle.require_budget('somebody.else', HOME, True)
    throttle.require_budget('somebody.else', ELSEWHERE, False)


@pytest.mark.parametrize('one, other, is_same', [
    ('2001:db8::1', '2001:db8::ffff', True), ('2001:db8::1', '2001:db8:0:1::1', False), ('192.0.2.1', '::ffff:192.0.2.1', True),
    ('192.0.2.1', '192.0.2.2', False)])
def test_an_ipv6_network_is_one_place(one, other, is_same):
    assert (throttle.network(one) == throttle.network(other)) is is_same


def test_a_success_forgives_the_pair_only(box):
    fail(5)
    throttle.clear(ANONYMOUS, 'ana', HOME)
    throttle.require_budget('ana', HOME, True)
    assert LoginFailure.select().where(LoginFailure.bucket.startswith('network:')).count() == 5


def test_failures_of_before_the_clock_was_set_back_lock_nobody_for_longer_than_others(box):
    with time_machine.travel(clock.now(), tick=False) as traveller:
        fail(5)
        for _try in range(throttle.DIRECTORY_TRIES):
            throttle.take_directory_try(ANONYMOUS, '1:somebody')
        traveller.shift(timedelta(minutes=-5))
        with pytest.raises(TooMany):
            throttle.require_budget('ana', HOME, False)
        with pytest.raises(TooMany):
            throttle.take_directory_try(ANONYMOUS, '1:somebody')
        traveller.shift(timedelta(days=-1))
        throttle.require_budget('ana', HOME, False)
        throttle.take_directory_try(ANONYMOUS, '1:somebody')


def test_failures_are_forgotten_after_half_an_hour(box):
    with time_machine.travel(clock.now(), tick=False) as traveller:
        fail(9)
        traveller.shift(timedelta(minutes=31))
        throttle.require_budget('ana', HOME, False)


def test_the_fourth_bind_in_half_an_hour_never_happens(box):
    with time_machine.travel(clock.now(), tick=False) as traveller:
        for _ in range(3):
            throttle.take_directory_try(ANONYMOUS, '1:abc')
            traveller.shift(timedelta(minutes=5))
        with pytest.raises(TooMany) as refused:
            throttle.take_directory_try(ANONYMOUS, '1:abc')
        assert refused.value.retry_after_s == 15 * 60
        throttle.take_directory_try(ANONYMOUS, '1:def')
        traveller.shift(timedelta(minutes=15, seconds=1))
        throttle.take_directory_try(ANONYMOUS, '1:abc')


def test_a_bind_that_was_not_judged_does_not_count(box):
    for _ in range(9):
        throttle.take_directory_try(ANONYMOUS, '1:abc')
        throttle.give_directory_try_back(ANONYMOUS, '1:abc')


def test_twins_cannot_bind_a_fourth_time(box):
    """Several workers are about to bind for one person at once."""
    told = []

    def take():
        with db.connected():
            try:
                told.append(throttle.take_directory_try(ANONYMOUS, '1:abc'))
            except TooMany:
                told.append('too many')

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told, key=str) == [None, None, None, 'too many']


def test_what_was_typed_as_login_is_not_kept(box):
    fail(1, login='my secret password')
    assert not [row.bucket for row in LoginFailure.select() if 'secret' in row.bucket]
