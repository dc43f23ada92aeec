"""The reference product's limit of requests, for trying out how a client bears it: off unless an administrator sets it.

A bucket a token: it takes so many requests at once, and loses so many a second. We need no such limit; it costs a write a request.
"""

from appliance.core import clock
from appliance.core.db import Base, write
from appliance.core.fields import Integer, Moment
from appliance.core.i18n import texts
from appliance.core.rest.refusals import Refused
from appliance.core.settings import get_setting

_ = texts(__name__)
# {setting: (requests at once, requests a second)}
KINDS = {'standard': (50, 2), 'enterprise': (250, 5)}
_SCALE = 1000


class RestBucket(Base):
    """How full a token's bucket was: thousandths of a request, at a moment."""

    token_id = Integer(primary_key=True)
    level = Integer()
    at = Moment()

    class Meta:
        table_name = 'rest_bucket'


def require_room(token_id):
    """Refused as QUERY_LIMIT_EXCEEDED when a token's bucket is full; nothing at all unless the limit is set."""
    kind = get_setting('rest.limit')
    if kind == 'off':
        return
    most, a_second = KINDS[kind]
    with write('core.rest.require_room'):
        now = clock.now()
        found = RestBucket.get_or_none(RestBucket.token_id == token_id)
        passed = max(0.0, (now - found.at).total_seconds()) if found else 0
        level = max(0, found.level - int(passed * a_second * _SCALE)) if found else 0
        is_full = level + _SCALE > most * _SCALE
        values = {'level': level if is_full else level + _SCALE, 'at': now}
        (RestBucket.insert(token_id=token_id, **values).on_conflict(conflict_target=(RestBucket.token_id,), update=values).execute())
    if is_full:
        raise Refused('QUERY_LIMIT_EXCEEDED', 503, _('Too many requests.'))
