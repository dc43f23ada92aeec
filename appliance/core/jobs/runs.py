"""The table of runs, and the life of one: waiting, running under a lease, done, failed or missed.

A lease lasts a minute and is renewed by the process that watches the worker. It is fenced: whoever marks a run as done names
owner and attempt, and who lost the lease meanwhile gets LeaseLost and takes back all that the transaction did.
"""

import contextlib
import logging
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.db import Base, database, is_sqlite, rows, write
from appliance.core.fields import Id, Integer, Moment, Text
from appliance.core.i18n import texts
from appliance.core.jobs.declarations import Job
from appliance.core.jobs.schedules import zone_of
from appliance.core.personal.declarations import Keep, Kept, Personal

_ = texts(__name__)
WAITING, RUNNING, DONE, FAILED, MISSED = 'waiting', 'running', 'done', 'failed', 'missed'
LEASE = timedelta(seconds=60)
RENEW_S = 20
BACKOFF_S = (30, 120, 600, 1800)
DEATH_BACKOFF_S = (0, *BACKOFF_S)     # the first kill says nothing against the job
_CLAIM_LOCK = 4274      # of PostgreSQL: two hosts must not start two runs of one job between a look and a mark
log = logging.getLogger('appliance.jobs')


class LeaseLost(Exception):
    """Somebody else has this run by now: what this transaction did must not be kept."""


class JobRun(Base):
    """One promised run. `slot` is a UTC moment or a local date, `scope` '' or a zone; the three are unique together.

    `due_at` is the promise, `next_at` when it may be (re)tried; `requested_by` names who asked for it beyond the schedule.
    """

    id = Id()
    job = Text()
    scope = Text(default='')
    slot = Text()
    state = Text(default=WAITING)
    owner = Text(default='')
    due_at = Moment()
    next_at = Moment()
    lease_until = Moment(null=True)
    attempts = Integer(default=0)
    started_at = Moment(null=True)
    ended_at = Moment(null=True)
    requested_by = Text(default='')
    error = Text(default='')

    class Meta:
        personal = Personal(
            _.lazy('Who asked for a run of a job, by the number of the session or the name at the console'), words=('requested_by', 'error'),
            kept=Kept(_.lazy('the newest runs of each job')), forget=Keep(_.lazy('A run is about the portal; where it names the person, the stand-in comes in.')))
        table_name = 'job_run'
        indexes = ((('job', 'scope', 'slot'), True), (('state', 'next_at'), False))


@dataclass
class Run:
    """What a job's function gets. `zone` is the slot's zone, `day` its local date; `tell(text)` notes progress."""

    id: int
    job: Job
    scope: str
    slot: str
    due_at: object
    owner: str
    attempt: int
    config: object = None
    tell: object = log.info
    is_done: bool = field(default=False, init=False)

    @property
    def actor(self):
        """The system, acting through this job."""
        return replace(SYSTEM, via=f'job:{self.job.name}')

    @property
    def zone(self):
        return zone_of(self.scope)

    @property
    def day(self):
        """The local date of the slot."""
        return date.fromisoformat(self.slot) if len(self.slot) == 10 else clock.local_date(self.due_at, self.zone)

    @contextlib.contextmanager
    def finishing(self):
        """The transaction that marks the run as done; what is done inside is kept exactly with the mark, or not at all."""
        with write(f'job {self.job.name}'):
            # First: on PostgreSQL whoever else has this run waits at this row, then finds it done.
            _end(self.id, self.owner, self.attempt, state=DONE, error='')
            yield
        self.is_done = True

    def fail(self, error):
        """Note a failure: tried again later, or given up after the last try."""
        with write('core.jobs.fail'):
            _end(self.id, self.owner, self.attempt, **_after_failure(self.job, self.attempt, error, BACKOFF_S))

    def give_back(self, error='', wait_s=0):
        """Put the run back into the queue, untried: the process stops, or the machine could not do it just now."""
        with write('core.jobs.give_back'):
            _end(self.id, self.owner, self.attempt, **_untried(self.attempt, error, wait_s))


def _end(run_id, owner, attempt, state, **values):
    """Take a run out of `running`, if it is still this owner's and this attempt; LeaseLost if not."""
    values |= {'state': state, 'owner': '', 'lease_until': None, 'ended_at': None if state == WAITING else clock.now()}
    marked = (JobRun.update(**values).where((JobRun.id == run_id) & (JobRun.state == RUNNING) & (JobRun.owner == owner)
                                            & (JobRun.attempts == attempt)).execute())
    if not marked:
        raise LeaseLost(f'run {run_id} is not {owner}\'s any more')


def _untried(attempt, error, wait_s=0):
    """The columns of a run that waits as if it had not been tried."""
    return {'state': WAITING, 'attempts': attempt - 1, 'error': error, 'next_at': clock.now() + timedelta(seconds=wait_s)}


def _after_failure(job, attempt, error, backoff_s):
    """The columns of a run whose attempt came to nothing."""
    if attempt >= job.tries:
        return {'state': FAILED, 'error': error[:2000]}
    wait_s = backoff_s[min(attempt, len(backoff_s)) - 1]
    return {'state': WAITING, 'error': error[:2000], 'next_at': clock.now() + timedelta(seconds=wait_s)}


_CANDIDATES = '''
    SELECT id, job FROM job_run r
    WHERE state = 'waiting' AND next_at <= ?
      AND NOT EXISTS (SELECT 1 FROM job_run twin WHERE twin.state = 'running' AND twin.job = r.job AND twin.scope = r.scope)
    ORDER BY next_at, id'''


def claim(owner, jobs, only_id=None):
    """Take the run that waits longest among these jobs ({name: Job}) for `owner`; a Run, or None when nothing waits.

    No two runs of one job and scope go at a time, on however many hosts. `only_id` takes that run or none.
    """
    if not _candidate(jobs, only_id):
        return None     # looked at without a transaction: an idle box writes nothing
    with write('core.jobs.claim'):
        if not is_sqlite():
            database.execute_sql('SELECT pg_advisory_xact_lock(%s)', (_CLAIM_LOCK,))
        run_id = _candidate(jobs, only_id)
        return run_id and _start(run_id, owner, jobs)


def _candidate(jobs, only_id):
    for run_id, name in rows(_CANDIDATES, clock.microseconds(clock.now())):
        if name in jobs and only_id in (None, run_id):
            return run_id
    return None


def _start(run_id, owner, jobs):
    now = clock.now()
    JobRun.update(state=RUNNING, owner=owner, lease_until=now + LEASE, attempts=JobRun.attempts + 1, started_at=now,
                  ended_at=None).where(JobRun.id == run_id).execute()
    row = JobRun.get_by_id(run_id)
    return Run(row.id, jobs[row.job], row.scope, row.slot, row.due_at, owner, row.attempts)


def of_slot(name, slot):
    """The ids of a job's runs of one slot, in all scopes."""
    return [run_id for run_id, in JobRun.select(JobRun.id).where((JobRun.job == name) & (JobRun.slot == slot)).tuples()]


def state_of(run_id):
    return JobRun.get_by_id(run_id).state


def renew(owners):
    """Lengthen the leases of these owners' runs."""
    if JobRun.select().where((JobRun.state == RUNNING) & JobRun.owner.in_(owners)).exists():
        with write('core.jobs.renew'):
            (JobRun.update(lease_until=clock.now() + LEASE)
             .where((JobRun.state == RUNNING) & JobRun.owner.in_(owners)).execute())


def reclaim(jobs, error, owner=None, is_counted=True):
    """Take back runs whose lease has ended, or all of an owner who is dead: to be tried again, or given up.

    `is_counted` False: we ended that owner ourselves, which says nothing against the job.
    """
    gone = JobRun.owner == owner if owner else JobRun.lease_until < clock.now()
    for row in list(JobRun.select().where((JobRun.state == RUNNING) & gone)):
        job = jobs.get(row.job)
        if job is None:
            continue        # of another version of the portal, whose processes know what to do with it
        log.warning('%s %s, attempt %s: %s', row.job, row.slot, row.attempts, error)
        values = _after_failure(job, row.attempts, error, DEATH_BACKOFF_S) if is_counted else _untried(row.attempts, '')
        with contextlib.suppress(LeaseLost), write('core.jobs.reclaim'):
            _end(row.id, row.owner, row.attempts, **values)


def miss_runs(tool):
    """Let go of the runs that a tool's jobs still had before them when it was switched off."""
    with write('core.jobs.miss_runs'):
        JobRun.update(state=MISSED, owner='', lease_until=None, error='off', ended_at=clock.now()).where(
            JobRun.job.startswith(f'{tool}.') & JobRun.state.in_([WAITING, RUNNING])).execute()


def forget_runs(now):
    """Delete old runs, for the cleaning job, inside an action: the frequent ones after a week, all after 90 days."""
    is_frequent = (JobRun.state == DONE) & JobRun.slot.contains('T')
    return JobRun.delete().where((JobRun.ended_at < now - timedelta(days=90))
                                 | (is_frequent & (JobRun.ended_at < now - timedelta(days=7)))).execute()
