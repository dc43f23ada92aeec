"""The administrator's webhook of a running demo, for scripts: the same at each start while it
counts. Run as: python -m appliance.demo.webhook, with the token of an earlier start on standard input; prints the address.
"""

import sys

from appliance.core import config as configuration
from appliance.core import db, rest, sealing, switch
from appliance.core.errors import PortalError, StartError
from appliance.core.people import Person, actor_for
from appliance.demo import company
from appliance.demo.load import refuse_public
from appliance.identity import tokens

NAME = 'bin/run'


def make(earlier):
    """The address of a webhook of the demo's administrator, with every scope: by the token of an earlier start, else by a new one alone."""
    opened = tokens.load(earlier)
    if opened and not opened.is_expired and opened.scopes == {*rest.scopes()}:
        return f'/rest/{opened.actor.person_id}/{earlier}/'
    actor = actor_for(Person.get(Person.login == company.by_role('administrator').login).id, via='demo')
    for one in tokens.tokens_of(actor):
        if one['name'] == NAME and one['person_id'] == actor.person_id:
            tokens.revoke_token(actor, one['id'])
    token, _row_id = tokens.make_token(actor, NAME, [*rest.scopes()])
    return f'/rest/{actor.person_id}/{token}/'


def main():
    """Print the address; exit status 1 when there is none to be had."""
    try:
        config = configuration.load()
        refuse_public(config)
        sealing.use_key(sealing.read_key(config.secrets.key_file))
        db.open_database(config.database.url, config.database.password_file)
        with db.connected():
            switch.load()
            print(f'{config.server.public_address}{make(sys.stdin.read().strip())}')
    except (PortalError, StartError, Person.DoesNotExist) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
