"""What a rule may refuse with. Each has a stable code, an HTTP status and a text in the person's language.

Entry points (web, REST, command line) turn them into answers in one place; rules know no HTTP beyond the number.
"""

from appliance.core.i18n import texts

_ = texts(__name__)


class PortalError(Exception):
    """A refusal that a person may read. `message` is translated when shown."""

    code = 'error'
    status = 500
    default = _.lazy('Something went wrong.')

    def __init__(self, message=None, **details):
        self.message = message if message is not None else self.default
        self.details = details
        super().__init__(str(self.message))


class NotFound(PortalError):
    """It is absent, or this actor must not know that it exists: the same answer."""

    code = 'not_found'
    status = 404
    default = _.lazy('This does not exist, or you may not see it.')


class NotAllowed(PortalError):
    """The actor sees the object, but may not do this with it."""

    code = 'not_allowed'
    status = 403
    default = _.lazy('You may not do this.')


class Invalid(PortalError):
    """A value is wrong; `field` names it, the message says what would be right."""

    code = 'invalid'
    status = 422
    default = _.lazy('This value is not right.')

    def __init__(self, message=None, field=None, **details):
        self.field = field
        super().__init__(message, **details)


class Conflict(PortalError):
    """The state does not allow it (any more): a twin request, a day already closed."""

    code = 'conflict'
    status = 409
    default = _.lazy('Somebody else was faster, or this was already done.')


class TooMany(PortalError):
    """Too many tries; `retry_after_s` says when the next one counts."""

    code = 'too_many'
    status = 429
    default = _.lazy('Too many tries. Wait a little, then try again.')

    def __init__(self, message=None, retry_after_s=60, **details):
        self.retry_after_s = max(1, round(retry_after_s))
        super().__init__(message, **details)


class Busy(PortalError):
    """No turn was to be had in time; the same request may succeed a moment later."""

    code = 'busy'
    status = 503
    default = _.lazy('The portal is busy. Try again in a moment.')

    def __init__(self, message=None, retry_after_s=1, **details):
        self.retry_after_s = retry_after_s
        super().__init__(message, **details)


class Unavailable(PortalError):
    """An outside part (directory, mail server) does not answer; what is inside goes on."""

    code = 'unavailable'
    status = 503
    default = _.lazy('A service that this needs does not answer now.')


class StorageFull(PortalError):
    """The disk is full: reading goes on, nothing was changed."""

    code = 'storage_full'
    status = 507
    default = _.lazy('The disk of the server is full. Nothing was changed; tell your administrator.')


class StartError(Exception):
    """The process must not start; the text names the place and what would be right. For the console, in English."""
