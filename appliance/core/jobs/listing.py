"""What page and command show of the jobs, and asking for a run beyond the schedule."""

from appliance.core import clock
from appliance.core.actions import action
from appliance.core.errors import NotFound
from appliance.core.jobs.declarations import declared
from appliance.core.jobs.runs import FAILED, WAITING, JobRun
from appliance.core.jobs.schedules import When, moment_name
from appliance.core.settings import only_administrators

_SHOWN_RUNS = 50


def listing():
    """One dict a declared job: name, title, tool, schedule, promised_at, last_slot, last_state, last_started_at,
    last_ended_at, next_at, late_s, error. Moments are aware or None.

    The last run is the newest that is not simply waiting: done, failed, missed or running; one that failed and waits for
    another try is `failed`. `promised_at` is when the last or the oldest overdue run was due, `late_s` by how many seconds
    it began late, or is late now.
    """
    return [_job(job) for job in declared().values()]


def _job(job):
    runs = JobRun.select().where(JobRun.job == job.name)
    last = runs.where((JobRun.state != WAITING) | (JobRun.attempts > 0)).order_by(JobRun.due_at.desc(), JobRun.id.desc()).first()
    waiting = runs.where(JobRun.state == WAITING).order_by(JobRun.next_at).first()
    overdue = waiting if waiting and waiting.next_at <= clock.now() else None
    shown = overdue or last
    return {'name': job.name, 'title': str(job.title), 'tool': job.tool, 'schedule': job.schedule.describe(),
            'promised_at': shown and shown.due_at, 'last_slot': last and last.slot, 'last_state': last and _state(last),
            'last_started_at': last and last.started_at, 'last_ended_at': last and last.ended_at,
            'next_at': waiting.next_at if waiting else job.schedule.next_due() if isinstance(job.schedule, When) else None,
            'late_s': _late_s(shown), 'error': shown.error if shown else ''}


def _state(run):
    return FAILED if run.state == WAITING else run.state


def _late_s(run):
    if run is None:
        return 0
    if run.state == WAITING and not run.attempts:
        return max(0, int((clock.now() - run.due_at).total_seconds()))
    return max(0, int((run.started_at - run.due_at).total_seconds())) if run.started_at else 0


def runs_of(name, limit=_SHOWN_RUNS):
    """The newest runs of a job as dicts: slot, scope, state, due_at, started_at, ended_at, attempts, requested_by, error."""
    found = JobRun.select().where(JobRun.job == name).order_by(JobRun.due_at.desc(), JobRun.id.desc()).limit(limit)
    return [{'id': run.id, 'slot': run.slot, 'scope': run.scope, 'state': run.state, 'due_at': run.due_at, 'next_at': run.next_at,
             'started_at': run.started_at, 'ended_at': run.ended_at, 'attempts': run.attempts,
             'requested_by': run.requested_by, 'error': run.error} for run in found]


@action(rights=only_administrators)
def request(actor, name):
    """Ask for a run now, beyond the schedule, in each of the job's scopes; returns the slot. NotFound for another name."""
    job = declared().get(name)
    if job is None:
        raise NotFound()
    now = clock.now()
    for scope in job.schedule.scopes() or ['']:
        JobRun.create(job=name, scope=scope, slot=moment_name(now), due_at=now, next_at=now, requested_by=actor.via)
    return moment_name(now)
