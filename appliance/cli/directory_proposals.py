"""Who may be here already, for the console: the same rows for `appliance directory adopt` and beneath a plan of `sync`."""

import shlex

from appliance.cli.output import listing, say
from appliance.identity.directory.adoption import proposals

AT_ONCE = 1000
COLUMNS = {'by': 'FOUND BY', 'login': 'LOGIN HERE', 'name': 'NAME HERE', 'entry_login': 'LOGIN THERE', 'entry_name': 'NAME THERE',
           'entry_mail': 'MAIL THERE', 'roles': 'ROLES'}
JOINING = {'joins': 'JOINS', **COLUMNS}


def rows(actor, directory_id, chosen=(), run_id=None):
    """[{joins: whether its id is among `chosen`, by, login, name, ...}, ...] of the open proposals of a directory, or of one of its runs."""
    found, after = [], 0
    while page := proposals.listed(actor, directory_id, after=after, limit=AT_ONCE, run_id=run_id):
        found += [_row(one, chosen) for one in page]
        after = page[-1]['id']
    return found


def _row(one, chosen):
    return {'joins': one['id'] in chosen, 'by': one['by'], 'login': one['here']['login'], 'name': one['here']['name'], 'mail': one['here']['mail'],
            'entry': one['dn'], 'uuid': one['uuid'], 'entry_login': one['there']['login'], 'entry_name': one['there']['name'],
            'entry_mail': one['there']['mail'], 'equal': one['equal'], 'roles': one['roles'], 'is_blocked': one['is_blocked']}


def show(found, directory):
    """Print proposals, as `rows` gives them, and how they are ticked."""
    print(f'\nHere already, perhaps: {len(found)}')
    listing(found, COLUMNS)
    say(f'Nobody is joined without a tick: appliance directory adopt {shlex.quote(directory.name)} --by login, or --person LOGIN; '
        f'or /admin/directories/{directory.id}/adoption')
