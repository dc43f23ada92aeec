"""The channel of one page (`page:crm.deal:7`): opened by a token that web puts into it after `access_x`, closed when rights change.

    token = live_pages.make_token(actor, 'crm.deal:7')          # for the template: {{ ui.live_page(token, url) }}

`access.changed` closes the page of an object that somebody may not see any more; `close(refs)` is for pages without access rows.

A token names the person, his epoch, the page and the version of its rights, and is good for five minutes; the page fetches another
before that, by the same `access_x`.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import timedelta

from peewee import Case

from appliance.core import clock, sealing
from appliance.core.db import Base, row, rows
from appliance.core.errors import NotFound
from appliance.core.fields import Integer, Text
from appliance.core.limits import LIVE_PAGE_S

PURPOSE = 'live-page'
_ROWS_AT_ONCE = 500
_TOKEN = re.compile(r'(?P<signed>(?P<person>\d{1,19})\.(?P<epoch>\d{1,19})\.(?P<version>\d{1,19})\.(?P<expires>\d{1,19})\.'
                    r'(?P<ref>[a-z][a-z0-9_.]{0,99}:\d{1,19}))\.(?P<mac>[0-9a-f]{64})', re.ASCII)


class LivePage(Base):
    """When the rights of a page changed last (microseconds): no number comes twice, however often old rows are cleaned away."""

    ref = Text(primary_key=True)
    version = Integer()

    class Meta:
        table_name = 'live_page'


@dataclass(frozen=True, slots=True)
class Token:
    """What a good token says."""

    person_id: int
    epoch: int
    ref: str
    version: int
    expires_at: object


def make_token(actor, ref):
    """A token for the page of `ref` (`crm.deal:7`), for an actor who was just let in by its `access_x`. NotFound for nobody."""
    found = row('SELECT epoch, (SELECT version FROM live_page WHERE ref = ?) FROM person WHERE id = ?', ref, actor.person_id)
    if found is None:
        raise NotFound()
    expires_at = clock.now() + timedelta(seconds=LIVE_PAGE_S)
    signed = f'{actor.person_id}.{found[0]}.{found[1] or 0}.{clock.microseconds(expires_at)}.{ref}'
    token = f'{signed}.{_mac(signed)}'
    if not _TOKEN.fullmatch(token):
        raise ValueError(f'no page has this reference: {ref!r}')
    return token


def _mac(signed):
    return sealing.mac(PURPOSE, signed.encode()).hex()


def read_token(text):
    """The Token that a text is, or None: not ours, or over. Whether rights or epoch have changed since, `opened` says."""
    found = _TOKEN.fullmatch(text) if len(text) < 400 else None
    if found is None or not hmac.compare_digest(found['mac'], _mac(found['signed'])):
        return None
    if int(found['expires']) <= clock.microseconds(clock.now()):
        return None
    return Token(int(found['person']), int(found['epoch']), found['ref'], int(found['version']), clock.from_microseconds(int(found['expires'])))


def versions(refs):
    """{ref: version} of the pages whose rights have changed within the time that a token may live; of all others it is 0."""
    refs = list(refs)
    return dict(rows(f'SELECT ref, version FROM live_page WHERE ref IN ({", ".join("?" * len(refs))})', *refs)) if refs else {}


def opened(texts, person_id):
    """{ref: (version, moment of expiry)} of the tokens among these texts that open their page to this person now."""
    tokens = [token for token in map(read_token, texts) if token and token.person_id == person_id]
    if not tokens:
        return {}
    epoch, = row('SELECT epoch FROM person WHERE id = ?', person_id) or (None,)
    now = versions({token.ref for token in tokens})
    return {token.ref: (token.version, token.expires_at) for token in tokens
            if token.epoch == epoch and token.version == now.get(token.ref, 0)}


def close(refs):
    """Say, in the action that did it, that the rights of these pages have changed: every token made before is dead."""
    now = clock.microseconds(clock.now())
    for first in range(0, len(refs), _ROWS_AT_ONCE):
        (LivePage.insert_many([{'ref': ref, 'version': now} for ref in refs[first:first + _ROWS_AT_ONCE]])
         .on_conflict(conflict_target=(LivePage.ref,), update={LivePage.version: _later(now)}).execute())


def _later(now):
    """A number above the present one, also when the clock was set back."""
    return Case(None, ((LivePage.version >= now, LivePage.version + 1),), now)


def forget(before):
    """Delete versions from before a moment (well over a token's life ago), for the cleaning job, inside an action."""
    return LivePage.delete().where(LivePage.version < clock.microseconds(before)).execute()
