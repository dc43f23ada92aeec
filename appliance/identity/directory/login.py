"""The directory's half of a login: find one entry, bind as it. Nothing here writes about people or sessions.

`authenticate` is for the web: one thread a worker talks to the directory, one more waits a second, the others are sent away
at once, and a directory that failed is left alone for half a minute. `ask` is the bare dialogue, free of the database.
"""

import contextlib
import contextvars
import hashlib
import logging
import re
import secrets
import threading
import time

import ldap
from ldap.filter import escape_filter_chars

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.errors import Busy
from appliance.core.i18n import texts
from appliance.core.limits import MAIL_LENGTH, PASSWORD_LENGTH
from appliance.core.person_fields import fold_login
from appliance.identity.directory import directories, groups
from appliance.identity.directory.client import connect, describe
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured, WrongPair
from appliance.identity.directory.mapping import attributes_of, read_entry

_ = texts(__name__)
log = logging.getLogger('appliance.directory')

TALK_S = 2.5            # a login against a silent directory answers within 3 s
WAIT_S = 1
MOST_STUCK = 4
# [MS-ADTS] and winerror.h; 532 and 773 come only after a right password, the others may not be told.
REASONS = {'525': 'unknown', '52e': 'password', '530': 'refused', '531': 'refused', '532': 'must_change', '533': 'disabled',
           '701': 'expired', '773': 'must_change', '775': 'locked'}


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
_stuck = threading.BoundedSemaphore(MOST_STUCK)


def authenticate(directory, login, password, before_bind=None):
    """The Entry of this pair, asked for under the gate. Raises Busy, WrongPair, DirectoryDown, DirectoryMisconfigured.

    before_bind(key) runs between search and bind, in this thread, and may refuse by raising: see `ask`. No transaction may
    be open: the directory takes up to TALK_S.
    """
    refuse_unusable(login, password)
    directories.require_answering(directory)
    deadline = time.monotonic() + TALK_S
    with GATE.turn():
        # Asked again: the one before may have found it down while we waited.
        directories.require_answering(directory)
        try:
            entry = with_groups(directory, ask(directory, login, password, before_bind, deadline), deadline)
        except (DirectoryDown, DirectoryMisconfigured) as error:
            log.error('directory %s: %s: %s', directory.name, error.reason, error)
            directories.note_failure(SYSTEM, directory.id, error.reason)
            raise
        except WrongPair as error:
            log.info('directory %s: refused a login: %s', directory.name, error.reason)
            directories.note_answer(directory)
            raise
        directories.note_answer(directory)
    return entry


def ask(directory, login, password, before_bind=None, deadline=None):
    """The Entry whose login, principal name or mail this is and whose password this is; else WrongPair.

    Exactly one entry decides. An unknown name and a name of two entries cost the same steps as a known one: a bind on a
    connection of its own. before_bind(key) gets whom a failure counts for: `<directory>:<uuid>` whichever name was typed,
    or a hash of the name when nobody was found; WrongPair carries the same key.
    """
    refuse_unusable(login, password)
    deadline = deadline or time.monotonic() + TALK_S
    entry, reason = within(deadline, find, directory, login, deadline)
    key = f'{directory.id}:{entry.uuid if entry else hashlib.sha256(fold_login(login).encode()).hexdigest()[:32]}'
    if before_bind:
        before_bind(key)
    if entry is None:
        within(deadline, bind_as, directory, f'cn={secrets.token_hex(8)},{directory.base_dn}', secrets.token_hex(8), deadline)
    else:
        reason = within(deadline, bind_as, directory, entry.dn, password, deadline)
        # Active Directory refuses by itself; another may leave that to who reads the entry.
        reason = reason or entry.closed(clock.now()) or None
    if reason:
        raise WrongPair(reason, key)
    return entry


def with_groups(directory, entry, deadline):
    """The Entry of somebody who was let in, with what he is to the mapped groups. That they cannot be read in time keeps nobody out."""
    rules = groups.rules_of(directory.id)
    if not rules:
        return entry

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
    """(the one Entry of a login name, None) or (None, why not: unknown, ambiguous, incomplete)."""
    with connect(directory, deadline) as connection:
        bind_own_account(connection, directory)
        name = escape_filter_chars(login.strip())
        names = ''.join(f'({attribute}={name})' for attribute in directory.login_attributes)
        try:
            # Two are enough to know that it is not one.
            found = connection.search(f'(&{directory.person_filter}(|{names}))', attributes_of(directory), limit=2)
        except ldap.SIZELIMIT_EXCEEDED:
            return None, 'ambiguous'
        except ldap.LDAPError as error:
            raise misconfigured_search(error) from error
    if len(found) != 1:
        return None, 'ambiguous' if found else 'unknown'
    entry = read_entry(directory, *found[0])
    return entry, None if entry else 'incomplete'


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


def bind_as(directory, dn, password, deadline):
    """Bind as a person on a new connection: None when the directory takes the pair, else the reason why not."""
    try:
        with connect(directory, deadline) as connection:
            connection.bind(dn, password)
    except ldap.INVALID_CREDENTIALS as error:
        code = re.search(r'\bdata ([0-9a-f]+)', describe(error))
        return REASONS.get(code[1], 'refused') if code else 'password'
    except ldap.LDAPError as error:
        log.warning('directory %s: the bind of %s failed: %s', directory.name, dn, describe(error))
        return 'refused'
    return None


def misconfigured_search(error):
    """What an error of a search says about the directory's row."""
    if isinstance(error, ldap.FILTER_ERROR):
        return DirectoryMisconfigured('people', _.lazy('The filter for people is not a filter. It looks like (objectClass=person).'))
    return DirectoryMisconfigured('base', _.lazy(
        'The directory cannot search at the base (%(words)s). Check the base, and what the portal may read there.',
        words=describe(error)))


def within(deadline, function, *args):
    """function(*args), given up at the deadline as DirectoryDown.

    libldap keeps to its timeouts except when it resolves a name and when a handshake drips; so it works in a thread of its
    own. A few of them may be left behind stuck; with more the directory counts as down.
    """
    if not _stuck.acquire(blocking=False):
        raise DirectoryDown('silent')
    answer = []

    def run():
        try:
            answer.append((function(*args), None))
        except Exception as error:
            answer.append((None, error))
        finally:
            _stuck.release()

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), name='directory', daemon=True)
    thread.start()
    thread.join(max(0, deadline - time.monotonic()) + 0.1)
    if not answer:
        raise DirectoryDown('silent')
    value, error = answer[0]
    if error:
        raise error
    return value
