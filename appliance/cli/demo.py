"""`appliance demo`: the demo company, for an empty portal that was not installed."""

import click

from appliance.cli.context import console_actor, opened
from appliance.cli.output import read_secret, say
from appliance.demo import load, portraits


@click.command('demo')
@click.option('--password-stdin', is_flag=True, help='Read the one password of all demo people from stdin.')
@click.option('--directory-url', default='', help='The demo directory, where most of them live; without it all are local.')
def command(password_stdin, directory_url):
    """Fill an empty portal with the demo company. Impossible on an installed box."""
    with opened() as config:
        load.refuse_installed(config)
        load.load(console_actor(), read_secret('Password of all demo people', password_stdin), directory_url)
        portraits.give_all(console_actor())
    say('The demo company has moved in.')
