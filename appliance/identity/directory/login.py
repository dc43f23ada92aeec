"""The directory's half of a login: find one entry, bind as it. Nothing here writes about people or sessions.

The web comes by resolving.py, through the gate: one thread a worker talks to the directories, one more waits a second, the others are
sent away at once. `ask` is the bare dialogue with one directory, free of the database.
"""

import contextlib
import hashlib
import logging
import secrets
import threading
import time
from dataclasses import replace

import ldap
from ldap.filter import escape_filter_chars

from appliance.core import clock
from appliance.core.errors import Busy
from appliance.core.i18n import texts
from appliance.core.limits import MAIL_LENGTH, PASSWORD_LENGTH
from appliance.core.person_fields import fold_login
from appliance.identity.directory import groups, policy, realms, servers
from appliance.identity.directory.client import connect, describe
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured, WrongPair
from appliance.identity.directory.mapping import attributes_of, read_entry
from appliance.identity.directory.threads import within

_ = texts(__name__)
log = logging.getLogger('appliance.directory')

TALK_S = 2.5            # a login against a silent directory answers within 3 s
WAIT_S = 1


class Gate:
    """One talks, one waits, the others are told at once: waiting threads would starve every other page."""

    def __init__(self):
        self._places = threading.BoundedSemaphore(2)
        self._talking = threading.Lock()

    @contextlib.contextmanager
    def turn(self):
        """Hold the turn within the block. Busy when there is none within a second."""
        if not self._places.acquire(blocking=False):
            raise Busy(_.lazy('Many people are logging in. Try again in a moment.'))
        try:
            if not self._talking.acquire(timeout=WAIT_S):
                raise Busy(_.lazy('Many people are logging in. Try again in a moment.'))
            try:
                yield
            finally:
                self._talking.release()
        finally:
            self._places.release()


GATE = Gate()


def ask(directory, login, password, before_bind=None, deadline=None):
    """The Entry whose login, principal name or mail this is and whose password this is; else WrongPair.

    Exactly one entry decides. An unknown name and a name of two entries cost the same steps as a known one: a bind on a
    connection of its own. before_bind(key) gets whom a failure counts for: `<directory>:<uuid>` whichever name was typed,
    or a hash of the name when nobody was found; WrongPair carries the same key. The Entry has the hint that came with the bind.
    """
    refuse_unusable(login, password)
    deadline = deadline or time.monotonic() + TALK_S
    one, (entry, reason) = servers.in_turn(directory, deadline, lambda one, until: within(until, find, one, login, until))
    return prove(one, entry, reason, login, password, before_bind, deadline)


def prove(directory, entry, reason, login, password, before_bind, deadline):
    """The second half of `ask`: the entry that was found, once it takes the password; where none was found, a bind as nobody.

    It goes to the server that was searched, and to no other after it: a bind that was sent counts there, whether we hear the answer or not.
    """
    key = f'{directory.id}:{entry.uuid if entry else hashlib.sha256(fold_login(login).encode()).hexdigest()[:32]}'
    if before_bind:
        before_bind(key)
    hints = []
    if entry is None:
        if within(deadline, bind_as, directory, f'cn={secrets.token_hex(8)},{directory.base_dn}', secrets.token_hex(8), deadline) is None:
            raise DirectoryMisconfigured('open')
    else:
        reason = within(deadline, bind_as, directory, entry.dn, password, deadline, hints)
        # Active Directory refuses by itself; another may leave that to who reads the entry.
        reason = reason or entry.closed(clock.now()) or None
    if reason:
        raise WrongPair(reason, key)
    return replace(entry, hint=hints[0]) if hints else entry


def with_groups(directory, entry, deadline):
    """The Entry of somebody who was let in, with what he is to the mapped groups. That they cannot be read in time keeps nobody out."""
    rules = groups.rules_of(directory.id)
    if not rules:
        return replace(entry, belonging=groups.Belonging())

    def talk():
        with connect(directory, deadline) as connection:
            bind_own_account(connection, directory)
            return groups.at_login(connection, directory, entry, rules)
    try:
        return within(deadline, talk)
    except (ldap.LDAPError, ValueError, DirectoryDown, DirectoryMisconfigured) as error:
        log.warning('directory %s: the groups of %s cannot be read: %s', directory.name, entry.dn, error)
        return groups.unread(entry, rules)


def refuse_unusable(login, password):
    """WrongPair for what must never reach a directory.

    A bind with a name and an empty password succeeds there without proving anything (RFC 4513, 5.1.2). What is overlong
    makes a server close the connection, which looks like a directory that is down.
    """
    if not login.strip('\0 \t\r\n') or not password.strip('\0 \t\r\n') or '\0' in password:
        raise WrongPair('blank')
    if len(login) > MAIL_LENGTH or len(password) > PASSWORD_LENGTH:
        raise WrongPair('too_long')
    try:
        (login + password).encode()
    except UnicodeEncodeError:
        raise WrongPair('unknown') from None


def find(directory, login, deadline):
    """(the one Entry of a login name, None) or (None, why not: unknown, ambiguous, incomplete), asked of directory.url."""
    return _find_first(directory, named(directory, login), deadline)


def named(directory, login):
    """[filter] of the entries that a login name may mean, one for each way to read it; the likelier first."""
    meant = [escape_filter_chars(name) for name in realms.names_meant(directory, login)]
    return [f'(|{"".join(f"({attribute}={name})" for attribute in directory.login_attributes)})' for name in meant]


def find_by(directory, wanted, deadline):
    """The same of a filter `wanted`, among those who are people."""
    return _find_first(directory, [wanted], deadline)


def _find_first(directory, wanted, deadline):
    with connect(directory, deadline) as connection:
        bind_own_account(connection, directory)
        # Each is looked for, also when one was found: the time must not tell.
        answers = [_entries(connection, directory, one) for one in wanted]
    found = next((answer for answer in answers if answer), [])
    if len(found) != 1:
        return None, 'ambiguous' if found else 'unknown'
    entry = read_entry(directory, *found[0])
    return entry, None if entry else 'incomplete'


def _entries(connection, directory, wanted):
    """The entries of people that a filter fits, two at most: enough to know that it is not one."""
    try:
        return connection.search(f'(&{directory.person_filter}{wanted})', attributes_of(directory), limit=2)
    except ldap.SIZELIMIT_EXCEEDED:
        return [('', {})] * 2
    except ldap.LDAPError as error:
        raise misconfigured_search(error) from error


def bind_own_account(connection, directory):
    """Bind as the portal's own account; without one the search is anonymous. DirectoryMisconfigured when it is refused."""
    if not directory.bind_dn:
        return
    if not directory.bind_password:
        raise DirectoryMisconfigured('bind', _.lazy("The secret of the portal's own account is missing. Give it anew."))
    try:
        connection.bind(directory.bind_dn, directory.bind_password)
    except (ldap.STRONG_AUTH_REQUIRED, ldap.CONFIDENTIALITY_REQUIRED) as error:
        raise DirectoryMisconfigured('encryption', _.lazy('The directory wants encryption: use ldaps or starttls.')) from error
    except ldap.LDAPError as error:
        raise DirectoryMisconfigured('bind', _.lazy(
            "The directory refuses the portal's own account (%(words)s). Give its name and secret anew.",
            words=describe(error))) from error


def bind_as(directory, dn, password, deadline, hints=None):
    """Bind as a person on a new connection: None when the directory takes the pair, else the reason why not. A Hint is put into `hints`."""
    try:
        with connect(directory, deadline) as connection:
            reason, hint = policy.bind(connection, dn, password, directory.preset)
    except ldap.LDAPError as error:
        log.warning('directory %s: the bind of %s failed: %s', directory.name, dn, describe(error))
        return 'refused'
    if hint and hints is not None:
        hints.append(hint)
    return reason


def misconfigured_search(error):
    """What an error of a search says about the directory's row."""
    if isinstance(error, ldap.FILTER_ERROR):
        return DirectoryMisconfigured('people', _.lazy('The filter for people is not a filter. It looks like (objectClass=person).'))
    return DirectoryMisconfigured('base', _.lazy(
        'The directory cannot search at the base (%(words)s). Check the base, and what the portal may read there.',
        words=describe(error)))
