"""`appliance directory add|edit|list|test`: the company's LDAP directory, without the web. Comparing stands in directory_sync.py."""

import json
import sys
from pathlib import Path

import click

from appliance.cli import directory_adopt, directory_sync
from appliance.cli.context import console_actor, opened
from appliance.cli.output import as_json_option, as_json_text, listing, read_secret, say
from appliance.core.errors import Invalid
from appliance.identity.directory import directories, probe
from appliance.identity.directory.client import TLS_MODES
from appliance.identity.directory.directories import SYNC_MODES
from appliance.identity.directory.mapping import PRESETS

MARKS = {'ok': 'ok', 'failed': 'FAILED', 'skipped': '-'}


@click.group('directory')
def command():
    """Say which LDAP directory people log in with, and try it."""


def _options(function):
    """The options that `add` and `edit` share; what is not given is not changed."""
    for option in reversed((
            click.option('--bind-dn', help="The portal's own account there, allowed to search; none: anonymous."),
            click.option('--secret-stdin', is_flag=True, help='Read the secret of that account from stdin.'),
            click.option('--ca', type=click.Path(exists=True, dir_okay=False), help='CA certificates as PEM; else those of this machine.'),
            click.option('--tls', type=click.Choice(TLS_MODES), help='Else by the address: ldaps or starttls.'),
            click.option('--preset', type=click.Choice(tuple(PRESETS)), help='What kind of directory it is.'),
            click.option('--person-filter', help='Who is a person, such as (objectClass=inetOrgPerson).'),
            click.option('--login-attribute', 'login_attributes', multiple=True, help='An attribute that people type; again for more.'),
            click.option('--sync', type=click.Choice(SYNC_MODES), help='Follow it by itself: off; known, who is here; all, also make people.'),
            click.option('--map', 'mapping', multiple=True, metavar='FIELD=ATTRIBUTE,...',
                         help='Where a field comes from; without attributes it stays ours.'))):
        function = option(function)
    return function


@command.command('add')
@click.argument('name')
@click.option('--url', required=True, help='ldaps://host[:port] or ldap://host[:port]')
@click.option('--base', 'base_dn', required=True, help='Where people are, such as ou=people,dc=company,dc=example')
@_options
@as_json_option
def add(name, url, base_dn, secret_stdin, as_json, **options):
    """Add the directory NAME. Try it afterwards: appliance directory test NAME."""
    values = _values(options)
    secret = read_secret('Secret', secret_stdin) if values.get('bind_dn') else ''
    with opened():
        directory_id = directories.add_directory(console_actor(), name, url, base_dn, secret, **values)
    if as_json:
        print(as_json_text({'id': directory_id, 'name': name}))
    else:
        say(f'{name} is added. Try it: appliance directory test {name}')


@command.command('edit')
@click.argument('name')
@click.option('--name', 'new_name', help='Another name.')
@click.option('--url')
@click.option('--base', 'base_dn')
@click.option('--on/--off', 'is_active', default=None, help='Whether logins ask it.')
@_options
def edit(name, new_name, secret_stdin, **options):
    """Change the directory NAME. Another host, port or encryption needs the secret again."""
    values = _values(options | {'name': new_name})
    secret = read_secret('Secret', True) if secret_stdin else None
    with opened():
        actor = console_actor()
        directories.edit_directory(actor, directories.id_of(actor, name), secret, **values)
    say(f'{new_name or name} is changed.')


@command.command('list')
@as_json_option
def list_(as_json):
    """List the directories; secrets are never shown."""
    with opened():
        rows = directories.list_directories(console_actor())
    listing(rows, {'name': 'NAME', 'url': 'URL', 'tls': 'TLS', 'base_dn': 'BASE', 'preset': 'PRESET', 'is_active': 'ON', 'sync': 'FOLLOWED',
                   'failure': 'LAST FAILURE'}, as_json, 'There is no directory. Add one: appliance directory add')


@command.command('test')
@click.argument('name')
@click.option('--login', default='', help='Try this login too; its password comes from stdin or is asked for.')
@click.option('--password-stdin', is_flag=True, help='Read that password from stdin.')
@as_json_option
def test(name, login, password_stdin, as_json):
    """Try the directory NAME step by step: reach, encryption, bind, base, people, login. Exit 1 when a step fails."""
    password = read_secret('Password', password_stdin) if login else ''
    with opened():
        actor = console_actor()
        report = probe.test_directory(actor, directories.id_of(actor, name), login, password)
    if as_json:
        print(as_json_text(report))
    else:
        _print_report(report)
    if any(row['state'] == 'failed' for row in report):
        sys.exit(1)


def _print_report(report):
    for row in report:
        click.echo(f"{row['step']:<11} {MARKS[row['state']]:<7} {row['message']}".rstrip())
        if row['action']:
            click.echo(f"{'':<19} {row['action']}")


def _values(options):
    """The fields that were given, as the rules take them."""
    ca, mapping = options.pop('ca', None), options.pop('mapping', ())
    values = {name: value for name, value in options.items() if value not in (None, ())}
    if ca:
        values['ca_pem'] = Path(ca).read_text(encoding='utf-8', errors='replace')
    if mapping:
        values['mapping'] = dict(_mapped(part) for part in mapping)
    return values


def _mapped(part):
    field, is_given, attributes = part.partition('=')
    if not is_given:
        raise Invalid(f'right would be FIELD=ATTRIBUTE,... and not {json.dumps(part)}', field='mapping')
    return field, [attribute for attribute in attributes.split(',') if attribute]


for one in (*directory_sync.COMMANDS, directory_adopt.adopt):
    command.add_command(one)
