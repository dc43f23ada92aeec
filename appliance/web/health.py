"""/healthz. Anybody learns whether the portal is fit to serve; why not is told on the admin address only."""

import hmac
import logging

from flask import Blueprint, current_app, jsonify, request

from appliance.core import sealing
from appliance.core.db import row
from appliance.core.errors import NotFound
from appliance.web.rights import public

blueprint = Blueprint('health', __name__)
log = logging.getLogger('appliance.health')


def is_admin_door(environ, admin_address):
    """Whether a request came by the admin listener. The socket says so, never a header."""
    listener = environ.get('gunicorn.socket')
    if listener is None:
        return False
    name = listener.getsockname()
    if isinstance(name, (str, bytes)):
        return admin_address == f'unix:{name.decode() if isinstance(name, bytes) else name}'
    host, _, port = admin_address.rpartition(':')
    return port == str(name[1]) and host.strip('[]') in (name[0], 'localhost')


def admin_token():
    """The token of the admin address when it is a port: whoever reads the portal's key can make it."""
    return sealing.mac('admin-address', b'token').hex()


def unfit():
    """The reasons why this process cannot serve now: {name: text}, empty when it can."""
    reasons = {}
    try:
        row('SELECT 1 FROM person LIMIT 1')
    except Exception as error:      # whatever the database says, it is a reason and not a crash
        log.error('not fit to serve: the database: %s', error)
        reasons['database'] = str(error)
    return reasons


@blueprint.get('/healthz')
@public('load balancers and the install ask it before anybody can log in')
def healthz():
    """200 when fit to serve, else 503; on the admin address with the reasons."""
    reasons = unfit()
    status = 503 if reasons else 200
    if not is_admin_door(request.environ, current_app.portal.server.admin_address):
        return ('not fit to serve\n' if reasons else 'ok\n'), status, {'Content-Type': 'text/plain; charset=utf-8'}
    require_token()
    return jsonify({'state': 'failed' if reasons else 'ok', 'reasons': reasons}), status


def require_token():
    """NotFound for who may not look behind the admin address. A Unix socket has the rights of its file; a port wants `Authorization: Bearer`."""
    if current_app.portal.server.admin_address.startswith('unix:'):
        return
    given = request.headers.get('Authorization', '').removeprefix('Bearer ')
    if not hmac.compare_digest(given.encode(), admin_token().encode()):
        raise NotFound()
