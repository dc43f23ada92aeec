"""`@action`: the boundary of every write. One transaction, checked rights, and an answer that a repeat gets again."""

import functools
import json

from peewee import CompositeKey

from appliance.core import clock, sealing
from appliance.core.db import Base, rows, write
from appliance.core.errors import Conflict, Invalid
from appliance.core.fields import Bytes, Json, Moment, Text
from appliance.core.i18n import texts
from appliance.core.limits import REQUEST_KEY_LENGTH

_ = texts(__name__)


class RequestKey(Base):
    """The first answer to a request key, kept for a day. `actor` names person and door: nobody else's repeat gets it."""

    actor = Text()
    key = Text(limit=REQUEST_KEY_LENGTH)
    fingerprint = Bytes()
    answer = Json(null=True)
    at = Moment(index=True)

    class Meta:
        table_name = 'request_key'
        primary_key = CompositeKey('actor', 'key')


# Prepared: each form and each call over REST has a key.
_KEEP = 'INSERT INTO request_key (actor, key, fingerprint, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING key'
_ANSWER = 'UPDATE request_key SET answer = ? WHERE actor = ? AND key = ? RETURNING key'


def action(function=None, *, rights=None):
    """Make a rule a transaction: `rule(actor, ..., request_key=None)`.

    Rules call each other freely: an inner action joins the outer one's transaction, and any exception inside dooms the
    whole. `rights(actor, ...)` gets the same arguments, runs first and again for a repeat. With a `request_key` the answer
    (plain data, never a secret) is kept in the same transaction: a repeat gets it again without doing anything, the same key
    with other arguments is a Conflict.
    """
    if function is None:
        return functools.partial(action, rights=rights)
    name = f'{function.__module__}.{function.__qualname__}'.removeprefix('appliance.')

    @functools.wraps(function)
    def run(actor, *args, request_key=None, **kwargs):
        with write(name):
            if rights:
                rights(actor, *args, **kwargs)
            if request_key is None:
                return function(actor, *args, **kwargs)
            return _once(actor, request_key, _fingerprint(name, args, kwargs), lambda: function(actor, *args, **kwargs))

    run.is_action = True
    return run


def _fingerprint(name, args, kwargs):
    """A keyed hash: the arguments may hold what must not be guessed from the table."""
    return sealing.mac('request-key', json.dumps([name, args, kwargs], sort_keys=True, default=str).encode())


def _once(actor, key, fingerprint, run):
    # Printable: PostgreSQL takes no NUL in a text.
    if not isinstance(key, str) or not 8 <= len(key) <= REQUEST_KEY_LENGTH or not key.isprintable():
        raise Invalid(_('A request key has 8 to %(most)s characters.', most=REQUEST_KEY_LENGTH), field='request_key')
    owner = f'{actor.person_id or 0}:{actor.via}'
    # Inserted before the work: on PostgreSQL a twin waits here for the first one's end.
    is_first = rows(_KEEP, owner, key, fingerprint, clock.microseconds(clock.now()))
    if not is_first:
        kept = RequestKey.get((RequestKey.actor == owner) & (RequestKey.key == key))
        if kept.fingerprint != fingerprint:
            raise Conflict(_('This request key was used for something else already.'))
        return kept.answer
    answer = run()
    rows(_ANSWER, RequestKey.answer.db_value(answer), owner, key)
    return answer


def forget_request_keys(before):
    """Delete the answers kept since before a moment; for the cleaning job."""
    return RequestKey.delete().where(RequestKey.at < before).execute()
