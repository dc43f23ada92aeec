"""Proof that a form was ours: bound to the session's secret, or to a random cookie for somebody who is not logged in.

Each token is salted, so that a compressed page does not leak it by its length (BREACH).
"""

import hmac
import secrets

from flask import g, request

from appliance.core.errors import NotAllowed
from appliance.core.i18n import texts
from appliance.web import cookies

_ = texts(__name__)
SAFE_METHODS = frozenset({'GET', 'HEAD', 'OPTIONS'})


def csrf_token():
    """A token for this visitor's forms: the same for all forms of a page, another on the next page."""
    known = g._get_current_object()
    token = known.get('csrf_token')     # a page of forms asks a dozen times
    if token is None:
        salt = secrets.token_hex(8)
        token = known.csrf_token = f'{salt}.{_proof(_secret(make=True), salt)}'
    return token


def check(asked):
    """NotAllowed unless the form field or the header of a changing request carries a good token."""
    if asked.method in SAFE_METHODS or asked.routing_exception is not None:
        return
    token = asked.headers.get('X-CSRF-Token') or asked.form.get('csrf_token') or ''
    salt, _dot, proof = token.partition('.')
    secret = _secret(make=False)
    if not (secret and salt and hmac.compare_digest(proof.encode(), _proof(secret, salt).encode())):
        raise NotAllowed(_('This page was open for too long, or the form did not come from here. Go back, reload the page and try again.'))


def _proof(secret, salt):
    return hmac.digest(secret, salt.encode(), 'sha256').hex()[:32]


def _secret(make):
    """The bytes that tokens are bound to; None when an anonymous browser has no cookie and none shall be made."""
    if g.session is not None:
        return g.session.csrf_secret.encode()
    if 'visit' not in g:
        g.visit = request.cookies.get(cookies.name('visit')) or None
    if g.visit is None and make:
        g.visit = g.new_visit = secrets.token_urlsafe(24)
    return g.visit.encode() if g.visit else None
