"""The demo company with one process `live` or more, sessions of its people, and streams that are closed at the end."""
import contextlib
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from appliance.core import db, live
from appliance.core.actor import SYSTEM
from appliance.identity import sessions
from tests.live.ear import Ear
from tests.postgresql import free_port
from tests.visitors import Company

STARTED_WITHIN_S = 30


class Process:
    """A running `appliance live`."""

    def __init__(self, box):
        self.box, self.port = box, free_port()
        self.log = box.folder / f'live-{self.port}.log'
        config = box.folder / f'live-{self.port}.ini'
        lines = box.config.path.read_text().replace(box.config.live.address, f'127.0.0.1:{self.port}')
        config.write_text(lines)
        self.config = config
        self.process = None
        self.start()

    def start(self):
        """Start it, again after a kill; returns when it is well."""
        with self.log.open('ab') as log:
            self.process = subprocess.Popen([sys.executable, '-m', 'appliance', '--config', str(self.config), 'live'], stdout=log, stderr=log)
        deadline = time.monotonic() + STARTED_WITHIN_S
        while not self.is_well():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def is_well(self):
        """Whether it says that it is fit to serve."""
        with contextlib.suppress(OSError), urllib.request.urlopen(f'http://127.0.0.1:{self.port}/healthz', timeout=5) as answer:
            return answer.status == 200
        return False

    def kill(self, number=signal.SIGKILL):
        """End it by a signal; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(20)

    def pss_kib(self):
        """Its memory, with its share of what it has together with others."""
        text = Path(f'/proc/{self.process.pid}/smaps_rollup').read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith('Pss:'))


class Office:
    """The company, its processes, and what a test does with them."""

    def __init__(self, box):
        self.box, self.company = box, Company(box)
        self.processes, self.ears, self._tokens = [], [], {}

    def live(self):
        """Start another process."""
        self.processes.append(Process(self.box))
        return self.processes[-1]

    def session(self, login, is_new=False):
        """(token, session id) of a session of this person, the same each time unless a new one is asked for."""
        if is_new or login not in self._tokens:
            self._tokens[login] = sessions.open_session(SYSTEM, self.company.ids[login], ['password'])
        return self._tokens[login]

    def ear(self, process, login, cookie=None, is_ready=True, **options):
        """A stream of this person at a process."""
        ear = Ear(process.port, cookie if cookie is not None else self.session(login)[0], **options)
        self.ears.append(ear)
        return ear.ready() if is_ready else ear

    def tell(self, channels, type='x', **options):
        """Tell something in a transaction of its own; a login stands for its person's channel."""
        with db.write('test'):
            live.tell([f'person:{self.company.ids[one]}' if one in self.company.ids else one for one in channels], type, **options)


@pytest.fixture
def office(box):
    """An Office; nothing of it runs on afterwards."""
    made = Office(box)
    yield made
    for ear in made.ears:
        ear.close()
    for process in made.processes:
        if process.process.poll() is None:
            process.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.process.wait(20)
            if process.process.poll() is None:
                process.kill()
