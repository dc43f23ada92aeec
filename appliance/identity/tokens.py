"""Tokens: a program's way in, as its person, within scopes. Shown once, kept as a hash, dead with the person's trust.

A token is 40 letters and digits (206 random bits), so that no clean-up of addresses changes it. Whoever has it is its person to the
methods of its scopes, and to nothing else: no page, no cookie, no door.
"""

import functools
import hashlib
import secrets
import string
from dataclasses import dataclass
from datetime import timedelta

from appliance.core import audit, clock, rest, revisions
from appliance.core.actions import action
from appliance.core.actor import EMPLOYEE, GUEST, SERVICE
from appliance.core.db import rows, write
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.i18n import texts
from appliance.core.limits import NAME_LENGTH, TOKEN_DAYS, TOKENS_A_PERSON
from appliance.core.people import Person, PersonBlock, actor_for, build_actor
from appliance.core.person_fields import one_space
from appliance.core.permissions import may, of, permitted, require
from appliance.core.subscriptions.rules import end_token
from appliance.identity.models import Token

_ = texts(__name__)
WEBHOOK = 'webhook'
MANAGE = 'core.programs.manage'
TOUCH_EVERY = timedelta(minutes=5)
_TOUCH_EVERY_US = TOUCH_EVERY // timedelta(microseconds=1)
_LETTERS, _LENGTH = string.ascii_lowercase + string.digits, 40


@dataclass(frozen=True)
class Opened:
    """A token as a request needs it."""

    id: int
    actor: object
    scopes: frozenset
    is_expired: bool
    last_used_us: int | None    # microseconds, as stored


def _hash(text):
    return hashlib.sha256(text.encode()).digest()


def _may_make(actor, name, scopes, lives_days=None, person_id=None, kind=WEBHOOK):
    """For oneself; for a service account who manages programs, unless it may more than he. Never for another person."""
    if person_id in (None, actor.person_id):
        if actor.kind not in (EMPLOYEE, GUEST):
            raise NotAllowed()
        return
    require(actor, MANAGE)
    if not Person.select().where((Person.id == person_id) & (Person.kind == SERVICE)).exists():
        raise NotFound()
    if not of(actor_for(person_id, via=actor.via)) <= of(actor):
        raise NotAllowed(_('This service account may do more than you may yourself.'))


@action(rights=_may_make)
def make_token(actor, name, scopes, lives_days=None, person_id=None, kind=WEBHOOK):
    """A new token; returns (token, row id). It is given out this once: no request key here, whose answer would be kept.

    `lives_days` None is until it is revoked. Invalid (`name`, `scopes`, `lives_days`); Conflict when the person has too many.
    """
    person = Person.get_by_id(person_id or actor.person_id)
    scopes = _checked_scopes(scopes)
    if lives_days is not None and not 0 < lives_days <= TOKEN_DAYS:
        raise Invalid(_('A number of days from %(least)s to %(most)s.', least=1, most=TOKEN_DAYS), field='lives_days')
    if Token.select().where(Token.person == person.id).count() >= TOKENS_A_PERSON:
        raise Conflict(_('There are %(most)s tokens already. Revoke one that is no longer needed.', most=TOKENS_A_PERSON))
    owner_id = person.contact_id if person.kind == SERVICE else person.id
    if owner_id is None:
        raise Conflict(_('Nobody answers for this service account yet.'))
    text, now = ''.join(secrets.choice(_LETTERS) for _letter in range(_LENGTH)), clock.now()
    made = Token.create(kind=kind, person=person.id, owner=owner_id, name=_checked_name(name), scopes=scopes,
                        token_hash=_hash(text), epoch=person.epoch, created_at=now,
                        expires_at=now + timedelta(days=lives_days) if lives_days is not None else None)
    audit.record(actor, 'identity.token.made', f'identity.token:{made.id}', person_id=person.id, scopes=scopes, lives_days=lives_days)
    return text, made.id


def _checked_name(name):
    name = one_space(name, 'name')
    if not 0 < len(name) <= NAME_LENGTH:
        raise Invalid(_('A name has 1 to %(most)s characters.', most=NAME_LENGTH), field='name')
    return name


def _checked_scopes(scopes):
    known = rest.scopes()
    if not scopes or any(one not in known for one in scopes):
        raise Invalid(_('Choose at least one of: %(scopes)s.', scopes=', '.join(str(title) for title in known.values())), field='scopes')
    return sorted(set(scopes))


# One SELECT: the token, its person with his roles (a row each), and the numbers by which small tables are kept. Dead tokens have no row.
_LOAD = '''
    SELECT t.id, t.scopes, t.expires_at, t.last_used_at, p.id, p.kind, p.language, p.zone, p.department_id,
           (SELECT number FROM revision WHERE name = 'department'), (SELECT number FROM revision WHERE name = 'setting'),
           (SELECT number FROM revision WHERE name = 'person'), (SELECT number FROM revision WHERE name = 'role_permission'),
           (SELECT number FROM revision WHERE name = 'custom_field'), r.role
    FROM token t JOIN person p ON p.id = t.person_id AND p.epoch = t.epoch LEFT JOIN person_role r ON r.person_id = p.id
    WHERE t.token_hash = ? AND NOT EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = p.id OR b.person_id = t.owner_id)'''


def load(text, person_id=None):
    """The Opened token of a text, or None: unknown, revoked, of somebody else than `person_id`, its person or owner blocked, his trust moved.

    Until `revisions.end()` this context then trusts what its process keeps of settings, departments, permissions and counts of people.
    """
    found = rows(_LOAD, _hash(text))
    if not found or person_id not in (None, found[0][4]):
        return None
    (token_id, scopes, expires_at, used_at, person_id, kind, language, zone, department_id,
     departments, settings, people, may_changed, fields_changed, _role) = found[0]
    revisions.begin({'department': departments, 'setting': settings, 'person': people, 'role_permission': may_changed, 'custom_field': fields_changed})
    actor = build_actor(person_id, kind, language, zone, department_id, {one[-1] for one in found} - {None}, via=f'token:{token_id}')
    is_expired = expires_at is not None and expires_at <= clock.microseconds(clock.now())
    return Opened(token_id, actor, _scopes_of(scopes), is_expired, used_at)


@functools.lru_cache(maxsize=1024)
def _scopes_of(stored):
    return frozenset(Token.scopes.python_value(stored))


def is_worth_noting(opened):
    """Whether the last use of a token that is noted was so long ago that this one should be."""
    return opened.last_used_us is None or clock.microseconds(clock.now()) - opened.last_used_us >= _TOUCH_EVERY_US


def touch(opened, address):
    """Note the use of a token, at most every five minutes; after the answer, so nobody waits for it."""
    if is_worth_noting(opened):
        with write('identity.tokens.touch'):
            Token.update(last_used_at=clock.now(), address=address[:64]).where(Token.id == opened.id).execute()


def is_alive(token_id, scope=None):
    """Whether a token would still be let in, to a scope if one is named."""
    return any(one['state'] == 'alive' and (not scope or scope in one['scopes']) for one in _shown(Token.id == token_id, 1))


def tokens_of(actor):
    """The actor's own tokens and those of the services that he answers for, the newest first; the shape is `all_tokens`'s."""
    if actor.person_id is None:
        raise NotAllowed()
    return _shown((Token.person == actor.person_id) | (Token.owner == actor.person_id), 2 * TOKENS_A_PERSON)


def all_tokens(actor, older_than=None, most=50):
    """Everybody's tokens, the newest first: {id, name, kind, scopes, state, person_id, person_name, person_kind, owner_id, owner_name,
    created_at, expires_at, last_used_at, address}. state: alive, expired, ended (the person's trust moved), blocked, held.
    """
    require(actor, MANAGE)
    return _shown((Token.id < older_than) if older_than is not None else True, most)


def of_person(actor, person_id):
    """The tokens of a person, for who manages programs; the shape is `all_tokens`'s."""
    require(actor, MANAGE)
    return _shown(Token.person == person_id, TOKENS_A_PERSON)


def _shown(condition, most):
    owner = Person.alias()
    found = (Token.select(Token, Person, owner).join(Person, on=Token.person).switch(Token).join(owner, on=Token.owner)
             .where(condition).order_by(Token.id.desc()).limit(most))
    found = list(found)
    people = {one.person_id for one in found} | {one.owner_id for one in found}
    blocked = {row for row, in PersonBlock.select(PersonBlock.person_id).where(PersonBlock.person.in_(list(people))).tuples()}
    return [{'id': one.id, 'name': one.name, 'kind': one.kind, 'scopes': one.scopes, 'state': _state(one, blocked), 'person_id': one.person_id,
             'person_name': one.person.name, 'person_kind': one.person.kind, 'owner_id': one.owner_id, 'owner_name': one.owner.name,
             'created_at': one.created_at, 'expires_at': one.expires_at, 'last_used_at': one.last_used_at, 'address': one.address} for one in found]


def _state(token, blocked):
    if token.is_held:
        return 'held'
    if {token.person_id, token.owner_id} & blocked:
        return 'blocked'
    if token.epoch != token.person.epoch:
        return 'ended'
    return 'expired' if token.expires_at and token.expires_at <= clock.now() else 'alive'


@action
def revoke_token(actor, token_id):
    """Make a token worthless: one's own, a service's that one answers for, anybody's for who manages programs. NotFound otherwise."""
    found = Token.get_or_none(Token.id == token_id)
    if found is None or not (may(actor, MANAGE) or actor.person_id in (found.person_id, found.owner_id)):
        raise NotFound()
    end_token(token_id)
    found.delete_instance()
    audit.record(actor, 'identity.token.revoked', f'identity.token:{token_id}', person_id=found.person_id)


@action(rights=permitted(MANAGE))
def release_token(actor, token_id):
    """Say that a token that a restored backup held counts again."""
    found = Token.get_or_none((Token.id == token_id) & (Token.is_held == True))     # noqa: E712 - Peewee's way to say it
    if found is None:
        raise NotFound()
    Token.update(is_held=False, epoch=Person.get_by_id(found.person_id).epoch).where(Token.id == token_id).execute()
    audit.record(actor, 'identity.token.released', f'identity.token:{token_id}', person_id=found.person_id)


def hand_over(actor, person_id, owner_id):
    """Let somebody else answer for a service's tokens: inside the action that hands the service over."""
    Token.update(owner=owner_id).where(Token.person == person_id).execute()


def forget_tokens(before):
    """Delete tokens that expired before a moment; for the cleaning job, inside an action."""
    return Token.delete().where(Token.expires_at < before).execute()
