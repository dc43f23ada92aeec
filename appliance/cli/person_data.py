"""`appliance person data-map|export|forget|hold|release|holds`: what is kept of people, and what follows from that."""

import os
import sys

import click

from appliance.cli.context import console_actor, opened
from appliance.cli.output import as_json_option, as_json_text, listing, say
from appliance.core.personal import export as exporting
from appliance.core.personal import forgetting, holds, tables
from appliance.identity import accounts

DOES = {'deleted': 'deleted', 'anonymous': 'kept, with the stand-in', 'kept': 'kept for some years', 'as_parent': 'goes with what it belongs to',
        'derived': 'made anew'}


@click.command('data-map')
@as_json_option
def data_map(as_json):
    """What each table holds of whom, for how long, and what forgetting does with it."""
    with opened():
        rows = tables.data_map(console_actor())
    listing(rows, {'table': 'TABLE', 'owner': 'OWNER', 'what': 'WHAT', 'kept': 'KEPT', 'forgotten': 'FORGETTING'}, as_json)


@click.command('export')
@click.argument('login')
@click.option('--to', 'path', required=True, type=click.Path(dir_okay=False), help='The zip file to write; there must be none yet.')
@as_json_option
def export(login, path, as_json):
    """Write all that is kept of a person into a zip: a JSON file a table, his files, a page to read."""
    with opened():
        person_id = accounts.person_by_login(login).id
        exporting.begin(console_actor(), person_id)
        try:
            # For nobody else on this machine to read, and never over a file that is there.
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise click.ClickException(f'{path} cannot be written: {error.strerror}') from None
        try:
            with os.fdopen(descriptor, 'w+b') as file:
                written = exporting.write(person_id, file)
        except BaseException:
            os.unlink(path)
            raise
    if as_json:
        print(as_json_text({'path': path, **written}))
    else:
        say(f'{path}: {written["rows"]} rows of {written["tables"]} tables; files: {written["files"]}.')


@click.command('forget')
@click.argument('login')
@click.option('--also', multiple=True, help='A name that the person had before; may be given more than once.')
@click.option('--yes', is_flag=True, help='Do it. Without this nothing is changed, and what would be done is shown.')
@as_json_option
def forget(login, also, yes, as_json):
    """Show what forgetting a person would do; with --yes, forget him for good."""
    with opened():
        person_id = accounts.person_by_login(login).id
        planned = forgetting.plan(console_actor(), person_id, also)
        if yes:
            forgetting.forget(console_actor(), person_id, also)
    if as_json:
        print(as_json_text({**planned, 'is_done': yes}))
        return
    listing([one | {'does': DOES[one['does']]} for one in planned['tables']], {'table': 'TABLE', 'rows': 'ROWS', 'does': 'BECOMES', 'why': 'WHY'})
    for one in planned['named']:
        say(f"{one['table']}.{one['column']}: {one['rows']} rows of others name the person, and say {planned['stand_in']} then.")
    for note in planned['notes']:
        say(f'Note: {note}')
    if yes:
        say(f"{planned['login']} is {planned['stand_in']} now.")
        return
    for hindrance in planned['hindrances']:
        say(f'In the way: {hindrance}')
    say('Nothing was changed.' + ('' if planned['hindrances'] else ' To do it: the same with --yes. It cannot be taken back.'))
    sys.exit(1 if planned['hindrances'] else 0)


@click.command('hold')
@click.argument('login')
@click.option('--reason', required=True, help='Why the data must be kept.')
@click.option('--until', help='The last day, such as 2027-12-31; without it until it is ended.')
def hold(login, reason, until):
    """Keep everything of a person: while a hold is on, nobody can forget him."""
    with opened():
        number = holds.hold(console_actor(), accounts.person_by_login(login).id, reason, until)
    say(f'Hold {number} is on.')


@click.command('release')
@click.argument('number', type=int)
def release(number):
    """End a hold by its number."""
    with opened():
        holds.end(console_actor(), number)
    say(f'Hold {number} is over.')


@click.command('holds')
@as_json_option
def list_holds(as_json):
    """List all holds, also those that are over."""
    with opened():
        rows = holds.holds_of(console_actor())
    listing(rows, {'id': 'ID', 'name': 'NAME', 'reason': 'REASON', 'by': 'BY', 'at': 'SINCE', 'until': 'UNTIL', 'is_on': 'ON'}, as_json, 'There are none.')


COMMANDS = (data_map, export, forget, hold, release, list_holds)
