"""Who is told of what: made, paused, resumed, removed by its person; looked over by administrators."""

import hashlib
import hmac
import secrets

from peewee import fn

from appliance.core import audit, clock, http_client, sealing
from appliance.core.actions import action
from appliance.core.actor import EMPLOYEE, SERVICE
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.i18n import texts
from appliance.core.limits import SUBSCRIPTIONS_A_PERSON
from appliance.core.outbox import send_mail
from appliance.core.people import Person
from appliance.core.rest import happenings
from appliance.core.permissions import may, require
from appliance.core.settings import get_setting
from appliance.core.subscriptions.models import ACTIVE, FAILED, HELD, PAUSED, REASONS, SENDING, WAITING, Subscription, SubscriptionCall

_ = texts(__name__)
MANAGE = 'core.programs.manage'


def private_doors():
    """The doors (`host:port`) that an administrator allows although they are not public."""
    return frozenset(get_setting('webhooks.private').split())


def _may_subscribe(actor, *args, **kwargs):
    if actor.kind not in (EMPLOYEE, SERVICE):
        raise NotFound()
    if get_setting('webhooks.outgoing') == 'administrators' and not may(actor, MANAGE):
        raise NotAllowed(_('Only administrators let the portal tell others of events.'))


def may_subscribe(actor):
    """Whether an actor may make subscriptions."""
    try:
        _may_subscribe(actor)
    except (NotFound, NotAllowed):
        return False
    return True


@action(rights=_may_subscribe)
def subscribe(actor, name, address, scopes=None, token_id=None, secret='', client=None):
    """Tell an address of an event; returns (id, secret): the secret signs what is told, and is shown this once.

    `scopes` are those of the token that asks, None for a person at his page. Invalid (`event`, `handler`), Conflict for a twin.
    """
    found = happenings.declared().get(name.strip().upper())
    if found is None or (scopes is not None and found.scope and found.scope not in scopes):
        raise Invalid(_('There is no event %(name)s.', name=name[:60]), field='event')
    _check(address, client)
    if Subscription.select().where(Subscription.person == actor.person_id).count() >= SUBSCRIPTIONS_A_PERSON:
        raise Conflict(_('There are %(most)s subscriptions already. Remove one that is no longer needed.', most=SUBSCRIPTIONS_A_PERSON))
    if Subscription.select().where((Subscription.person == actor.person_id) & (Subscription.name == found.name) & (Subscription.address == address)
                                   & Subscription.token_id.is_null(token_id is None)).exists():
        raise Conflict(_('This address is told of this event already.'))
    secret = secret or secrets.token_urlsafe(32)
    made = Subscription.create(person=actor.person_id, epoch=Person.get_by_id(actor.person_id).epoch, token_id=token_id, name=found.name,
                               event=found.event, address=address, secret=b'', created_at=clock.now())
    _keep_secret(made.id, secret)
    audit.record(actor, 'core.subscription.made', f'core.subscription:{made.id}', event=found.name, door=http_client.parse(address).door)
    return made.id, secret


def _check(address, client):
    try:
        http_client.parse(address)
        if client is not None:
            client.judge(address)
    except http_client.Refused as refusal:
        raise Invalid(REASONS[refusal.reason], field='handler') from None


def _keep_secret(subscription_id, secret):
    sealed = sealing.seal(secret, f'subscription:{subscription_id}')
    Subscription.update(secret=sealed).where(Subscription.id == subscription_id).execute()


def secret_of(subscription):
    """The secret of a Subscription: for who signs what it tells."""
    return sealing.unseal(bytes(subscription.secret), f'subscription:{subscription.id}')


def application_token(secret):
    """What existing handlers compare with the token that they were given: derived, so that it tells nothing of the secret."""
    return hmac.new(secret.encode(), b'application_token', hashlib.sha256).hexdigest()[:32]


def access_subscription(actor, subscription_id):
    """The Subscription of an id: the person's own, any for administrators; NotFound otherwise."""
    found = Subscription.get_or_none(Subscription.id == subscription_id)
    if found is None or (found.person_id != actor.person_id and not may(actor, MANAGE)):
        raise NotFound()
    return found


@action
def unsubscribe(actor, subscription_id):
    """Tell no more, and forget what was told."""
    found = access_subscription(actor, subscription_id)
    found.delete_instance()
    audit.record(actor, 'core.subscription.removed', f'core.subscription:{found.id}', event=found.name)


@action
def unbind(actor, name, address, token_id):
    """Remove what one token subscribed, of an event and perhaps of one address; returns how many."""
    condition = (Subscription.person == actor.person_id) & (Subscription.token_id == token_id) & (Subscription.name == name.strip().upper())
    ids = [one for one, in Subscription.select(Subscription.id).where(condition & ((Subscription.address == address) if address else True)).tuples()]
    for one in ids:
        unsubscribe(actor, one)
    return len(ids)


def bound(actor, token_id):
    """[(event, address)] of what one token subscribed."""
    return list(Subscription.select(Subscription.name, Subscription.address).where(
        (Subscription.person == actor.person_id) & (Subscription.token_id == token_id)).order_by(Subscription.id).tuples())


@action
def renew_secret(actor, subscription_id):
    """Another secret, shown this once: no request key here, whose answer would be kept. Own subscriptions only."""
    found = access_subscription(actor, subscription_id)
    if found.person_id != actor.person_id:
        raise NotAllowed()
    secret = secrets.token_urlsafe(32)
    _keep_secret(found.id, secret)
    audit.record(actor, 'core.subscription.renewed', f'core.subscription:{found.id}')
    return secret


@action
def pause(actor, subscription_id):
    """Tell nothing until it is resumed; what happens meanwhile is not told."""
    found = access_subscription(actor, subscription_id)
    Subscription.update(state=PAUSED, reason='by_hand').where((Subscription.id == found.id) & (Subscription.state == ACTIVE)).execute()
    audit.record(actor, 'core.subscription.paused', f'core.subscription:{found.id}')


@action
def resume(actor, subscription_id):
    """Go on, with the person's trust of now. After a restore only an administrator says so; for a dead token nobody can."""
    found = access_subscription(actor, subscription_id)
    if found.state == HELD:
        require(actor, MANAGE)
    elif found.person_id != actor.person_id:
        raise NotAllowed()
    if found.reason == 'token':
        raise Conflict(REASONS['token'])
    now = clock.now()
    Subscription.update(state=ACTIVE, reason='', failing_since=None, epoch=Person.get_by_id(found.person_id).epoch).where(
        Subscription.id == found.id).execute()
    SubscriptionCall.update(state=WAITING, next_at=now).where(
        (SubscriptionCall.subscription == found.id) & SubscriptionCall.state.in_((WAITING, HELD))).execute()
    audit.record(actor, 'core.subscription.resumed', f'core.subscription:{found.id}')


def stop(subscription_id, reason):
    """Pause a subscription because of what was found when telling; its person is told by mail, unless he is blocked. Inside an action.

    The reason goes in English and is translated when the mail is rendered.
    """
    stopped = Subscription.update(state=PAUSED, reason=reason).where((Subscription.id == subscription_id) & (Subscription.state == ACTIVE)).execute()
    if stopped and reason != 'person':
        found = Subscription.get_by_id(subscription_id)
        send_mail('mail/webhook_paused', {'event': found.name, 'door': http_client.parse(found.address).door, 'reason': REASONS[reason].message,
                                          'subscription_id': found.id},
                  key=f'core.subscription:{found.id}:{clock.microseconds(clock.now())}', person_id=found.person_id)


def listing(actor, of_everybody=False, older_than=None, most=50):
    """Subscriptions, the newest first: {id, name, address, door, state, reason (a sentence), person_id, person_name, by_token, created_at,
    failing_since, waiting, failed}. Everybody's for administrators; of others' addresses only the door.
    """
    if of_everybody:
        require(actor, MANAGE)
    condition = True if of_everybody else (Subscription.person == actor.person_id)
    found = list(Subscription.select(Subscription, Person.id, Person.name).join(Person).where(
        condition & ((Subscription.id < older_than) if older_than else True)).order_by(Subscription.id.desc()).limit(most))
    counts = {}
    for subscription_id, state, count in (SubscriptionCall.select(SubscriptionCall.subscription_id, SubscriptionCall.state, fn.COUNT(SubscriptionCall.id))
                                          .where(SubscriptionCall.subscription.in_([one.id for one in found]))
                                          .group_by(SubscriptionCall.subscription_id, SubscriptionCall.state).tuples()):
        counts[subscription_id, state] = count
    return [shown(actor, one) | {'waiting': counts.get((one.id, WAITING), 0) + counts.get((one.id, SENDING), 0),
                                 'held': counts.get((one.id, HELD), 0), 'failed': counts.get((one.id, FAILED), 0)} for one in found]


def shown(actor, one):
    """A Subscription as its page shows it; of somebody else's address only the door, since the rest may be a secret."""
    door = http_client.parse(one.address).door
    return {'id': one.id, 'name': one.name, 'address': one.address if one.person_id == actor.person_id else door, 'door': door, 'state': one.state,
            'reason': str(REASONS[one.reason]) if one.reason else '', 'person_id': one.person_id, 'person_name': one.person.name,
            'by_token': one.token_id is not None, 'is_own': one.person_id == actor.person_id, 'created_at': one.created_at,
            'failing_since': one.failing_since}


def end_token(token_id):
    """A token was revoked: what it subscribed ends with it. Inside an action."""
    Subscription.delete().where(Subscription.token_id == token_id).execute()
