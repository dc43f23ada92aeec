"""Every cookie of the portal: how it is set."""

from datetime import timedelta

from flask import current_app


def is_secure():
    """Whether people reach the portal over TLS."""
    return current_app.portal.is_secure


def name(short):
    """The full name of a cookie: session, visit, language, theme."""
    return current_app.portal.cookie(short)


def keep(response, short, value, days=None):
    """Set a cookie for this browser; without `days` it ends with the browser."""
    response.set_cookie(name(short), value, max_age=timedelta(days=days) if days else None, path='/',
                        secure=is_secure(), httponly=True, samesite='Lax')


def drop(response, short):
    """Delete a cookie."""
    response.delete_cookie(name(short), path='/', secure=is_secure(), httponly=True, samesite='Lax')
