"""What every request passes before a view and every answer after it (design section 9). Order matters; each step says why.

Deny by default: a route without a stated right answers 403, even to an administrator.
"""

import logging
import os

from flask import current_app, g, redirect, render_template, request, url_for
from flask_login import LoginManager, current_user
from werkzeug.exceptions import LengthRequired, RequestEntityTooLarge

from appliance.core import audit, clock, db, i18n, revisions, settings
from appliance.core.actor import ANONYMOUS
from appliance.core.errors import Busy, NotAllowed
from appliance.core.limits import BODY_BYTES
from appliance.core.tool import registry
from appliance.identity import sessions
from appliance.web import cookies, csrf
from appliance.web.errors import is_fragment
from appliance.web.health import is_admin_door
from appliance.web.hosts import is_host
from appliance.web.rest.answers import is_rest, refused
from appliance.web.uploads import body_bytes

_ = i18n.texts(__name__)
log = logging.getLogger('appliance.web')
HEADERS = {
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=()',
}
_FROM_SITES = frozenset({'HTTP_ORIGIN', 'HTTP_SEC_FETCH_SITE'})
_SAY_BODY = frozenset({'CONTENT_LENGTH', 'HTTP_TRANSFER_ENCODING'})


class Hardened:
    """WSGI middleware: puts the headers that every answer has on those that do not say them otherwise.

    Here rather than in a step after the view: Werkzeug looks each name up among the others and copies all of them once more.
    """

    def __init__(self, application, headers):
        self.application = application
        self.headers = [(name, name.lower(), value) for name, value in headers.items()]

    def __call__(self, environ, start_response):
        def start(status, headers, *error):
            given = {name.lower() for name, _value in headers}
            return start_response(status, [*headers, *((name, value) for name, lowered, value in self.headers if lowered not in given)], *error)
        return self.application(environ, start)


class Visitor:
    """What Flask-Login calls a user: whoever's session row the request's cookie opens."""

    is_authenticated = is_active = True
    is_anonymous = False

    def __init__(self, opened):
        self.session = opened

    def get_id(self):
        """The person's id as text."""
        return str(self.session.actor.person_id)


class Logins(LoginManager):
    """Flask-Login, without the mark of address and browser that it makes at each request for its own cookie, which we do not have."""

    def _session_protection_failed(self):
        return False


def install(app):
    """Put the steps around every request of the application."""
    # Without its context processor: a template must not ask the database, least of all the page that says it is away.
    manager = Logins(app, add_context_processor=False)
    # At each answer it would look for a cookie that we never set.
    app.after_request_funcs[None].remove(manager._update_remember_cookie)
    # Flask-Login would try to decode a cookie of this name with the secret key that we do not have; no cookie has an empty name.
    app.config['REMEMBER_COOKIE_NAME'] = ''
    app.config.update(MAX_CONTENT_LENGTH=BODY_BYTES, MAX_FORM_MEMORY_SIZE=BODY_BYTES, MAX_FORM_PARTS=500)
    manager.request_loader(_load_visitor)
    app.before_request(_pass_steps)
    headers = HEADERS | {'Content-Security-Policy': content_policy(app.portal.server.content_address, app.portal.live_address)}
    if app.portal.is_secure:
        headers['Strict-Transport-Security'] = 'max-age=31536000'
    app.wsgi_app = Hardened(app.wsgi_app, headers)
    app.after_request(_name_its_keeping)
    app.after_request(_note_use)
    app.teardown_request(lambda error: revisions.end())


def content_policy(content_address, live_address):
    """What a page may load: our own, files of people from the content origin, and the stream where nobody stands before us."""
    also = f' {content_address}' if content_address else ''
    return (f"default-src 'self'; img-src 'self' data: blob:{also}; media-src 'self' blob:{also}; frame-src 'self'{also}; object-src 'none'; "
            "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
            + (f"; connect-src 'self' {live_address}" if live_address.startswith('http') else ''))


def _load_visitor(asked):
    token = asked.cookies.get(cookies.name('session'))
    opened = sessions.load(token) if token else None
    return Visitor(opened) if opened else None


def _pass_steps():
    """Each step before the view, until one answers. Its arguments are what `g` and `request` stand for: to look each up thirty times
    took a page longer than a query.
    """
    known, asked = g._get_current_object(), request._get_current_object()
    for step in (_begin, _refuse_other_host, _refuse_large_body, _recognise, _refuse_resuming, _require_right, _refuse_other_site, _require_form_token):
        answer = step(known, asked)
        if answer is not None:
            return answer
    return None


def _begin(known, asked):
    """The request's number, the view's right and a visitor who is nobody yet: error pages need them, whatever fails below.

    Where the view asks for a token, a cookie that came along is nobody's, and needs no proof that a form was ours.
    """
    known.request_id = os.urandom(6).hex()
    known.session, known.actor = None, ANONYMOUS
    known.right = getattr(current_app.view_functions.get(asked.endpoint), 'right', None)
    known.is_by_token = getattr(known.right, 'is_by_token', False)
    audit.come_from(asked.remote_addr or '')
    if known.is_by_token:      # answers in its person's language
        i18n.speak('en', 'UTC')
        return
    known.asked_language = asked.cookies.get(cookies.name('language')) or i18n.negotiate([code for code, _w in asked.accept_languages])
    i18n.speak(known.asked_language, 'UTC')


def _refuse_other_host(known, asked):
    """Our pages name absolute addresses and set cookies; under another name (DNS rebinding) they would serve somebody else."""
    server = current_app.portal.server
    if is_host(asked.environ, server.public_address):
        return None
    if is_admin_door(asked.environ, server.admin_address) or asked.endpoint in ('health.healthz', 'static'):
        return None
    if is_rest():
        return refused(421)
    return render_template('errors/address.html', status=421, title=_('The portal has another address'), number='',
                           address=server.public_address, language=i18n.current_language(), direction=i18n.direction()), 421


def _refuse_large_body(known, asked):
    """Before anything parses it. Werkzeug would cut a body without a stated length silently; no browser sends a form that way."""
    most = body_bytes(asked.endpoint)
    if not _SAY_BODY.isdisjoint(asked.environ):
        if asked.content_length is None and asked.environ.get('HTTP_TRANSFER_ENCODING'):
            raise LengthRequired()
        if (asked.content_length or 0) > most:
            raise RequestEntityTooLarge()
    asked.max_content_length = most


def _recognise(known, asked):
    """One Actor a request, from the session row; the language and zone of whoever it is."""
    if asked.endpoint in ('static', 'health.healthz'):
        return
    db.database.connect(reuse_if_open=True)
    if known.is_by_token:
        return
    opened = known.session = getattr(current_user, 'session', None)
    if opened is not None:
        known.actor = opened.actor
        i18n.speak(opened.actor.language, opened.actor.zone)
    elif known.asked_language is None:
        i18n.speak(settings.get_setting('company.language'))


def _refuse_resuming(known, asked):
    """A tool that is being switched on opens when it has caught up with what happened while it was off."""
    if registry.resuming and asked.blueprint in registry.resuming:
        raise Busy(_('This tool is being switched on. Try again in a moment.'), retry_after_s=2)


def _require_right(known, asked):
    """A view answers whom its right names. Who is not logged in is sent to the login, and comes back after it."""
    if asked.routing_exception is not None or asked.endpoint == 'static':
        return None
    right = known.right
    if right is None:
        raise NotAllowed()
    if known.session is None and not right.is_public and not right.is_by_token:
        return _to_login(asked)
    right.check(known.actor)
    return None


def _to_login(asked):
    here = asked.full_path.rstrip('?') if asked.method == 'GET' and not is_fragment() else None
    address = url_for('login.form', next=here if here != '/' else None)
    if asked.headers.get('HX-Request') == 'true':
        return '', 401, {'HX-Redirect': address}
    return redirect(address, 303)


def _refuse_other_site(known, asked):
    """Requests that another site makes with this browser's cookies. A link from elsewhere may open a page, no more."""
    if asked.environ.keys().isdisjoint(_FROM_SITES):      # no browser, or one so old that the form's token has to do
        return
    if asked.routing_exception is not None or asked.endpoint == 'static' or (known.right.is_public and asked.method in csrf.SAFE_METHODS):
        return
    site = asked.headers.get('Sec-Fetch-Site', 'none')
    opens_page = asked.method == 'GET' and asked.headers.get('Sec-Fetch-Mode') == 'navigate' and asked.headers.get('Sec-Fetch-Dest') == 'document'
    origin = asked.headers.get('Origin')
    if (site not in ('same-origin', 'none') and not opens_page) or (
            origin and origin.lower() != current_app.portal.server.public_address.lower()):
        raise NotAllowed(_('This request came from another site.'))


def _require_form_token(known, asked):
    if not known.is_by_token:
        csrf.check(asked)


def _note_use(response):
    """Write that the session was used, at most every few minutes and after the answer: nobody waits for it."""
    opened = g.session
    if opened is not None and clock.now() - opened.seen_at >= sessions.TOUCH_EVERY:
        response.call_on_close(lambda: _touch(opened))
    return response


def _touch(opened):
    try:
        with db.connected():
            sessions.touch(opened)
    except Exception:       # a full disk must not break an answer that was given already
        log.exception('the use of session %s was not noted', opened.id)


def _name_its_keeping(response):
    """Say who may keep the answer: nobody, unless it is a file of ours, or the view said so."""
    asked, known = request._get_current_object(), g._get_current_object()
    if asked.endpoint == 'static':
        # Names under dist/ change with the content.
        response.cache_control.no_cache = None
        response.headers['Cache-Control'] = 'public, max-age=31536000, immutable' if '/dist/' in asked.path else 'public, max-age=3600'
    else:
        response.headers.setdefault('Cache-Control', 'no-store')
        response.headers.add('Vary', 'Cookie, Accept-Language, HX-Request')
    if known.get('new_visit'):
        cookies.keep(response, 'visit', known.new_visit)
    return response
