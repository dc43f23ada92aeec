"""bin/run as a person uses it: what it refuses and how, and a demo company that starts, stops, comes back, starts over."""
import contextlib
import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest

from appliance.demo.start import follow_port
from tests.contracts.sources import ROOT

RUN = ROOT / 'bin' / 'run'
STARTED_WITHIN_S = 300


def refuse(*arguments, status=1):
    """Run bin/run, expect a refusal; return its one line."""
    done = subprocess.run([RUN, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert status == 2 or len(lines) == 1, done.stderr
    return lines[-1]


@pytest.fixture
def four_ports():
    """The first of four free ports in a row."""
    for first in range(18400, 18900, 4):
        with contextlib.ExitStack() as taken:
            try:
                for port in range(first, first + 4):
                    taken.enter_context(socket.socket()).bind(('127.0.0.1', port))
                return first
            except OSError:
                continue
    raise AssertionError('no four free ports in a row')


@pytest.mark.parametrize('offset', [0, 1, 2, 3])
def test_taken_port_is_named(four_ports, offset, tmp_path):
    with socket.socket() as other:
        other.bind(('127.0.0.1', four_ports + offset))
        other.listen()
        line = refuse('--port', four_ports, '--data', tmp_path / 'var')
    assert f'port {four_ports + offset}' in line
    assert not (tmp_path / 'var').exists()


@pytest.mark.parametrize('port', ['80', '65533', 'eighty', '-1'])
def test_wrong_port_is_wrong_use(port):
    assert '--port' in refuse('--port', port, status=2)


def test_folder_with_other_things_is_refused(four_ports, tmp_path):
    (tmp_path / 'letters.txt').write_text('mine')
    assert 'was not made by bin/run' in refuse('--port', four_ports, '--data', tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ['letters.txt']


def test_file_instead_of_folder_is_refused(four_ports, tmp_path):
    (tmp_path / 'var').write_text('')
    assert 'is not a folder' in refuse('--port', four_ports, '--data', tmp_path / 'var')


def test_fresh_asks_and_without_anybody_to_ask_refuses(four_ports, tmp_path):
    for name in ('.bin-run', 'config.ini'):
        (tmp_path / name).touch()
    assert '--yes' in refuse('--port', four_ports, '--data', tmp_path, '--fresh')
    assert (tmp_path / 'config.ini').exists()


def start(folder, port, *arguments):
    """Start bin/run, wait until the portal answers; return (process, demo.json)."""
    path = folder / 'demo.json'
    left_by_kill = path.stat().st_mtime_ns if path.exists() else None
    process = subprocess.Popen([RUN, '--port', str(port), '--data', folder, *arguments], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + STARTED_WITHIN_S
    while not path.exists() or path.stat().st_mtime_ns == left_by_kill:
        if process.poll() is not None or time.monotonic() > deadline:
            process.terminate()
            raise AssertionError(process.communicate(timeout=60)[0])
        time.sleep(0.05)
    return process, json.loads(path.read_text())


@contextlib.contextmanager
def running(folder, port, *arguments):
    """Have bin/run running; afterwards it must be gone with all it started."""
    process, demo = start(folder, port, *arguments)
    try:
        yield process, demo
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert not [number for number in range(port, port + 4) if is_taken(number)]


def is_taken(port):
    """Return whether somebody listens on a port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(('127.0.0.1', port)) == 0


def answer(demo, path):
    """Return the status of a GET."""
    connection = http.client.HTTPConnection(demo['address'].removeprefix('http://'), timeout=10)
    with contextlib.closing(connection):
        connection.request('GET', path)
        return connection.getresponse().status


@pytest.mark.slow
def test_demo_starts_stops_comes_back_and_starts_over(four_ports, tmp_path):
    folder = tmp_path / 'var'
    with running(folder, four_ports) as (process, demo):
        assert stat.S_IMODE((folder / 'demo.json').stat().st_mode) == 0o600
        assert [person['role'] for person in demo['people']] == ['administrator', 'head', 'employee', 'outsider', 'guest']
        assert demo['address'] == f'http://127.0.0.1:{four_ports}'
        assert answer(demo, '/healthz') == 200
        assert answer(demo, '/login') == 200
        assert is_taken(four_ports + 2) and is_taken(four_ports + 3)
    assert process.returncode == 0
    assert not (folder / 'demo.json').exists()
    ids = people_of(folder)

    begun = time.monotonic()
    with running(folder, four_ports) as (_, again):
        assert time.monotonic() - begun < 15
        assert again == demo
        assert 'another bin/run' in refuse('--port', four_ports + 300, '--data', folder)
    assert people_of(folder) == ids

    with running(folder, four_ports, '--fresh', '--yes') as (_, fresh):
        assert fresh['password'] != demo['password']


def people_of(folder):
    """Return what `appliance person list --json` says about a stopped demo."""
    done = subprocess.run([ROOT / '.venv' / 'bin' / 'python', '-m', 'appliance', 'person', 'list', '--json'], text=True, check=True,
                          stdout=subprocess.PIPE, env=os.environ | {'APPLIANCE_CONFIG': str(Path(folder) / 'config.ini')})
    return json.loads(done.stdout)


def test_another_port_is_followed_also_by_a_company_of_an_earlier_version(tmp_path):
    path = tmp_path / 'config.ini'
    path.write_text('; mine\n[server]\naddress = 127.0.0.1:1000\nadmin_address = x\nworkers = 1\n\n[database]\nurl = sqlite:///address\n')
    assert follow_port(path, 2000)
    assert path.read_text() == ('; mine\n[server]\naddress = 127.0.0.1:2000\nadmin_address = 127.0.0.1:2001\nworkers = 1\n\n[database]\n'
                                'url = sqlite:///address\n\n[live]\naddress = 127.0.0.1:2003\n')
    assert not follow_port(path, 2000) and follow_port(path, 3000) and 'address = 127.0.0.1:3003' in path.read_text()


@pytest.mark.slow
def test_kill_leaves_nothing_running_and_the_data_whole(four_ports, tmp_path):
    folder = tmp_path / 'var'
    process, _ = start(folder, four_ports, '--no-directory')
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while is_taken(four_ports):
        assert time.monotonic() < deadline, 'the portal outlived a killed bin/run'
        time.sleep(0.2)
    with running(folder, four_ports, '--no-directory') as (_, demo):
        assert answer(demo, '/login') == 200
