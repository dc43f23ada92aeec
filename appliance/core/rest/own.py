"""The methods that belong to no tool: what there is to call, what a token may, the time, the batch."""

from zoneinfo import ZoneInfo

from appliance.core import clock
from appliance.core.errors import NotAllowed
from appliance.core.i18n import current_language, texts
from appliance.core.rest import happenings, methods
from appliance.core.rest.kinds import Address, Choice, Flag, Map, Number, Text
from appliance.core.rest.methods import BASIC, method
from appliance.core.rest.refusals import Refused
from appliance.core.subscriptions import rules as subscriptions

_ = texts(__name__)


@method('batch')
def batch(call, cmd: Map('Name of each command, and `method?query`.'), halt: Flag('Whether the first failure ends it.') = False):
    """Runs up to 50 commands in order.

    `$result[name][0][ID]` in a command stands for what an earlier one answered. Answers with HTTP 200 whatever became of the commands:
    result, result_error, result_total, result_next and result_time are maps by the commands' names; an empty map is `[]`.
    """
    raise Refused('ERROR_BATCH_METHOD_NOT_ALLOWED', 400, _('A batch cannot be in a batch.'))


@method('methods')
def list_methods(call, full: Flag('All methods, not only those of the token\'s scopes.') = False,
                 scope: Text('The methods of one scope; empty for those that need none.') = None):
    """The names of the methods that this token may call."""
    found = [one for one in methods.declared().values() if one.is_for(call.actor)]
    if scope is not None:
        return [one.name for one in found if one.scope == scope]
    return [one.name for one in found if full or one.scope in call.scopes | {BASIC}]


@method('method.get')
def get_method(call, name: Text('The name of a method, in any letter case.')):
    """Whether there is a method of a name, and whether this token may call it: {isExisting, isAvailable}."""
    found = methods.find(name)
    is_there = found is not None and found.is_for(call.actor)
    return {'isExisting': is_there, 'isAvailable': is_there and found.scope in call.scopes | {BASIC}}


@method('scope')
def list_scopes(call, full: Flag('All scopes there are, not only those of the token.') = False):
    """The scopes of this token."""
    return [name for name in methods.scopes() if full or name in call.scopes]


@method('server.time')
def tell_time(call):
    """The server's time, in the person's zone."""
    return clock.now().astimezone(ZoneInfo(call.actor.zone)).isoformat(timespec='seconds')


@method('app.info')
def tell_app(call):
    """What the caller is to the portal: here always a token, with its scopes.

    The keys are the reference product's. There is nothing to pay, so nothing expires.
    """
    return {'ID': call.token_id, 'CODE': 'webhook', 'VERSION': 1, 'STATUS': 'L', 'INSTALLED': True, 'PAYMENT_EXPIRED': 'N', 'DAYS': None,
            'LANGUAGE_ID': current_language(), 'LICENSE': 'selfhosted', 'SCOPE': sorted(call.scopes)}


@method('feature.get')
def get_feature(call, code: Text('The name of a feature.') = ''):
    """Whether a feature of the REST interface is there: {value: Y or N}. Only what is listed here and there is Y."""
    if not code:
        raise Refused('CODE_EMPTY', 400, _('The parameter %(name)s is missing.', name='CODE'))
    return {'value': 'N'}


@method('events')
def list_events(call, full: Flag('All events, not only those of the token\'s scopes.') = False,
                scope: Text('The events of one scope.') = None):
    """The names of the events that a subscription can be made for."""
    found = happenings.declared().values()
    if scope is not None:
        return [one.name for one in found if one.scope == scope]
    return [one.name for one in found if full or one.scope in call.scopes | {BASIC}]


def _of_token(auth_type, call):
    if auth_type not in (0, call.actor.person_id):
        raise NotAllowed(_('Events are told as the person of the token.'))


AUTH_TYPE = Number('Whose eyes: the token\'s person (his id, or 0). Nobody else\'s.')
OFFLINE = Choice('Only online: events are told as they happen.', ('online',))


@method('event.bind', is_write=True)
def bind_event(call, event: Text('The name of an event, see events.'), handler: Address('Where it is told: http:// or https://, by POST.'),
               auth_type: AUTH_TYPE = 0, event_type: OFFLINE = 'online',
               secret: Text('Ours: the key of X-Appliance-Signature; without it the portal makes one, and the page can renew it.') = ''):
    """Tells an address of an event from now on, as the token's person; ends with the token. Answers true."""
    _of_token(auth_type, call)
    found = happenings.declared().get(event.strip().upper())
    if found is None or found.scope not in call.scopes | {BASIC}:
        raise Refused('ERROR_EVENT_NOT_FOUND', 400, _('There is no event %(name)s.', name=event[:60]))
    subscriptions.subscribe(call.actor, event, handler, scopes=call.scopes, token_id=call.token_id, secret=secret,
                            client=call.client and call.client())
    return True


@method('event.unbind', is_write=True)
def unbind_event(call, event: Text('The name of the event.'), handler: Address('The address; all of this token without it.') = '',
                 auth_type: AUTH_TYPE = 0, event_type: OFFLINE = 'online'):
    """Tells no more of an event; answers {count: how many subscriptions of this token that ended}."""
    _of_token(auth_type, call)
    return {'count': subscriptions.unbind(call.actor, event, handler, call.token_id)}


@method('event.get')
def get_events(call):
    """What this token has bound: [{event, handler, auth_type, offline}]."""
    return [{'event': name, 'handler': address, 'auth_type': str(call.actor.person_id), 'offline': 0}
            for name, address in subscriptions.bound(call.actor, call.token_id)]
