"""/metrics: on the admin address alone, whole as its library reads it, over all workers, and true."""
import os
import threading
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from appliance.core import db, outbox
from appliance.core.actor import SYSTEM
from appliance.core.jobs import request
from appliance.web import counting
from appliance.web.health import admin_token


def scrape(company, address=None, **headers):
    """The answer of /metrics as the admin listener gets it."""
    host, _, port = company.config.server.admin_address.rpartition(':')
    listener = SimpleNamespace(getsockname=lambda: (host, int(port)))
    browser = company.browser('administrator')
    return browser._client.get('/metrics', base_url=browser._base, environ_overrides={'gunicorn.socket': listener}, headers=headers)


def values(company):
    """{(name, labels): value} of a scrape with the token."""
    answer = scrape(company, Authorization=f'Bearer {admin_token()}')
    assert answer.status_code == 200 and answer.headers['Content-Type'].startswith('text/plain; version=0.0.4')
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in text_string_to_metric_families(answer.text) for one in family.samples}


def test_only_the_admin_address_with_its_token(company):
    for login in ('administrator', 'employee'):
        assert company.browser(login).get('/metrics').status_code == 404
        assert company.browser(login).get('/metrics', headers={'Authorization': f'Bearer {admin_token()}'}).status_code == 404
    assert scrape(company).status_code == 404
    assert scrape(company, Authorization='Bearer x').status_code == 404
    assert scrape(company, Authorization=f'Bearer {admin_token()}').status_code == 200


def test_requests_are_counted_by_status_and_time(company):
    browser = company.browser('administrator')
    before = values(company)
    for path in ('/worktime', '/worktime', '/worktime/days/999999', '/no-such-page'):
        browser.get(path)
    after = values(company)

    def grown(name, **labels):
        key = name, tuple(sorted(labels.items()))
        return after.get(key, 0) - before.get(key, 0)
    assert grown('appliance_requests_total', tool='worktime', status='200') == 2
    assert grown('appliance_requests_total', tool='worktime', status='404') == 1
    assert grown('appliance_requests_total', tool='shell', status='404') == 1
    assert grown('appliance_request_seconds_count', tool='worktime') == 3
    assert grown('appliance_request_seconds_bucket', tool='worktime', le='+Inf') == 3
    assert 0 < grown('appliance_request_seconds_sum', tool='worktime') < 30


def test_what_the_database_says(company):
    with db.write('test'):
        outbox.send_mail('mail/test', {}, 'a key of the tests', person_id=company.ids['employee'])
    request(SYSTEM, 'core.clean')
    found = values(company)
    assert found['appliance_outbox_messages', (('state', 'waiting'),)] >= 1
    assert ('appliance_deliveries', (('state', 'waiting'),)) in found
    assert found['appliance_job_late_seconds', (('job', 'core.clean'),)] >= 0
    assert found['appliance_sessions', ()] >= 1 and found['appliance_database_bytes', (('part', 'main'),)] > 10_000
    assert found['appliance_tool_on', (('tool', 'worktime'),)] == 1 and found['appliance_tool_on', (('tool', 'planted'),)] == 0
    assert found['appliance_backups', ()] == 0 and found['appliance_scrape_failed_parts', ()] == 0
    assert ('appliance_database_lock_waits', ()) in found or company.box.engine == 'sqlite'


def test_nobody_is_named(company):
    text = scrape(company, Authorization=f'Bearer {admin_token()}').text
    for name, login, mail in db.rows('SELECT name, login, mail FROM person'):
        assert name not in text and (not mail or mail not in text), login


def test_a_part_that_cannot_be_read_leaves_the_others(company, monkeypatch):
    monkeypatch.setattr('appliance.web.metrics.keeping.list_backups', lambda config: 1 / 0)
    found = values(company)
    assert found['appliance_scrape_failed_parts', ()] == 1 and ('appliance_sessions', ()) in found




def test_all_processes_count_into_one_and_the_dead_stay_counted():
    counts = counting.Counts()
    counts.add('worktime', 200, 0.02)
    for _number in range(3):
        child = os.fork()
        if not child:
            counts.add('worktime', 200, 0.02)
            counts.add('people', 418, 99)
            counts.waited(0.5)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    found = counts.requests()
    assert found['worktime']['statuses'] == {'200': 4} and found['worktime']['buckets'][2] == 4
    assert found['people']['statuses'] == {'other': 3} and found['people']['buckets'][-1] == 3
    assert counts.waits() == (3, pytest.approx(1.5))
    used = [number for number in range(counting.PARTS) if any(counts._numbers[number * counts.size // 8 + one] for one in range(counts.size // 8))]
    assert len(used) == 2, 'a part of a dead process is taken by the next'


def test_more_processes_than_parts_do_not_break(monkeypatch):
    monkeypatch.setattr(counting, 'PARTS', 0)
    counts = counting.Counts.__new__(counting.Counts)
    counts.file, counts.size, counts._pid = os.memfd_create('test'), 8, None
    assert counts._part() is None
    os.close(counts.file)


def test_a_wait_for_the_turn_to_write_is_counted(box):
    counts = counting.share()
    before, held, free = counts.waits(), threading.Event(), threading.Event()

    def hold():
        with db.connected(), db.write('test'):
            held.set()
            free.wait(5)
    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(5)
    threading.Timer(0.1, free.set).start()
    with db.write('test'):
        pass
    holder.join()
    after = counts.waits()
    if box.engine == 'sqlite':
        # What another test left running may wait too, so there may be more than one.
        assert after[0] > before[0] and 0.05 < after[1] - before[1] < 5
    else:
        assert after == before, 'PostgreSQL has no turns'
