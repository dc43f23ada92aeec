"""`appliance jobs`: the process that does everything scheduled or slow; what appliance-jobs.service starts."""

import click

from appliance.cli.context import opened
from appliance.jobs import own, process


@click.command('jobs')
def command():
    """Run the jobs until SIGTERM or Ctrl+C."""
    own.load()
    with opened() as config:
        process.serve(config)
