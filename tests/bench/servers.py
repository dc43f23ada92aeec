"""Running the portal (or the hello) as its own processes, and what they use: processor time and memory from /proc."""
import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.boxes import write_box
from tests.postgresql import free_port

STARTED_WITHIN_S = 60


class Server:
    """A server and all processes below it, listening on 127.0.0.1:port."""

    def __init__(self, process, port):
        self.process, self.port = process, port

    def pids(self):
        """The server's process and all below it."""
        below = {}
        for folder in Path('/proc').glob('[0-9]*'):
            with contextlib.suppress(OSError):
                below.setdefault(int((folder / 'stat').read_text().rpartition(')')[2].split()[1]), []).append(int(folder.name))
        found = [self.process.pid]
        for pid in found:
            found += below.get(pid, [])
        return found

    def cpu_ms(self):
        """The processor time that its processes have used, in ms (schedstat counts nanoseconds, stat only hundredths)."""
        total = 0
        for pid in self.pids():
            for task in Path(f'/proc/{pid}/task').glob('*/schedstat'):
                with contextlib.suppress(OSError):
                    total += int(task.read_text().split()[0])
        return total / 1e6

    def pss_mib(self):
        """{command: MiB} of its processes: private memory and a fair share of what they have together."""
        found = {}
        for pid in self.pids():
            rollup = Path(f'/proc/{pid}/smaps_rollup').read_text()
            kib = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith('Pss:'))
            found[f'{Path(f"/proc/{pid}/cmdline").read_bytes().split(bytes(1))[-2].decode()}:{pid}'] = kib / 1024
        return found

    def wait(self, path):
        """Return once the path is answered with 200."""
        deadline = time.monotonic() + STARTED_WITHIN_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f'the server ended with status {self.process.returncode}')
            with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(
                    http.client.HTTPConnection('127.0.0.1', self.port, timeout=5)) as connection:
                connection.request('GET', path)
                if connection.getresponse().status == 200:
                    return
            time.sleep(0.2)
        raise RuntimeError('the server did not answer in time')


def served_box(folder, url, engine='sqlite'):
    """`write_box` on ports that are free now, each asked for by itself: the one after a free one is, for a minute after thousands of streams,
    often one that a client has just left, and nobody can listen there.
    """
    return write_box(folder, engine, url, free_port(), free_port(), free_port())


@contextlib.contextmanager
def live_process(box):
    """A running `appliance live` on a port of its own: (process, port)."""
    port = free_port()
    path = box.folder / f'live-{port}.ini'
    path.write_text(box.config.path.read_text().replace(box.config.live.address, f'127.0.0.1:{port}'))
    with (box.folder / f'live-{port}.log').open('wb') as log:
        running = subprocess.Popen([sys.executable, '-m', 'appliance', '--config', str(path), 'live'], stdout=log, stderr=log)
    try:
        Server(running, port).wait('/healthz')
        yield running, port
    finally:
        running.kill()
        running.wait()


@contextlib.contextmanager
def serving(arguments, box, path='/healthz', log=None):
    """A Server running `python -m <arguments>` with the box's configuration; `log` is a file for what it says."""
    with open(log or os.devnull, 'wb') as out:
        process = subprocess.Popen([sys.executable, '-m', *arguments], stdout=out, stderr=out, start_new_session=True,
                                   env=os.environ | {'APPLIANCE_CONFIG': str(box.config.path)})
        server = Server(process, int(box.config.server.address.rpartition(':')[2]))
        try:
            server.wait(path)
            yield server
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
