"""Web workers and jobs follow a switch within seconds, and nobody who works meanwhile notices."""
import contextlib
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

from appliance.core import config, db, switch
from appliance.core.actor import SYSTEM
from appliance.identity import sessions
from tests.boxes import configuration, opened
from tests.postgresql import free_port
from tests.visitors import Company

TURNS, CLIENTS = 6, 4
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


def test_switching_under_load_fails_no_request(portal, closed_box):
    base, cookie = portal
    statuses, stop = {path: [] for path in ('/people', '/worktime', '/')}, threading.Event()

    def keep_asking():
        while not stop.is_set():
            for path, met in statuses.items():
                met.append(ask(base + path, cookie))

    clients = [threading.Thread(target=keep_asking) for _number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        for turn in range(TURNS):
            to_on = turn % 2 == 1
            begun = time.monotonic()
            version = switch.turn(SYSTEM, 'worktime', to_on)
            assert switch.wait(version) == [], (closed_box.folder / 'log').read_text()[-3000:]
            while db.row('SELECT count(*) FROM tool_state WHERE settled_at IS NULL')[0] and time.monotonic() < begun + 15:
                time.sleep(0.1)
            assert time.monotonic() - begun < 15
            until = time.monotonic() + 3
            while (status := ask(base + '/worktime', cookie)) == 503 and time.monotonic() < until:
                time.sleep(0.1)
            assert status == (200 if to_on else 404)
    finally:
        stop.set()
        for client in clients:
            client.join()
    assert set(statuses['/people']) == set(statuses['/']) == {200}
    assert set(statuses['/worktime']) <= {200, 404, 503}
    assert len(statuses['/people']) > 100
