"""/metrics in the text format of Prometheus, on the admin address alone: requests over all workers, and what the database says of jobs,
mails, listeners, sessions, backups and tools. Nothing in it names a person."""

import time

from flask import Blueprint, current_app, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from appliance import __version__
from appliance.core import clock, jobs
from appliance.core.backup import keeping
from appliance.core.db import is_sqlite, path, row, rows
from appliance.core.errors import NotFound
from appliance.core.tool import names_in_order, registry
from appliance.jobs import own
from appliance.web.counting import BOUNDS_S, share
from appliance.web.health import is_admin_door, require_token
from appliance.web.rights import public

blueprint = Blueprint('metrics', __name__)
_STATES = ('done', 'failed', 'missed', 'running')


@blueprint.get('/metrics')
@public('the monitoring of the server asks it on the admin address; anywhere else it does not exist')
def metrics():
    """The numbers of now. Read on each request: a monitoring asks once in some seconds."""
    if not is_admin_door(request.environ, current_app.portal.server.admin_address):
        raise NotFound()
    require_token()
    registry_ = CollectorRegistry(auto_describe=False)
    registry_.register(_Collector(current_app.portal))
    return generate_latest(registry_), 200, {'Content-Type': CONTENT_TYPE_PLAIN_0_0_4}


def _gauge(name, text, values, labels=()):
    """A gauge from {label values or None: number}."""
    family = GaugeMetricFamily(f'appliance_{name}', text, labels=labels)
    for label, value in values.items():
        family.add_metric([] if label is None else [label] if isinstance(label, str) else list(label), value)
    return family


class _Collector:
    """Yields all families. A part that cannot be read is left out and counted, so that the others still come."""

    def __init__(self, config):
        self.config = config

    def collect(self):
        """Called once a scrape."""
        started, failed = time.perf_counter(), 0
        for part in (_info, _requests, _jobs, _outbox, _deliveries, _sessions, _database, _backups, _tools, _processes):
            try:
                yield from part(self.config)
            except Exception:
                current_app.logger.exception('a part of the metrics cannot be read: %s', part.__name__)
                failed += 1
        yield _gauge('scrape_failed_parts', 'Parts of these metrics that could not be read.', {None: failed})
        yield _gauge('scrape_seconds', 'What reading these metrics took.', {None: time.perf_counter() - started})


def _info(config):
    engine = 'sqlite' if is_sqlite() else 'postgresql'
    yield _gauge('info', 'Version and database engine.', {(__version__, engine): 1}, ('version', 'engine'))


def _requests(config):
    counted = CounterMetricFamily('appliance_requests', 'Requests answered, by tool and status.', labels=('tool', 'status'))
    latency = HistogramMetricFamily('appliance_request_seconds', 'How long requests took, by tool.', labels=('tool',))
    for tool, found in share().requests().items():
        for status, number in found['statuses'].items():
            counted.add_metric([tool, status], number)
        total, buckets = 0, []
        for bound, number in zip((*map(str, BOUNDS_S), '+Inf'), found['buckets'], strict=True):
            total += number
            buckets.append((bound, total))
        latency.add_metric([tool], buckets, found['seconds'])
    yield counted
    yield latency
    waits, seconds = share().waits()
    yield CounterMetricFamily('appliance_write_waits', 'How often a worker waited for its turn to write (SQLite).', waits)
    yield CounterMetricFamily('appliance_write_wait_seconds', 'How long workers waited for their turn to write (SQLite).', seconds)


def _jobs(config):
    own.load()
    found = jobs.listing()
    yield _gauge('job_last_end_timestamp_seconds', 'When the last run of a job ended.',
                 {one['name']: one['last_ended_at'].timestamp() for one in found if one['last_ended_at']}, ('job',))
    yield _gauge('job_last_state', 'How the last run of a job ended: 1 at its state.',
                 {(one['name'], state): int(one['last_state'] == state) for one in found for state in _STATES if one['last_state']}, ('job', 'state'))
    yield _gauge('job_late_seconds', 'How late a job is, or began the last time.', {one['name']: one['late_s'] for one in found}, ('job',))


def _outbox(config):
    yield _gauge('outbox_messages', 'Mails by state.', dict(rows('SELECT state, count(*) FROM outbox GROUP BY state')), ('state',))
    yield _gauge('outbox_oldest_seconds', 'How long the oldest mail waits.', {None: _age(row(
        "SELECT min(created_at) FROM outbox WHERE state IN ('waiting', 'sending')")[0]) or 0})


def _deliveries(config):
    counts = {'waiting': 0, 'failed': 0} | dict(rows("SELECT state, count(*) FROM delivery WHERE state IN ('waiting', 'failed') GROUP BY state"))
    yield _gauge('deliveries', 'Events on their way to a listener, and those given up.', counts, ('state',))


def _sessions(config):
    yield _gauge('sessions', 'Browsers that are logged in.', {None: row(
        'SELECT count(*) FROM session s JOIN person p ON p.id = s.person_id WHERE s.epoch = p.epoch AND s.expires_at > ?',
        clock.microseconds(clock.now()))[0]})


def _database(config):
    if is_sqlite():
        names = {'main': path(), 'wal': path().with_name(path().name + '-wal')}
        yield _gauge('database_bytes', 'Size of the database.', {name: file.stat().st_size for name, file in names.items() if file.exists()}, ('part',))
        return
    yield _gauge('database_bytes', 'Size of the database.', {'main': row('SELECT pg_database_size(current_database())')[0]}, ('part',))
    yield _gauge('database_lock_waits', 'Connections that wait for a lock now.', {None: row(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")[0]})


def _backups(config):
    found = keeping.list_backups(config)
    newest, verified = found['snapshots'][:1], [one for one in found['snapshots'] if one['verified_at']][:1]
    yield _gauge('backups', 'Backups that are kept.', {None: len(found['snapshots'])})
    yield _gauge('backup_age_seconds', 'Age of the newest backup.', {None: (clock.now() - one['created_at']).total_seconds() for one in newest})
    yield _gauge('backup_verified_age_seconds', 'Age of the newest backup that was read back whole.',
                 {None: (clock.now() - one['created_at']).total_seconds() for one in verified})
    yield _gauge('backup_failed', 'Whether the last try failed.', {None: int(bool(found['failure']))})


def _tools(config):
    yield _gauge('tool_on', 'Whether a tool is on and works in this process.', {name: int(name in registry.names) for name in names_in_order()}, ('tool',))


def _processes(config):
    since = clock.microseconds(clock.now()) - 75_000_000
    yield _gauge('processes', 'Processes that told in the last minute that they live.',
                 dict(rows('SELECT kind, count(*) FROM process WHERE seen_at > ? GROUP BY kind', since)), ('kind',))


def _age(moment):
    return None if moment is None else max(0, (clock.now() - clock.from_microseconds(moment)).total_seconds())
