"""The portal's own jobs, their checks, and the ticks that a clock set back must not stop."""
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from appliance.core import checks, clock, i18n, jobs, outbox, processes, sealing
from appliance.core.actions import RequestKey
from appliance.core.actor import SYSTEM
from appliance.core.db import write
from appliance.core.jobs.runs import JobRun
from appliance.core.people import add_person
from appliance.core.processes import Process
from appliance.core.settings import set_setting
from appliance.identity import one_time_links, owed_steps, sessions, throttle
from appliance.identity.directory import directories
from appliance.identity.models import LoginFailure, OneTimeLink, OwedStep, Session
from appliance.jobs import own
from appliance.jobs.ticks import Ticks

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 11, 23, 9, 1, tzinfo=UTC)
TRACES = (Session, OneTimeLink, OwedStep, LoginFailure, RequestKey, Process, outbox.Outbox)


def leave_traces(key):
    """One row in each table that is cleaned."""
    person_id = add_person(SYSTEM, key, key, request_key=f'request-{key}')
    sessions.open_session(SYSTEM, person_id, ['password'])
    one_time_links.make_link(SYSTEM, key)
    owed_steps.open_step(SYSTEM, key, directories.add_directory(SYSTEM, key, 'ldap://127.0.0.1:1', 'dc=x', tls='none', is_active=False), uuid.uuid4())
    throttle.count_failure(SYSTEM, key, '192.0.2.1', True)
    with write('test'):
        Process.insert(host=key, kind='web', pid=1, seen_at=clock.now()).execute()
        outbox.send_mail('mail/test', {}, key=key, recipient='a@b.example')
        outbox.Outbox.update(state='sent').execute()


def test_the_lanes_import_nothing_that_the_parent_could_have_shared():
    code = """
import sys
from appliance.core import derived, history, listeners, notices, refs, trash
from appliance.core.custom_fields import declarations
from appliance.jobs import own, process
own.load()
process.share()
before = set(sys.modules)
for ask in (derived.makers, history.declared, listeners.declared, notices.kinds, refs.owners, trash.kinds, declarations.kinds):
    ask()
print(sorted(set(sys.modules) - before), any('worktime.rules' in name for name in before))"""
    assert subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip() == '[] True'


def test_cleaning_takes_what_has_had_its_time_and_nothing_else(run_due):
    with time_machine.travel(START) as moving:
        run_due()
        leave_traces('old')
        moving.shift(timedelta(days=91))
        leave_traces('new')
        before = {model: model.select().count() for model in TRACES}
        assert 'core.clean' in run_due('core.clean')
        assert {model: before[model] - model.select().count() for model in TRACES} == {
            Session: 1, OneTimeLink: 1, OwedStep: 1, LoginFailure: 2, RequestKey: 1, Process: 1, outbox.Outbox: 1}


def test_the_night_makes_a_backup_in_the_zone_of_the_company(run_due, box):
    set_setting(SYSTEM, 'company.zone', 'Europe/Madrid')
    sealing.create_key(box.config.backup.key_file)
    with time_machine.travel(START) as moving:
        run_due()
        moving.move_to(datetime(2026, 11, 24, 1, 29, tzinfo=UTC))
        assert run_due('core.backup') == []
        moving.shift(120)
        assert run_due('core.backup') == ['core.backup']
        assert JobRun.get(JobRun.job == 'core.backup', JobRun.state == 'done').slot == '2026-11-24'
        assert run_due('core.backup') == []


def found(name, box):
    return next(row for row in checks.run(box.config) if row['name'] == name)


def test_the_check_of_jobs_tells_dead_late_and_failed(box, run_due):
    assert (found('jobs', box)['state'], found('mail', box)['state']) == ('failed', 'skipped')
    with time_machine.travel(START) as moving:
        processes.tell('jobs')
        run_due()
        assert found('jobs', box)['state'] == 'ok'
        moving.shift(timedelta(hours=3))
        assert found('jobs', box)['message'] == 'the process jobs does not run since 2026-11-23 09:01 UTC'
        processes.tell('jobs')
        assert 'late by more than an hour: core.clean' in found('jobs', box)['message']
        run_due()
        assert found('jobs', box)['state'] == 'ok'
        with write('test'):
            JobRun.update(state='failed').where((JobRun.job == 'core.clean') & (JobRun.state == 'done')).execute()
        assert (found('jobs', box)['state'], found('jobs', box)['message']) == ('warning', 'failed the last time: core.clean')


def test_the_check_of_mail_tells_what_waits_and_what_was_given_up(box):
    with time_machine.travel(START) as moving:
        with write('test'):
            outbox.send_mail('mail/test', {}, key='k', recipient='a@b.example')
        assert found('mail', box)['state'] == 'warning'
        set_setting(SYSTEM, 'mail.host', '127.0.0.1')
        set_setting(SYSTEM, 'mail.sender', 'portal@company.example')
        assert found('mail', box)['state'] == 'ok'
        moving.shift(timedelta(hours=2))
        assert 'mails wait since 2026-11-23 09:01' in found('mail', box)['message']
        with write('test'):
            outbox.Outbox.update(state='failed').execute()
        assert 'given up' in found('mail', box)['message']


def test_a_clock_set_back_does_not_stop_the_ticks():
    with time_machine.travel(START, tick=False) as moving:
        calls = []
        ticks = Ticks()
        ticks.call(lambda: calls.append(clock.now()), 10)
        ticks.start()
        for _second in range(25):
            assert ticks.tick() <= 1
            moving.shift(1)
        assert len(calls) == 3
        moving.shift(-timedelta(days=30))
        for _second in range(25):
            ticks.tick()
            moving.shift(1)
        assert len(calls) in (5, 6)
        ticks.shutdown()


def test_the_process_of_the_jobs_imports_no_web():
    code = ('import sys; from appliance.cli import jobs; from appliance.jobs import own; own.load(); '
            'print([name for name in ("flask", "werkzeug", "wtforms", "gunicorn", "appliance.web") if name in sys.modules])')
    done = subprocess.run([sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == '[]'


def test_the_jobs_of_a_tool_come_when_it_is_switched_on():
    """Also where it was off when the jobs were first asked for."""
    code = ('from appliance.core import jobs; from appliance.core.tool import registry; from appliance.jobs import own\n'
            'for on in ({"people"}, {"people", "worktime"}): registry.use(len(on), on); own.load(); print("worktime.remind" in jobs.declared())')
    done = subprocess.run([sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ['False', 'True']


@pytest.mark.parametrize('language', ['en', 'es'])
def test_every_declared_job_speaks_the_language(box, language):
    own.load()
    with i18n.language(language):
        rows = {row['name']: row for row in jobs.listing()}
    assert {'core.outbox', 'core.backup', 'core.clean', 'worktime.remind', 'worktime.expire'} <= set(rows)
    assert rows['core.backup']['schedule'] == {'en': 'daily at 02:30', 'es': 'cada día a las 02:30'}[language]
    assert rows['core.clean']['schedule'] == {'en': 'every hour', 'es': 'cada hora'}[language]
    assert all(row['title'] and row['tool'] == row['name'].partition('.')[0] for row in rows.values())
