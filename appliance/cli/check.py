"""`appliance check`: the portal looks at itself and says what to do."""

import sys

import click

from appliance.cli.context import opened
from appliance.cli.output import as_json_option, as_json_text
from appliance.core import checks

COLOURS = {'ok': 'green', 'warning': 'yellow', 'failed': 'red', 'skipped': 'bright_black'}


@click.command('check')
@as_json_option
def command(as_json):
    """Run all checks. Exit status 1 when one failed; warnings are for reading."""
    with opened(is_checked=False) as config:
        found = checks.run(config)
    if as_json:
        print(as_json_text(found))
    else:
        for one in found:
            click.echo(f"{click.style(one['state'].ljust(8), fg=COLOURS[one['state']])} {one['name'].ljust(22)} {one['message']}")
            if one['action']:
                click.echo(f"{'':31} -> {one['action']}")
    sys.exit(1 if any(one['state'] == 'failed' for one in found) else 0)
