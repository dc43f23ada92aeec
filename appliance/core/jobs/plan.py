"""The tick: writes each promised run down before it is due, so that the table alone says what was promised and kept.

The next slot of each job always stands in the table. So a slot that came while nothing ran is found there, whatever was
killed when; and two that plan at once insert the same rows, of which the unique key keeps one.
"""

import logging
from datetime import timedelta

from appliance.core import clock
from appliance.core.db import write
from appliance.core.jobs.runs import DONE, FAILED, MISSED, RUNNING, WAITING, JobRun
from appliance.core.jobs.schedules import Slot, When, moment_name

log = logging.getLogger('appliance.jobs')


def plan(jobs):
    """Write down what is promised now and next for these jobs ({name: Job})."""
    for job in jobs.values():
        if not isinstance(job.schedule, When):
            for scope in job.schedule.scopes():
                _plan_slots(job, scope)
        _report_late(job)


def wake(jobs):
    """Write a run for each job that has something to do now and no run waiting; returns whether there was one."""
    found = False
    for job in jobs.values():
        if isinstance(job.schedule, When):
            due_at = job.schedule.next_due()
            if due_at and due_at <= clock.now() and not _is_waiting(job):
                with write('core.jobs.wake'):
                    _forget_woken(job)
                    _insert(job, '', Slot(moment_name(clock.now()), due_at))
                found = True
    return found


def _forget_woken(job):
    """What is woken each second would fill the table: of runs that ended well, an hour's are enough."""
    JobRun.delete().where((JobRun.job == job.name) & (JobRun.state == DONE) & (JobRun.requested_by == '')
                          & (JobRun.ended_at < clock.now() - timedelta(hours=1))).execute()


def _is_waiting(job):
    return JobRun.select().where((JobRun.job == job.name) & JobRun.state.in_([WAITING, RUNNING])).exists()


def _plan_slots(job, scope):
    newest, following = job.schedule.around(clock.now(), scope)
    ours = (JobRun.job == job.name) & (JobRun.scope == scope)
    known = {row.slot: row for row in JobRun.select().where(ours & JobRun.slot.in_([newest.name, following.name]))}
    moved = [(known[slot.name], slot) for slot in (newest, following) if slot.name in known
             and known[slot.name].state == WAITING and known[slot.name].due_at != slot.due_at and not known[slot.name].attempts]
    last = None if newest.name in known else _last_before(ours, newest)
    if not moved and not last and following.name in known:
        return
    with write('core.jobs.plan'):
        for row, slot in moved:     # the setting of the time, or the rules of the zone, have changed
            JobRun.update(due_at=slot.due_at, next_at=slot.due_at).where((JobRun.id == row.id) & (JobRun.attempts == 0)).execute()
        if last:
            for slot in job.schedule.skipped(last, newest.name, scope):
                _insert(job, scope, slot, state=MISSED, ended_at=clock.now())
            _replace_older(ours, newest)
            _insert(job, scope, newest)
        _insert(job, scope, following)


def _last_before(ours, newest):
    """The last slot that the schedule wrote down before this one; None when the job is new, and nothing was promised yet."""
    found = (JobRun.select(JobRun.slot).where(ours & (JobRun.requested_by == '') & (JobRun.due_at < newest.due_at))
             .order_by(JobRun.due_at.desc()).tuples().first())
    return found and found[0]


def _replace_older(ours, newest):
    """One run makes up for all before it: what still waits is missed, or, if it was tried in vain, failed."""
    older = ours & (JobRun.state == WAITING) & (JobRun.requested_by == '') & (JobRun.due_at < newest.due_at)
    now = clock.now()
    JobRun.update(state=MISSED, error='replaced', ended_at=now).where(older & (JobRun.attempts == 0)).execute()
    JobRun.update(state=FAILED, ended_at=now).where(older & (JobRun.attempts > 0)).execute()


def _report_late(job):
    """What is too late to be of use is reported, not run."""
    if job.latest_minutes is None:
        return
    late = ((JobRun.job == job.name) & (JobRun.state == WAITING) & (JobRun.attempts == 0)
            & (JobRun.due_at < clock.now() - timedelta(minutes=job.latest_minutes)))
    if JobRun.select().where(late).exists():
        log.warning('%s: missed by more than %s minutes', job.name, job.latest_minutes)
        with write('core.jobs.report_late'):
            JobRun.update(state=MISSED, error='late', ended_at=clock.now()).where(late).execute()


def _insert(job, scope, slot, **values):
    (JobRun.insert(job=job.name, scope=scope, slot=slot.name, due_at=slot.due_at, next_at=slot.due_at, **values)
     .on_conflict_ignore().execute())
