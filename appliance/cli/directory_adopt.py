"""`appliance directory adopt`: join people who are here already with their entries of a directory. Part of `directory`."""

import click

from appliance.cli import directory_sync
from appliance.cli.context import console_actor, opened
from appliance.cli.output import as_json_option, listing, say
from appliance.core.errors import NotFound
from appliance.core.person_fields import fold_login
from appliance.identity.directory import directories
from appliance.identity.directory.adoption import matching, proposals, ticking
from appliance.identity.directory.sync import following

BY = {'employee-number': matching.NUMBER, 'login': matching.LOGIN}
AT_ONCE = 1000
COLUMNS = {'joins': 'JOINS', 'by': 'FOUND BY', 'login': 'LOGIN HERE', 'name': 'NAME HERE', 'entry_login': 'LOGIN THERE', 'entry_name': 'NAME THERE',
           'entry_mail': 'MAIL THERE', 'roles': 'ROLES'}


@click.command('adopt')
@click.argument('name')
@click.option('--by', type=click.Choice(tuple(BY)), help='Join all who are found by this, and of whom only one matches.')
@click.option('--person', 'logins', multiple=True, metavar='LOGIN', help='Join this person, also one found by mail; again for more.')
@click.option('--dry-run', is_flag=True, help='Say who would be joined, and join nobody.')
@as_json_option
def adopt(name, by, logins, dry_run, as_json):
    """Read the directory NAME and join people who are here already with their entries. Without --by and --person it only lists them."""
    with opened():
        actor = console_actor()
        directory_id = directories.id_of(actor, name)
        following.propose(directory_id)
        logins = {fold_login(login) for login in logins}
        chosen = ticking.sure_ones(directory_id, BY.get(by), logins)
        found = [_row(one, chosen) for one in _all(actor, directory_id)]
        missing = logins - {one['login'] for one in found if one['joins']}
        if missing:
            raise NotFound(f'nobody is proposed for {", ".join(sorted(missing))}, or several match: see the list without --person')
        if dry_run or not (by or logins):
            listing(found, COLUMNS, as_json, 'Nobody here could be an entry of the directory.')
            return
        told = ticking.tick(actor, directory_id, chosen, chosen)
        if told['taken']:
            say(f'Left out, because their person or entry is ticked with another: {told["taken"]}')
        run_id = ticking.join(actor, directory_id)
        following.carry_on(run_id)
        directory_sync.show(actor, run_id, as_json)


def _all(actor, directory_id):
    after = 0
    while page := proposals.listed(actor, directory_id, after=after, limit=AT_ONCE):
        yield from page
        after = page[-1]['id']


def _row(one, chosen):
    return {'joins': one['id'] in chosen, 'by': one['by'], 'login': one['here']['login'], 'name': one['here']['name'], 'mail': one['here']['mail'],
            'entry': one['dn'], 'uuid': one['uuid'], 'entry_login': one['there']['login'], 'entry_name': one['there']['name'],
            'entry_mail': one['there']['mail'], 'equal': one['equal'], 'roles': one['roles'], 'is_blocked': one['is_blocked']}
