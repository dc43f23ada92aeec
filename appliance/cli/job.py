"""`appliance job list|run`: what runs by itself, and running it by hand."""

import click

from appliance.cli.context import console_actor, opened
from appliance.cli.output import as_json_option, fail, listing, say
from appliance.core import jobs
from appliance.core.jobs import runs
from appliance.jobs import by_hand, own

COLUMNS = {'name': 'NAME', 'schedule': 'SCHEDULE', 'last_slot': 'LAST SLOT', 'last_state': 'STATE', 'last_started_at': 'STARTED',
           'last_ended_at': 'ENDED', 'next_at': 'NEXT', 'late_s': 'LATE (S)'}


@click.group('job')
def command():
    """See the jobs, and run one now."""


@command.command('list')
@as_json_option
def list_(as_json):
    """List all jobs with their last and next run. All times are UTC."""
    with opened():
        own.load()
        rows = jobs.listing()
    # The fixed keys of the command; the page shows more.
    listing([{key: row[key] for key in ('name', 'tool', *list(COLUMNS)[1:])} for row in rows], COLUMNS, as_json)


@command.command('run')
@click.argument('name')
def run(name):
    """Run a job now, here, and wait for its end. The process `jobs` need not be there."""
    with opened() as config:
        own.load()
        if name not in jobs.declared():
            raise click.BadParameter(f'there is no job {name}; appliance job list shows them all')
        slot = jobs.request(console_actor(), name)
        states = [by_hand.run_one(run_id, jobs.declared()[name], config, say) for run_id in runs.of_slot(name, slot)]
    say(f'{name}: {", ".join(states)}')
    if set(states) != {runs.DONE}:
        fail('job', f'{name} did not end well; appliance job list and the log say more')
