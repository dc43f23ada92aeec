"""Each event on its way to each subscription: written by a listener, taken by jobs, retried for a day, replayed by hand."""

from datetime import timedelta

from peewee import JOIN, fn

from appliance.core import audit, clock, listeners
from appliance.core.actions import action
from appliance.core.db import row, write
from appliance.core.errors import Conflict, NotFound
from appliance.core.events import EventRow
from appliance.core.i18n import texts
from appliance.core.limits import CALLS_WAITING, PAGE_ROWS
from appliance.core.subscriptions.models import (
    ACTIVE, DONE, FAILED, SENDING, SKIPPED, UNDER_WAY, WAITING, Subscription, SubscriptionCall, sentence,
)
from appliance.core.subscriptions.rules import access_subscription, shown, stop

_ = texts(__name__)
BACKOFF_MIN = (1, 2, 5, 15, 60)
RETRIED_FOR = timedelta(hours=24)
LEASE = timedelta(seconds=60)       # of a sender; after it the call is made again, with the same delivery id


def is_wanted(event):
    """Whether some subscription wants an event of that name: asked at each event, so it must be cheap."""
    return row("SELECT 1 FROM subscription WHERE event = ? AND state = 'active' LIMIT 1", event) is not None


@listeners.on('*', is_wanted=is_wanted)
def queue_calls(actor, event):
    """Write what is to be told of an event, one row a subscription; whoever made it too fast is paused."""
    for one in Subscription.select(Subscription.id).where((Subscription.event == event.name) & (Subscription.state == ACTIVE)):
        waiting = SubscriptionCall.select().where((SubscriptionCall.subscription == one.id) & SubscriptionCall.state.in_(UNDER_WAY)).count()
        if waiting >= CALLS_WAITING:
            stop(one.id, 'full')
            continue
        now = clock.now()
        (SubscriptionCall.insert(subscription=one.id, event=event.id, next_at=now, created_at=now).on_conflict_ignore().execute())


def next_due():
    """The moment from which there is something to tell, or None."""
    return (SubscriptionCall.select(fn.MIN(SubscriptionCall.next_at)).join(Subscription)
            .where(SubscriptionCall.state.in_(UNDER_WAY) & (Subscription.state == ACTIVE)).scalar())


def take():
    """Take the call that is due longest, for as long as LEASE; a SubscriptionCall with its subscription and event, or None."""
    now = clock.now()
    due = (SubscriptionCall.select(SubscriptionCall, Subscription, EventRow).join(Subscription).switch(SubscriptionCall).join(EventRow)
           .where(SubscriptionCall.state.in_(UNDER_WAY) & (Subscription.state == ACTIVE) & (SubscriptionCall.next_at <= now))
           .order_by(SubscriptionCall.next_at, SubscriptionCall.id))
    with write('core.subscriptions.take'):
        call = due.first()
        if call is None:
            return None
        taken = (SubscriptionCall.update(state=SENDING, attempts=call.attempts + 1, next_at=now + LEASE)
                 .where((SubscriptionCall.id == call.id) & (SubscriptionCall.attempts == call.attempts) & SubscriptionCall.state.in_(UNDER_WAY))
                 .execute())
        call.attempts += 1
        return call if taken else None


def _settle(call, **values):
    """Note what became of a call, unless another sender has it by now; whether it was noted."""
    return bool(SubscriptionCall.update(**values).where((SubscriptionCall.id == call.id) & (SubscriptionCall.state == SENDING)
                                                        & (SubscriptionCall.attempts == call.attempts)).execute())


def mark_done(call, status, took_ms):
    """The server took it."""
    with write('core.subscriptions.done'):
        if _settle(call, state=DONE, ended_at=clock.now(), status=status, took_ms=took_ms, error=''):
            Subscription.update(failing_since=None).where(Subscription.id == call.subscription_id).execute()


def mark_skipped(call, reason):
    """It is not to be told: not for this person's eyes, or its tool is off."""
    with write('core.subscriptions.skip'):
        _settle(call, state=SKIPPED, ended_at=clock.now(), error=f'{reason}: ')


def mark_stopped(call, reason):
    """The subscription must not tell any more; the call waits for it to be resumed."""
    with write('core.subscriptions.stop'):
        _settle(call, state=WAITING, next_at=clock.now(), attempts=call.attempts - 1)
        stop(call.subscription_id, reason)


def mark_failed(call, error, status=None, took_ms=None):
    """Try again later with growing pauses, for a day; what else is due there waits too. A server that took nothing for a day is given up."""
    now = clock.now()
    pause = timedelta(minutes=BACKOFF_MIN[min(call.attempts, len(BACKOFF_MIN)) - 1])
    is_over = now - call.created_at >= RETRIED_FOR
    later = {'state': FAILED, 'ended_at': now} if is_over else {'state': WAITING, 'next_at': now + pause}
    with write('core.subscriptions.fail'):
        if not _settle(call, status=status, took_ms=took_ms, error=error, **later):
            return
        here = Subscription.id == call.subscription_id
        Subscription.update(failing_since=now).where(here & Subscription.failing_since.is_null()).execute()
        SubscriptionCall.update(next_at=now + pause).where((SubscriptionCall.subscription == call.subscription_id) & (
            SubscriptionCall.state == WAITING) & (SubscriptionCall.next_at <= now)).execute()
        if status == 410:       # the one answer by which a server says that it wants no more
            stop(call.subscription_id, 'gone')
        elif now - Subscription.get_by_id(call.subscription_id).failing_since >= RETRIED_FOR:
            stop(call.subscription_id, 'failing')


def calls_of(actor, subscription_id, older_than=None, most=PAGE_ROWS):
    """(what `shown` tells, [calls, the newest first], id for the next page or None). A call: id, event_id, object, state, attempts, status,
    took_ms, error (a sentence), created_at, ended_at, next_at.
    """
    found = access_subscription(actor, subscription_id)
    calls = list(SubscriptionCall.select(SubscriptionCall, EventRow.id, EventRow.object).join(EventRow, JOIN.INNER).where(
        (SubscriptionCall.subscription == found.id) & ((SubscriptionCall.id < older_than) if older_than else True))
        .order_by(SubscriptionCall.id.desc()).limit(most + 1))
    older = calls[most - 1].id if len(calls) > most else None
    return shown(actor, found), [{'id': one.id, 'event_id': one.event_id, 'object': one.event.object, 'state': one.state, 'attempts': one.attempts,
                                  'status': one.status, 'took_ms': one.took_ms, 'error': sentence(one.error), 'created_at': one.created_at,
                                  'ended_at': one.ended_at, 'next_at': one.next_at} for one in calls[:most]], older


@action
def replay(actor, subscription_id, call_id):
    """Tell once more, with the same delivery id, what was told, failed or is held. Conflict while the subscription is paused."""
    found = access_subscription(actor, subscription_id)
    if found.state != ACTIVE:
        raise Conflict(_('The subscription is paused. Resume it first.'))
    now = clock.now()
    again = SubscriptionCall.update(state=WAITING, attempts=0, next_at=now, created_at=now, ended_at=None, status=None, error='').where(
        (SubscriptionCall.id == call_id) & (SubscriptionCall.subscription == found.id) & (SubscriptionCall.state != SENDING)).execute()
    if not again:
        raise NotFound()
    audit.record(actor, 'core.subscription.replayed', f'core.subscription:{found.id}', call=call_id)
