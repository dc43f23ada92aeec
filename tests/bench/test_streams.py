"""5,000 open streams at one process `live`, and at two: their memory, how soon a note is there, and all of them coming again at once."""
import asyncio
import contextlib
import time
from pathlib import Path

import pytest

from appliance.core import db, live
from tests.bench import streams
from tests.bench.load import p50, p99
from tests.bench.servers import live_process

TO_ONE, TO_ALL = 200, 10


def pss_kib(pid):
    """A process's memory, with its share of what it has together with others."""
    return next(int(line.split()[1]) for line in Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines() if line.startswith('Pss:'))


def tell(channel, number):
    """Tell a channel a number in a transaction of its own; the moment of its commit."""
    with db.write('bench'):
        live.tell([channel], 'bench', data=number)
    return time.perf_counter()


def cpu_ms(parts):
    """The processor time that the processes have used: unlike a time on the clock it hardly depends on what else the machine does."""
    return sum(int(task.read_text().split()[0]) for one, _port in parts for task in Path(f'/proc/{one.pid}/task').glob('*/schedstat')) / 1e6


async def arrivals(browsers, channel, numbers, heard_by, pause_s):
    """Seconds from each commit to each arrival of these numbers; `heard_by(number)` are the browsers that must hear it."""
    found = []
    for number in numbers:
        hearing = heard_by(number)
        at = await asyncio.to_thread(tell, channel(number), number)
        await streams.all_have(hearing, number)
        found += [one.came[number] - at for one in hearing if number in one.came]
        await asyncio.sleep(pause_s)
    return found


async def again(browsers, number):
    """Cut every stream, tell everybody something meanwhile, and let all come back at once; seconds until the last one is there."""
    for one in browsers:
        one.transport.abort()
    await asyncio.sleep(1)
    await asyncio.to_thread(tell, 'everybody', number)
    begun = time.perf_counter()
    await streams.open_all(browsers, at_once=len(browsers))
    took = time.perf_counter() - begun
    await streams.all_have(browsers, number)
    return took


@pytest.mark.parametrize('processes', [1, 2])
def test_five_thousand_streams(crowd, cookies, table, processes):
    streams.allow_files()
    with contextlib.ExitStack() as running:
        parts = [running.enter_context(live_process(crowd.box)) for _number in range(processes)]
        before = sum(pss_kib(one.pid) for one, _port in parts)
        browsers = [streams.Browser(cookie, parts[place % processes][1]) for place, (_person, cookie) in enumerate(cookies)]
        asyncio.run(measure(parts, before, browsers, [person for person, _cookie in cookies], table))


async def measure(parts, before, browsers, people, table):
    """Fill the table."""
    what = f'{len(browsers)} streams at {len(parts)}'
    await streams.open_all(browsers)
    await asyncio.sleep(3)
    table(f'{what}, idle, each', (sum(pss_kib(one.pid) for one, _port in parts) - before) / len(browsers), 16, 'KiB')
    to_one = await arrivals(browsers, lambda n: f'person:{people[n]}', range(TO_ONE), lambda n: [browsers[n]], 0.05)
    table(f'{what}: to one person, p50', p50(to_one) * 1000, None, 'ms')
    table(f'{what}: to one person, p99', p99(to_one) * 1000, 50, 'ms')
    used = cpu_ms(parts)
    to_all = await arrivals(browsers, lambda n: 'everybody', range(TO_ONE, TO_ONE + TO_ALL), lambda n: browsers, 2)
    table(f'{what}: to everybody, p99', p99(to_all) * 1000, 150, 'ms')
    table(f'{what}: processor for one to everybody, beats included', (cpu_ms(parts) - used) / TO_ALL, None, 'ms')
    last, used = TO_ONE + TO_ALL, cpu_ms(parts)
    table(f'{what}: all come again at once', await again(browsers, last), 3, 's')
    table(f'{what}: processor for it', (cpu_ms(parts) - used) / 1000, None, 's')
    wanted = [{place} & set(range(TO_ONE)) | set(range(TO_ONE, last + 1)) for place in range(len(browsers))]
    table(f'{what}: lost', sum(len(want - one.came.keys()) for want, one in zip(wanted, browsers, strict=True)), 0)
    table(f'{what}: came twice, or to another', sum(one.doubles + len(one.came.keys() - want) for want, one in zip(wanted, browsers, strict=True)), 0)
    for one in browsers:
        one.transport.abort()
    await asyncio.sleep(1)
