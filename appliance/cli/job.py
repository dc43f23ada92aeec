"""`appliance job list|run`: what runs by itself, and running it by hand."""

import contextlib
import os
import threading

import click
import peewee

from appliance.cli.context import console_actor, opened
from appliance.cli.output import as_json_option, fail, listing, say
from appliance.core import db, jobs
from appliance.core.errors import PortalError
from appliance.core.jobs import runs
from appliance.jobs import lanes, own

COLUMNS = {'name': 'NAME', 'schedule': 'SCHEDULE', 'last_slot': 'LAST SLOT', 'last_state': 'STATE', 'last_started_at': 'STARTED',
           'last_ended_at': 'ENDED', 'next_at': 'NEXT', 'late_s': 'LATE (S)'}


@click.group('job')
def command():
    """See the jobs, and run one now."""


@command.command('list')
@as_json_option
def list_(as_json):
    """List all jobs with their last and next run. All times are UTC."""
    own.load()
    with opened():
        rows = jobs.listing()
    # The fixed keys of the command; the page shows more.
    listing([{key: row[key] for key in ('name', 'tool', *list(COLUMNS)[1:])} for row in rows], COLUMNS, as_json)


@command.command('run')
@click.argument('name')
def run(name):
    """Run a job now, here, and wait for its end. The process `jobs` need not be there."""
    own.load()
    if name not in jobs.declared():
        raise click.BadParameter(f'there is no job {name}; appliance job list shows them all')
    with opened() as config:
        slot = jobs.request(console_actor(), name)
        states = [_run_one(run_id, jobs.declared()[name], config) for run_id in runs.of_slot(name, slot)]
    say(f'{name}: {", ".join(states)}')
    if set(states) != {runs.DONE}:
        fail('job', f'{name} did not end well; appliance job list and the log say more')


def _run_one(run_id, job, config):
    """Run one requested run under a lease that a thread renews; returns its state."""
    owner = f'console:{os.getpid()}'
    taken = runs.claim(owner, {job.name: job}, run_id)
    if taken is not None:
        taken.config, taken.tell = config, say
        ended = threading.Event()
        threading.Thread(target=_keep, args=(owner, ended), daemon=True).start()
        try:
            note = lanes.attempt(taken)
        except BaseException:
            lanes.insist(taken.give_back, lambda: True)
            raise
        finally:
            ended.set()
        if note:
            lanes.insist(note)
    return runs.state_of(run_id)


def _keep(owner, ended):
    """Renew the lease until the run has ended; one that cannot be renewed in time is fenced off, as everywhere."""
    while not ended.wait(runs.RENEW_S):
        with contextlib.suppress(PortalError, peewee.OperationalError, peewee.InterfaceError), db.connected():
            runs.renew([owner])
    if not db.database.is_closed():
        db.database.close()
