"""`appliance live`: the process that keeps every open page up to date; what appliance-live.service starts."""

import click

from appliance.cli.context import opened
from appliance.live import process


@click.command('live')
def command():
    """Hold the event streams until SIGTERM or Ctrl+C."""
    with opened() as config:
        process.serve(config)
