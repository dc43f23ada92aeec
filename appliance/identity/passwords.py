"""Passwords of local accounts: argon2id, one at a time a worker, and the same work for a name that has none."""

import contextlib
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from appliance.core import audit, clock
from appliance.core.actions import action
from appliance.core.actor import SERVICE
from appliance.core.errors import Busy, Conflict, Invalid, NotFound
from appliance.core.i18n import texts
from appliance.core.limits import PASSWORD_LENGTH, PASSWORD_SHORTEST
from appliance.core.people import Person, raise_epoch
from appliance.core.permissions import require
from appliance.identity.models import DirectoryPerson, Password

_ = texts(__name__)
WAIT_S = 1
# OWASP's first choice for argon2id: 19 MiB, 2 passes, 1 lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 << 10, parallelism=1)
_DUMMY = _hasher.hash('nobody has this password')
# One worker hashes one password at a time: a wave of logins must not take every core and 19 MiB each. One more waits for it; the
# others are told at once, and their page asks again: waiting, they would hold the threads that everybody else's pages need.
_turn, _places = threading.BoundedSemaphore(1), threading.BoundedSemaphore(2)
COMMON = frozenset('''12345678 123456789 1234567890 password password1 passw0rd qwertyuiop qwerty123 1q2w3e4r iloveyou sunshine
    princess football baseball superman trustno1 starwars welcome1 administrator 11111111 00000000 abcd1234 letmein1 contraseña
    contrasena appliance changeme'''.split())


def check(password, login=''):
    """Invalid unless the password is long enough, not too long, not a common one and not the login."""
    if not isinstance(password, str) or '\0' in password:
        raise Invalid(_('A password is text.'), field='password')
    if len(password) < PASSWORD_SHORTEST:
        raise Invalid(_('A password has at least %(least)s characters.', least=PASSWORD_SHORTEST), field='password')
    if len(password) > PASSWORD_LENGTH:
        raise Invalid(_('A password has at most %(most)s characters.', most=PASSWORD_LENGTH), field='password')
    folded = password.casefold()
    if folded in COMMON or folded == login or len(set(folded)) < 4:
        raise Invalid(_('This password is too easy to guess. Take a few words that do not belong together.'), field='password')


def hash_password(password):
    """The argon2id hash as its standard text. Costs 20-50 ms: never inside a transaction."""
    with _one_at_a_time():
        return _hasher.hash(password)


def verify(person_id, password):
    """Whether this is the person's password here. None as person costs the same time and is never right."""
    kept = Password.get_or_none(Password.person == person_id) if person_id else None
    with _one_at_a_time():
        try:
            return _hasher.verify(kept.hash if kept else _DUMMY, password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def has_password(person_id):
    return Password.select().where(Password.person == person_id).exists()


@contextlib.contextmanager
def _one_at_a_time():
    if not _places.acquire(blocking=False):
        raise Busy()
    try:
        if not _turn.acquire(timeout=WAIT_S):
            raise Busy()
        try:
            yield
        finally:
            _turn.release()
    finally:
        _places.release()


def _own_or_administrator(actor, person_id, *args):
    if actor.person_id != person_id:
        require(actor, 'core.people.manage')


def set_password(actor, person_id, password):
    """Give a person this password: checked, hashed outside the transaction, and all his sessions end.

    Invalid for a password that is none and for a service account, Conflict for who comes in by a directory: a password here would come first.
    """
    _own_or_administrator(actor, person_id)
    person = Person.get_or_none(Person.id == person_id)
    if person is None:
        raise NotFound()
    if person.kind == SERVICE:
        raise Invalid(_('A service account comes in by a token, not by a password.'))
    if DirectoryPerson.select().where(DirectoryPerson.person == person_id).exists():
        raise Conflict(_('%(login)s comes in by a directory: the password is changed there.', login=person.login))
    check(password, person.login)
    keep_hash(actor, person_id, hash_password(password))


@action(rights=_own_or_administrator)
def keep_hash(actor, person_id, password_hash):
    """Store a hash made before; ends what the old password opened."""
    now = clock.now()
    (Password.insert(person=person_id, hash=password_hash, set_at=now)
     .on_conflict(conflict_target=(Password.person,), update={Password.hash: password_hash, Password.set_at: now}).execute())
    raise_epoch(person_id)
    audit.record(actor, 'identity.password.set', f'core.person:{person_id}')
