"""Tokens of pages: for one person, one epoch, one state of rights, five minutes; forged in no way."""
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from appliance.core import db, live_pages, people
from appliance.core.actor import ANONYMOUS, SYSTEM
from appliance.core.errors import NotFound
from appliance.core.people import actor_for

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
REF = 'crm.deal:7'


@pytest.fixture
def ana(box):
    return actor_for(people.add_person(SYSTEM, 'ana', 'Ana'), via='test')


def close(ref=REF):
    with db.write('test'):
        live_pages.close([ref])


def test_a_token_says_what_it_is_for(ana):
    with time_machine.travel(NOON, tick=False):
        token = live_pages.read_token(live_pages.make_token(ana, REF))
        assert (token.person_id, token.epoch, token.ref, token.version) == (ana.person_id, 1, REF, 0)
        assert token.expires_at == NOON + timedelta(minutes=5)


def test_it_is_over_after_five_minutes(ana):
    with time_machine.travel(NOON, tick=False) as moving:
        token = live_pages.make_token(ana, REF)
        moving.shift(299)
        assert live_pages.read_token(token)
        moving.shift(1)
        assert live_pages.read_token(token) is None


def test_another_state_of_rights_is_another_version(ana):
    before = live_pages.read_token(live_pages.make_token(ana, REF))
    close()
    after = live_pages.read_token(live_pages.make_token(ana, REF))
    assert live_pages.versions([REF, 'crm.deal:8']) == {REF: after.version} and before.version != after.version
    with time_machine.travel(NOON, tick=False):     # the clock was set back, and stands still
        close()
        close()
    assert live_pages.versions([REF])[REF] == after.version + 2
    assert live_pages.versions([]) == {}


def test_a_version_that_was_cleaned_away_comes_never_again(ana):
    with time_machine.travel(NOON, tick=False) as moving:
        close()
        first = live_pages.versions([REF])[REF]
        moving.shift(7200)
        with db.write('test'):
            assert live_pages.forget(NOON + timedelta(hours=1)) == 1
        close()
        assert live_pages.versions([REF])[REF] > first


def test_an_epoch_is_in_it(ana):
    with db.write('test'):
        people.raise_epoch(ana.person_id)
    assert live_pages.read_token(live_pages.make_token(ana, REF)).epoch == 2


def test_nobody_gets_none(box):
    for actor in (ANONYMOUS, SYSTEM):
        with pytest.raises(NotFound):
            live_pages.make_token(actor, REF)


@pytest.mark.parametrize('ref', ['', 'crm.deal', 'crm.deal:x', 'Crm:7', 'crm.deal:7.8', 'a' * 200 + ':1'])
def test_what_is_no_reference_gets_none(ana, ref):
    with pytest.raises(ValueError):
        live_pages.make_token(ana, ref)


def test_no_change_of_a_token_is_taken(ana):
    token = live_pages.make_token(ana, REF)
    assert live_pages.read_token(token)
    person, epoch, version, expires, *_rest = token.split('.')
    for forged in ('', 'x', token[:-1], token + '0', token.upper(), token.replace('deal:7', 'deal:8'), token.replace(f'{person}.', f'{person}1.', 1),
                   token.replace(f'.{expires}.', f'.{int(expires) + 1}.'), token.replace('.', '.0', 1), token.replace('deal:7', 'deal:٧'),
                   f'{token}\n', f' {token}', token * 10, '.'.join(['1'] * 100), '\0', token[:-64] + '0' * 64):
        assert live_pages.read_token(forged) is None, forged
