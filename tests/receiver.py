"""A web server on loopback that keeps what it is told and answers as it is set: for what the portal sends elsewhere."""
import http.server
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from tests.postgresql import free_port


@dataclass
class Told:
    """One request: path, headers, raw body and, of a form, its fields by their names with brackets."""

    path: str
    headers: dict
    body: bytes

    @property
    def fields(self):
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Receiver:
    """`status` and `body` are the answer, `headers` go with it; `wait_s` passes before it, `drip_s` between its bytes."""

    status: int = 200
    body: bytes = b'ok'
    headers: dict = field(default_factory=dict)
    wait_s: float = 0
    drip_s: float = 0
    received: list = field(default_factory=list)

    def __post_init__(self):
        self.port = free_port()
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', self.port), _handler(self))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def door(self):
        return f'127.0.0.1:{self.port}'

    @property
    def url(self):
        return f'http://{self.door}/told?key=1'

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def _handler(receiver):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
            receiver.received.append(Told(self.path, dict(self.headers), body))
            time.sleep(receiver.wait_s)
            try:
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for place in range(0, len(receiver.body), 1 if receiver.drip_s else 1 << 16):
                    self.wfile.write(receiver.body[place:place + (1 if receiver.drip_s else 1 << 16)])
                    self.wfile.flush()
                    time.sleep(receiver.drip_s)
            except OSError:     # who asked has gone: what the portal does when its time is over
                pass

        def log_message(self, *args):
            pass
    return Handler
