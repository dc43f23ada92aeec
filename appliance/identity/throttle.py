"""Failed logins are counted in the database, for all workers, by budgets that a stranger cannot spend for others.

Three budgets: a login from one network (five tries, then a growing wait), a network as a whole, and a login from networks
that it never came from. A network where the person logged in before is not shut out by strangers. A success clears the pair.
"""

import contextlib
import hashlib
import ipaddress
from datetime import timedelta

from appliance.core import clock
from appliance.core.actions import action
from appliance.core.actor import ANONYMOUS
from appliance.core.db import database, is_sqlite, rows
from appliance.core.errors import PortalError, TooMany
from appliance.core.person_fields import fold_login
from appliance.identity.directory.errors import TOLD, DirectoryDown, WrongPair
from appliance.identity.models import LoginFailure

WINDOW = timedelta(minutes=30)
PAIR_TRIES, STRANGER_TRIES, NETWORK_TRIES = 5, 20, 50
FIRST_WAIT_S, LONGEST_WAIT_S = 15, 900
CHECK_TRIES = 100           # of directories that somebody is setting up: more looks like a search for open doors
DIRECTORY_TRIES = 3         # below the lock-out of a usual domain (5), so that the portal never locks an account


def network(address):
    """What counts as one place: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    mapped = getattr(parsed, 'ipv4_mapped', None)
    if parsed.version == 6 and not mapped:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(mapped or parsed)


def _buckets(login, address, is_known):
    found = {_pair(login, address): PAIR_TRIES, f'network:{network(address)}': NETWORK_TRIES}
    if not is_known:
        found[f'stranger:{_hashed(login)}'] = STRANGER_TRIES
    return found


def _pair(login, address):
    return f'pair:{_hashed(login)}:{network(address)}'


def _hashed(login):
    # People type passwords into the login field.
    return hashlib.sha256(fold_login(login).encode('utf-8', 'replace')).hexdigest()[:24]


def require_budget(login, address, is_known):
    """TooMany, with the seconds to wait, when this login from here has no try left now."""
    _require(_buckets(login, address, is_known))


def _require(budgets):
    """TooMany where one of {bucket: tries} is spent."""
    failures = _failures(*budgets)
    for bucket, tries in budgets.items():
        counted = failures.get(bucket, ())
        if len(counted) >= tries:
            wait_s = min(FIRST_WAIT_S * 2 ** min(len(counted) - tries, 10), LONGEST_WAIT_S)
            left_s = (counted[-1] - clock.now()).total_seconds() + wait_s
            if left_s > 0:
                raise TooMany(retry_after_s=left_s)


def _failures(*buckets):
    """{bucket: the moments of the failures that count there, the oldest first}, of those that have any.

    Those of the future are there where the clock was set back: they count as far ahead as behind, so that a day's step locks nobody for a day.
    """
    found, now = {}, clock.now()
    for bucket, at in rows(f'SELECT bucket, at FROM login_failure WHERE bucket IN ({", ".join("?" * len(buckets))}) AND at > ? AND at < ? ORDER BY at',
                           *buckets, clock.microseconds(now - WINDOW), clock.microseconds(now + WINDOW)):
        found.setdefault(bucket, []).append(clock.from_microseconds(at))
    return found


# How a directory fails before it has judged a password. One that fell silent over the bind may have counted it, and counts.
NOT_JUDGED = ('refused', 'name', 'tls', 'overloaded')
UNSEEN = 'expired_to_anybody'       # it did not look at it


class Tries:
    """What is called before each bind as a person, with his key; `forgotten()` in a transaction of one's own saves the block another.

    Called again with `is_spent` for a bind that is sure to fail (the right one before it did not count there): that try is not given back.
    """

    def __init__(self):
        self.taken, self.keys = [], set()

    def __call__(self, key, is_spent=False):
        if is_spent:
            self.taken.remove(key)
            return
        take_directory_try(ANONYMOUS, key)
        self.taken.append(key)
        self.keys.add(key)

    def forgotten(self):
        """The buckets of those whom the directory let in, for who forgets what was counted there; once."""
        buckets = [_of_entry(key) for key in self.keys]
        self.keys.clear()
        return buckets


@contextlib.contextmanager
def directory_tries():
    """Yield Tries, to be called before each bind as a person: whoever binds as people does it within this block.

    A try that the directory did not judge, or took for right, is given back; a block that ends well forgives what was counted.
    """
    tries = Tries()
    try:
        yield tries
    except PortalError as error:
        was_wrong = isinstance(error, WrongPair) and error.reason not in (*TOLD, UNSEEN)
        fell_silent = isinstance(error, DirectoryDown) and error.reason not in NOT_JUDGED
        for key in () if was_wrong or fell_silent else tries.taken:
            give_directory_try_back(ANONYMOUS, key)
        raise
    buckets = tries.forgotten()
    if buckets:
        forgive_directory(ANONYMOUS, buckets)


def _of_entry(person_key):
    """The bucket of a person's key (`<directory>:<uuid>`): of the entry alone. Two directories here may be one there, and so may one
    that is only being tried.
    """
    return f'directory:{person_key.rpartition(":")[2]}'


@action
def forgive_directory(actor, buckets):
    """The directory let these people in: what was counted of them is over."""
    _forget(buckets)


def _forget(buckets):
    rows(f'DELETE FROM login_failure WHERE bucket IN ({", ".join("?" * len(buckets))}) RETURNING id', *buckets)


@action
def take_directory_try(actor, person_key):
    """Count a bind before it happens; TooMany when three in half an hour did not succeed: the fourth never reaches the directory.

    Counted first, since several workers may be about to bind for the same person. `clear` forgets it after a success.
    """
    bucket = _of_entry(person_key)
    if not is_sqlite():
        database.execute_sql('SELECT pg_advisory_xact_lock(hashtext(%s))', (bucket,))
    failures = _failures(bucket).get(bucket, [])
    if len(failures) >= DIRECTORY_TRIES:
        raise TooMany(retry_after_s=(failures[-DIRECTORY_TRIES] + WINDOW - clock.now()).total_seconds())
    LoginFailure.add(bucket=bucket, at=clock.now())


@action
def give_directory_try_back(actor, person_key):
    """Take back the newest try: the directory went away before it judged the password."""
    newest = (LoginFailure.select(LoginFailure.id).where(LoginFailure.bucket == _of_entry(person_key))
              .order_by(LoginFailure.id.desc()).limit(1))
    LoginFailure.delete().where(LoginFailure.id.in_(newest)).execute()


def take_check(actor):
    """Count that somebody has a server asked; TooMany when he did so too often of late. Inside an action."""
    bucket = f'check:{actor.person_id}'
    _require({bucket: CHECK_TRIES})
    LoginFailure.insert(bucket=bucket, at=clock.now()).execute()


@action
def count_failure(actor, login, address, is_known):
    """Count a wrong pair."""
    now = clock.now()
    LoginFailure.add_all([{'bucket': bucket, 'at': now} for bucket in _buckets(login, address, is_known)])


@action
def clear(actor, login, address, tries=None):
    """Forget the failures of this login from here, after a success, and what was counted before its binds (Tries)."""
    _forget([_pair(login, address), *(tries.forgotten() if tries else ())])


def _of_principal(principal):
    return f'ticket:{hashlib.sha256(principal.encode()).hexdigest()[:24]}'


def require_ticket_budget(principal):
    """TooMany when the account of a good ticket was refused again and again: each time costs the directory a question."""
    _require({_of_principal(principal): STRANGER_TRIES})


def may_note_ticket(address):
    """Whether another refused ticket from there may be written down. Nobody guesses a ticket, so what it bounds are rows, not tries."""
    since = clock.microseconds(clock.now() - WINDOW)
    return LoginFailure.select().where((LoginFailure.bucket == f'tickets:{network(address)}') & (LoginFailure.at > since)).count() < NETWORK_TRIES


@action
def count_ticket(actor, principal, address):
    """Count a refused ticket of a network, and of its principal where it proved one."""
    buckets = [f'tickets:{network(address)}', *([_of_principal(principal)] if principal else [])]
    LoginFailure.add_all([{'bucket': bucket, 'at': clock.now()} for bucket in buckets])


def forget_failures(before):
    """Delete failures older than a moment; for the cleaning job, inside an action."""
    return LoginFailure.delete().where(LoginFailure.at < before).execute()
