"""The content origin: an application of one address, under a name or port of its own, that gives files of people and nothing else.

Only GET and HEAD; no cookie is read or set; whatever a file holds runs nothing, since it belongs to no origin (`sandbox`).
"""

import logging

import flask
import peewee
from werkzeug.exceptions import HTTPException

from appliance.core import content, db, i18n
from appliance.core.errors import PortalError
from appliance.web import files
from appliance.web.masking import masked

_ = i18n.texts(__name__)
log = logging.getLogger('appliance.content')
METHODS = ('GET', 'HEAD')
HEADERS = {
    # The last three let a browser show a picture, a film, a text that it is asked for by itself.
    'Content-Security-Policy': "sandbox; default-src 'none'; frame-ancestors {public}; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'cross-origin',     # the portal's pages are another site where the name differs
    'X-Robots-Tag': 'noindex',
}


def create_content_app(config):
    """The application for requests whose Host is that of `server.content_address`."""
    app = flask.Flask('appliance.web.content', static_folder=None)
    app.add_url_rule('/f/<token>/<name>', view_func=show, methods=METHODS, provide_automatic_options=False)
    app.before_request(_begin)
    app.register_error_handler(PortalError, lambda error: _words(error.status, error.message))
    app.register_error_handler(HTTPException, lambda error: _words(error.code or 500, ''))
    app.register_error_handler(peewee.PeeweeException, _lost_database)
    app.register_error_handler(Exception, _failure)
    public = config.server.public_address
    headers = {name: value.format(public=public) for name, value in HEADERS.items()}
    if public.startswith('https://'):
        headers['Strict-Transport-Security'] = 'max-age=31536000'
    app.after_request(lambda answer: _harden(answer, headers))
    app.teardown_request(lambda error: db.release())
    return app


def _begin():
    language = i18n.negotiate([code for code, _weight in flask.request.accept_languages])
    i18n.speak(language, 'UTC')
    db.database.connect(reuse_if_open=True)


def show(token, name):
    """A file whose address is good for whom it names; `name` is only what the browser saves it as."""
    return files.send(content.opened(token), is_shown=True)


def _words(status, message):
    words = {404: _('This address is good for an hour, and for whom it was made. Open the file from the portal again.')}
    return str(words.get(status, message)) + '\n', status, {'Content-Type': 'text/plain; charset=utf-8'}


def _lost_database(error):
    log.error('a file was asked for, and the database: %s', error)
    return _words(503, _('The portal is busy. Try again in a moment.'))


def _failure(error):
    log.exception('a file could not be given')
    return _words(500, _('Something went wrong.'))


def _harden(answer, headers):
    answer.headers.update(headers)
    answer.headers.setdefault('Cache-Control', 'no-store')
    log.info('%s %r %s', flask.request.method, masked(flask.request.path), answer.status_code)
    return answer
