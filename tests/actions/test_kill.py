"""kill -9 between any two statements of each action: all of it or nothing; and afterwards the jobs catch up."""
import os
import tempfile
from datetime import timedelta

import pytest
import time_machine

from appliance.core import attachments, clock, comments, db, people, search, settings, storage, switch
from appliance.core.actor import SYSTEM
from appliance.core.subscriptions import rules as subscriptions
from appliance.web.setup import test_mail
from tests.actions import killing, of_identity, of_objects, of_portal, of_tools     # noqa: F401 - they fill the table
from tests.actions.stage import EXAMPLES, Stage, stored
from tests.boxes import opened
from tests.visitors import Company

# Each engine keeps its own promises; these few write by each of the ways there are.
ON_POSTGRESQL = ('core.people.add_person', 'core.comments.add_comment', 'tools.worktime.rules.clocking.finish', 'core.attachments.attach')
FEWER = 7
SETTLED = timedelta(days=10)        # since when the company is as it is: nobody's account is new


def prepared(box):
    """The Stage in an open box: the company, made days ago, and the planted tool."""
    with time_machine.travel(clock.now() - SETTLED):
        company = Company(box)
        switch.turn(SYSTEM, 'planted', True)
        switch.load()
        switch.settle(SYSTEM, lambda text: None)
        switch.load()
    return Stage(company.ids)


@pytest.fixture(scope='module')
def company(sqlite_template, tmp_path_factory):
    """(box, {login: id}) on SQLite, closed, for all examples: each prepares what it needs, and its call is made on copies only."""
    folder = tmp_path_factory.mktemp('kill')
    with sqlite_template.box(folder / 'box') as box:
        with opened(box):
            stage = prepared(box)
        yield box, stage


@pytest.fixture
def folder(tmp_path):
    """Where copies lie: in memory where there is such a place. A kill is no power cut, and need not wait for a disk."""
    with tempfile.TemporaryDirectory(prefix='appliance-kill-', dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else tmp_path) as made:
        yield made


@pytest.mark.parametrize('name', sorted(EXAMPLES))
def test_killed_anywhere_an_action_is_done_or_not(company, folder, name):
    box, stage = company
    with opened(box), time_machine.travel(clock.now(), tick=False):
        prepare, changes = EXAMPLES[name]
        check(killing.SqliteCopies, (box, folder), prepare(stage), changes)


def check(make, where, call, changes=True, most=killing.MOST_KILLS):
    """Run a call whole, then kill it after each statement: before the commit nothing of it is there, from then on all."""
    copies = make(*where)
    whole = killing.run_whole(copies, call)
    assert (whole.before != whole.after) is changes, 'an example that changes nothing proves nothing'
    for after in killing.places(whole, most):
        left = killing.run_killed(copies, call, after, whole.before)
        expected = whole.before if after < whole.commit else whole.after
        wrong = [table for table in expected if left[table] != expected[table]]
        assert not wrong and set(left) == set(expected), f'after statement {after} of {whole.statements} (commit: {whole.commit}): {wrong}'
    return whole


def _twice(at):
    """What an action must not be: two transactions."""
    with db.write('test'):
        people.Person.update(phone='1').where(people.Person.id == at.ana.person_id).execute()
    with db.write('test'):
        people.Person.update(title='2').where(people.Person.id == at.ana.person_id).execute()


def _beside(at):
    """Nor may it write beside its transaction."""
    db.database.execute_sql("UPDATE person SET phone = '1'")
    with db.write('test'):
        people.Person.update(title='2').where(people.Person.id == at.ana.person_id).execute()


@pytest.mark.parametrize('half, words', [(_twice, 'committed 2 times'), (_beside, 'after statement 1')])
def test_a_planted_half_is_seen(company, folder, half, words):
    box, stage = company
    with opened(box), pytest.raises(AssertionError, match=words):
        check(killing.SqliteCopies, (box, folder), lambda: half(stage))


def test_killed_right_after_the_commit_the_jobs_catch_up(box, run_due, mail_server, receiver):
    """What was acknowledged to nobody any more, since its process is gone, is heard, sent, told and found all the same."""
    at, server = prepared(box), mail_server(tls='none')
    settings.set_settings(SYSTEM, {'mail.host': server.host, 'mail.port': str(server.port), 'mail.tls': 'none', 'mail.sender': 'portal@firma.example',
                                   'webhooks.private': receiver.door})
    subscriptions.subscribe(at.ana, 'ONUSERADD', receiver.url)
    note, blob = at.note(), stored('kept before it was attached')
    run_due()
    reader = at.actor('head')
    at.part('planted', 'rules').share_note(at.ana, note, f'person:{reader.person_id}')
    calls = (lambda: people.add_person(SYSTEM, 'xerxes', 'Xerxes Newcomer', 'x@firma.example'), lambda: test_mail.send_test_mail(at.admin, 'to@firma.example'),
             lambda: comments.add_comment(at.ana, 'planted.note', note, f'zanzibar @{at.name("head")}'),
             lambda: attachments.attach(at.ana, 'planted.note', note, [(blob, 'a.txt')]))
    for call in calls:
        db.disconnect()
        killing.kill(box.config.database.url, call, killing.COMMIT)
        db.database.connect()
    assert db.row("SELECT count(*) FROM delivery WHERE state <> 'done'")[0] > 0 and not receiver.received and not server.received
    for _round in range(2):     # what one job leaves for another is there in its next run
        run_due()
    assert db.row("SELECT count(*) FROM delivery WHERE state <> 'done'") == (0,)
    assert [told.fields['data[NAME]'] for told in receiver.received] == ['Xerxes'] and [one.recipients for one in server.received] == [['to@firma.example']]
    assert db.rows('SELECT kind, count FROM notice WHERE person_id = ?', reader.person_id) == [('core.comment.mentioned', 1)]
    assert [one['kind'] for word in ('zanzibar', 'xerxes') for one in search.find(reader, word)['hits']] == ['core.comment', 'core.person']
    kept, = db.row('SELECT blob_id FROM attachment WHERE object_id = ? ORDER BY id DESC LIMIT 1', note)
    assert storage.path_of(kept).read_bytes() == b'kept before it was attached'


@pytest.mark.parametrize('engine', ['postgresql'], indirect=True)
def test_on_postgresql_too(closed_box, postgres):
    with opened(closed_box):
        stage = prepared(closed_box)
        with time_machine.travel(clock.now(), tick=False):
            for name in ON_POSTGRESQL:
                db.database.connect(reuse_if_open=True)
                check(killing.PostgresqlCopies, (closed_box, postgres), EXAMPLES[name][0](stage), most=FEWER)
