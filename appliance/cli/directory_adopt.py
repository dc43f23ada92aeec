"""`appliance directory adopt`: join people who are here already with their entries of a directory. Part of `directory`."""

import click

from appliance.cli import directory_proposals, directory_sync
from appliance.cli.context import console_actor, opened
from appliance.cli.output import as_json_option, listing, say
from appliance.core.errors import NotFound
from appliance.core.person_fields import fold_login
from appliance.identity.directory import directories
from appliance.identity.directory.adoption import matching, ticking
from appliance.identity.directory.sync import following

BY = {'employee-number': matching.NUMBER, 'login': matching.LOGIN}


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
        found = directory_proposals.rows(actor, directory_id, chosen)
        missing = logins - {one['login'] for one in found if one['joins']}
        if missing:
            raise NotFound(f'nobody is proposed for {", ".join(sorted(missing))}, or several match: see the list without --person')
        if dry_run or not (by or logins):
            listing(found, directory_proposals.JOINING, as_json, 'Nobody here could be an entry of the directory.')
            return
        told = ticking.tick(actor, directory_id, chosen, chosen)
        if told['taken']:
            say(f'Left out, because their person or entry is ticked with another: {told["taken"]}')
        run_id = ticking.join(actor, directory_id)
        following.carry_on(run_id)
        directory_sync.show(actor, run_id, as_json)
