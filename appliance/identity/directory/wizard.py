"""Trying a directory while somebody still fills in its form: nothing is kept but that it was done.

Whoever may manage directories names the server, so it may be a private one or this machine; the portal's own doors are never knocked
at, each try is written down, and nobody has more of them than setting a directory up needs.
"""

import threading
from dataclasses import replace

from appliance.core import audit, http_client
from appliance.core.actions import action
from appliance.core.errors import Busy, Invalid
from appliance.core.i18n import texts
from appliance.core.permissions import permitted
from appliance.identity import throttle
from appliance.identity.directory import advice, directories, grants, probe
from appliance.identity.directory.client import address

_ = texts(__name__)

# Up to which step of the test each part of the form is tried.
PARTS = {'server': 'encryption', 'account': 'base', 'people': 'people', 'login': 'login'}
_turn = threading.BoundedSemaphore(1)      # a try takes seconds: of the threads of a worker one may wait for directories


def check(actor, config, part, values, directory_id=None, secret='', login='', password=''):
    """Try what a form holds, up to one of its PARTS: {steps (probe.try_out's), kind, product, kind_differs, ca_hint, grant}.

    values (a dict), secret: as directories.draft takes them; a login without a password is looked up, with one it is tried. Invalid names a wrong
    field; TooMany, Busy. No transaction may be open: a try takes up to probe.TEST_S.
    """
    directory = directories.draft(actor, directory_id, secret, **values)
    doors = [address(url)[1:] for url in (directory.url, *directory.more_servers)]
    if not _turn.acquire(blocking=False):
        raise Busy(_.lazy('Another directory is being tried. Try again in a moment.'))
    try:
        if any(http_client.is_own_door(config, host, port) for host, port in doors):
            raise Invalid(_.lazy('That is a door of the portal itself, and no directory.'), field='url')
        note_check(actor, directory_id, ', '.join(f'{host}:{port}' for host, port in doors), part)
        is_login = part == 'login'
        steps = probe.try_out(directory, login if is_login and password else '', password, login if is_login else '', PARTS[part])
    finally:
        _turn.release()
    server = next((one['details'].get('server') or {} for one in steps if one['step'] == 'encryption'), {})
    kind = server.get('kind', '')
    named = directory if directory.base_dn else replace(directory, base_dn=next(iter(server.get('contexts', ())), ''))
    return {'steps': steps, 'kind': kind, 'product': server.get('product', ''), 'kind_differs': bool(kind) and kind != directory.preset,
            'ca_hint': advice.where_the_ca_is(kind or directory.preset), 'grant': grants.what_to_grant(named)}


@action(rights=permitted('identity.directories.manage'))
def note_check(actor, directory_id, door, part):
    """Write down that a server is asked; TooMany when this person has asked too often."""
    throttle.take_check(actor)
    audit.record(actor, 'identity.directory.checked', f'identity.directory:{directory_id}' if directory_id else '', door=door, part=part)
