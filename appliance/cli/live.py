"""`appliance live`: the process that keeps every open page up to date; what appliance-live.service starts."""

import click

from appliance.cli.context import opened, stand_back
from appliance.live import process

NICENESS = 5


@click.command('live')
def command():
    """Hold the event streams until SIGTERM or Ctrl+C."""
    stand_back(NICENESS)
    with opened() as config:
        process.serve(config)
