"""What the tests of a look at what changed share: three kinds of servers, and a directory that was looked at twice."""
import functools

import pytest

from appliance.core.actor import SYSTEM
from appliance.core.people import is_blocked
from appliance.identity.directory import directories
from appliance.identity.directory.sync import following, looking
from tests import looks
from tests.ldap.people import BASE, PEOPLE, PORTAL, SECRET
from tests.ldap.sync.conftest import who

SYNCPROV = ('moduleload syncprov', 'overlay syncprov')
FORMER = f'ou=former,{BASE}'


@pytest.fixture(params=['cookie', 'list', 'seconds'])
def overlays(request):
    """OpenLDAP that says how far it is, one that does not, and a directory that shows whole seconds."""
    if isinstance(request.param, tuple):
        return request.param
    top, bottom = SYNCPROV if request.param == 'cookie' else ('', '')
    return f'{top}\nmoduleload memberof', f'overlay memberof\n{bottom}'


@pytest.fixture
def followed(request, box, company):
    """As of the other tests; already looked at twice."""
    preset = '389' if 'seconds' in request.node.name else 'openldap'
    directory_id = directories.add_directory(SYSTEM, 'Company', company.server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none', preset=preset, sync='all')
    following.follow(directory_id)
    assert following.follow(directory_id) is None
    return directory_id


@pytest.fixture
def cheap(request):
    """looks.cheap; where marks are of whole seconds, those of the last second are read again, which here are all."""
    return functools.partial(looks.cheap, 15) if 'seconds' in request.node.name else looks.cheap


def only(kind):
    return pytest.mark.parametrize('overlays', [kind], indirect=True)


def steps(run):
    return {} if run is None else {kind: [(name, reason) for name, reason, _state in found] for kind, found in run.steps.items()}


def restarted(directory_id):
    """As another process: what this one remembers is gone."""
    looking.forget(directory_id)


def is_out(login):
    return is_blocked(who(login).id)
