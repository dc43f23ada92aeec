"""Where a page may send somebody afterwards: our own pages, nothing else."""

from urllib.parse import urlsplit

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException


def own_target(asked):
    """The path asked for if it is a GET page of ours, else the day. Never another site, never another scheme."""
    home = url_for('home.index')
    if not asked or not asked.startswith('/') or asked.startswith('//') or '\\' in asked or not asked.isprintable():
        return home
    parts = urlsplit(asked)
    if parts.scheme or parts.netloc:
        return home
    try:
        # Matching our own routes also turns away what a browser would read differently from us.
        endpoint, _values = current_app.create_url_adapter(request).match(parts.path, method='GET')
    except HTTPException:
        return home
    return home if endpoint in ('login.form', 'login.by_ticket', 'static') else asked
