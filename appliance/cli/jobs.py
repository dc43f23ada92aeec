"""`appliance jobs`: the process that does everything scheduled or slow; what appliance-jobs.service starts."""

import os
import sys

import click

from appliance.cli.context import opened
from appliance.jobs import own, process


@click.command('jobs')
def command():
    """Run the jobs until SIGTERM or Ctrl+C."""
    with opened() as config:
        own.load()
        is_outdated = process.serve(config)
    if is_outdated:
        # The same process goes on with the tools as they are switched now: no supervisor need notice, none counts restarts.
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
