"""core.calls: tells other servers of events, in the reference product's shape, signed; one call after the other.

Each time it is asked anew whether the subscription's person is active and trusted, whether the token that made it lives, and whether
he may see what happened.
"""

import hashlib
import hmac
import logging
import time
from urllib.parse import urlsplit

from appliance.core import events, http_client, jobs, people, sealing
from appliance.core.errors import NotAllowed, NotFound
from appliance.core.i18n import language, texts
from appliance.core.rest import happenings
from appliance.core.rest.wire import write_form
from appliance.core.subscriptions import calls
from appliance.core.subscriptions.rules import application_token, private_doors, secret_of
from appliance.identity import tokens
from appliance.jobs.lanes import insist

_ = texts(__name__)
MOST_CALLS, MOST_S = 200, 30        # then other jobs of the lane get their turn
log = logging.getLogger('appliance.webhooks')


class NotToTell(Exception):
    """This call is not to be made; `reason` is a key of REASONS. With `stops` the subscription tells nothing any more."""

    def __init__(self, reason, stops=False):
        self.reason, self.stops = reason, stops
        super().__init__(reason)


@jobs.when(calls.next_due, name='core.calls', title=_.lazy('Tell programs of events'), is_in_steps=True)
def tell(run):
    """Tell what is due. A server that does not answer costs one try, however much waits for it."""
    ends = time.monotonic() + MOST_S
    client = http_client.Client(run.config, private_doors())
    for _number in range(MOST_CALLS):
        call = calls.take() if time.monotonic() < ends else None
        if call is None:
            return
        tell_one(call, client, run.config.server.public_address)


def tell_one(call, client, public_address):
    """Make one call and note what became of it."""
    subscription, started = call.subscription, time.monotonic()
    try:
        body = body_of(call, public_address)
        reply = client.post(subscription.address, body, headers_of(call, body))
    except NotToTell as refusal:
        note, reason = calls.mark_stopped if refusal.stops else calls.mark_skipped, refusal.reason
        insist(lambda: note(call, reason))
    except http_client.Refused as refusal:
        error, took_ms = str(refusal), _ms(started)
        log.warning('subscription %s, event %s: %s', subscription.id, call.event_id, error)
        insist(lambda: calls.mark_failed(call, error, took_ms=took_ms))
    except Exception as error:
        log.exception('event %s cannot be told to subscription %s', call.event_id, subscription.id)
        text = f'{type(error).__name__}: {error}'[:500]
        insist(lambda: calls.mark_failed(call, text))
    else:
        took_ms = _ms(started)
        if 200 <= reply.status < 300:
            insist(lambda: calls.mark_done(call, reply.status, took_ms))
        else:
            insist(lambda: calls.mark_failed(call, f'status: {reply.status}', reply.status, took_ms))


def _ms(started):
    return round((time.monotonic() - started) * 1000)


def body_of(call, public_address):
    """The bytes that tell an event. NotToTell says why they are not to be told."""
    subscription = call.subscription
    try:
        actor = people.actor_for(subscription.person_id, via=f'subscription:{subscription.id}')
    except (NotFound, NotAllowed):
        raise NotToTell('person', stops=True) from None
    if subscription.epoch != people.Person.get_by_id(subscription.person_id).epoch:
        raise NotToTell('trust', stops=True)
    found = happenings.declared().get(subscription.name)
    if subscription.token_id is not None and not tokens.is_alive(subscription.token_id, found and found.scope):
        raise NotToTell('token', stops=True)
    if found is None:
        raise NotToTell('off')
    try:
        with language(actor.language, actor.zone):
            data = found.data(actor, events.read(call.event))
    except (NotFound, NotAllowed):
        raise NotToTell('unseen') from None
    return write_form({'event': found.name, 'event_handler_id': subscription.id, 'data': data, 'ts': int(time.time()),
                       'auth': _auth(subscription, public_address)}).encode()


def _auth(subscription, public_address):
    """Who tells it; `application_token` is what existing handlers compare."""
    return {'domain': urlsplit(public_address).netloc, 'client_endpoint': f'{public_address}/rest/', 'server_endpoint': f'{public_address}/rest/',
            'member_id': sealing.mac('member-id', b'').hex()[:32], 'application_token': application_token(secret_of(subscription))}


def headers_of(call, body):
    """The signature over the body, and an id that stays the same however often the call is made."""
    signature = hmac.new(secret_of(call.subscription).encode(), body, hashlib.sha256).hexdigest()
    return {'Content-Type': 'application/x-www-form-urlencoded', 'X-Appliance-Signature': f'sha256={signature}',
            'X-Appliance-Delivery': f'{call.subscription_id}-{call.event_id}'}
