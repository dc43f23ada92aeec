"""A whole office at once on two cores: 5,000 open streams, two messages a second to all of them, 180 pages a second."""
import json
import subprocess
import sys
import threading
import time

from appliance.core import db, live
from tests.bench import streams
from tests.bench.load import at_rate, p50, p99
from tests.bench.servers import live_process

PAGES_A_SECOND, MESSAGES_A_SECOND, SECONDS = 180, 2, 20


def test_an_office(crowd, portal, hello, cookies, table):
    streams.allow_files()
    calm, statuses = at_rate(hello.port, '/', PAGES_A_SECOND, SECONDS)
    assert set(statuses) == {200}
    # Popen's own block closes its pipes and waits for it.
    with live_process(crowd.box) as (_process, port), subprocess.Popen(
            [sys.executable, '-m', 'tests.bench.streams'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as browsers:
        say(browsers, json.dumps({'port': port, 'cookies': [cookie for _person, cookie in cookies]}))
        assert browsers.stdout.readline() == 'open\n'
        told, is_over = [], threading.Event()
        talking = threading.Thread(target=talk, args=(told, is_over))
        talking.start()
        busy, statuses = at_rate(portal.port, '/people', PAGES_A_SECOND, SECONDS, crowd.headers)
        is_over.set()
        talking.join()
        say(browsers, str(len(told) - 1))
        heard = json.loads(browsers.stdout.readline())
    assert set(statuses) == {200}
    what = f'an office: {len(cookies)} streams, {PAGES_A_SECOND} pages and {MESSAGES_A_SECOND} messages to all a second'
    table(f'hello at {PAGES_A_SECOND} a second, p99 (p50 {p50(calm) * 1000:.1f} ms)', p99(calm) * 1000, None, 'ms')
    table(f'{what}: the people list, p99 (p50 {p50(busy) * 1000:.1f} ms)', p99(busy) * 1000, None, 'ms')
    table(f'{what}: the second by the first', p99(busy) / p99(calm), 30, 'x')
    table(f'{what}: messages lost or doubled', heard['lost'] + heard['doubles'], 0)


def say(process, line):
    """Give a process a line."""
    process.stdin.write(line + '\n')
    process.stdin.flush()


def talk(told, is_over):
    """Tell everybody something twice a second, in a transaction of its own; `told` takes the moments."""
    with db.connected():
        while not is_over.wait(1 / MESSAGES_A_SECOND):
            with db.write('bench'):
                live.tell(['everybody'], 'bench', data=len(told))
            told.append(time.perf_counter())
