"""Web workers, live and jobs follow fifty switches, and nobody who works, listens or asks meanwhile notices."""
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import replace

import pytest

from appliance.core import config, db, events, live, switch
from appliance.core.actor import SYSTEM
from appliance.core.backup.events import BackupFailed
from appliance.identity import sessions
from tests.boxes import configuration, opened
from tests.live.ear import Ear
from tests.postgresql import free_port
from tests.visitors import Company

# Of the turns every sixteenth is followed to its end; between them the next comes while processes still make way for the one before.
TURNS, FOLLOWED_EACH, PAUSE_S, CLIENTS, STREAMS = 50, 16, 0.2, 4, 3
COUNTED = 'test.counted'
pytestmark = [pytest.mark.slow, pytest.mark.parametrize('engine', ['sqlite'], indirect=True)]


@pytest.fixture
def portal(closed_box):
    """`appliance run` on the demo company; yields (base address, the employee's cookie). The box stays open here."""
    path, port = closed_box.config.path, free_port()
    path.write_text(configuration('sqlite:///data/portal.db', port, free_port(), free_port()))
    box = replace(closed_box, config=config.load(path))
    box.config.backup.key_file.touch(0o600)
    with opened(box):
        company = Company(box)
        token, _row = sessions.open_session(SYSTEM, company.ids['employee'], ['password'])
        environment = os.environ | {'APPLIANCE_CONFIG': str(box.config.path)}
        with (box.folder / 'log').open('wb') as log:
            process = subprocess.Popen([sys.executable, '-m', 'appliance', 'run'], env=environment, stdout=log, stderr=log, start_new_session=True)
        base = box.config.server.public_address
        try:
            deadline = time.monotonic() + 30
            while ask(f'{base}/healthz') != 200 and time.monotonic() < deadline:
                time.sleep(0.1)
            while not switch.has_process('jobs') and time.monotonic() < deadline:
                time.sleep(0.1)
            yield base, f'appliance_session={token}'
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def ask(address, cookie=''):
    """The status of a page, or the error of a connection that broke."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers={'Cookie': cookie}), timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError as error:
        return repr(error)


class Listener(threading.Thread):
    """A browser with a stream: comes again where it was cut off, from what it heard last."""

    def __init__(self, port, token):
        super().__init__(daemon=True)
        self.port, self.token, self.heard, self.types, self.faults, self.cuts, self.stop = port, token, [], set(), [], 0, threading.Event()
        self.ear = Ear(port, token).ready()
        self.start()

    def run(self):
        while not self.stop.is_set():
            if not self.ear.wait(lambda ear: ear.is_over, 0.2):
                continue
            self._take()
            self.cuts += 1
            try:
                self.ear = Ear(self.port, self.token, after=self.ear.cursor)
            except OSError as error:
                self.faults.append(repr(error))
                return
            if self.ear.status != 200:
                self.faults.append(self.ear.status)
                return

    def _take(self):
        self.heard += [detail['data']['n'] for _id, type, detail in self.ear.heard if type == COUNTED]
        self.types |= set(self.ear.types())

    def end(self):
        self.stop.set()
        self.join()
        self.ear.close()
        self._take()


class Poller(threading.Thread):
    """A browser that can have no stream: asks, each time for what came after the last answer."""

    def __init__(self, base, cookie):
        super().__init__(daemon=True)
        self.base, self.cookie, self.heard, self.faults, self.stop = base, cookie, [], [], threading.Event()
        self.after = self._ask('')
        self.start()

    def _ask(self, query):
        try:
            with urllib.request.urlopen(urllib.request.Request(f'{self.base}/live/poll{query}', headers={'Cookie': self.cookie}), timeout=20) as answer:
                for event in json.loads(answer.read() or '{}').get('events', []):
                    if event['type'] == COUNTED:
                        self.heard.append(event['data']['n'])
                    elif event['type'] == live.RESET:
                        self.faults.append('reset')
                return answer.headers['Live-After']
        except OSError as error:
            self.faults.append(repr(error))
            return self.after

    def run(self):
        while not self.stop.is_set():
            self.after = self._ask(f'?after={self.after}')
            time.sleep(0.2)

    def end(self):
        self.stop.set()
        self.join()
        self._ask(f'?after={self.after}')


class Teller(threading.Thread):
    """Whoever works: ten times a second a numbered note to one person, and an event that the administrators' notices follow."""

    def __init__(self, person_id):
        super().__init__(daemon=True)
        self.person_id, self.told, self.stop = person_id, 0, threading.Event()

    def run(self):
        with db.connected():
            while not self.stop.is_set():
                with db.write('test'):
                    live.tell([f'person:{self.person_id}'], COUNTED, data={'n': self.told})
                    events.publish(BackupFailed(0, 'create', str(self.told), None))
                self.told += 1
                time.sleep(0.1)

    def end(self):
        self.stop.set()
        self.join()


@contextlib.contextmanager
def asking(base, cookie):
    """Yield {path: [statuses]} while people look at pages."""
    statuses, stop = {path: [] for path in ('/people', '/worktime', '/')}, threading.Event()

    def keep_asking():
        while not stop.is_set():
            for path, met in statuses.items():
                met.append(ask(base + path, cookie))

    clients = [threading.Thread(target=keep_asking) for _number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield statuses
    finally:
        stop.set()
        for client in clients:
            client.join()


def follow(base, cookie, version, to_on, log):
    """Wait until a switch is followed and settled everywhere, and the tool's page says so."""
    begun = time.monotonic()
    assert switch.wait(version) == [], log.read_text()[-3000:]
    while db.row('SELECT count(*) FROM tool_state WHERE settled_at IS NULL')[0] and time.monotonic() < begun + 15:
        time.sleep(0.1)
    assert time.monotonic() - begun < 15
    until = time.monotonic() + 3
    while (status := ask(base + '/worktime', cookie)) == 503 and time.monotonic() < until:
        time.sleep(0.1)
    assert status == (200 if to_on else 404)


def test_fifty_switches_under_load_fail_no_request_and_lose_no_event(portal, closed_box):
    base, cookie = portal
    live_port = int(config.load(closed_box.config.path).live.address.rpartition(':')[2])
    employee, = db.row("SELECT person_id FROM session ORDER BY id DESC LIMIT 1")
    listeners = [Listener(live_port, cookie.partition('=')[2]) for _number in range(STREAMS)]
    poller, teller = Poller(base, cookie), Teller(employee)
    teller.start()
    try:
        with asking(base, cookie) as statuses:
            for turn in range(TURNS):
                to_on = turn % 2 == 1
                version = switch.turn(SYSTEM, 'worktime', to_on)
                if turn % FOLLOWED_EACH == 0 or turn == TURNS - 1:
                    follow(base, cookie, version, to_on, closed_box.folder / 'log')
                else:
                    time.sleep(PAUSE_S)
    finally:
        teller.end()
    deadline = time.monotonic() + 20
    while db.row("SELECT count(*) FROM delivery WHERE state <> 'done'")[0] and time.monotonic() < deadline:
        time.sleep(0.1)
    for one in (*listeners, poller):
        one.end()
    # Pages were asked for all the time: how many that are, a slow machine says.
    assert version == TURNS and set(statuses['/people']) == set(statuses['/']) == {200} and len(statuses['/people']) >= TURNS // 2
    assert set(statuses['/worktime']) <= {200, 404, 503}
    # Each note came to each stream and to who asks once, in order; nobody was sent away or told that something may be missing.
    told = list(range(teller.told))
    assert poller.faults == [] and poller.heard == told and len(told) >= TURNS
    for one in listeners:
        assert one.faults == [] and live.RESET not in one.types and one.heard == told
    # Each event was heard by its listener, once.
    assert db.rows("""SELECT d.state, count(*) FROM delivery d JOIN event e ON e.id = d.event_id WHERE e.name = 'core.backup.failed'
                      GROUP BY d.state""") == [('done', len(told))]
    holders, = db.row("SELECT count(DISTINCT person_id) FROM notice WHERE kind = 'core.backup.failed'")
    assert holders and db.row("SELECT sum(count) FROM notice WHERE kind = 'core.backup.failed'") == (holders * len(told),)
    assert 'Traceback' not in (closed_box.folder / 'log').read_text()
