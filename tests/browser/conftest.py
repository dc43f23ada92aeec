"""A running portal with the demo company, and Chromium. Screenshots go to artefacts/pages (git-ignored)."""
import contextlib
import dataclasses
import json
import os
import re
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.core import config
from tests.boxes import write_box
from tests.browser.driver import driver
from tests.postgresql import free_port
from tests.switches import off_at_first

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = '/usr/bin/chromium'
FLAGS = ('--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update',
         '--disable-sync', '--no-first-run')
START_S = 30


@dataclass
class Portal:
    """A portal that runs: its address, the one password of the demo people, `processes` {web, live}, and what `stage` made beside them."""

    address: str
    password: str
    config: object
    processes: dict
    stage: dict
    command: tuple

    def start(self, name):
        """Start web or live, and wait until it is well."""
        port = self.config.server.address if name == 'web' else self.config.live.address
        command = self.command if name == 'web' else ('appliance',)
        with (self.config.path.parent / 'log').open('ab') as log:
            self.processes[name] = subprocess.Popen([sys.executable, '-B', '-m', *command, name], stdout=log, stderr=log,
                                                    env={**os.environ, 'APPLIANCE_CONFIG': str(self.config.path)})
        _wait_until_fit(f'http://{port}', self.processes[name], self.config.path.parent / 'log')

    def stop(self, name):
        """Stop one of them."""
        self.processes[name].terminate()
        self.processes[name].wait(START_S)


@contextlib.contextmanager
def serving(folder, template, command):
    """Serve the demo company out of a folder by `web` of a command (`-m appliance`) and `appliance live`, until the end of the block: a Portal."""
    box = write_box(folder, 'sqlite', 'sqlite:///data/portal.db', port=_three_free_ports())
    # Files of people come from another name of the same machine.
    box.config.path.write_text(box.config.path.read_text().replace(
        '[live]', f'content_address = {box.config.server.public_address.replace("127.0.0.1", "localhost")}\n[live]'))
    box = dataclasses.replace(box, config=config.load(box.config.path))
    shutil.copyfile(template.file, folder / 'data' / 'portal.db')
    environment = {**os.environ, 'APPLIANCE_CONFIG': str(box.config.path)}
    password = secrets.token_urlsafe(12)

    def run(*arguments, words=''):
        return subprocess.run([sys.executable, '-B', '-m', *arguments], env=environment, input=words.encode(), check=True, stdout=subprocess.PIPE).stdout

    run('appliance', 'demo', '--password-stdin', words=f'{password}\n')
    for name in off_at_first():
        run('appliance', 'tool', 'on', name)
    stage = json.loads(run('tests.browser.stage', str(box.config.path)))
    with sqlite3.connect(folder / 'data' / 'portal.db') as rows:    # else the guide would lie over each first page
        rows.execute("INSERT INTO guide_seen (person_id, guide, at) SELECT id, 'welcome', 0 FROM person")
    made = Portal(box.config.server.public_address, password, box.config, {}, stage, tuple(command))
    try:
        made.start('web')
        made.start('live')
        yield made
    finally:
        for name in made.processes:
            made.stop(name)


@pytest.fixture(scope='session')
def portal(sqlite_template, tmp_path_factory):
    """The demo company, served by `appliance web` and `appliance live` until the end of the session."""
    with serving(tmp_path_factory.mktemp('portal'), sqlite_template, ['appliance']) as started:
        yield started


@pytest.fixture
def stage(portal):
    """{name: value} of what tests/browser/stage.py made."""
    return portal.stage


def _three_free_ports():
    """A port of which the next two are free too: for the pages, the admin address and the stream. Others at each run: several may go at once."""
    for _time in range(50):
        port = free_port()
        with contextlib.suppress(OSError), socket.socket() as tried, socket.socket() as tried_too:
            tried.bind(('127.0.0.1', port + 1))
            tried_too.bind(('127.0.0.1', port + 2))
            return port
    raise RuntimeError('no three free ports beside each other')


def _wait_until_fit(address, process, log):
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f'{address}/healthz', timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f'the portal did not start:\n{log.read_text()}')


@pytest.fixture(scope='session')
def browser():
    """One Chromium for the session."""
    started = driver().chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
    yield started
    started.close()


@pytest.fixture(scope='session')
def states(portal, browser):
    """The cookies of each demo login to the portal."""
    return logins(portal, browser)


def logins(portal, browser):
    """`states(login)`: cookies of a login, got once: five logins a network and name are all that the throttle gives away."""
    kept = {}

    def of(login):
        if login not in kept:
            context = browser.new_context(locale='en')
            log_in(context.new_page(), portal, login)
            kept[login] = context.storage_state()
            context.close()
        return kept[login]
    return of


def file_name(example):
    """Under which name the picture of an Example is kept."""
    return re.sub('[^a-z0-9]+', '_', str(example))


def log_in(page, portal, login):
    """Log in by the form."""
    page.goto(f'{portal.address}/login')
    page.fill('#login', login)
    page.fill('#password', portal.password)
    page.press('#password', 'Enter')
    page.wait_for_url(f'{portal.address}/')


@pytest.fixture
def visit(portal, browser, states):
    """`visit(login, width=1440, scheme='light')`: a page of a logged-in person (login None: of a stranger) in a browser of its own."""
    contexts = []

    def open_page(login=None, width=1440, scheme='light', **options):
        contexts.append(_context(browser, portal, states, login, color_scheme=scheme, **_size(width), **options))
        return _page(contexts[-1])
    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope='module')
def brought():
    """The text of a script that pages of `walk` find when they are opened."""
    return ''


@pytest.fixture(scope='module')
def walk(portal, browser, states, brought):
    """`walk(login, width, locale='en')`: the page of a person who goes on in the same tab, as people do: a tab of its own costs thrice a page."""
    pages = {}

    def open_page(login, width, locale='en'):
        if (login, locale) not in pages:
            context = _context(browser, portal, states, login, locale=locale, **_size(width))
            context.add_init_script(brought)
            pages[login, locale] = _page(context)
        page = pages[login, locale]
        page.set_viewport_size(_size(width)['viewport'])
        page.complaints.clear()
        return page
    yield open_page
    for page in pages.values():
        page.context.close()


def _size(width):
    return {'viewport': {'width': width, 'height': 900 if width > 600 else 740}}


def _context(browser, portal, states, login, **options):
    return browser.new_context(base_url=portal.address, storage_state=states(login) if login else None, **{'locale': 'en', **options})


def _page(context):
    """A page; complaints of the browser (console errors, broken policy) are collected in `page.complaints`."""
    page = context.new_page()
    page.complaints = []
    page.on('console', lambda message: page.complaints.append(message.text) if message.type in ('error', 'warning') else None)
    page.on('pageerror', lambda error: page.complaints.append(str(error)))
    return page
