"""`appliance rescue`: a one-time login link for an administrator, from the server's own console."""

import click

from appliance.cli.context import console_actor, opened
from appliance.cli.output import say
from appliance.identity import accounts, one_time_links


@click.command('rescue')
@click.argument('login', required=False)
def command(login):
    """Print a link that logs an administrator in once. Without LOGIN the first active administrator is taken.

    It works when the directory is down, the password lost or the account throttled. All administrators are told by mail
    when it is used.
    """
    with opened() as config:
        person = accounts.administrator_to_rescue(login)
        path = one_time_links.make_link(console_actor(), one_time_links.RESCUE, person.id)
        say(f'This link logs {person.login} in once, within 30 minutes:')
        print(config.server.public_address + path)
