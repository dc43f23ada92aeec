"""One browser's open connection. What is written goes straight to the socket; who does not read it in time is cut, and resumes."""

import asyncio
import json

from appliance.core.limits import STREAM_BUFFER_BYTES
from appliance.core.live import RESET

DRAINED_WITHIN_S = 30
LOOK_EVERY_S = 0.05


def chunk(text):
    """Text as a chunk of HTTP/1.1, the same bytes for all who hear it."""
    body = text.encode()
    return b'%x\r\n%b\r\n' % (len(body), body)


def frame(note, spread_ms=0):
    """A Note as the browser gets it; `spread_ms` asks each tab to wait up to so long at random before it fetches."""
    spread = f',"spread":{spread_ms}' if spread_ms else ''
    return chunk(f'id: {note.id}\nevent: {note.type}\ndata: {{"ref":{json.dumps(note.ref)},"data":{note.data or "null"}{spread}}}\n\n')


def reset(last):
    """The frame that says: what was missed is not known, fetch anew all that may have changed."""
    return chunk(f'id: {last}\nevent: {RESET}\ndata: {{"ref":"","data":null}}\n\n')


def beat(last):
    """The frame that says that the connection lives, and how far it has come."""
    return chunk(f'id: {last}\n: beat\n\n')


class Stream:
    """A connection. `worker` is what the browser calls itself: its next connection replaces this one. `member` and `slot` are the hub's."""

    __slots__ = ('member', 'worker', 'pages', 'slot', 'ended', '_transport')

    def __init__(self, worker, transport):
        self.worker, self._transport = worker, transport
        self.pages = {}     # {ref: (version, moment of expiry)}
        self.member = self.slot = None
        self.ended = asyncio.get_running_loop().create_future()

    def write(self, data):
        """Write a frame that is encoded already. A reader who has left too much unread is cut: he comes back for what he missed."""
        transport = self._transport
        if transport.is_closing():
            return
        transport.write(data)
        if transport.get_write_buffer_size() > STREAM_BUFFER_BYTES:
            self.cut()

    async def write_all(self, frames):
        """Write what may be much, at the reader's pace; cut when he does not read at all."""
        loop = asyncio.get_running_loop()
        for data in frames:
            deadline, pause_s = loop.time() + DRAINED_WITHIN_S, 0
            while self._transport.get_write_buffer_size() > STREAM_BUFFER_BYTES // 2 and not self._transport.is_closing():
                if loop.time() > deadline:
                    self.cut()
                await asyncio.sleep(pause_s)
                pause_s = LOOK_EVERY_S
            if self._transport.is_closing():
                return
            self._transport.write(data)

    def cut(self):
        """Break the connection off, without what is still unread."""
        self._transport.abort()
        self.end()

    def end(self):
        """Let the handler finish; the browser comes again if it may."""
        if not self.ended.done():
            self.ended.set_result(None)
