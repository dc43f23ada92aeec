"""Tokens and service accounts: made by whom, shown once, dead when the trust moves, held after a restore."""
import json
from datetime import timedelta

import pytest
import time_machine

from appliance.core import clock, people
from appliance.core.actor import SYSTEM
from appliance.core.audit import AuditRow
from appliance.core.backup import trust
from appliance.core.db import database
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.limits import TOKENS_A_PERSON
from appliance.core.people import Person, actor_for, add_person, block, give_role, unblock
from appliance.identity import services, tokens
from appliance.identity.models import Token


@pytest.fixture
def ana(box):
    """An employee's Actor."""
    return actor_for(add_person(SYSTEM, 'ana', 'Ana'), 'test:ana')


@pytest.fixture
def bo(box):
    """Another one."""
    return actor_for(add_person(SYSTEM, 'bo', 'Bo'), 'test:bo')


def make(actor, scopes=('user',), **options):
    return tokens.make_token(actor, 'a program', list(scopes), **options)


def test_a_token_is_its_person_within_scopes(ana):
    text, token_id = make(ana, ['timeman', 'user', 'user'])
    opened = tokens.load(text)
    assert (opened.id, opened.actor.person_id, opened.actor.via) == (token_id, ana.person_id, f'token:{token_id}')
    assert opened.scopes == {'user', 'timeman'} and not opened.is_expired and opened.actor.roles == ana.roles
    assert len(text) == 40 and text.isalnum() and text == text.lower()


def test_the_token_itself_is_kept_nowhere(ana):
    text, _token_id = make(ana)
    for table in database.get_tables():
        for row in database.execute_sql(f'SELECT * FROM "{table}"').fetchall():
            assert text not in json.dumps([bytes(one).hex() if isinstance(one, (bytes, memoryview)) else one for one in row], default=str)
            assert text.encode() not in b''.join(bytes(one) for one in row if isinstance(one, (bytes, memoryview)))
    assert AuditRow.select().where(AuditRow.what == 'identity.token.made').count() == 1


@pytest.mark.parametrize(('field', 'change'), [
    ('name', {'name': ''}), ('name', {'name': '   '}), ('name', {'name': 'x' * 201}), ('name', {'name': 'a\nb'}), ('name', {'name': 'a\u202eb'}),
    ('scopes', {'scopes': []}), ('scopes', {'scopes': ['nope']}), ('scopes', {'scopes': ['user', '']}), ('lives_days', {'lives_days': 0}),
    ('lives_days', {'lives_days': -1}), ('lives_days', {'lives_days': 10 ** 9})])
def test_a_wrong_value_is_named_and_nothing_is_made(ana, field, change):
    with pytest.raises(Invalid) as refused:
        tokens.make_token(ana, **{'name': 'x', 'scopes': ['user'], **change})
    assert refused.value.field == field and not Token.select().exists()


def test_too_many_are_refused(ana):
    for _number in range(TOKENS_A_PERSON):
        make(ana)
    with pytest.raises(Conflict):
        make(ana)


@pytest.mark.parametrize('end', [
    lambda ana: give_role(SYSTEM, ana.person_id, 'administrator'), lambda ana: block(SYSTEM, ana.person_id, 'portal'),
    lambda ana: tokens.revoke_token(ana, Token.get().id)], ids=['promotion', 'block', 'revocation'])
def test_it_is_dead_at_once(ana, end):
    text, token_id = make(ana)
    assert tokens.load(text) and tokens.is_alive(token_id, 'user') and not tokens.is_alive(token_id, 'timeman')
    end(ana)
    assert tokens.load(text) is None and not tokens.is_alive(token_id)


def test_a_block_taken_back_does_not_bring_it_back(ana):
    text, _token_id = make(ana)
    block(SYSTEM, ana.person_id, 'portal')
    unblock(SYSTEM, ana.person_id, 'portal')
    assert tokens.load(text) is None and tokens.tokens_of(ana)[0]['state'] == 'ended'


def test_what_expired_stays_expired_and_is_cleaned_later(ana):
    with time_machine.travel(clock.now()) as moving:
        text, _token_id = make(ana, lives_days=30)
        moving.shift(timedelta(days=31))
        assert tokens.load(text).is_expired and tokens.tokens_of(ana)[0]['state'] == 'expired'
        with database.atomic():
            assert tokens.forget_tokens(clock.now() - timedelta(days=90)) == 0
            assert tokens.forget_tokens(clock.now()) == 1


def test_nobody_makes_or_ends_a_token_of_another(ana, bo):
    _text, token_id = make(ana)
    with pytest.raises(NotAllowed):
        make(bo, person_id=ana.person_id)
    with pytest.raises(NotFound):
        make(SYSTEM, person_id=ana.person_id)       # administrators make none for people either
    with pytest.raises(NotFound):
        tokens.revoke_token(bo, token_id)
    with pytest.raises(NotAllowed):
        tokens.all_tokens(bo)
    with pytest.raises(NotAllowed):
        tokens.release_token(bo, token_id)
    assert tokens.tokens_of(bo) == [] and len(tokens.all_tokens(SYSTEM)) == 1
    tokens.revoke_token(SYSTEM, token_id)


def test_a_service_account_stops_with_who_answers_for_it_until_it_is_handed_over(ana, bo):
    service_id = services.add_service(SYSTEM, 'svc', 'Robot', 'ana')
    text, token_id = make(SYSTEM, person_id=service_id)
    assert tokens.load(text).actor.kind == 'service' and tokens.load(text).actor.roles == {'service'}
    assert [one['id'] for one in tokens.tokens_of(ana)] == [token_id]
    block(SYSTEM, ana.person_id, 'portal')
    assert tokens.load(text) is None and tokens.all_tokens(SYSTEM)[0]['state'] == 'blocked' and services.services(SYSTEM)[0]['is_stopped']
    services.hand_over(SYSTEM, service_id, 'bo')
    assert tokens.load(text) and tokens.tokens_of(bo)[0]['owner_name'] == 'Bo' and not services.services(SYSTEM)[0]['is_stopped']
    tokens.revoke_token(bo, token_id)


@pytest.mark.parametrize('owner', ['', 'nobody', 'svc', 'guest', 'blocked'])
def test_only_an_active_employee_answers_for_a_service(ana, owner):
    services.add_service(SYSTEM, 'svc', 'Robot', 'ana')
    add_person(SYSTEM, 'guest', 'Guest', kind='guest')
    block(SYSTEM, add_person(SYSTEM, 'blocked', 'Blocked'), 'portal')
    with pytest.raises(Invalid) as refused:
        services.add_service(SYSTEM, 'second', 'Second', owner)
    assert refused.value.field == 'owner' and not Person.select().where(Person.login == 'second').exists()
    with pytest.raises(Invalid):
        services.hand_over(SYSTEM, Person.get(Person.login == 'svc').id, owner)


def test_services_are_the_administrators(ana):
    for rule in (lambda: services.add_service(ana, 'svc', 'Robot', 'ana'), lambda: services.services(ana), lambda: services.hand_over(ana, 1, 'ana')):
        with pytest.raises(NotAllowed):
            rule()
    with pytest.raises(NotFound):
        services.hand_over(SYSTEM, ana.person_id, 'ana')        # a person is no service
    bare = add_person(SYSTEM, 'bare', 'Bare', kind='service')
    with pytest.raises(Conflict):
        make(SYSTEM, person_id=bare)


def test_after_a_restore_a_token_waits_for_an_administrators_word(ana, bo, box):
    text, token_id = make(ana)
    old, old_id = make(bo)
    people.give_role(SYSTEM, bo.person_id, 'administrator')     # ended before the restore: it stays ended
    trust.take_back(box.config.data.folder, {'epoch': 1, 'audit_no': 0}, 'then')
    assert tokens.load(text) is None and {one['id']: one['state'] for one in tokens.all_tokens(SYSTEM)} == {token_id: 'held', old_id: 'ended'}
    with pytest.raises(NotFound):
        tokens.release_token(SYSTEM, old_id)
    tokens.release_token(SYSTEM, token_id)
    assert tokens.load(text) and tokens.load(old) is None


def test_nobody_makes_a_token_for_a_service_that_may_do_more_than_he(box, ana):
    service_id = services.add_service(SYSTEM, 'svc', 'Robot', 'ana')
    give_role(SYSTEM, ana.person_id, 'portal_admin')
    manager = actor_for(ana.person_id, 'test:ana')
    assert make(manager, person_id=service_id)
    give_role(SYSTEM, service_id, 'administrator')
    with pytest.raises(NotAllowed):
        make(manager, person_id=service_id)
    give_role(SYSTEM, ana.person_id, 'administrator')
    assert make(actor_for(ana.person_id, 'test:ana'), person_id=service_id)


def test_programs_are_managed_by_their_permission(box, ana):
    give_role(SYSTEM, ana.person_id, 'system_admin')
    with pytest.raises(NotAllowed):
        services.services(actor_for(ana.person_id, 'test:ana'))
    give_role(SYSTEM, ana.person_id, 'portal_admin')
    manager = actor_for(ana.person_id, 'test:ana')
    assert services.services(manager) == [] == tokens.all_tokens(manager)
