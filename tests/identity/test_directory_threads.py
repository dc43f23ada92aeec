"""The threads in which a login talks to a directory: kept when they answer, left behind when they are stuck."""

import contextvars
import gc
import os
import threading
import time
import weakref

import pytest

from appliance.identity.directory import threads
from appliance.identity.directory.errors import DirectoryDown
from appliance.identity.directory.threads import within

said = contextvars.ContextVar('said', default='nothing')


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Two places, and no idle thread of another test. The end waits until whoever works has given his place back."""
    places = threading.BoundedSemaphore(2)
    monkeypatch.setattr(threads, '_places', places)
    monkeypatch.setattr(threads, '_idle', [])
    yield
    for _place in range(2):
        assert places.acquire(timeout=5)


def soon():
    return time.monotonic() + 5


def test_one_thread_serves_one_talk_after_another():
    one = within(soon(), threading.get_ident)
    assert one != threading.get_ident()
    assert {within(soon(), threading.get_ident) for _talk in range(20)} == {one}


def test_what_is_raised_there_comes_here_and_the_next_talk_goes_well():
    with pytest.raises(ZeroDivisionError):
        within(soon(), lambda: 1 / 0)
    assert within(soon(), max, 1, 2) == 2


def test_each_talk_has_the_context_of_who_asks():
    said.set('one')
    assert within(soon(), said.get) == 'one'
    said.set('two')
    assert within(soon(), said.get) == 'two'
    within(soon(), said.set, 'there')
    assert said.get() == 'two'


def test_what_hangs_beyond_every_timeout_is_left_behind_but_not_without_end():
    end = threading.Event()
    try:
        for _count in range(2):
            with pytest.raises(DirectoryDown):
                within(time.monotonic(), end.wait)
        begun = time.monotonic()
        with pytest.raises(DirectoryDown):
            within(time.monotonic() + 5, end.wait)
        assert time.monotonic() - begun < 0.1
    finally:
        end.set()


def test_an_answer_that_comes_too_late_is_nobody_elses():
    end = threading.Event()
    with pytest.raises(DirectoryDown):
        within(time.monotonic(), lambda: end.wait() and 'late')
    assert within(soon(), lambda: 'another') == 'another'
    end.set()
    assert [within(soon(), lambda: 'mine') for _talk in range(5)] == ['mine'] * 5


def test_nothing_of_a_talk_stays_in_the_idle_thread():
    class Password(str):
        pass
    secret = Password('wonderland')
    kept = weakref.ref(secret)
    within(soon(), len, secret)
    del secret
    deadline = soon()
    while kept() is not None and time.monotonic() < deadline:
        gc.collect()
    assert kept() is None


def test_a_child_starts_threads_of_its_own():
    within(soon(), len, '')
    child = os.fork()
    if child == 0:
        try:
            within(time.monotonic() + 2, max, 1, 2)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
