"""Events told to programs: in shape, signed, as far as the person may see them, again until they are taken, and never after the trust is gone."""
import hashlib
import hmac
import json
from datetime import timedelta

import pytest
import time_machine

from appliance.core import clock, departments, http_client
from appliance.core.actor import SYSTEM
from appliance.core.audit import AuditRow
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.events import Delivery, EventRow
from appliance.core.outbox import Outbox
from appliance.core.db import write
from appliance.core.people import actor_for, add_person, block, raise_epoch, update_person
from appliance.core.rest import happenings
from appliance.core.settings import set_setting
from appliance.core.subscriptions import calls, rules
from appliance.core.subscriptions.models import Subscription, SubscriptionCall
from appliance.identity import tokens
from appliance.identity.models import Token
from appliance.tools.worktime import rules as worktime
from tests.postgresql import free_port


@pytest.fixture
def tell(run_due):
    """Let listeners hear what happened, then tell what is due; returns the names of the jobs that had to run."""
    return lambda: run_due('core.deliveries') + run_due('core.calls')


@pytest.fixture
def staff(box, receiver):
    """{login: Actor}: ana (an employee), bo (another), a guest; the receiver's door is allowed, a mail server is set."""
    set_setting(SYSTEM, 'webhooks.private', receiver.door)
    works = departments.add_department(SYSTEM, 'Works')
    ids = {login: add_person(SYSTEM, login, login.title(), f'{login}@company.example', kind='guest' if login == 'guest' else 'employee',
                             department_id=works) for login in ('ana', 'bo', 'guest')}
    return {login: actor_for(person_id, f'test:{login}') for login, person_id in ids.items()}


def subscribe(actor, receiver, name='ONUSERADD', **options):
    """The id of a new subscription, and its secret."""
    return rules.subscribe(actor, name, receiver.url, **options)


def states():
    return [one.state for one in SubscriptionCall.select().order_by(SubscriptionCall.id)]


def test_event_is_told_in_the_shape_that_handlers_know(staff, receiver, tell, box):
    subscription_id, secret = subscribe(staff['ana'], receiver)
    person_id = add_person(SYSTEM, 'new', 'Núria Puig Roca', 'new@company.example', title='Fitter & more')
    assert tell() == ['core.deliveries', 'core.calls']
    told, = receiver.received
    assert told.path == '/told?key=1' and told.headers['Content-Type'] == 'application/x-www-form-urlencoded'
    fields = told.fields
    assert (fields['event'], fields['event_handler_id'], fields['data[ID]']) == ('ONUSERADD', str(subscription_id), str(person_id))
    assert (fields['data[NAME]'], fields['data[LAST_NAME]'], fields['data[ACTIVE]'], fields['data[WORK_POSITION]']) == ('Núria', 'Puig Roca', 'Y', 'Fitter & more')
    assert abs(int(fields['ts']) - clock.now().timestamp()) < 30
    public = box.config.server.public_address
    assert fields['auth[domain]'] == public.removeprefix('http://') and fields['auth[client_endpoint]'] == f'{public}/rest/'
    assert fields['auth[application_token]'] == rules.application_token(secret) and len(fields['auth[member_id]']) == 32
    assert told.headers['X-Appliance-Signature'] == 'sha256=' + hmac.new(secret.encode(), told.body, hashlib.sha256).hexdigest()
    assert told.headers['X-Appliance-Delivery'] == f'{subscription_id}-{SubscriptionCall.get().event_id}'
    assert states() == ['done'] and SubscriptionCall.get().status == 200
    assert tell() == [] and len(receiver.received) == 1


def test_nothing_is_written_for_events_that_nobody_wants(staff, tell):
    add_person(SYSTEM, 'new', 'New')
    tell()
    assert SubscriptionCall.select().count() == 0 and EventRow.select().where(EventRow.name == 'core.person.added').count() == 4
    assert Delivery.select().count() == 0


def test_what_the_person_may_not_see_is_not_told(staff, receiver, tell):
    subscribe(staff['ana'], receiver)
    add_person(SYSTEM, 'visitor', 'Visitor', kind='guest', contact_id=staff['bo'].person_id)
    add_person(SYSTEM, 'mine', 'Mine', kind='guest', contact_id=staff['ana'].person_id)
    tell()
    assert states() == ['skipped', 'done'] and [one.fields['data[NAME]'] for one in receiver.received] == ['Mine']
    assert calls.calls_of(staff['ana'], Subscription.get().id)[1][1]['error'] == 'Its person may not see what happened.'


def test_working_days_are_told_to_who_sees_them(staff, receiver, tell):
    subscribe(staff['ana'], receiver, 'ONTIMEMANOPEN')
    day_id = worktime.start_day(staff['ana'])
    worktime.start_day(staff['bo'])
    tell()
    assert states() == ['done', 'skipped']
    assert receiver.received[0].fields['data[FIELDS][ID]'] == str(day_id) and receiver.received[0].fields['data[FIELDS][USER_ID]'] == str(staff['ana'].person_id)


@pytest.mark.parametrize('trouble', ['status', 'redirect', 'closed', 'private'])
def test_what_is_not_taken_is_told_again_until_it_is(staff, receiver, tell, trouble):
    with time_machine.travel(clock.now(), tick=False) as moving:
        subscription_id, _secret = subscribe(staff['ana'], receiver)
        receiver.status = {'status': 500, 'redirect': 302}.get(trouble, 200)
        if trouble == 'closed':
            Subscription.update(address=f'http://127.0.0.1:{free_port()}/').execute()
            set_setting(SYSTEM, 'webhooks.private', f'{receiver.door} {http_client.parse(Subscription.get().address).door}')
        if trouble == 'private':
            set_setting(SYSTEM, 'webhooks.private', '')
        add_person(SYSTEM, 'new', 'New')
        tell()
        assert states() == ['waiting'] and Subscription.get().failing_since
        assert rules.listing(staff['ana'])[0]['failing_since'] and calls.calls_of(staff['ana'], subscription_id)[1][0]['error']
        assert tell() == []
        receiver.status = 200
        Subscription.update(address=receiver.url).execute()
        set_setting(SYSTEM, 'webhooks.private', receiver.door)
        moving.shift(timedelta(minutes=1, seconds=1))
        assert tell() == ['core.calls']
        assert states() == ['done'] and Subscription.get().failing_since is None
        deliveries = {one.headers['X-Appliance-Delivery'] for one in receiver.received}
        assert len(deliveries) == 1


def test_a_server_that_fails_costs_one_try_however_much_waits(staff, receiver, tell):
    receiver.status = 503
    subscribe(staff['ana'], receiver)
    for number in range(20):
        add_person(SYSTEM, f'new{number}', 'New')
    tell()
    assert len(receiver.received) == 1 and states() == ['waiting'] * 20


def test_a_server_that_takes_nothing_for_a_day_is_given_up_and_its_person_told(staff, receiver, tell):
    with time_machine.travel(clock.now(), tick=False) as moving:
        receiver.status = 500
        subscription_id, _secret = subscribe(staff['ana'], receiver)
        add_person(SYSTEM, 'new', 'New')
        tell()
        for _hour in range(26):
            moving.shift(timedelta(hours=1))
            tell()
        assert states() == ['failed'] and 20 < len(receiver.received) < 30
        assert (Subscription.get().state, Subscription.get().reason) == ('paused', 'failing')
        mail = Outbox.get()
        assert mail.person_id == staff['ana'].person_id and mail.template == 'mail/webhook_paused' and '?key' not in json.dumps(mail.data)
        add_person(SYSTEM, 'later', 'Later')
        tell()
        assert len(states()) == 1           # while it is paused nothing is kept for it
        receiver.status = 200
        with pytest.raises(Conflict):
            calls.replay(staff['ana'], subscription_id, SubscriptionCall.get().id)
        rules.resume(staff['ana'], subscription_id)
        calls.replay(staff['ana'], subscription_id, SubscriptionCall.get().id)
        tell()
        assert states() == ['done'] and len({one.headers['X-Appliance-Delivery'] for one in receiver.received}) == 1


def test_a_server_that_is_gone_is_given_up_at_once(staff, receiver, tell):
    receiver.status = 410
    subscribe(staff['ana'], receiver)
    add_person(SYSTEM, 'new', 'New')
    tell()
    assert (Subscription.get().state, Subscription.get().reason) == ('paused', 'gone') and Outbox.select().count() == 1


def stop_blocked(actor):
    block(SYSTEM, actor.person_id, 'portal')


def stop_trust(actor):
    with write('test'):
        raise_epoch(actor.person_id)


@pytest.mark.parametrize(('stop', 'reason', 'mails'), [(stop_blocked, 'person', 0), (stop_trust, 'trust', 1)])
def test_nothing_is_told_after_the_trust_is_gone(staff, receiver, tell, stop, reason, mails):
    subscribe(staff['ana'], receiver)
    add_person(SYSTEM, 'new', 'New')
    stop(staff['ana'])
    tell()
    assert not receiver.received and states() == ['waiting']
    assert (Subscription.get().state, Subscription.get().reason) == ('paused', reason) and Outbox.select().count() == mails
    if reason == 'trust':
        rules.resume(staff['ana'], Subscription.get().id)
        tell()
        assert states() == ['done'] and len(receiver.received) == 1


def test_with_the_token_its_subscriptions_end(staff, receiver, tell):
    _text, token_id = tokens.make_token(staff['ana'], 'x', ['user'], 30)
    subscribe(staff['ana'], receiver, token_id=token_id, scopes={'user'})
    add_person(SYSTEM, 'new', 'New')
    with time_machine.travel(clock.now() + timedelta(days=31)):
        tell()
        assert (Subscription.get().state, Subscription.get().reason, receiver.received) == ('paused', 'token', [])
        with pytest.raises(Conflict):
            rules.resume(staff['ana'], Subscription.get().id)
    tokens.revoke_token(staff['ana'], token_id)
    assert not Subscription.select().count() and not SubscriptionCall.select().count() and not Token.select().count()


def test_a_token_must_have_the_scope_of_the_event(staff, receiver, run_due):
    with pytest.raises(Invalid):
        subscribe(staff['ana'], receiver, token_id=1, scopes={'timeman'})


@pytest.mark.parametrize('login', ['bo', 'guest'])
def test_subscriptions_are_their_persons(staff, receiver, login):
    subscription_id, _secret = subscribe(staff['ana'], receiver)
    other = staff[login]
    for rule in (rules.pause, rules.resume, rules.unsubscribe, rules.renew_secret, rules.access_subscription, calls.calls_of):
        with pytest.raises(NotFound):
            rule(other, subscription_id)
    with pytest.raises(NotFound):
        calls.replay(other, subscription_id, 1)
    assert rules.listing(other) == [] and Subscription.get().state == 'active'
    with pytest.raises(NotAllowed):
        rules.listing(other, of_everybody=True)


def test_administrators_look_over_all_but_see_no_secret(staff, receiver):
    subscription_id, secret = subscribe(staff['ana'], receiver)
    found, = rules.listing(SYSTEM, of_everybody=True)
    assert found['address'] == receiver.door and '?key' not in json.dumps(found, default=str)
    with pytest.raises(NotAllowed):
        rules.renew_secret(SYSTEM, subscription_id)
    with pytest.raises(NotAllowed):
        rules.resume(SYSTEM, subscription_id)
    rules.pause(SYSTEM, subscription_id)
    stored = b' '.join(bytes(row[0]) for row in Subscription.select(Subscription.secret).tuples())
    assert secret.encode() not in stored and secret not in json.dumps([one.data for one in AuditRow.select()])
    assert receiver.url not in json.dumps([one.data for one in AuditRow.select()])


def test_who_may_subscribe(staff, receiver):
    with pytest.raises(NotFound):
        subscribe(staff['guest'], receiver)
    set_setting(SYSTEM, 'webhooks.outgoing', 'administrators')
    with pytest.raises(NotAllowed):
        subscribe(staff['ana'], receiver)
    assert not rules.may_subscribe(staff['ana'])


@pytest.mark.parametrize('address', ['', 'x', 'ftp://a.example/', 'http://user:pw@a.example/', 'https://a.example/\r\nX: y', 'http://10.0.0.1/', 'http://127.0.0.1:18100/'])
def test_address_that_can_never_be_told_is_refused_at_once(staff, box, address):
    with pytest.raises(Invalid) as refused:
        rules.subscribe(staff['ana'], 'ONUSERADD', address, client=http_client.Client(box.config, rules.private_doors()))
    assert refused.value.field == 'handler'


def test_twins_and_too_many_are_refused(staff, receiver):
    subscribe(staff['ana'], receiver)
    with pytest.raises(Conflict):
        subscribe(staff['ana'], receiver)
    for number in range(49):
        rules.subscribe(staff['ana'], 'ONUSERADD', f'{receiver.url}{number}')
    with pytest.raises(Conflict):
        rules.subscribe(staff['ana'], 'ONUSERADD', f'{receiver.url}more')


def test_a_receiver_too_slow_for_what_happens_is_paused(staff, receiver, run_due, monkeypatch):
    monkeypatch.setattr(calls, 'CALLS_WAITING', 3)
    subscribe(staff['ana'], receiver)
    for number in range(5):
        add_person(SYSTEM, f'new{number}', 'New')
    run_due('core.deliveries')
    assert (len(states()), Subscription.get().reason) == (3, 'full')


def test_event_of_a_tool_that_is_off_is_not_told(staff, receiver, tell, monkeypatch):
    subscribe(staff['ana'], receiver)
    add_person(SYSTEM, 'new', 'New')
    monkeypatch.setattr(happenings, 'declared', dict)
    tell()
    assert states() == ['skipped'] and not receiver.received


def test_a_sender_that_was_killed_leaves_its_call_to_the_next(staff, receiver, run_due):
    with time_machine.travel(clock.now(), tick=False) as moving:
        subscribe(staff['ana'], receiver)
        add_person(SYSTEM, 'new', 'New')
        run_due('core.deliveries')
        dead = calls.take()
        assert calls.take() is None and states() == ['sending']
        moving.shift(calls.LEASE + timedelta(seconds=1))
        run_due('core.calls')
        assert states() == ['done'] and len(receiver.received) == 1
        calls.mark_failed(dead, 'slow: ')       # the dead one's word counts no more
        assert states() == ['done']


def test_old_events_take_what_was_told_with_them(staff, receiver, tell, run_due):
    with time_machine.travel(clock.now()) as moving:
        subscribe(staff['ana'], receiver)
        add_person(SYSTEM, 'new', 'New')
        tell()
        run_due('core.clean')
        assert states() == ['done']
        moving.shift(timedelta(days=31))
        run_due('core.clean')
        assert states() == [] and Subscription.select().count() == 1


def test_changes_are_told_with_what_holds_when_they_are_told(staff, receiver, tell):
    subscribe(staff['ana'], receiver, 'ONUSERUPDATE')
    update_person(SYSTEM, staff['bo'].person_id, title='First')
    update_person(SYSTEM, staff['bo'].person_id, title='Second')
    tell()
    assert [one.fields['data[WORK_POSITION]'] for one in receiver.received] == ['Second', 'Second']
