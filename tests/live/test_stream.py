"""What a stream brings to whom, and when it ends."""
import time
from datetime import timedelta

import pytest

from appliance.core import clock, db, departments, live, live_pages, people, presence, switch
from appliance.core.actor import SYSTEM
from appliance.identity import sessions
from appliance.identity.models import Session
from tests.live.ear import until

REF = 'crm.deal:7'


def moved(office, login, **values):
    people.update_person(SYSTEM, office.company.ids[login], **values)


def test_a_note_comes_at_once_to_whom_it_concerns(office):
    process = office.live()
    ana, ana_too, other = (office.ear(process, login) for login in ('employee', 'employee', 'outsider'))
    begun = time.monotonic()
    office.tell(['employee'], 'worktime', ref='worktime.day:7', data={'text': 'é', 'n': 1})
    assert ana.wait(lambda ear: ear.heard) and time.monotonic() - begun < 0.5
    assert ana.heard[0][1:] == ('worktime', {'ref': 'worktime.day:7', 'data': {'n': 1, 'text': 'é'}})
    assert ana_too.wait(lambda ear: ear.heard)
    office.tell(['everybody', 'employee'], 'news')
    for ear in (ana, ana_too, other):
        assert ear.wait(lambda ear: 'news' in ear.types())
    assert ana.types() == ['worktime', 'news'] and other.types() == ['news']


def test_a_guest_is_not_everybody(office):
    process = office.live()
    guest, ana = (office.ear(process, login) for login in ('guest', 'employee'))
    office.tell(['everybody'], 'news')
    office.tell(['guest'], 'mine')
    assert guest.wait(lambda ear: ear.heard) and ana.wait(lambda ear: ear.heard)
    assert guest.types() == ['mine']


def test_who_moves_hears_his_new_department_and_no_more_of_the_old(office):
    process = office.live()
    ana = office.ear(process, 'employee')
    old, = db.row('SELECT department_id FROM person WHERE id = ?', office.company.ids['employee'])
    new, = db.row('SELECT id FROM department WHERE id <> ? ORDER BY id LIMIT 1', old)
    office.tell([f'department:{old}'], 'old')
    assert ana.wait(lambda ear: ear.heard)
    moved(office, 'employee', department_id=new)
    office.tell([f'department:{old}'], 'never')     # told at the next moment: the move is followed before it
    office.tell([f'department:{new}'], 'new')
    assert ana.wait(lambda ear: 'new' in ear.types()) and ana.types() == ['old', 'new']


def test_a_move_that_nobody_told_is_noticed(office):
    process = office.live()
    ana = office.ear(process, 'employee')
    new, = db.row('SELECT max(id) FROM department')
    with db.write('test'):
        people.Person.update(department=new).where(people.Person.id == office.company.ids['employee']).execute()
    time.sleep(4)
    office.tell([f'department:{new}'], 'new')
    assert ana.wait(lambda ear: ear.heard)


def test_a_change_of_the_tree_is_noticed(office):
    process = office.live()
    ana = office.ear(process, 'employee')
    mine, = db.row('SELECT department_id FROM person WHERE id = ?', office.company.ids['employee'])
    top = departments.add_department(SYSTEM, 'Above all')
    with db.write('test'):
        departments.Department.update(parent=top).where(departments.Department.id.in_(
            departments.path_to(mine, departments.all_departments()))).where(departments.Department.parent.is_null()).execute()
    departments.set_head(SYSTEM, top, None)     # raises the number by which the tree is kept
    time.sleep(2.5)
    office.tell([f'under:{top}'], 'above')
    assert ana.wait(lambda ear: ear.heard)


# The end of a session

def log_out(office, token, session_id):
    sessions.end_session(office.company.actor('employee'), session_id)


def raise_epoch(office, token, session_id):
    with db.write('test'):
        people.raise_epoch(office.company.ids['employee'])


def block(office, token, session_id):
    people.block(SYSTEM, office.company.ids['employee'], 'portal')


def block_by_hand(office, token, session_id):
    with db.write('test'):
        people.PersonBlock.create(person=office.company.ids['employee'], source='x')


def expire(office, token, session_id):
    with db.write('test'):
        Session.update(expires_at=clock.now() - timedelta(seconds=1)).where(Session.id == session_id).execute()


@pytest.mark.parametrize('end', [log_out, raise_epoch, block, block_by_hand, expire])
def test_the_end_of_a_session_ends_its_streams_within_five_seconds(office, end):
    process = office.live()
    token, session_id = office.session('employee')
    two = [office.ear(process, 'employee') for _number in range(2)]
    other = office.ear(process, 'outsider')
    end(office, token, session_id)
    begun = time.monotonic()
    assert all(ear.wait(lambda ear: ear.is_over, 5) for ear in two), time.monotonic() - begun
    assert not other.is_over
    assert office.ear(process, 'employee', cookie=token, is_ready=False).status == 401


def test_ending_another_session_leaves_this_one(office):
    process = office.live()
    mine, theirs = office.session('employee'), office.session('employee', is_new=True)
    kept = office.ear(process, 'employee', cookie=mine[0])
    ended = office.ear(process, 'employee', cookie=theirs[0])
    sessions.end_session(office.company.actor('employee'), theirs[1])
    assert ended.wait(lambda ear: ear.is_over, 5) and not kept.is_over
    office.tell(['employee'], 'still')
    assert kept.wait(lambda ear: ear.heard) and ended.types() == []


# Pages

@pytest.fixture
def token(office):
    """A function: a token of a page for somebody."""
    return lambda login='employee', ref=REF: live_pages.make_token(office.company.actor(login), ref)


def test_a_token_opens_the_channel_of_its_page(office, token):
    process = office.live()
    reader, passer = office.ear(process, 'employee', page=[token(), token(ref='crm.deal:8')]), office.ear(process, 'outsider')
    office.tell([f'page:{REF}'], 'deal', data=1)
    office.tell(['page:crm.deal:8'], 'deal', data=2)
    office.tell(['page:crm.deal:9'], 'deal', data=3)
    office.tell(['everybody'], 'last')
    assert reader.wait(lambda ear: 'last' in ear.types()) and passer.wait(lambda ear: 'last' in ear.types())
    assert [detail['data'] for _id, type, detail in reader.heard if type == 'deal'] == [1, 2] and passer.types() == ['last']


def test_no_other_token_opens_it(office, token):
    process = office.live()
    theirs, expired, closed = token('outsider'), token(), token()
    with db.write('test'):
        live_pages.close([REF])
    raised = token('head')
    with db.write('test'):
        people.raise_epoch(office.company.ids['head'])
    ears = [office.ear(process, 'employee', page=[theirs]), office.ear(process, 'employee', page=[closed, 'x', '', token()[:-1] + 'g', '\0é'] * 30),
            office.ear(process, 'head', cookie=office.session('head', is_new=True)[0], page=[raised])]
    office.tell([f'page:{REF}'], 'deal')
    office.tell(['everybody'], 'last')
    for ear in ears:
        assert ear.wait(lambda ear: 'last' in ear.types()) and ear.types() == ['last']
    assert expired


def test_a_change_of_rights_closes_it_within_seconds(office, token):
    process = office.live()
    reader = office.ear(process, 'employee', page=[token()])
    with db.write('test'):
        live_pages.close([REF])
    time.sleep(2.5)
    office.tell([f'page:{REF}'], 'deal')
    office.tell(['everybody'], 'last')
    assert reader.wait(lambda ear: 'last' in ear.types()) and reader.types() == ['last']


def test_it_closes_when_the_token_is_over(office, token, monkeypatch):
    monkeypatch.setattr(live_pages, 'LIVE_PAGE_S', 3)
    process = office.live()
    reader = office.ear(process, 'employee', page=[token()])
    office.tell([f'page:{REF}'], 'early')
    time.sleep(5)
    office.tell([f'page:{REF}'], 'late')
    office.tell(['everybody'], 'last')
    assert reader.wait(lambda ear: 'last' in ear.types()) and reader.types() == ['early', 'last']


# Presence

def test_who_has_a_stream_is_here(office):
    process = office.live()
    time.sleep(1.5)     # after the first look: the next that writes comes half a minute later
    office.ear(process, 'employee')
    ids = office.company.ids
    assert until(lambda: presence.is_present(ids['employee']), 35)
    assert presence.present([ids['employee'], ids['outsider']]) == {ids['employee']}


def test_it_says_that_it_lives_and_follows_switches_without_cutting_anybody(office):
    process = office.live()
    ana = office.ear(process, 'employee')
    assert until(lambda: switch.has_process('live'))
    version = switch.turn(SYSTEM, 'worktime', False)
    assert switch.wait(version) == []
    office.tell(['employee'], 'still')
    assert ana.wait(lambda ear: ear.heard) and not ana.is_over
    assert process.kill(15) == 0 and ana.wait(lambda ear: ear.is_over)
    assert not switch.has_process('live') and live.bounds()[1] == ana.cursor
