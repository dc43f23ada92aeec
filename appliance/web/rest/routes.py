"""Addresses: /rest/<person>/<token>/<method>, and /rest/<method> with `Authorization: Bearer <token>`, or with the token as the
parameter `auth`, as clients of the reference product send it; `.json` may follow.

GET and POST alike: the reference product's clients do both for reading and for writing. No cookie is read and no other site may ask.
"""

import logging

from flask import Blueprint, current_app, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from appliance.core import db, http_client, i18n
from appliance.core.errors import PortalError
from appliance.core.i18n import texts
from appliance.core.limits import REQUEST_KEY_LENGTH
from appliance.core.rest import batches, calls, emulation
from appliance.core.rest.refusals import Refused
from appliance.core.rest.timing import Stopwatch
from appliance.core.subscriptions.rules import private_doors
from appliance.identity import tokens
from appliance.web.rest.answers import json, refusal, settled
from appliance.web.rest.reading import parameters
from appliance.web.rights import by_token

_ = texts(__name__)
log = logging.getLogger('appliance.web')
blueprint = Blueprint('rest', __name__, url_prefix='/rest')
WHY = 'programs come with a token, which the view asks for'
HTTP = {'methods': ['GET', 'POST'], 'provide_automatic_options': False}


@blueprint.route('/<int:person_id>/<token>/<method>', strict_slashes=True, **HTTP)
@by_token(WHY)
def by_webhook(person_id, token, method):
    """The token in the address, as existing integrations have it."""
    return _answer(token, person_id, method)


@blueprint.route('/<method>', strict_slashes=True, **HTTP)
@by_token(WHY)
def by_header(method):
    """The token in a header, where no log of a proxy sees it; or else as a parameter."""
    kind, _space, token = request.headers.get('Authorization', '').partition(' ')
    return _answer(token.strip() if kind.lower() == 'bearer' else '', None, method)


@blueprint.route('/', defaults={'path': ''}, strict_slashes=False, **HTTP)
@blueprint.route('/<path:path>', **HTTP)
@by_token('says in JSON that there is no such method')
def unknown(path):
    """Any other address below /rest."""
    return refusal(Refused('ERROR_METHOD_NOT_FOUND', 404, _('There is no such method. The address is /rest/<person>/<token>/<method>.')))


def _answer(token, person_id, method):
    watch, given = Stopwatch(), None
    if request.method == 'HEAD':        # it comes along with GET, and a checker of links would open a day by it
        raise MethodNotAllowed(['GET', 'POST'])
    try:
        if not token:
            given = parameters(request)
            token = _token_in(given)
        opened = _opened(token, person_id)
        emulation.require_room(opened.id)
        call = calls.Call(opened.actor, opened.id, opened.scopes, request.remote_addr or '', _request_key(), _client, current_app.portal.server.content_address)
        given = parameters(request) if given is None else given
        watch.perform()
        answer = _performed(call, calls.named(method), given)
    except PortalError as error:
        return refusal(error)
    except HTTPException:       # the body was too large, or is none
        raise
    except Exception as error:
        return refusal(settled(error))
    return json({**answer, 'time': watch.told()})


def _token_in(given):
    """The token among the parameters, '' when there is none. Our logs and nginx's hold no query."""
    found = {name.upper(): value for name, value in given.items()}
    return next((found[name] for name in ('AUTH', 'ACCESS_TOKEN') if isinstance(found.get(name), str)), '')


def _opened(token, person_id):
    """The token's Opened; from here on the request is its person's. Refused when there is none, or it is dead."""
    if not token:
        raise Refused('NO_AUTH_FOUND', 401, _('A token is needed.'))
    opened = tokens.load(token, person_id)
    if opened is None:
        raise Refused('INVALID_CREDENTIALS', 403, _('This token is not known, or no longer counts.'))
    g.actor = opened.actor
    i18n.speak(opened.actor.language, opened.actor.zone)
    if opened.is_expired:
        raise Refused('expired_token', 401, _('This token has expired.'))
    g.used_token = opened
    return opened


def _client():
    return http_client.Client(current_app.portal, private_doors())


def _request_key():
    # Werkzeug raises and catches three errors to tell that a header is absent.
    key = request.environ.get('HTTP_IDEMPOTENCY_KEY', '')
    if len(key) > REQUEST_KEY_LENGTH:
        raise Refused('ERROR_ARGUMENT', 400, _('A request key has 8 to %(most)s characters.', most=REQUEST_KEY_LENGTH))
    return key


def _performed(call, method, given):
    """The answer's own parts: result, and total and next of a list."""
    if method.lower() == 'batch':
        return {'result': batches.run(call, given, settled)}
    answer = calls.perform(call, method, given)
    g.costs_tool = answer.tool
    shown = {'result': answer.result}
    if answer.next is not None:
        shown['next'] = answer.next
    if answer.total is not None:
        shown['total'] = answer.total
    return shown


@blueprint.after_request
def note_use(response):
    """Write that a token was used, after the answer and at most every five minutes."""
    opened = g.pop('used_token', None)
    if opened is not None and tokens.is_worth_noting(opened):
        address = request.remote_addr or ''
        response.call_on_close(lambda: _touch(opened, address))
    return response


def _touch(opened, address):
    try:
        with db.connected():
            tokens.touch(opened, address)
    except Exception:       # a full disk must not break an answer that was given already
        log.exception('the use of token %s was not noted', opened.id)
