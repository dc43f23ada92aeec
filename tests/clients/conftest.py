"""A running portal with 125 people, and clients of the reference product, each in an environment of its own that bin/test installs."""
import json
import os
import shutil
import subprocess

import pytest

from appliance.core.actor import SYSTEM
from appliance.core.people import Person, actor_for, add_person
from appliance.demo import load as demo
from appliance.identity import tokens
from assets import builder
from tests.bench.servers import serving
from tests.boxes import opened, write_box
from tests.contracts.sources import ROOT
from tests.loaded import PASSWORD
from tests.postgresql import free_port

PEOPLE = 125        # of which the employee sees one less: the guest of nobody
PROGRAMS = ROOT / 'tests' / 'clients' / 'programs'


@pytest.fixture(scope='session')
def served(sqlite_template, tmp_path_factory):
    """The Box of a portal that `appliance web` serves."""
    folder = tmp_path_factory.mktemp('clients')
    box = write_box(folder, 'sqlite', 'sqlite:///data/portal.db', port=free_port(), admin_port=free_port(), live_port=free_port())
    shutil.copyfile(sqlite_template.file, folder / 'data' / 'portal.db')
    with opened(box):
        demo.load(SYSTEM, PASSWORD)
        for number in range(Person.select().count() + 1, PEOPLE + 1):
            add_person(SYSTEM, f'person{number}', f'Person Number {number:03d}', department_id=1 + number % 3)
    with serving(['appliance', 'web'], box, log=folder / 'web.log'):
        yield box


@pytest.fixture
def webhook(served, request):
    """The address of a new webhook of the administrator; the log of the portal must not hold its token afterwards."""
    with opened(served):
        actor = actor_for(Person.get(Person.login == 'administrator').id, via='test:administrator')
        token, _row_id = tokens.make_token(actor, request.node.name, ['user', 'department', 'timeman'])
    yield f'{served.config.server.public_address}/rest/{actor.person_id}/{token}/'
    assert token not in (served.folder / 'web.log').read_text()


@pytest.fixture
def run(webhook):
    """`run(client, program)` lets a program talk to the portal; returns what it printed, read as JSON."""
    def start(client, program):
        place = ROOT / f'.venv.{client}'
        if not (place / 'made-from.json').exists():
            pytest.fail(f'the client {client} is not installed; bin/test installs it')
        if program.endswith('.py'):
            command, environment = [place / 'bin' / 'python', '-B', PROGRAMS / program, webhook], {}
        else:
            command, environment = [builder.node(), PROGRAMS / program, webhook], {'NODE_PATH': str(place / 'node_modules')}
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, **environment, 'PYTHONPATH': ''}, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)
    return start
