"""`appliance setting get|set`: the company's settings without the web."""

import click

from appliance.cli.context import console_actor, opened
from appliance.cli.output import as_json_option, listing, read_secret, say
from appliance.core import settings


@click.group('setting')
def command():
    """Read and change the company's settings."""


@command.command('get')
@click.argument('name', required=False)
@as_json_option
def get(name, as_json):
    """Show one setting, or all. Secrets are never shown, only whether they are set."""
    with opened():
        if name is not None and name not in settings.declared():
            raise click.BadParameter(f'there is no setting {name}; appliance setting get lists them all')
        rows = [_row(known) for known in sorted(settings.declared()) if name in (None, known)]
    if name is None or as_json:
        listing(rows, {'name': 'NAME', 'value': 'VALUE', 'label': 'MEANING'}, as_json)
    else:
        print(rows[0]['value'])


def _row(name):
    declaration = settings.declared()[name]
    value = settings.get_setting(name)
    return {'name': name, 'value': ('set' if value else 'not set') if declaration.is_secret else value,
            'is_default': value == declaration.default, 'label': str(declaration.label)}


@command.command('set')
@click.argument('name')
@click.argument('value', required=False)
@click.option('--stdin', 'from_stdin', is_flag=True, help='Read the value from stdin; the only way for secrets in scripts.')
def set_(name, value, from_stdin):
    """Set a setting. A secret's value comes from stdin or is asked for, never from the command line."""
    with opened():
        declaration = settings.declared().get(name)
        if declaration is None:
            raise click.BadParameter(f'there is no setting {name}; appliance setting get lists them all')
        if declaration.is_secret and value is not None:
            raise click.UsageError('a secret on the command line is seen by everybody on this machine; leave it out or use --stdin')
        if value is None:
            value = read_secret(str(declaration.label), from_stdin)
        settings.set_setting(console_actor(), name, value)
    say(f'{name} is set.')
