"""Thousands of browsers' streams in one light event loop: bytes are searched, hardly parsed, and each note's arrival is kept.

`python -m tests.bench.streams` is a process of them: it reads {"port", "cookies"} as a line, says when all are open, and answers a second line,
a number, with {"lost", "doubles"} of the notes from 0 up to it.
"""
import asyncio
import json
import re
import resource
import sys
import time

FILES = 8192
NOTE = re.compile(rb'id: (\d+)\nevent: (\w+)\ndata: {"ref":"","data":(\d+)')
OPENED_AT_ONCE = 200


class Browser(asyncio.Protocol):
    """One stream. `came` {number of a note: moment of its arrival}; `doubles` counts what came more than once."""

    __slots__ = ('cookie', 'port', 'came', 'doubles', 'cursor', 'is_ready', 'is_lost', 'transport', '_rest')

    def __init__(self, cookie, port):
        self.cookie, self.port = cookie, port
        self.came, self.doubles, self.cursor = {}, 0, None
        self._reset()

    def _reset(self):
        self.is_ready, self.is_lost, self.transport, self._rest = False, False, None, b''

    def connection_made(self, transport):
        self.transport = transport
        after = f'?after={self.cursor}' if self.cursor is not None else ''
        transport.write(f'GET /live{after} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: appliance_session={self.cookie}\r\n\r\n'.encode())

    def data_received(self, data):
        now = time.perf_counter()
        data = self._rest + data
        whole, _end, self._rest = data.rpartition(b'\n\n')
        if not self.is_ready and b'id: ' in whole:
            self.is_ready = True
        for note in NOTE.finditer(whole):
            number = int(note[3])
            if number in self.came:
                self.doubles += 1
            self.came[number] = now
        last = whole.rfind(b'id: ')
        if last >= 0:
            self.cursor = int(whole[last + 4:last + 24].split(b'\n')[0])

    def connection_lost(self, error):
        self.is_lost = True

    async def open(self, loop):
        """Connect, again after an earlier connection; goes on from the cursor."""
        self._reset()
        await loop.create_connection(lambda: self, '127.0.0.1', self.port)


async def open_all(browsers, at_once=OPENED_AT_ONCE):
    """Open these streams, so many at a time; returns when each has said how far it is."""
    loop, turns = asyncio.get_running_loop(), asyncio.Semaphore(at_once)

    async def one(browser):
        async with turns:
            await browser.open(loop)
            while not browser.is_ready:
                if browser.is_lost:
                    await asyncio.sleep(0.05)
                    await browser.open(loop)
                await asyncio.sleep(0.01)

    await asyncio.gather(*map(one, browsers))


async def all_have(browsers, number, seconds=20):
    """Wait until each of these has heard the note of that number; returns the seconds since then as moments, {browser: moment}."""
    deadline = time.perf_counter() + seconds
    while any(number not in browser.came for browser in browsers):
        if time.perf_counter() > deadline:
            break
        await asyncio.sleep(0.02)


def allow_files():
    """Let this process, and those it starts, have a connection to every browser."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


async def main():
    """See above."""
    allow_files()
    asked = json.loads(sys.stdin.readline())
    browsers = [Browser(cookie, asked['port']) for cookie in asked['cookies']]
    await open_all(browsers)
    print('open', flush=True)
    wanted = set(range(int(await asyncio.to_thread(sys.stdin.readline)) + 1))
    await all_have(browsers, max(wanted))
    print(json.dumps({'lost': sum(len(wanted - one.came.keys()) for one in browsers), 'doubles': sum(one.doubles for one in browsers)}), flush=True)


if __name__ == '__main__':
    asyncio.run(main())
