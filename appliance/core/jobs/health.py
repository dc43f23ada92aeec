"""The checks of jobs and mail: whether the process lives, what is late or given up, and whether mails can leave."""

from datetime import timedelta

from peewee import fn

from appliance.core import clock, outbox
from appliance.core.checks import FAILED, OK, SKIPPED, WARNING, finding, health
from appliance.core.i18n import texts
from appliance.core.jobs import runs
from appliance.core.jobs.runs import JobRun
from appliance.core.processes import Process

_ = texts(__name__)
SILENT, LATE = timedelta(minutes=2), timedelta(hours=1)

JOBS_WELL = finding('jobs.well', OK, _.lazy('the jobs run, none is late'))
_MEANING = _.lazy('Nothing that the portal does by itself happens: no mail leaves, no notice comes, nothing is backed up.')
_ACTION = _.lazy('Start it: systemctl start appliance-jobs (or look at its log: journalctl -u appliance-jobs)')
JOBS_NEVER = finding('jobs.never', FAILED, _.lazy('the process jobs does not run'), action=_ACTION, meaning=_MEANING)
JOBS_SILENT = finding('jobs.silent', FAILED, _.lazy('the process jobs does not run since %(at)s UTC'), action=_ACTION, meaning=_MEANING)
JOBS_LATE = finding('jobs.late', FAILED, _.lazy('late by more than an hour: %(names)s'), action=_.lazy('Look at /admin/jobs for the reason.'),
                    meaning=_.lazy('What these do has not been done when it was promised; another job may hold them up.'))
JOBS_FAILED = finding('jobs.failed', WARNING, _.lazy('failed the last time: %(names)s'),
                      action=_.lazy('Look at /admin/jobs for the reason, and run it again there.'), meaning=_.lazy('What they do was not done the last time.'))
MAIL_NONE = finding('mail.none', SKIPPED, _.lazy('no mail server is set up'), action=_.lazy('Set one up at /admin/setup.'),
                    meaning=_.lazy('The portal sends no mail: people find their notices at the bell only.'))
MAIL_WAIT_FOR_ONE = finding('mail.wait_for_one', WARNING, _.lazy('no mail server is set up, and mails wait for one'), action=_.lazy('Set one up at /admin/setup.'),
                            meaning=_.lazy('The portal has mails to send and nobody to give them to.'))
MAIL_WAIT = finding('mail.wait', WARNING, _.lazy('mails wait since %(at)s UTC'), action=_.lazy('Look at /admin/mail for the reason.'),
                    meaning=_.lazy('The mail server does not take them; they are tried again for about a day.'))
MAIL_GIVEN_UP = finding('mail.given_up', WARNING, _.lazy('some mails were given up'), action=_.lazy('Look at /admin/mail; send them again or cancel them.'),
                        meaning=_.lazy('Somebody did not get a mail that the portal promised.'))
MAIL_WELL = finding('mail.well', OK, _.lazy('no mail waits'))


@health('jobs')
def jobs(config):
    """The process lives, nothing is late, and the last run of each job ended well."""
    now = clock.now()
    seen_at = Process.select(fn.MAX(Process.seen_at)).where(Process.kind == 'jobs').scalar()
    if seen_at is None or now - seen_at > SILENT:
        return JOBS_SILENT(at=f'{seen_at:%Y-%m-%d %H:%M}') if seen_at else JOBS_NEVER()
    late = sorted({name for name, in JobRun.select(JobRun.job).where(
        (JobRun.state == runs.WAITING) & (JobRun.attempts == 0) & (JobRun.due_at < now - LATE)).tuples()})
    if late:
        return JOBS_LATE(names=', '.join(late))
    failed = _failed_last()
    if failed:
        return JOBS_FAILED(names=', '.join(failed))
    return JOBS_WELL()


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
        return MAIL_WAIT_FOR_ONE() if waiting_since else MAIL_NONE()
    if waiting_since and clock.now() - waiting_since > LATE:
        return MAIL_WAIT(at=f'{waiting_since:%Y-%m-%d %H:%M}')
    if outbox.Outbox.select().where(outbox.Outbox.state == outbox.FAILED).exists():
        return MAIL_GIVEN_UP()
    return MAIL_WELL()
