"""Logins that still owe a step: the pair was right, and something has to be done before there is a session.

Such a row is another thing than a session, in another cookie, and opens nothing but its step. It lives ten minutes.
"""

import secrets
from datetime import timedelta

from appliance.core import clock
from appliance.core.actions import action
from appliance.core.errors import NotFound, PortalError
from appliance.core.i18n import texts
from appliance.identity.models import OwedStep
from appliance.identity.sessions import hash_token

_ = texts(__name__)
LIFETIME = timedelta(minutes=10)
DIRECTORY_PASSWORD = 'directory_password'


class StepOwed(PortalError):
    """The pair is right, and a step of this kind comes first; `token` belongs into its cookie."""

    code = 'step_owed'
    status = 401
    default = _.lazy('Your password must be changed first.')

    def __init__(self, kind, token):
        self.kind = kind
        self.token = token
        super().__init__()


@action
def open_step(actor, kind, directory_id, known_by, is_remembered=False):
    """A new step that the login of an entry (a UUID) owes; returns the token of its cookie. An earlier one of the entry is worth nothing."""
    token, now = secrets.token_urlsafe(32), clock.now()
    OwedStep.delete().where((OwedStep.kind == kind) & (OwedStep.directory == directory_id) & (OwedStep.uuid == str(known_by))).execute()
    OwedStep.create(kind=kind, token_hash=hash_token(token), directory=directory_id, uuid=known_by, is_remembered=is_remembered, created_at=now,
                    expires_at=now + LIFETIME)
    return token


def find_step(kind, token):
    """The OwedStep of a token; NotFound for what is used, too old, of another kind, or was never made."""
    found = OwedStep.get_or_none((OwedStep.token_hash == hash_token(token or '')) & (OwedStep.kind == kind) & (OwedStep.expires_at > clock.now()))
    if found is None:
        raise NotFound(_('This took too long. Log in again.'))
    return found


@action
def end_step(actor, step_id):
    """The step is done: its cookie is worth nothing from now on. NotFound for whoever comes second."""
    if not OwedStep.delete().where(OwedStep.id == step_id).execute():
        raise NotFound()


def forget_steps(before):
    """Delete steps that expired before a moment; for the cleaning job, inside an action."""
    return OwedStep.delete().where(OwedStep.expires_at < before).execute()
