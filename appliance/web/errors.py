"""Every refusal and failure becomes an answer here, once: a page, or for htmx a fragment with the same words."""

import logging

import peewee
from flask import g, render_template, request
from werkzeug.exceptions import HTTPException

from appliance.core import audit
from appliance.core.errors import Busy, NotAllowed, PortalError, TooMany
from appliance.core.i18n import texts
from appliance.web.masking import masked
from appliance.web.rest.answers import is_rest, refused

_ = texts(__name__)
log = logging.getLogger('appliance.web')
# Title and what to do, by status. What a rule said stands between them.
PAGES = {
    400: (_.lazy('The browser asked in a way we do not understand'), ''),
    403: (_.lazy('This is not for you'), _.lazy('If you need it for your work, ask your administrator.')),
    404: (_.lazy('There is nothing here'), _.lazy('It may have been moved, or it is not yours to see.')),
    405: (_.lazy('This does not work that way'), ''),
    409: (_.lazy('This is not possible now'), ''),
    411: (_.lazy('The browser did not say how much it sends'), ''),
    413: (_.lazy('That was too much'), _.lazy('A form takes at most 1 MB.')),
    421: (_.lazy('The portal has another address'), ''),
    422: (_.lazy('Something in the form is not right'), ''),
    429: (_.lazy('Too many tries'), ''),
    500: (_.lazy('Something went wrong here'), _.lazy('It was written down. Try again; if it stays, tell your administrator the number below.')),
    503: (_.lazy('The portal is busy'), _.lazy('Try again in a moment. Nothing was lost.')),
    507: (_.lazy('The disk of the server is full'), _.lazy('You can go on reading. Tell your administrator.')),
}


def install(app):
    """Register the handlers."""
    app.register_error_handler(PortalError, answer_refusal)
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(peewee.OperationalError, answer_lost_database)
    app.register_error_handler(peewee.InterfaceError, answer_lost_database)
    app.register_error_handler(Exception, answer_failure)


def answer_refusal(error):
    """A PortalError in its status, with its words."""
    headers = {}
    if isinstance(error, NotAllowed) and g.get('session') is not None:
        _count_refusal()
    if isinstance(error, (Busy, TooMany)):
        headers['Retry-After'] = str(error.retry_after_s)
    return page(error.status, str(error.message), headers)


def _count_refusal():
    """Who tried what he may not do, after all that it did was taken back."""
    try:
        audit.count(g.actor, 'web.request.refused', method=request.method, path=masked(request.path))
    except Exception:       # a full disk, a database away: the answer matters more
        log.exception('the refusal of request %s was not written down', g.get('request_id', '-'))


def answer_http(error):
    """What Flask and Werkzeug refuse: unknown address, wrong method, too large a body."""
    if error.response is not None or (error.code or 500) < 400:
        return error
    headers = {'Allow': ', '.join(sorted(error.valid_methods))} if getattr(error, 'valid_methods', None) else {}
    return page(error.code, '', headers)


def answer_lost_database(error):
    """The database is away, locked or full: it passes, and the same request may succeed later."""
    log.error('request %s: the database: %s', g.get('request_id', '-'), error)
    return page(503, headers={'Retry-After': '5'})


def answer_failure(error):
    """Anything unforeseen: logged with its trace, told without it."""
    log.exception('request %s failed', g.get('request_id', '-'))
    return page(500)


def page(status, message='', headers=None):
    """The answer for a status: a whole page, or for htmx the fragment of the same words; JSON for who called a method."""
    if is_rest():
        return refused(status, message, headers)
    title, advice = PAGES.get(status, PAGES[500 if status >= 500 else 400])
    if status == 404 and message:       # the words of the rule say more than a guess
        advice = ''
    values = {'status': status, 'title': title, 'message': message, 'advice': advice, 'number': g.get('request_id', '')}
    name = 'errors/fragment.html' if is_fragment() else 'errors/page.html'
    if g.get('session') is None and not is_fragment():
        name = 'errors/gate.html'
    try:
        body = render_template(name, **values)
    except Exception:       # the page itself may need what is broken: the database
        log.exception('the error page of request %s failed', values['number'])
        body = render_template('errors/bare.html', **values)
    return body, status, headers or {}


def is_fragment():
    """Whether htmx asks for a part of a page."""
    return request.headers.get('HX-Request') == 'true' and request.headers.get('HX-Request-Type', 'partial') == 'partial'
