"""`appliance run`: all processes here, supervised, one log; for trying out and developing."""

import os

import click

from appliance.cli.context import opened
from appliance.core import supervisor

PROCESSES = ('web', 'live', 'jobs')


@click.command('run')
def command():
    """Start web, live and jobs and watch them until Ctrl+C. One that dies is started again; one that dies at once ends all."""
    with opened() as config:
        os.environ['APPLIANCE_CONFIG'] = str(config.path)
    supervisor.become(config.server.public_address, PROCESSES)
