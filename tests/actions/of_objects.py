"""Examples: what hangs on objects, personal data, programs."""
from datetime import timedelta

import time_machine

from appliance.core import attachments, clock, comments, db, following, insight, likes, trash
from appliance.core.actor import SYSTEM
from appliance.core.personal import export, forgetting, holds
from appliance.core.rest import calls as rest_calls
from appliance.core.subscriptions import calls as subscription_calls
from appliance.core.subscriptions import rules as subscriptions
from appliance.identity import passwords, sessions
from tests.actions.stage import HASH, WHY, example, stored


@example('core.comments.add_comment')
def _(at):
    note = at.note()
    quoted = comments.add_comment(at.ana, 'planted.note', note, 'first')['id']
    return lambda: comments.add_comment(at.ana, 'planted.note', note, 'second', quoted)


@example('core.comments.edit_comment')
def _(at):
    comment = at.comment()
    return lambda: comments.edit_comment(at.ana, comment, 'something else')


@example('core.comments.delete_comment')
def _(at):
    comment = at.comment()
    return lambda: comments.delete_comment(at.ana, comment)


@example('core.comments.restore_comment')
def _(at):
    comment = at.comment()
    comments.delete_comment(at.ana, comment)
    return lambda: comments.restore_comment(at.ana, comment)


@example('core.comments.erase_comment')
def _(at):
    comment = at.comment()
    likes.like(at.ana, 'core.comment', comment)
    comments.delete_comment(at.ana, comment)
    return lambda: comments.erase_comment(at.ana, comment)


def _in_trash(at):
    note = at.note()
    comments.add_comment(at.ana, 'planted.note', note, 'hangs on it')
    at.deleting().delete_note(at.ana, note)
    return db.row('SELECT max(id) FROM trash')[0]


@example('core.trash.restore')
def _(at):
    number = _in_trash(at)
    return lambda: trash.restore(at.ana, number)


@example('core.trash.erase')
def _(at):
    number = _in_trash(at)
    return lambda: trash.erase(at.ana, number)


@example('core.following.follow')
def _(at):
    note = at.note()
    return lambda: following.follow(at.ana, 'planted.note', note, True)


@example('core.likes.like')
def _(at):
    note = at.note()
    return lambda: likes.like(at.ana, 'planted.note', note)


@example('core.attachments.attach')
def _(at):
    note, files = at.note(), [(stored('first'), 'a.txt'), (stored('second'), 'b.txt')]
    return lambda: attachments.attach(at.ana, 'planted.note', note, files)


@example('core.attachments.remove')
def _(at):
    attached, = attachments.attach(at.ana, 'planted.note', at.note(), [(stored('third'), 'c.txt')])
    return lambda: attachments.remove(at.ana, attached)



@example('core.insight.ask')
def _(at):
    person_id = at.person()
    return lambda: insight.ask(at.admin, person_id, 'worktime.day', WHY)


@example('core.insight.grant')
def _(at):
    number = at.asked()
    return lambda: insight.grant(at.admin, number)


@example('core.insight.refuse')
def _(at):
    number = at.asked()
    return lambda: insight.refuse(at.admin, number)


@example('core.insight.end')
def _(at):
    number = at.asked()
    insight.grant(at.admin, number)
    return lambda: insight.end(at.admin, number)


def _with_much(at):
    """Somebody who is in many tables."""
    person_id, actor = at.somebody()
    sessions.open_session(SYSTEM, person_id, ['password'])
    passwords.keep_hash(SYSTEM, person_id, HASH)
    at.worktime().start_day(actor)
    comments.add_comment(at.ana, 'planted.note', at.note(), 'words')
    return person_id


@example('core.personal.forgetting.forget')
def _(at):
    person_id = _with_much(at)
    return lambda: forgetting.forget(SYSTEM, person_id)


@example('core.personal.forgetting.let_go')
def _(at):
    with time_machine.travel(clock.now() - timedelta(days=365 * 20)):
        person_id = _with_much(at)
        forgetting.forget(SYSTEM, person_id)
    return lambda: forgetting.let_go(SYSTEM)


@example('core.personal.export.begin')
def _(at):
    person_id = at.person()
    return lambda: export.begin(SYSTEM, person_id)


@example('core.personal.holds.hold')
def _(at):
    person_id = at.person()
    return lambda: holds.hold(SYSTEM, person_id, 'A lawsuit')


@example('core.personal.holds.end')
def _(at):
    number = holds.hold(SYSTEM, at.person(), 'A lawsuit')
    return lambda: holds.end(SYSTEM, number)



@example('core.rest.calls._write')
def _(at):
    call = rest_calls.Call(at.ana, 1, frozenset({'planted'}))
    return lambda: rest_calls._write(at.ana, call, 'planted.note.add', {'title': 'by REST'}, request_key='a-request-key')


@example('core.subscriptions.rules.subscribe')
def _(at):
    return lambda: subscriptions.subscribe(at.ana, 'ONUSERADD', 'https://example.com/hook')


@example('core.subscriptions.rules.unsubscribe')
def _(at):
    number, actor = at.subscription()
    return lambda: subscriptions.unsubscribe(actor, number)


@example('core.subscriptions.rules.unbind')
def _(at):
    _number, actor = at.subscription()
    return lambda: subscriptions.unbind(actor, 'ONUSERADD', '', None)


@example('core.subscriptions.rules.renew_secret')
def _(at):
    number, actor = at.subscription()
    return lambda: subscriptions.renew_secret(actor, number)


@example('core.subscriptions.rules.pause')
def _(at):
    number, actor = at.subscription()
    return lambda: subscriptions.pause(actor, number)


@example('core.subscriptions.rules.resume')
def _(at):
    number, actor = at.subscription()
    subscriptions.pause(actor, number)
    return lambda: subscriptions.resume(actor, number)


@example('core.subscriptions.calls.replay')
def _(at):
    number, actor = at.subscription()
    now = clock.now()
    with db.write('test'):
        call = subscription_calls.SubscriptionCall.create(subscription=number, event=at.event(), state='failed', next_at=now, created_at=now)
    return lambda: subscription_calls.replay(actor, number, call.id)
