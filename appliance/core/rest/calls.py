"""One call of a method: who calls, by which token, with what; and performing it. Knows no HTTP.

The parameters are bound by the method's signature. What the method does not name is refused, but for the few names that clients
add to everything they send.
"""

import hashlib
import inspect
from dataclasses import dataclass, replace

from appliance.core.actions import action
from appliance.core.errors import Busy, Invalid
from appliance.core.i18n import texts
from appliance.core.rest import methods
from appliance.core.rest.lists import Page
from appliance.core.rest.queries import Open
from appliance.core.rest.refusals import Refused
from appliance.core.tool import registry

_ = texts(__name__)
KEY = 'IDEMPOTENCY_KEY'
# What clients add to all that they send (START also where there is no list), and what says who calls rather than what.
IGNORED = frozenset({'AUTH', 'ACCESS_TOKEN', 'SESSID', KEY, 'START'})
# Marks of a client's own: a request's number, its version, what keeps a proxy from remembering (`_=1732600000`).
MARKS = ('BX24_', 'B24_', '_')


@dataclass(frozen=True)
class Call:
    """Who calls. `scopes` are the token's; `key` is a request key or ''; `address` is where the call comes from.

    `client()` makes the portal's way out (core/http_client.py), for what judges an address.
    """

    actor: object
    token_id: int
    scopes: frozenset
    address: str = ''
    key: str = ''
    client: object = None
    files: str = ''     # the content origin's address, '' where there is none

    def __str__(self):
        """What a request key's fingerprint sees of a call: a repeat may come from another address."""
        return f'token:{self.token_id}'

    def within(self, name):
        """The call of one command of a batch: its request key is made of the batch's and the command's name."""
        key = hashlib.sha256(f'{self.key}\n{name}'.encode()).hexdigest() if self.key else ''
        return replace(self, key=key)


@dataclass(frozen=True)
class Answer:
    """What a method of a tool answered; `total` and `next` where it is a list."""

    result: object
    tool: str
    total: int | None = None
    next: int | None = None


def find(call, name):
    """The Method that a call may use. Unknown, off and not for this person look alike; a scope that lacks is said."""
    found = methods.find(name)
    if found is None or not found.is_for(call.actor):
        raise Refused('ERROR_METHOD_NOT_FOUND', 404, _('There is no method %(name)s.', name=name[:60]))
    if found.scope and found.scope not in call.scopes:
        raise Refused('insufficient_scope', 403, _('This token lacks the scope %(scope)s.', scope=found.scope))
    if found.tool in registry.resuming:
        raise Busy(_('This tool is being switched on. Try again in a moment.'), retry_after_s=2)
    return found


def perform(call, name, given):
    """The Answer of a method to parameters ({name in any letter case: value}). PortalError says why not."""
    found = find(call, name)
    values = bind(found, given)
    if found.is_write:
        call = replace(call, key=call.key or _key_in(given))
        return Answer(_write(call.actor, call, found.name, values, request_key=call.key or None), found.tool)
    result = found.function(call, **values)
    return Answer(result.rows, found.tool, result.total, result.next) if isinstance(result, Page) else Answer(result, found.tool)


def _key_in(given):
    return next((value for name, value in given.items() if name.upper() == KEY), '')


def _still_may(actor, call, name, values):
    find(call, name)


@action(rights=_still_may)
def _write(actor, call, name, values):
    """A method that writes, as one action: a repeat by the same token gets the first answer, after its rights were asked again."""
    return methods.find(name).function(call, **values)


def bind(found, given):
    """{parameter: value} for a method's function. Invalid names what is missing, unknown, given twice or wrong."""
    left, values = folded(given), {}
    for name, (kind, default) in found.parameters.items():
        if isinstance(kind, Open):
            continue
        if left.get(name) is None and name in left and default is not inspect.Parameter.empty:
            values[name.lower()] = default      # null is what clients send for what they leave out
            del left[name]
        elif name in left:
            values[name.lower()] = _read(name, kind, left.pop(name))
        elif default is inspect.Parameter.empty:
            raise Invalid(_('The parameter %(name)s is missing.', name=name), field=name)
        else:
            values[name.lower()] = default
    for name, (kind, _default) in found.parameters.items():
        if isinstance(kind, Open):
            values[name.lower()], left = kind.gather(name, left)
    for name in left:
        if not is_ignored(name):
            raise Invalid(_('%(method)s has no parameter %(name)s.', method=found.name, name=name[:60]), field=name[:60])
    return values


def is_ignored(name):
    """Whether a parameter, in capitals, says nothing of what is asked for."""
    return name in IGNORED or name.startswith(MARKS)


def folded(given):
    """Parameters by their names in capitals. Invalid when one came twice."""
    found = {}
    for name, value in given.items():
        if name.upper() in found:
            raise Invalid(_('The parameter %(name)s came twice.', name=name[:60]), field=name[:60])
        found[name.upper()] = value
    return found


def named(text):
    """The name of a method as it stands in an address or a command: `.json` may follow."""
    return text[:-5] if text.lower().endswith('.json') else text


def _read(name, kind, value):
    try:
        return kind.read(value)
    except ValueError as error:
        raise Invalid(_('%(name)s: right would be %(right)s.', name=name, right=error), field=name) from None
