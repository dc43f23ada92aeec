"""Every cookie of the portal: names and how they are set. Over TLS names carry `__Host-`: no other host can plant them."""

from datetime import timedelta

from flask import current_app

PREFIX = 'appliance_'


def is_secure():
    """Whether people reach the portal over TLS."""
    return current_app.portal.server.public_address.startswith('https://')


def name(short):
    """The full name of a cookie: session, visit, language, theme."""
    return f'{"__Host-" if is_secure() else ""}{PREFIX}{short}'


def keep(response, short, value, days=None):
    """Set a cookie for this browser; without `days` it ends with the browser."""
    response.set_cookie(name(short), value, max_age=timedelta(days=days) if days else None, path='/',
                        secure=is_secure(), httponly=True, samesite='Lax')


def drop(response, short):
    """Delete a cookie."""
    response.delete_cookie(name(short), path='/', secure=is_secure(), httponly=True, samesite='Lax')
