"""`appliance person add|list|password|make-admin`: people without the web. What concerns their data stands in person_data.py."""

import click

from appliance.cli import person_data
from appliance.cli.context import console_actor, opened
from appliance.cli.output import as_json_option, as_json_text, listing, read_secret, say
from appliance.core.actor import ADMINISTRATOR, EMPLOYEE, KINDS
from appliance.core.people import give_role
from appliance.core.person_fields import fold_login
from appliance.identity import accounts, passwords


@click.group('person')
def command():
    """Add, list and promote people; export, hold and forget what is kept of them."""


@command.command('add')
@click.option('--login', required=True)
@click.option('--name', required=True)
@click.option('--mail', default='')
@click.option('--kind', type=click.Choice(KINDS), default=EMPLOYEE, show_default=True)
@click.option('--password-stdin', is_flag=True, help='Read the password of the local account from stdin.')
@as_json_option
def add(login, name, mail, kind, password_stdin, as_json):
    """Add a person with a local account. Without a password he cannot log in until one is set."""
    with opened():
        password_hash = None
        if password_stdin:
            password = read_secret('Password', True)
            passwords.check(password, fold_login(login))
            password_hash = passwords.hash_password(password)
        person_id = accounts.add_local(console_actor(), login, name, mail, kind, password_hash)
    if as_json:
        print(as_json_text({'id': person_id, 'login': fold_login(login)}))
    else:
        say(f'{fold_login(login)} is person {person_id}.')


@command.command('password')
@click.argument('login')
@click.option('--password-stdin', is_flag=True, help='Read the new password from stdin.')
def password_(login, password_stdin):
    """Give a person with a local account a password. All that the one before opened ends."""
    with opened():
        person = accounts.person_by_login(login)
        passwords.set_password(console_actor(), person.id, read_secret('New password', password_stdin))
    say(f'{person.login} logs in with the new password.')


@command.command('list')
@as_json_option
def list_(as_json):
    """List everybody with kind, roles and where the account lives."""
    with opened():
        rows = accounts.all_people()
    listing(rows, {'id': 'ID', 'login': 'LOGIN', 'name': 'NAME', 'mail': 'MAIL', 'kind': 'KIND', 'roles': 'ROLES',
                   'source': 'SOURCE', 'is_active': 'ACTIVE'}, as_json, 'There is nobody yet.')


@command.command('make-admin')
@click.argument('login')
def make_admin(login):
    """Give a person the role administrator. Sessions opened before end."""
    with opened():
        give_role(console_actor(), accounts.person_by_login(login).id, ADMINISTRATOR)
    say(f'{fold_login(login)} is an administrator.')


for one in person_data.COMMANDS:
    command.add_command(one)
