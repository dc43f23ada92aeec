"""Sessions: found by the hash of their token, dead by time, epoch, block or end, and one's own only."""

from datetime import timedelta

import pytest
import time_machine

from appliance.core import clock, db, people
from appliance.core.actor import ANONYMOUS, SYSTEM
from appliance.core.errors import Invalid, NotAllowed, NotFound
from appliance.core.limits import SESSIONS_A_PERSON
from appliance.core.people import add_person
from appliance.core.settings import set_setting
from appliance.identity import sessions
from appliance.identity.models import Session
from tests.counting import queries


@pytest.fixture
def ana(box):
    return add_person(SYSTEM, 'ana', 'Ana')


def open_for(person_id, **options):
    return sessions.open_session(ANONYMOUS, person_id, ['password'], **options)[0]


def test_a_token_opens_its_session_and_is_kept_nowhere(ana):
    token = open_for(ana, address='192.0.2.1', agent='Browser')
    opened = sessions.load(token)
    assert (opened.actor.person_id, opened.person_name, opened.actor.via) == (ana, 'Ana', f'session:{opened.id}')
    assert token.encode() not in Session.get().token_hash and token not in Session.get().csrf_secret
    assert sessions.load(token + 'x') is None and sessions.load('') is None


@pytest.mark.parametrize('end', [
    lambda ana: people.give_role(SYSTEM, ana, 'administrator'),
    lambda ana: people.block(SYSTEM, ana, 'portal'),
    lambda ana: Session.update(expires_at=clock.now()).execute()])
def test_loss_of_trust_ends_every_session(ana, end):
    token = open_for(ana)
    end(ana)
    assert sessions.load(token) is None


def test_the_check_of_a_session_is_one_read_by_indexes(ana):
    token = open_for(ana)
    sessions.load(token)        # the first one also reads what is kept afterwards
    with queries() as asked:
        assert sessions.load(token)
    assert len(asked) == 1
    if db.is_sqlite():
        plan = [row[-1] for row in db.rows(f'EXPLAIN QUERY PLAN {asked[0]}', b'', 0)]
        assert any('SEARCH s USING INDEX' in one for one in plan) and not [one for one in plan if one.startswith('SCAN')], plan


def test_lifting_a_block_does_not_revive_sessions(ana):
    token = open_for(ana)
    people.block(SYSTEM, ana, 'portal')
    people.unblock(SYSTEM, ana, 'portal')
    assert sessions.load(token) is None


@pytest.mark.parametrize('is_remembered, lives, dies', [(True, 13.9, 14.1), (False, 0.9, 1.1)])
def test_an_unused_session_dies(ana, is_remembered, lives, dies):
    with time_machine.travel(clock.now(), tick=False) as traveller:
        start = clock.now()
        token = open_for(ana, is_remembered=is_remembered)
        traveller.move_to(start + timedelta(days=lives))
        assert sessions.load(token)
        traveller.move_to(start + timedelta(days=dies))
        assert sessions.load(token) is None


def test_the_days_of_remembering_are_a_setting(ana):
    set_setting(SYSTEM, 'login.remember_days', '90')
    with time_machine.travel(clock.now(), tick=False) as traveller:
        token = open_for(ana, is_remembered=True)
        traveller.shift(timedelta(days=89))
        assert sessions.load(token)
        traveller.shift(timedelta(days=2))
        assert sessions.load(token) is None
    for wrong in ('0', '91', 'two', '-1'):
        with pytest.raises(Invalid):
            set_setting(SYSTEM, 'login.remember_days', wrong)


def test_use_is_noted_every_five_minutes_and_prolongs(ana):
    with time_machine.travel(clock.now(), tick=False) as traveller:
        token = open_for(ana)
        first = Session.get().seen_at
        traveller.shift(timedelta(minutes=4))
        sessions.touch(sessions.load(token))
        assert Session.get().seen_at == first
        traveller.shift(timedelta(minutes=2))
        sessions.touch(sessions.load(token))
        assert Session.get().seen_at == clock.now() and Session.get().expires_at > clock.now() + timedelta(hours=23)


def test_one_ends_ones_own_sessions_only(ana):
    bob = add_person(SYSTEM, 'bob', 'Bob')
    mine, other, his = open_for(ana), open_for(ana), open_for(bob)
    actor, his_actor = sessions.load(mine).actor, sessions.load(his).actor
    with pytest.raises(NotFound):
        sessions.end_session(actor, sessions.load(his).id)
    with pytest.raises(NotAllowed):
        sessions.end_other_sessions(ANONYMOUS)
    assert [one['is_current'] for one in sessions.sessions_of(actor)].count(True) == 1
    assert sessions.end_other_sessions(actor) == 1
    assert sessions.load(mine) and sessions.load(other) is None and sessions.load(his)
    assert len(sessions.sessions_of(his_actor)) == 1


def test_the_oldest_sessions_give_way(ana):
    first = open_for(ana)
    for _ in range(SESSIONS_A_PERSON):
        last = open_for(ana)
    assert sessions.load(first) is None and sessions.load(last)
    assert Session.select().count() == SESSIONS_A_PERSON


def test_expired_sessions_are_cleaned(ana):
    open_for(ana)
    assert sessions.forget_sessions(clock.now()) == 0
    assert sessions.forget_sessions(clock.now() + timedelta(days=2)) == 1
