"""What page and command show of the jobs, and asking for a run beyond the schedule."""

from appliance.core import audit, clock
from appliance.core.actions import action
from appliance.core.db import is_sqlite
from appliance.core.errors import NotFound
from appliance.core.i18n import texts
from appliance.core.jobs.declarations import declared
from appliance.core.jobs.runs import FAILED, WAITING, JobRun
from appliance.core.jobs.schedules import moment_name
from appliance.core.permissions import permitted

_ = texts(__name__)
_SHOWN_RUNS = 50
REASONS = {
    'killed': _.lazy('The process that ran it was ended.'),
    'timeout': _.lazy('It took longer than it may.'),
    'gone': _.lazy('The process that ran it is gone.'),
    'replaced': _.lazy('A newer run took its place.'),
    'off': _.lazy('The tool was switched off.'),
    'late': _.lazy('It was too late to be of use.'),
    'fault': _.lazy('The program has a fault here.'),
}


def listing():
    """One dict a declared job: name, title, tool, schedule, promised_at, last_slot, last_state, last_started_at,
    last_ended_at, next_at, late_s, error. Moments are aware or None.

    The last run is the newest that is not simply waiting: done, failed, missed or running; one that failed and waits for
    another try is `failed`. `promised_at` is when the last or the oldest overdue run was due, `late_s` by how many seconds
    it began late, or is late now. What runs when there is something to do has no `next_at` until there is.
    """
    runs = _shown_runs(declared())
    return [_job(job, *runs[job.name]) for job in declared().values()]


# Each branch walks the job's own index and stops at its first row.
_LAST = """SELECT * FROM (SELECT job_run.*, 0 AS is_waiting FROM job_run WHERE job = ? AND (state <> ? OR attempts > 0)
           ORDER BY due_at DESC, id DESC LIMIT 1) AS last_run"""
_FIRST = """SELECT * FROM (SELECT job_run.*, 1 AS is_waiting FROM job_run WHERE job = ? AND state = ?
            ORDER BY next_at LIMIT 1) AS waiting_run"""


def _shown_runs(jobs):
    """{job name: [last run or None, waiting run or None]}, in one query for all jobs together."""
    found = {name: [None, None] for name in jobs}
    if jobs:
        sql = ' UNION ALL '.join(f'{_LAST} UNION ALL {_FIRST}' for _name in jobs)
        values = [value for name in jobs for value in (name, WAITING, name, WAITING)]
        for run in JobRun.raw(sql if is_sqlite() else sql.replace('?', '%s'), *values):
            found[run.job][run.is_waiting] = run
    return found


def _job(job, last, waiting):
    overdue = waiting if waiting and waiting.next_at <= clock.now() else None
    shown = overdue or last
    return {'name': job.name, 'title': str(job.title), 'tool': job.tool, 'schedule': job.schedule.describe(),
            'promised_at': shown and shown.due_at, 'last_slot': last and last.slot, 'last_state': last and _state(last),
            'last_started_at': last and last.started_at, 'last_ended_at': last and last.ended_at,
            'next_at': waiting and waiting.next_at,
            'late_s': _late_s(shown), 'error': reason(shown.error) if shown else ''}


def _state(run):
    return FAILED if run.state == WAITING else run.state


def _late_s(run):
    if run is None:
        return 0
    if run.state == WAITING and not run.attempts:
        return max(0, int((clock.now() - run.due_at).total_seconds()))
    return max(0, int((run.started_at - run.due_at).total_seconds())) if run.started_at else 0


def reason(error):
    """An `error` of a row (`<reason>: <detail>`, or the English words of a PortalError) in the person's language."""
    code, _colon, detail = error.partition(': ')
    if code not in REASONS:
        return str(_.lazy(error)) if error else ''
    return f'{REASONS[code]} ({detail})' if detail else str(REASONS[code])


def runs_of(name, limit=_SHOWN_RUNS):
    """The newest runs of a job as dicts: slot, scope, state, due_at, started_at, ended_at, attempts, requested_by, error."""
    found = JobRun.select().where(JobRun.job == name).order_by(JobRun.due_at.desc(), JobRun.id.desc()).limit(limit)
    return [{'id': run.id, 'slot': run.slot, 'scope': run.scope, 'state': run.state, 'due_at': run.due_at, 'next_at': run.next_at,
             'started_at': run.started_at, 'ended_at': run.ended_at, 'attempts': run.attempts,
             'requested_by': run.requested_by, 'error': reason(run.error)} for run in found]


@action(rights=permitted('core.jobs.manage'))
def request(actor, name):
    """Ask for a run now, beyond the schedule, in each of the job's scopes; returns the slot. NotFound for another name."""
    job = declared().get(name)
    if job is None:
        raise NotFound()
    now = clock.now()
    for scope in job.schedule.scopes() or ['']:
        JobRun.create(job=name, scope=scope, slot=moment_name(now), due_at=now, next_at=now, requested_by=actor.via)
    audit.record(actor, 'core.job.requested', f'core.job:{name}')
    return moment_name(now)
