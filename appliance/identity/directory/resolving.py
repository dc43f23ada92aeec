"""A login against all active directories: it resolves to exactly one entry of one of them before any bind.

Each directory is searched for each name, whoever it belongs to, and one bind follows: what is typed decides no time. Where two have the
name nobody is meant, but for one case: who has the name here is meant by it, and by his own entry. So no other directory can shut him out
by taking his name, and one that is down troubles only its own people and those who come for the first time.
"""

import contextlib
import logging
import time
import zlib
from typing import NamedTuple

from appliance.core.actor import SYSTEM
from appliance.core.db import row, rows
from appliance.core.person_fields import fold_login
from appliance.identity.directory import client, directories, login, realms, servers
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured, WrongPair
from appliance.identity.directory.mapping import Entry
from appliance.identity.directory.threads import within

log = logging.getLogger('appliance.directory')
DIRECTORY_S, LEAST_S = 0.8, 0.3     # for the search in a directory, where there are several, however long we waited for our turn
BIND_S = 0.8                        # kept of the time for the bind then


class Found(NamedTuple):
    """What a directory says of a name: an entry, or a reason why not (see login.find), or the error it failed with.

    `directory` by the server that answered.
    """

    directory: client.Directory
    entry: Entry | None
    reason: str | None
    error: Exception | None


def authenticate(asked, name, password, before_bind=None):
    """(Directory, Entry) of this pair in one of the directories `asked`, under the gate. Raises Busy, WrongPair, and DirectoryDown or
    DirectoryMisconfigured where one that would have had to be asked cannot be.

    before_bind(key) runs between search and bind, in this thread, and may refuse by raising: see login.ask. No transaction may be
    open: the directories take up to login.TALK_S together.
    """
    login.refuse_unusable(name, password)
    failures = [servers.failure_of(directory) for directory in asked]
    if all(failures):       # then nobody waits for a turn
        raise failures[0]
    deadline = time.monotonic() + login.TALK_S
    with login.GATE.turn():
        found = [_find(directory, name, until) for directory, until in _shares(asked, deadline)]
        one = _resolve(found, name)
        # Not one that answered pays for others that did not.
        deadline = max(deadline, time.monotonic() + LEAST_S)
        with _noted(next(directory for directory in asked if directory.id == one.directory.id), one.directory.url):
            entry = login.prove(one.directory, one.entry, one.reason, name, password, before_bind, deadline)
            return one.directory, login.with_groups(one.directory, entry, deadline)


def for_one(directory, deadline, find, act):
    """act(directory by the server that answered, what find(that, a deadline) gave) in its turn; find runs in a thread of its own, before the
    deadline. Raises as `authenticate` does.
    """
    failure = servers.failure_of(directory)
    if failure:
        raise failure
    with login.GATE.turn():
        one, found = _ask(directory, deadline, find)
        with _noted(directory, one.url):
            answer = act(one, found)
        directories.note_answer(one)
    return answer


def _ask(directory, deadline, find):
    """(the directory by the server that answered, what find(that, a deadline) gave there, in a thread of its own); under the gate. What its servers
    fail with is remembered, and one that failed lately is left alone.
    """
    # Asked again: the one before may have found it down while we waited.
    failure, failures = servers.state_of(directory)
    if failure:
        raise failure
    with _noted(directory):
        return servers.in_turn(directory, deadline, lambda one, until: within(until, find, one, until), _note_server, failures)


def _shares(asked, deadline):
    """(directory, moment until which it may be searched): a silent one must leave time for the others and for the bind."""
    for place, directory in enumerate(asked):
        if len(asked) == 1:
            yield directory, deadline
        else:
            left = deadline - BIND_S - time.monotonic()
            yield directory, time.monotonic() + max(LEAST_S, min(DIRECTORY_S, left / (len(asked) - place)))


def _find(directory, name, until):
    """Found of a name in a directory."""
    try:
        one, (entry, reason) = _ask(directory, until, lambda one, until: login.find(one, name, until))
    except (DirectoryDown, DirectoryMisconfigured) as error:
        return Found(directory, None, None, error)
    directories.note_answer(one)
    return Found(one, entry, reason, None)


@contextlib.contextmanager
def _noted(directory, url=''):
    """Within it: what the directory fails with, or one of its several servers (`url`), is remembered for all workers, and logged."""
    try:
        yield
    except (DirectoryDown, DirectoryMisconfigured) as error:
        log.error('directory %s: %s: %s', directory.name, error.reason, error)
        if url and directory.more_servers and servers.is_of_server(error):
            servers.note(SYSTEM, directory.id, url, error.reason)
        else:
            directories.note_failure(SYSTEM, directory.id, error.reason)
        raise
    except WrongPair as error:
        log.info('directory %s: refused a login: %s', directory.name, error.reason)
        raise


def _note_server(one, error):
    log.warning('directory %s: %s does not answer: %s', one.name, one.url, error)
    servers.note(SYSTEM, one.id, one.url, error.reason)


def _resolve(found, name):
    """The one Found that is meant: with an entry, or with the reason why nobody is. Raises what a directory failed with that may have known."""
    named = [one for one in found if realms.is_named(one.directory, name)]
    found = named or found
    own = _own(found, name)
    if own:
        return own
    entries = [one for one in found if one.entry]
    errors = [one for one in found if one.error]
    if len(entries) > 1 or any(one.reason == 'ambiguous' for one in found):
        return _nobody(found, name, 'ambiguous')
    if entries and (not errors or _is_known(entries[0])):
        return entries[0]
    if errors:
        raise errors[0].error
    return _nobody(found, name, next((one.reason for one in found if one.reason == 'incomplete'), 'unknown'))


def _nobody(found, name, reason):
    """Nobody is meant. The bind that follows all the same goes to one that answered, for a name always to the same: as if somebody were there."""
    answered = [one for one in found if not one.error]
    return answered[zlib.crc32(fold_login(name).encode()) % len(answered)]._replace(entry=None, reason=reason)


def _own(found, name):
    """The Found with the very entry of the person who has this name here; None where there is none. Raises where his directory is down."""
    ties = _ties_of(name)
    tied = [one for one in found if one.directory.id in ties]
    meant = [one for one in tied if one.entry and str(one.entry.uuid) in ties[one.directory.id]]
    if len(meant) == 1:
        return meant[0]
    for one in tied:
        if one.error:
            raise one.error
    return None


_TIES = 'SELECT p.id, t.directory_id, t.uuid FROM person p LEFT JOIN directory_person t ON t.person_id = p.id WHERE'


def _ties_of(name):
    """{directory id: UUIDs} of the person whose login this is, else of the only one whose mail it is."""
    found = rows(f'{_TIES} p.login = ?', fold_login(name)) or rows(f'{_TIES} p.id IN (SELECT id FROM person WHERE mail = ? LIMIT 2)', name.strip())
    ties = {}
    if len({person_id for person_id, _directory, _uuid in found}) == 1:
        for _person_id, directory_id, uuid in found:
            ties.setdefault(directory_id, set()).add(uuid)
    return ties


def _is_known(one):
    """Whether an entry is somebody's here already: then it is no new name that another directory might have, too."""
    return row('SELECT 1 FROM directory_person WHERE directory_id = ? AND uuid = ?', one.directory.id, str(one.entry.uuid)) is not None
