"""`appliance web` as a process: both addresses, a socket passed by systemd, a reload under requests, a worker that is killed."""
import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from appliance.core import sealing

ROOT = Path(__file__).resolve().parents[2]
START_S = 30


def ask(address, **headers):
    """(status, text) of /healthz."""
    try:
        with urllib.request.urlopen(urllib.request.Request(f'http://{address}/healthz', headers=headers), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, ''


@contextlib.contextmanager
def serving(box, **options):
    """`appliance web` on a box, from fit to serve until stopped."""
    environment = {**os.environ, 'APPLIANCE_CONFIG': str(box.config.path), **options.pop('env', {})}
    with (box.folder / 'log').open('wb') as log:
        process = subprocess.Popen([sys.executable, '-B', *options.pop('command', ['-m', 'appliance', 'web'])], env=environment,
                                   stdout=log, stderr=log, **options)
    try:
        deadline = time.monotonic() + START_S
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if ask(box.config.server.address)[0] == 200:
                    break
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(START_S)


@pytest.fixture
def engine():
    """One engine is enough: the process does not know which it has."""
    return 'sqlite'


@pytest.mark.slow
def test_both_addresses_answer_and_only_one_tells_reasons(closed_box):
    with serving(closed_box):
        server = closed_box.config.server
        sealing.use_key(sealing.read_key(closed_box.config.secrets.key_file))
        token = sealing.mac('admin-address', b'token').hex()
        assert ask(server.address, Authorization=f'Bearer {token}') == (200, 'ok\n')
        assert ask(server.admin_address, Host=server.address) == (404, '')
        status, text = ask(server.admin_address, Authorization=f'Bearer {token}')
        assert (status, '"reasons"' in text) == (200, True)


@pytest.mark.slow
def test_reload_and_killed_worker_lose_no_request(closed_box):
    answers, stop = [], threading.Event()

    def keep_asking():
        while not stop.is_set():
            try:
                answers.append(ask(closed_box.config.server.address)[0])
            except OSError as error:
                answers.append(error)
    with serving(closed_box) as process:
        asking = [threading.Thread(target=keep_asking) for _number in range(4)]
        for thread in asking:
            thread.start()
        for _time in range(2):
            process.send_signal(signal.SIGHUP)
            time.sleep(3)
        stop.set()
        for thread in asking:
            thread.join()
        assert set(answers) == {200}
        worker = Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split()[0]
        os.kill(int(worker), signal.SIGKILL)
        time.sleep(3)
        assert ask(closed_box.config.server.address)[0] == 200


@pytest.mark.slow
def test_socket_passed_by_systemd_is_used(closed_box):
    host, _, port = closed_box.config.server.address.rpartition(':')
    with socket.create_server((host, int(port))) as listener:
        # What systemd does: the socket as descriptor 3, LISTEN_PID of the process itself.
        start = ('import os, sys; os.dup2(int(sys.argv[1]), 3); os.set_inheritable(3, True); '
                 'os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}; '
                 'os.execv(sys.executable, [sys.executable, "-B", "-m", "appliance", "web"])')
        with serving(closed_box, command=['-c', start, str(listener.fileno())], pass_fds=[listener.fileno()]):
            assert ask(closed_box.config.server.address)[0] == 200


def test_schema_of_another_version_stops_the_start(closed_box):
    with contextlib.closing(sqlite3.connect(closed_box.folder / 'data' / 'portal.db')) as database:
        database.execute("INSERT INTO core_migration (name, applied) VALUES ('9999_newer', '2026-01-01')")
        database.commit()
    with serving(closed_box) as process:
        assert process.wait(START_S) == 1
    assert 'newer' in (closed_box.folder / 'log').read_text()
