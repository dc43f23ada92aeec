"""The checks of jobs and mail: whether the process lives, what is late or given up, and whether mails can leave."""

from datetime import timedelta

from peewee import fn

from appliance.core import clock, outbox
from appliance.core.checks import FAILED, OK, SKIPPED, WARNING, Result, health
from appliance.core.jobs import runs
from appliance.core.jobs.runs import JobRun
from appliance.core.processes import Process

SILENT, LATE = timedelta(minutes=2), timedelta(hours=1)


@health('jobs')
def jobs(config):
    """The process lives, nothing is late, and the last run of each job ended well."""
    now = clock.now()
    seen_at = Process.select(fn.MAX(Process.seen_at)).where(Process.kind == 'jobs').scalar()
    if seen_at is None or now - seen_at > SILENT:
        return Result(FAILED, 'the process jobs does not run' + (f' since {seen_at:%Y-%m-%d %H:%M} UTC' if seen_at else ''),
                      'Start it: systemctl start appliance-jobs (or look at its log: journalctl -u appliance-jobs)')
    late = sorted({name for name, in JobRun.select(JobRun.job).where(
        (JobRun.state == runs.WAITING) & (JobRun.attempts == 0) & (JobRun.due_at < now - LATE)).tuples()})
    if late:
        return Result(FAILED, f'late by more than an hour: {", ".join(late)}', 'Look at /admin/jobs for the reason.')
    failed = _failed_last()
    if failed:
        return Result(WARNING, f'failed the last time: {", ".join(failed)}', 'Look at /admin/jobs for the reason, and run it again there.')
    return Result(OK, 'the jobs run, none is late')


def _failed_last():
    """The jobs whose newest settled run failed."""
    newest = (JobRun.select(JobRun.job, fn.MAX(JobRun.ended_at)).where(JobRun.state.in_([runs.DONE, runs.FAILED]))
              .group_by(JobRun.job).tuples())
    return sorted(name for name, ended_at in newest if JobRun.select().where(
        (JobRun.job == name) & (JobRun.ended_at == ended_at) & (JobRun.state == runs.FAILED)).exists())


@health('mail')
def mail(config):
    """A mail server is set up, and no mail waits for long or was given up."""
    waiting_since = outbox.waiting_since()
    if not outbox.is_configured():
        state, words = (WARNING, ', and mails wait for one') if waiting_since else (SKIPPED, '')
        return Result(state, f'no mail server is set up{words}', 'Set one up at /admin/setup.')
    if waiting_since and clock.now() - waiting_since > LATE:
        return Result(WARNING, f'mails wait since {waiting_since:%Y-%m-%d %H:%M} UTC', 'Look at /admin/mail for the reason.')
    if outbox.Outbox.select().where(outbox.Outbox.state == outbox.FAILED).exists():
        return Result(WARNING, 'some mails were given up', 'Look at /admin/mail; send them again or cancel them.')
    return Result(OK, 'no mail waits')
