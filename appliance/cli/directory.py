"""`appliance directory add|edit|list|test`: the company's LDAP directory, without the web. Comparing stands in directory_sync.py, groups in
directory_groups.py."""

import json
import sys
from pathlib import Path

import click

from appliance.cli import directory_adopt, directory_groups, directory_sync
from appliance.cli.context import console_actor, opened
from appliance.cli.directory_report import print_report
from appliance.cli.output import as_json_option, as_json_text, listing, read_secret, record, say
from appliance.core.errors import Invalid
from appliance.identity.directory import directories, gaps, probe, removing
from appliance.identity.directory.client import TLS_MODES
from appliance.identity.directory.directories import SYNC_MODES, TREES
from appliance.identity.directory.mapping import PRESETS

# What `show` shows, by the names of the options that change it.
SHOWN = {'name': 'name', 'state': 'state', 'failure': 'last failure', 'people': 'people', 'is_active': 'on', 'sync': 'sync', 'preset': 'preset', 'servers': 'server', 'tls': 'tls',
         'has_ca': 'ca is kept', 'bind_dn': 'bind-dn', 'has_secret': 'secret is kept', 'bases': 'base', 'person_filter': 'person-filter', 'login_attributes': 'login-attribute',
         'maps': 'map', 'tree': 'tree', 'heads': 'heads', 'changes_passwords': 'change-passwords', 'realm': 'realm'}


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
            click.option('--change-passwords/--no-change-passwords', 'changes_passwords', default=None,
                         help='Whether people may change their password there from here.'),
            click.option('--realm', help="The realm of Kerberos whose people it holds; '' is that of the base."),
            click.option('--tree', type=click.Choice(TREES), help='Departments by an attribute, by the branches (OU), or by groups alone.'),
            click.option('--heads/--no-heads', 'heads', default=None, help='Whether who heads a department comes from `manager`.'),
            click.option('--map', 'mapping', multiple=True, metavar='FIELD=ATTRIBUTE,...',
                         help='Where a field comes from; without attributes it stays ours.'))):
        function = option(function)
    return function


def _places(required):
    """The options that say where a directory is."""
    def decorate(function):
        server = click.option('--server', '--url', 'url', multiple=True, required=required,
                              help='ldaps://host[:port] or ldap://host[:port]; again for more, asked in this order.')
        base = click.option('--base', 'base_dn', multiple=True, required=required,
                            help='Where people are, such as ou=people,dc=company,dc=example; again for more.')
        return server(base(function))
    return decorate


@command.command('add')
@click.argument('name')
@_places(required=True)
@_options
@as_json_option
def add(name, secret_stdin, as_json, **options):
    """Add the directory NAME. Try it afterwards: appliance directory test NAME."""
    values = _values(options)
    secret = read_secret('Secret', secret_stdin) if values.get('bind_dn') else ''
    with opened():
        directory_id = directories.add_directory(console_actor(), name, secret=secret, **values)
    if as_json:
        print(as_json_text({'id': directory_id, 'name': name}))
    else:
        say(f'{name} is added. Try it: appliance directory test {name}')


@command.command('edit')
@click.argument('name')
@click.option('--name', 'new_name', help='Another name.')
@_places(required=False)
@click.option('--on/--off', 'is_active', default=None, help='Whether logins ask it.')
@_options
def edit(name, new_name, secret_stdin, **options):
    """Change the directory NAME. Another or one more host, port or encryption needs the secret again.

    What is given replaces all servers, or all bases.
    """
    values = _values(options | {'name': new_name})
    secret = read_secret('Secret', True) if secret_stdin else None
    with opened():
        actor = console_actor()
        directories.edit_directory(actor, directories.id_of(actor, name), secret, **values)
    say(f'{new_name or name} is changed.')


@command.command('remove')
@click.argument('name')
def remove(name):
    """Remove the directory NAME, which is off and by which nobody has come. Any other is switched off, and stays."""
    with opened():
        actor = console_actor()
        removing.remove_directory(actor, directories.id_of(actor, name))
    say(f'{name} is removed.')


@command.command('list')
@as_json_option
def list_(as_json):
    """List the directories; secrets are never shown."""
    with opened():
        rows = _described(console_actor())
    if not as_json:
        rows = [one | {'servers': ' '.join(one['servers'])} for one in rows]
    listing(rows, {'name': 'NAME', 'state': 'STATE', 'people': 'PEOPLE', 'sync': 'FOLLOWED', 'servers': 'SERVERS'}, as_json,
            'There is no directory. Add one: appliance directory add')


@command.command('show')
@click.argument('name')
@as_json_option
def show(name, as_json):
    """Show all that is kept of the directory NAME; secrets are never shown."""
    with opened():
        actor = console_actor()
        directory_id = directories.id_of(actor, name)
        found = next(one for one in _described(actor) if one['id'] == directory_id)
    if as_json:
        print(as_json_text(found))
    else:
        record({label: found[key] for key, label in SHOWN.items()})


def _described(actor):
    """The directories as list_directories gives them, with the words for their state, what failed last, and how many people come in by each."""
    lost, people = {one[0]: one[3] for one in gaps.open_gaps()}, directories.people_of(actor)
    return [one | {'state': str(directories.STATES[directories.state_of(one, one['id'] in lost)]), 'people': people.get(one['id'], 0),
                   'failure': one['failure'] or ' '.join(f'{server["url"]}: {server["failure"]}' for server in one['tired']) or lost.get(one['id'], ''),
                   'servers': [one['url'], *one['more_servers']], 'bases': [one['base_dn'], *one['more_bases']],
                   'maps': [f'{field}={",".join(attributes)}' for field, attributes in one['mapping'].items()]}
            for one in directories.list_directories(actor)]


@command.command('test')
@click.argument('name')
@click.option('--as', 'as_name', default='', metavar='LOGIN', help='Say what this login is, without its password: entry, fields, groups, and what keeps it out.')
@click.option('--login', default='', help='Try this login too; its password comes from stdin or is asked for.')
@click.option('--password-stdin', is_flag=True, help='Read that password from stdin.')
@as_json_option
def test(name, as_name, login, password_stdin, as_json):
    """Try the directory NAME step by step: reach, encryption, bind, base, people, as, login. Exit 1 when a step fails, or who --as names could
    not log in."""
    password = read_secret('Password', password_stdin) if login else ''
    with opened():
        actor = console_actor()
        report = probe.test_directory(actor, directories.id_of(actor, name), login, password, as_name)
    if as_name and not login:
        report = [row for row in report if row['step'] != 'login']   # nobody asked for it
    if as_json:
        print(as_json_text(report))
    else:
        print_report(report)
    if any(row['state'] == 'failed' for row in report):
        sys.exit(1)


def _values(options):
    """The fields that were given, as the rules take them."""
    ca, mapping = options.pop('ca', None), options.pop('mapping', ())
    values = {name: value for name, value in options.items() if value not in (None, ())}
    for first, others in directories.SEVERAL.items():
        if first in values:
            values[first], *values[others] = values[first]
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


for one in (*directory_sync.COMMANDS, directory_groups.group, directory_adopt.adopt):
    command.add_command(one)
