"""A running portal with the demo company, and Chromium. Screenshots go to artefacts/pages (git-ignored)."""
import contextlib
import dataclasses
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from appliance.core import config
from tests.boxes import write_box
from tests.postgresql import free_port

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = '/usr/bin/chromium'
FLAGS = ('--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update',
         '--disable-sync', '--no-first-run')
START_S = 30


@dataclass
class Portal:
    """A portal that runs: its address and the one password of the demo people; `processes` {web, live}."""

    address: str
    password: str
    config: object
    processes: dict

    def start(self, name):
        """Start web or live, and wait until it is well."""
        port = self.config.server.address if name == 'web' else self.config.live.address
        with (self.config.path.parent / 'log').open('ab') as log:
            self.processes[name] = subprocess.Popen([sys.executable, '-B', '-m', 'appliance', name], stdout=log, stderr=log,
                                                    env={**os.environ, 'APPLIANCE_CONFIG': str(self.config.path)})
        _wait_until_fit(f'http://{port}', self.processes[name], self.config.path.parent / 'log')

    def stop(self, name):
        """Stop one of them."""
        self.processes[name].terminate()
        self.processes[name].wait(START_S)


@pytest.fixture(scope='session')
def portal(sqlite_template, tmp_path_factory):
    """Serve the demo company by `appliance web` and `appliance live` until the end of the session."""
    folder = tmp_path_factory.mktemp('portal')
    box = write_box(folder, 'sqlite', 'sqlite:///data/portal.db', port=_three_free_ports())
    # Files of people come from another name of the same machine.
    box.config.path.write_text(box.config.path.read_text().replace(
        '[live]', f'content_address = {box.config.server.public_address.replace("127.0.0.1", "localhost")}\n[live]'))
    box = dataclasses.replace(box, config=config.load(box.config.path))
    shutil.copyfile(sqlite_template.file, folder / 'data' / 'portal.db')
    environment = {**os.environ, 'APPLIANCE_CONFIG': str(box.config.path)}
    password = secrets.token_urlsafe(12)
    subprocess.run([sys.executable, '-B', '-m', 'appliance', 'demo', '--password-stdin'], env=environment, input=f'{password}\n'.encode(), check=True,
                   capture_output=True)
    made = Portal(box.config.server.public_address, password, box.config, {})
    try:
        made.start('web')
        made.start('live')
        yield made
    finally:
        for name in made.processes:
            made.stop(name)


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
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope='session')
def states(portal, browser):
    """The cookies of each demo login, got once: five logins a network and name are all that the throttle gives away."""
    kept = {}

    def of(login):
        if login not in kept:
            context = browser.new_context(locale='en')
            log_in(context.new_page(), portal, login)
            kept[login] = context.storage_state()
            context.close()
        return kept[login]
    return of


def log_in(page, portal, login):
    """Log in by the form."""
    page.goto(f'{portal.address}/login')
    page.fill('#login', login)
    page.fill('#password', portal.password)
    page.press('#password', 'Enter')
    page.wait_for_url(f'{portal.address}/')


@pytest.fixture
def visit(portal, browser, states):
    """`visit(login, width=1440, scheme='light')`: a page of a logged-in person (login None: of a stranger); complaints of the
    browser (console errors, broken policy) are collected in `page.complaints`."""
    contexts = []

    def open_page(login=None, width=1440, scheme='light', **options):
        context = browser.new_context(viewport={'width': width, 'height': 900 if width > 600 else 740}, color_scheme=scheme, locale='en',
                                      base_url=portal.address, storage_state=states(login) if login else None, **options)
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.on('console', lambda message: page.complaints.append(message.text) if message.type in ('error', 'warning') else None)
        page.on('pageerror', lambda error: page.complaints.append(str(error)))
        return page
    yield open_page
    for context in contexts:
        context.close()
