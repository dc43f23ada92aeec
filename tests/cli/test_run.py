"""`appliance run`: starts web, live and jobs, starts again what is killed, stops all, and says when one cannot live."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.boxes import configuration
from tests.postgresql import free_port

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.parametrize('engine', ['sqlite'], indirect=True)]


@pytest.fixture
def run(closed_box):
    """Start `appliance run` on this box; returns (process, address). Ended with all it started."""
    port = free_port()
    closed_box.config.path.write_text(configuration('sqlite:///data/portal.db', port, free_port(), free_port()))
    closed_box.config.backup.key_file.touch(0o600)
    process = subprocess.Popen([sys.executable, '-m', 'appliance', '--config', str(closed_box.config.path), 'run'],
                               stderr=subprocess.PIPE, text=True, start_new_session=True)
    yield process, port
    if process.poll() is None:
        process.kill()
    process.communicate()


def healthy(port):
    """Whether /healthz answers 200."""
    try:
        with urllib.request.urlopen(f'http://127.0.0.1:{port}/healthz', timeout=5) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def children(process):
    """{name: pid} of web, live and jobs."""
    found = subprocess.run(['ps', '-o', 'pid=,args=', '--ppid', str(process.pid)], capture_output=True, text=True, check=False).stdout
    return {line.split()[-1]: int(line.split()[0]) for line in found.splitlines() if ' -m appliance' in line}


def until(true, timeout_s=30):
    """Wait until something is true; its value."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        value = true()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError('it did not come true in time')


def test_what_is_killed_is_started_again_and_all_ends_with_a_signal(run):
    process, port = run
    until(lambda: healthy(port))
    for name in ('web', 'live', 'jobs'):
        before = children(process)
        os.kill(before[name], signal.SIGKILL)
        until(lambda name=name, before=before: children(process).get(name) not in (None, before[name]))
    until(lambda: healthy(port))
    pids = list(children(process).values())
    process.terminate()
    assert process.wait(30) == 0
    assert not [pid for pid in pids if os.path.exists(f'/proc/{pid}')]
    assert not healthy(port)


def test_a_process_that_cannot_live_ends_all_with_its_reason(run, closed_box):
    process, port = run
    until(lambda: healthy(port))
    path = closed_box.config.path
    path.write_text(path.read_text().replace('[data]', '[nonsense]\n[data]'))
    os.kill(children(process)['jobs'], signal.SIGKILL)
    assert process.wait(30) == 1
    said = process.stderr.read()
    # Also a worker of web that begins only now may be the one that finds it.
    assert 'there is no section [nonsense]' in said and 'ended at once with status' in said
