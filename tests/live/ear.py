"""A browser's stream as a test has it: a plain socket, read by a thread, and what was heard in a list."""
import json
import socket
import threading
import time
from urllib.parse import urlencode


class Ear:
    """One stream. `status` of the answer, `heard` [(id, type, {ref, data})] without beats, `cursor` the last id, `is_over` at its end."""

    def __init__(self, port, cookie='', headers=None, host='127.0.0.1', **query):
        self.heard, self.cursor, self.is_over, self.status, self.answer = [], None, False, 0, {}
        self._lock = threading.Condition()
        self._socket = socket.create_connection((host, port), timeout=20)
        lines = {'Host': f'127.0.0.1:{port}', **({'Cookie': f'appliance_session={cookie}'} if cookie else {}), **(headers or {})}
        head = ''.join(f'{name}: {value}\r\n' for name, value in lines.items() if value is not None)
        self._file = self._socket.makefile('rb')
        try:
            self._socket.sendall(f'GET /live?{urlencode(query, doseq=True)} HTTP/1.1\r\n{head}\r\n'.encode('utf-8', 'surrogateescape'))
            self._read_head()
        except OSError:
            self._file.close()
            self._socket.close()
            raise
        self._thread = threading.Thread(target=self._listen, daemon=True)
        if self.status == 200:
            self._thread.start()

    def _read_head(self):
        self.status = int((self._file.readline().split() or [0, 0])[1])
        while (line := self._file.readline().strip()):
            name, _, value = line.decode('latin-1').partition(': ')
            self.answer[name] = value

    def _listen(self):
        text = ''
        self._socket.settimeout(None)
        try:
            while (size := int(self._file.readline().strip() or b'0', 16)):
                text += self._file.read(size + 2)[:-2].decode()
                *blocks, text = text.split('\n\n')
                for block in blocks:
                    self._take(block)
        except (OSError, ValueError):
            pass
        with self._lock:
            self.is_over = True
            self._lock.notify_all()

    def _take(self, block):
        lines = dict(line.split(': ', 1) for line in block.split('\n') if ': ' in line and not line.startswith(':'))
        with self._lock:
            if 'event' in lines:
                detail = json.loads(lines['data'])
                self.heard.append((int(lines['id']), lines['event'], detail))
            if 'id' in lines:
                self.cursor = int(lines['id'])
            self._lock.notify_all()

    def wait(self, true, seconds=10):
        """Wait until `true(ear)`; whether it came so."""
        with self._lock:
            return self._lock.wait_for(lambda: true(self), seconds)

    def ready(self):
        """Wait until it has joined; itself."""
        assert self.status == 200 and self.wait(lambda ear: ear.cursor is not None), self.status
        return self

    def types(self):
        with self._lock:
            return [type for _id, type, _detail in self.heard]

    def close(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        if self.status == 200:
            self._thread.join()
        self._file.close()
        self._socket.close()


def until(true, seconds=10, what='it did not come true in time'):
    """Wait until something is true; its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = true()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(what)
