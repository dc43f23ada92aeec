"""The tables of subscriptions, and the reasons why something was not told."""

from peewee import SQL

from appliance.core import clock
from appliance.core.db import Base
from appliance.core.events import EventRow
from appliance.core.fields import Bytes, Id, Integer, Link, Moment, Text
from appliance.core.i18n import texts
from appliance.core.people import Person

_ = texts(__name__)
ACTIVE, PAUSED, HELD = 'active', 'paused', 'held'
WAITING, SENDING, DONE, FAILED, SKIPPED = 'waiting', 'sending', 'done', 'failed', 'skipped'
UNDER_WAY = (WAITING, SENDING)
REASONS = {
    'address': _.lazy('The address cannot be used.'),
    'own': _.lazy('The address is the portal\'s own.'),
    'private': _.lazy('The address is not public, and no administrator has allowed it.'),
    'name': _.lazy('The name of the server is not known.'),
    'unreachable': _.lazy('The server does not answer.'),
    'certificate': _.lazy('The server shows a certificate that is not trusted for its name.'),
    'slow': _.lazy('The server took longer than five seconds.'),
    'status': _.lazy('The server refused.'),
    'unseen': _.lazy('Its person may not see what happened.'),
    'off': _.lazy('The tool of this event is switched off.'),
    'failing': _.lazy('The server has not taken anything for a day.'),
    'gone': _.lazy('The server says that nobody listens there any more.'),
    'full': _.lazy('Too much was waiting.'),
    'person': _.lazy('Its person is blocked.'),
    'trust': _.lazy('The password or the rights of its person have changed.'),
    'token': _.lazy('The token that it was made with is revoked or has expired.'),
    'by_hand': _.lazy('Paused by hand.'),
}


class Subscription(Base):
    """One event told to one address. `name` is the event as clients know it, `event` as the portal does.

    `token_id` is that of the token which made it, None for the page: with the token it ends. `reason` says why it is paused.
    """

    id = Id()
    person = Link(Person)
    epoch = Integer()
    token_id = Integer(null=True)
    name = Text()
    event = Text(index=True)
    address = Text()
    secret = Bytes()
    state = Text(default=ACTIVE)
    reason = Text(default='')
    failing_since = Moment(null=True)
    created_at = Moment(default=clock.now)


class SubscriptionCall(Base):
    """One event on its way to one subscription. `status` is what the server answered, `error` `<reason>: <detail>`."""

    id = Id()
    subscription = Link(Subscription, on_delete='CASCADE')
    event = Link(EventRow, on_delete='CASCADE')
    state = Text(default=WAITING)
    attempts = Integer(default=0)
    next_at = Moment()
    created_at = Moment()
    ended_at = Moment(null=True)
    status = Integer(null=True)
    took_ms = Integer(null=True)
    error = Text(default='')

    class Meta:
        table_name = 'subscription_call'
        indexes = ((('subscription', 'event'), True),)


# What is under way is little, whatever was told in a month.
SubscriptionCall.add_index(SQL("CREATE INDEX subscription_call_due ON subscription_call (next_at) WHERE state IN ('waiting', 'sending')"))


def sentence(error):
    """An `error` of a call in words."""
    code, _colon, detail = error.partition(': ')
    if code not in REASONS:
        return error
    return f'{REASONS[code]} ({detail})' if detail else str(REASONS[code])
