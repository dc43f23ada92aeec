"""Fixtures for all tests. `box` is an empty portal, once on SQLite and once on PostgreSQL; nothing leaves this machine."""
import os

import flask
import jinja2
import pytest

from appliance.core.i18n import language
from appliance.core.jobs import declared, plan, runs
from appliance.core.tool import registry
from appliance.jobs import lanes, own
from tests import guards
from tests.boxes import PostgresqlTemplate, SqliteTemplate, opened
from tests.mail_server import MailServer
from tests.postgresql import Postgresql
from tests.receiver import Receiver

# A test that asks for one of these starts a server or a browser, or looks at every page: not for `bin/test fast`.
SLOW_FIXTURES = {'postgres', 'postgresql_template', 'browser', 'page', 'portal', 'office'}
# Folders and files that take more than a few seconds together; the pages of the tools stay in.
SLOW_PLACES = {'actions', 'cli', 'backup', 'personal', 'shared', 'ldap', 'browser', 'install', 'bench', 'bin', 'jobs', 'kerberos', 'live', 'samba', 'web', 'clients', 'test_drivers.py', 'test_enclosure.py', 'test_fresh_process.py',
               'test_jobs.py', 'test_photos.py', 'test_tool.py'}


class CompiledOnce(jinja2.BytecodeCache):
    """What templates were compiled to, kept by their source: each test has an application of its own, and all have the same templates."""

    def __init__(self):
        self.kept = {}

    def load_bytecode(self, bucket):
        bucket.code = self.kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket):
        self.kept[bucket.key, bucket.checksum] = bucket.code


def pytest_configure(config):
    """Processes that tests start find the portal, the tests and the planted tool as the tests do."""
    flask.Flask.jinja_options = {'bytecode_cache': CompiledOnce()}
    os.environ['PYTHONPATH'] = os.pathsep.join(str(config.rootpath / path) for path in config.getini('pythonpath'))


def pytest_collection_modifyitems(items):
    """Mark as slow what needs a real server or browser, so that nobody has to remember it."""
    for item in items:
        places = set(item.path.relative_to(item.config.rootpath).parts)
        runs_postgresql = getattr(item, 'callspec', None) and 'postgresql' in item.callspec.params.values()
        if runs_postgresql or SLOW_FIXTURES & set(item.fixturenames) or SLOW_PLACES & places:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def nothing_leaves(monkeypatch):
    """No socket but loopback, no mail to a real server, no configuration of the person who runs the tests."""
    guards.install(monkeypatch)
    monkeypatch.delenv('APPLIANCE_CONFIG', raising=False)


@pytest.fixture(autouse=True)
def first_switches():
    """Each test begins and ends with the tools as they are first, whatever the one before switched."""
    registry.__init__()
    yield
    registry.__init__()


@pytest.fixture(autouse=True)
def english():
    """Each test begins in English and UTC, whatever language the last page of the one before was in."""
    with language('en', 'UTC'):
        yield


@pytest.fixture(scope='session')
def postgres():
    """A running PostgreSQL server (tests.postgresql.Postgresql) for the whole session."""
    server = Postgresql()
    yield server
    server.stop()


@pytest.fixture(scope='session')
def sqlite_template(tmp_path_factory):
    """A migrated SQLite database to copy."""
    return SqliteTemplate(tmp_path_factory.mktemp('sqlite'))


@pytest.fixture(scope='session')
def postgresql_template(request):
    """A migrated PostgreSQL database to copy."""
    return PostgresqlTemplate(request.getfixturevalue('postgres'))


@pytest.fixture(params=['sqlite', 'postgresql'])
def engine(request):
    """The name of the engine; a test that asks for it, or for `box`, runs once on each."""
    return request.param


@pytest.fixture
def closed_box(request, engine, tmp_path):
    """An empty portal on disk (tests.boxes.Box) that no one has opened: for tests that start processes on it."""
    template = request.getfixturevalue(f'{engine}_template')
    with template.box(tmp_path / 'box') as made:
        yield made


@pytest.fixture
def box(closed_box):
    """An empty portal (tests.boxes.Box), open in this process: rules can be called at once."""
    with opened(closed_box):
        yield closed_box


@pytest.fixture
def mail_server(tmp_path):
    """Start mail servers (tests.mail_server.MailServer) that keep what they take: mail_server(tls='starttls')."""
    started = []

    def start(**options):
        started.append(MailServer(tmp_path, **options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def run_due(box):
    """Plan, wake, and run what is due now, of all jobs or of those named; returns their names in the order of their runs."""
    own.load()

    def run(*names):
        jobs = {name: job for name, job in declared().items() if not names or name in names}
        plan.plan(jobs)
        plan.wake(jobs)
        done = []
        while (taken := runs.claim('test', jobs)) is not None:
            taken.config = box.config
            note = lanes.attempt(taken)
            if note:
                note()
            done.append(taken.job.name)
        return done

    return run


@pytest.fixture
def receiver():
    """A server of somebody else, which notes what it is told."""
    made = Receiver()
    yield made
    made.stop()
