"""A directory that is down or says nothing: the login answers within 3 s, and other logins are not held up."""

import contextlib
import threading
import time
from dataclasses import replace

import pytest

from appliance.core.errors import Busy
from appliance.identity.directory.errors import DirectoryDown
from appliance.identity.directory.login import Gate, ask
from tests.ldap.people import PASSWORD
from tests.ldap.silence import drip, grant_then_silence, hang_up, never_answer, silent_server
from tests.postgresql import free_port

MOST_S = 3


@pytest.mark.parametrize(('scheme', 'tls', 'behave'), [
    ('ldap', 'none', never_answer),
    ('ldap', 'starttls', never_answer),
    ('ldaps', 'ldaps', never_answer),
    ('ldap', 'starttls', grant_then_silence),
    ('ldaps', 'ldaps', drip),
], ids=['no answer', 'no answer to StartTLS', 'LDAPS without handshake', 'StartTLS granted, then silence', 'a handshake that drips'])
def test_a_silent_directory_is_given_up_within_three_seconds(directory, authority, scheme, tls, behave):
    with silent_server(behave) as port:
        silent = replace(directory, url=f'{scheme}://127.0.0.1:{port}', tls=tls, ca_pem=authority.pem)
        begun = time.monotonic()
        with pytest.raises(DirectoryDown) as caught:
            ask(silent, 'employee', PASSWORD)
        assert time.monotonic() - begun < MOST_S
        assert caught.value.reason == 'silent'


def test_a_directory_that_is_not_there_is_told_at_once(directory):
    begun = time.monotonic()
    for tls, scheme in (('none', 'ldap'), ('starttls', 'ldap'), ('ldaps', 'ldaps')):
        with pytest.raises(DirectoryDown) as caught:
            ask(replace(directory, url=f'{scheme}://127.0.0.1:{free_port()}', tls=tls), 'employee', PASSWORD)
        assert caught.value.reason in ('refused', 'closed')
    assert time.monotonic() - begun < 1


def test_a_directory_that_hangs_up_is_down(directory):
    with silent_server(hang_up) as port, pytest.raises(DirectoryDown):
        ask(replace(directory, url=f'ldap://127.0.0.1:{port}'), 'employee', PASSWORD)


def test_one_talks_one_waits_the_others_are_told_at_once():
    gate, inside, leave, told = Gate(), threading.Event(), threading.Event(), []

    def talk():
        with gate.turn():
            inside.set()
            leave.wait()

    def wait():
        with contextlib.suppress(Busy), gate.turn():
            told.append('had a turn')

    talking = threading.Thread(target=talk)
    talking.start()
    inside.wait()
    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.1)
    begun = time.monotonic()
    with pytest.raises(Busy) as caught, gate.turn():
        pass
    assert time.monotonic() - begun < 0.1
    assert caught.value.retry_after_s == 1
    leave.set()
    talking.join()
    waiting.join()
    assert told == ['had a turn']


def test_who_waits_is_told_after_a_second():
    gate = Gate()
    with gate.turn():
        begun = time.monotonic()
        with pytest.raises(Busy), gate.turn():
            pass
        assert 0.9 < time.monotonic() - begun < 1.5
    with gate.turn():
        pass
