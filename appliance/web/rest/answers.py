"""Answers of REST: JSON in the reference product's shape, refusals and failures too."""

import logging

import orjson
import peewee
from flask import Response, g, request

from appliance.core.errors import Busy, NotAllowed, PortalError, TooMany
from appliance.core.i18n import texts
from appliance.core.rest.refusals import INTERNAL, described, status_of

_ = texts(__name__)
log = logging.getLogger('appliance.web')
# What no rule said: an unknown address, a wrong HTTP method, too large a body, another host.
CODES = {403: 'ACCESS_DENIED', 404: 'ERROR_METHOD_NOT_FOUND', 405: 'INVALID_REQUEST', 413: 'INVALID_REQUEST', 503: 'OVERLOAD_LIMIT'}
WORDS = {403: NotAllowed.default, 404: _.lazy('There is no such method.'), 405: _.lazy('Methods are called by GET or POST.'),
         411: _.lazy('The request did not say how much it sends'), 413: _.lazy('That was too much'), 421: _.lazy('The portal has another address'),
         500: PortalError.default, 503: Busy.default}


def is_rest():
    """Whether who asks called a method, and reads JSON."""
    return request.path.startswith('/rest/') or request.path == '/rest'


def json(values, status=200, headers=None):
    """A JSON answer; moments become ISO 8601."""
    return Response(orjson.dumps(values, option=orjson.OPT_OMIT_MICROSECONDS), status, headers, content_type='application/json; charset=utf-8')


def refused(status, message='', headers=None):
    """The answer to what was refused or failed outside a method."""
    words = message or str(WORDS.get(status, _('This request is not understood.')))
    code = CODES.get(status, 'INVALID_REQUEST' if status < 500 else INTERNAL)
    return json({'error': code, 'error_description': words}, status, headers)


def refusal(error):
    """The answer to a PortalError."""
    headers = {'Retry-After': str(error.retry_after_s)} if isinstance(error, (Busy, TooMany)) else {}
    return json(described(error), status_of(error), headers)


def settled(error):
    """What to say of a failure that no rule foresaw: a PortalError. It is logged with its trace."""
    if isinstance(error, (peewee.OperationalError, peewee.InterfaceError)):
        log.error('request %s: the database: %s', g.get('request_id', '-'), error)
        return Busy(retry_after_s=5)
    log.exception('request %s failed', g.get('request_id', '-'), exc_info=error)
    return PortalError()
