"""`appliance migrate`: bring the database's schema to this version."""

import click

from appliance.cli.context import opened
from appliance.cli.output import as_json_option, as_json_text, say
from appliance.core import derived, migrations, switch


@click.command('migrate')
@as_json_option
def command(as_json):
    """Apply the migrations that are missing. When one fails, the database is put back as it was."""
    with opened(is_checked=False):
        migrations.migrate(lambda line: say(f'Applied {line}'))
        switch.load()
        derived.make(derived.outdated(), say)
        found = migrations.status()
    if as_json:
        print(as_json_text(found))
    else:
        say(f'The schema is up to date: {len(found)} migrations.')
