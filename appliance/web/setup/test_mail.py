"""A test mail through the outbox, as every mail goes: what arrives here arrives always."""

import secrets

from appliance.core.actions import action
from appliance.core.errors import NotFound
from appliance.core.outbox import Outbox, reason, send_mail
from appliance.core.person_fields import check_fields
from appliance.core.permissions import permitted, require

KEY = 'core.test-mail'


@action(rights=permitted('core.mail.manage'))
def send_test_mail(actor, recipient):
    """Put a test mail into the outbox; returns its row's id."""
    recipient = check_fields({'mail': recipient})['mail']
    key = f'{KEY}:{secrets.token_hex(8)}'
    send_mail('mail/test', {}, key=key, recipient=recipient, language=actor.language)
    return Outbox.get(Outbox.key == key).id


def state_of_test_mail(actor, mail_id):
    """{id, recipient, state, attempts, error} of a test mail."""
    require(actor, 'core.mail.manage')
    found = Outbox.get_or_none((Outbox.id == mail_id) & Outbox.key.startswith(KEY))
    if found is None:
        raise NotFound()
    return {'id': found.id, 'recipient': found.recipient, 'state': found.state, 'attempts': found.attempts, 'error': reason(found.error)}
