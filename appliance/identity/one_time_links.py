"""Links for one door, once: set-up of the first administrator, and rescue. Made on the server's console only.

They live 30 minutes, one of a purpose at a time; the address stands on the terminal and nowhere else.
"""

import hashlib
import secrets
from datetime import timedelta

from appliance.core import audit, clock
from appliance.core.actions import action
from appliance.core.errors import NotAllowed, NotFound
from appliance.core.i18n import texts
from appliance.identity.models import OneTimeLink

_ = texts(__name__)
LIFETIME = timedelta(minutes=30)
SETUP, RESCUE = 'setup', 'rescue'


def _only_console(actor, *args, **kwargs):
    if not actor.is_system:
        raise NotAllowed()


@action(rights=_only_console)
def make_link(actor, purpose, person_id=None):
    """A new link; returns its path (`/setup/<token>`). An earlier one of the purpose is worthless from now on."""
    token, now = secrets.token_urlsafe(32), clock.now()
    OneTimeLink.delete().where((OneTimeLink.purpose == purpose) & OneTimeLink.used_at.is_null()).execute()
    OneTimeLink.create(purpose=purpose, token_hash=hashlib.sha256(token.encode()).digest(), person=person_id,
                       created_by=actor.via, created_at=now, expires_at=now + LIFETIME)
    audit.record(actor, 'identity.link.made', purpose=purpose)
    return f'/{purpose}/{token}'


def find_link(purpose, token):
    """The OneTimeLink that a token opens now, else NotFound: used, expired and never made look the same."""
    found = OneTimeLink.get_or_none((OneTimeLink.purpose == purpose) & OneTimeLink.used_at.is_null()
                                    & (OneTimeLink.token_hash == hashlib.sha256(token.encode()).digest())
                                    & (OneTimeLink.expires_at > clock.now()))
    if found is None:
        raise NotFound(_('This link was used already, or is too old. Make a new one on the server.'))
    return found


@action
def use_link(actor, purpose, token):
    """Spend a link, in the transaction of what it opens; returns the id of its person (or None)."""
    found = find_link(purpose, token)
    spent = OneTimeLink.update(used_at=clock.now()).where((OneTimeLink.id == found.id) & OneTimeLink.used_at.is_null()).execute()
    if not spent:
        raise NotFound()
    audit.record(actor, 'identity.link.used', f'identity.link:{found.id}', purpose=purpose)
    return found.person_id


def forget_links(before):
    """Delete links that expired before a moment; for the cleaning job, inside an action."""
    return OneTimeLink.delete().where(OneTimeLink.expires_at < before).execute()
