"""Refusals in the reference product's words: HTTP status, code, description. Rules know nothing of it."""

from appliance.core.errors import Busy, Conflict, Invalid, NotAllowed, NotFound, PortalError, StorageFull, TooMany, Unavailable

CODES = {NotFound: 'ERROR_NOT_FOUND', NotAllowed: 'ACCESS_DENIED', Invalid: 'ERROR_ARGUMENT', Conflict: 'ERROR_CONFLICT',
         TooMany: 'QUERY_LIMIT_EXCEEDED', Busy: 'OVERLOAD_LIMIT', Unavailable: 'OVERLOAD_LIMIT', StorageFull: 'STORAGE_FULL'}
STATUSES = {'ERROR_ARGUMENT': 400, 'QUERY_LIMIT_EXCEEDED': 503}     # where a rule's own differs
INTERNAL = 'INTERNAL_SERVER_ERROR'


class Refused(PortalError):
    """A refusal that has a code of the reference product of its own."""

    def __init__(self, code, status, message):
        super().__init__(message)
        self.code, self.status = code, status


def code_of(error):
    """The code of a PortalError."""
    if isinstance(error, Refused):
        return error.code
    return next((code for kind, code in CODES.items() if isinstance(error, kind)), INTERNAL)


def status_of(error):
    """Its HTTP status."""
    return STATUSES.get(code_of(error), error.status)


def described(error):
    """{error, error_description}; a field that is wrong is named in the description."""
    words, field = str(error.message), getattr(error, 'field', None)
    return {'error': code_of(error), 'error_description': f'{field}: {words}' if field and field not in words else words}
