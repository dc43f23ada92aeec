"""Sessions: rows, each found by the hash of the cookie's token, each dead when the person's epoch moves on."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from appliance.core import audit, clock, revisions, sealing
from appliance.core.actions import action
from appliance.core.db import row, rows, write
from appliance.core.errors import NotAllowed, NotFound
from appliance.core.limits import SESSIONS_A_PERSON
from appliance.core.people import Person, build_actor
from appliance.core.settings import get_setting
from appliance.identity.models import Session

UNREMEMBERED = timedelta(hours=24)      # the cookie dies with the browser; the row at the latest a day after its last use
TOUCH_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class Opened:
    """A session as a request needs it: the Actor, and what the row holds beside him."""

    id: int
    actor: object
    person_name: str
    person_photo: str | None
    csrf_secret: str
    flashes: list
    is_remembered: bool
    seen_at: object
    unread: int         # notices at the bell


def hash_token(token):
    return hashlib.sha256(token.encode()).digest()


def remembered_days():
    """How many days a browser that asked for it is remembered."""
    return get_setting('login.remember_days')


def _lifetime(is_remembered):
    return timedelta(days=remembered_days()) if is_remembered else UNREMEMBERED


_DROP_OLDEST = 'DELETE FROM session WHERE id IN (SELECT id FROM session WHERE person_id = ? ORDER BY id DESC LIMIT ? OFFSET ?) RETURNING id'


@action
def open_session(actor, person_id, factors, is_remembered=False, address='', agent=''):
    """A new session for a person; returns (token, row id). The token leaves in a cookie and is kept nowhere."""
    token, now = secrets.token_urlsafe(32), clock.now()
    epoch, = row('SELECT epoch FROM person WHERE id = ?', person_id)
    session_id = Session.add(token_hash=hash_token(token), person=person_id, epoch=epoch, csrf_secret=secrets.token_urlsafe(32),
                             factors=factors, flashes=[], is_remembered=is_remembered, address=address[:64], agent=agent[:300],
                             created_at=now, seen_at=now, expires_at=now + _lifetime(is_remembered))
    rows(_DROP_OLDEST, person_id, SESSIONS_A_PERSON, SESSIONS_A_PERSON)
    # Whoever it is that opens it, it is this person's from now on.
    audit.record(replace(actor, person_id=person_id), 'identity.session.opened', f'identity.session:{session_id}', factors=factors)
    return token, session_id

# One SELECT: the session, its person and his roles (a row each), whether his epoch is still the one of the login, whether something
# blocks him, the numbers by which small tables are kept, and how many notices wait for him: what each page needs.
_LOAD = '''
    SELECT s.id, s.csrf_secret, s.flashes, s.is_remembered, s.seen_at,
           p.id, p.kind, p.language, p.zone, p.department_id, p.name, p.photo,
           (SELECT number FROM revision WHERE name = 'department'), (SELECT number FROM revision WHERE name = 'setting'),
           (SELECT number FROM revision WHERE name = 'role_permission'), (SELECT number FROM revision WHERE name = 'custom_field'),
           (SELECT count(*) FROM notice n WHERE n.person_id = p.id AND n.read_at IS NULL AND n.is_shown = 1), r.role
    FROM session s JOIN person p ON p.id = s.person_id AND p.epoch = s.epoch LEFT JOIN person_role r ON r.person_id = p.id
    WHERE s.token_hash = ? AND s.expires_at > ?
      AND NOT EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = p.id)'''


def load(token):
    """The Opened session of a cookie's token, or None when it is unknown, expired, ended, or its person blocked.

    Until `revisions.end()` this context then trusts what its process keeps of settings and departments.
    """
    found = rows(_LOAD, hash_token(token), clock.microseconds(clock.now()))
    if not found:
        return None
    (session_id, csrf_secret, flashes, is_remembered, seen_at, person_id, kind, language, zone, department_id, name, photo,
     departments, settings, roles_changed, fields_changed, unread, _role) = found[0]
    revisions.begin({'department': departments, 'setting': settings, 'role_permission': roles_changed, 'custom_field': fields_changed})
    roles = {one[-1] for one in found} - {None}
    actor = build_actor(person_id, kind, language, zone, department_id, roles, via=f'session:{session_id}')
    return Opened(session_id, actor, name, photo, csrf_secret, Session.flashes.python_value(flashes), bool(is_remembered),
                  clock.from_microseconds(seen_at), unread)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a living session belongs to, as the event stream needs it."""

    session_id: int
    person_id: int
    epoch: int
    kind: str
    department_id: int | None


# The same conditions as those of _LOAD.
_HOLDERS = '''
    SELECT s.token_hash, s.id, p.id, p.epoch, p.kind, p.department_id
    FROM session s JOIN person p ON p.id = s.person_id AND p.epoch = s.epoch
    WHERE s.{column} IN ({marks}) AND s.expires_at > ? AND NOT EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = p.id)'''


def holders_of_tokens(hashes):
    """{hash: Holder} of the living sessions among those that these tokens (as `hash_token` gives them) name."""
    return {bytes(found[0]): Holder(*found[1:]) for found in _holders('token_hash', hashes)}


def holders(session_ids):
    """{session id: Holder} of those of these sessions that live."""
    return {found[1]: Holder(*found[1:]) for found in _holders('id', session_ids)}


def _holders(column, values):
    values = list(values)
    if not values:
        return []
    return rows(_HOLDERS.format(column=column, marks=', '.join('?' * len(values))), *values, clock.microseconds(clock.now()))


def tag(session_id):
    """A word for one session that tells nothing: a page carries it, so that its stream never becomes another person's."""
    return sealing.mac('session-tag', str(session_id).encode()).hex()[:16]


def touch(opened):
    """Note the use of a session, at most every five minutes; after the answer, so nobody waits for it."""
    now = clock.now()
    if now - opened.seen_at < TOUCH_EVERY:
        return
    with write('identity.sessions.touch'):
        Session.update(seen_at=now, expires_at=now + _lifetime(opened.is_remembered)).where(
            Session.id == opened.id).execute()


def _own(actor, *args):
    if actor.person_id is None:
        raise NotAllowed()


def sessions_of(actor):
    """The actor's own living sessions as dicts, the newest first; `is_current` marks the one that asks."""
    _own(actor)
    found = (Session.select(Session.id, Session.address, Session.agent, Session.created_at, Session.seen_at,
                            Session.is_remembered, Session.expires_at)
             .join(Person).where((Session.person == actor.person_id) & (Session.epoch == Person.epoch)
                                 & (Session.expires_at > clock.now()))
             .order_by(Session.seen_at.desc(), Session.id.desc()))
    return [{'id': one.id, 'address': one.address, 'agent': one.agent, 'created_at': one.created_at, 'seen_at': one.seen_at,
             'is_remembered': one.is_remembered, 'expires_at': one.expires_at,
             'is_current': actor.via == f'session:{one.id}'} for one in found]


@action(rights=_own)
def end_session(actor, session_id):
    """End one of the actor's own sessions; NotFound for anybody else's."""
    if not Session.delete().where((Session.id == session_id) & (Session.person == actor.person_id)).execute():
        raise NotFound()
    audit.record(actor, 'identity.session.ended', f'identity.session:{session_id}')


@action(rights=_own)
def end_other_sessions(actor):
    """End all of the actor's sessions but the one that asks; returns how many."""
    current = int(actor.via.removeprefix('session:')) if actor.via.startswith('session:') else 0
    ended = Session.delete().where((Session.person == actor.person_id) & (Session.id != current)).execute()
    audit.record(actor, 'identity.session.others_ended', count=ended)
    return ended


def keep_flashes(session_id, flashes):
    """Store the one-time messages that the next page shows."""
    with write('identity.sessions.keep_flashes'):
        Session.update(flashes=flashes).where(Session.id == session_id).execute()


def forget_sessions(before):
    """Delete sessions that expired before a moment; for the cleaning job, inside an action."""
    return Session.delete().where(Session.expires_at < before).execute()
