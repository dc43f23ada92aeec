"""From a change in an Active Directory of 10,000 people to the closed door here: by each way out, with web and jobs running."""
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import timedelta

import pytest

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.people import Person
from appliance.identity import sessions
from appliance.identity.directory import directories
from appliance.identity.directory.sync import following
from tests.bench.conftest import PEOPLE
from tests.bench.servers import served_box, serving
from tests.boxes import opened
from tests.looks import cheap, watched
from tests.samba.conftest import DISABLED, SECRET, domain   # noqa: F401 - a fixture
from tests.samba.server import BASE
from tests.samba.server import PEOPLE as PEOPLE_BASE

MOST_S, LOOK_S = 60, 0.5


@pytest.fixture
def staff(domain):      # noqa: F811 - the fixture
    """The DN of the nested group in which all 10,000 are, and that of one inner group of the ten who will go."""
    leavers = [domain.person(f'leaver{number}') for number in range(10)]
    others = []
    for number in range(PEOPLE - len(leavers)):
        others.append(f'CN=person{number},{PEOPLE_BASE}')
        domain.connection.add_s(others[-1], [('objectClass', [b'user']), ('sAMAccountName', [f'person{number}'.encode()]), ('title', [b'Worker']),
                                             ('mail', [f'person{number}@corp.test'.encode()]), ('userAccountControl', [b'544'])])
    inner = domain.group(*leavers)
    return domain.group(inner, domain.group(*others)), inner


def test_from_the_change_to_the_closed_door(domain, staff, sqlite_template, tmp_path, table):       # noqa: F811 - the fixture
    outer, inner = staff
    box = served_box(tmp_path / 'box', 'sqlite:///data/portal.db')
    shutil.copyfile(sqlite_template.file, box.config.data.folder / 'portal.db')
    with opened(box):
        directory_id = directories.add_directory(
            SYSTEM, 'Domain', domain.server.url, PEOPLE_BASE, SECRET, bind_dn='portal@corp.test', ca_pem=domain.authority.pem, preset='active-directory', sync='all',
            person_filter=f'(&(objectCategory=person)(objectClass=user)(memberOf:1.2.840.113556.1.4.1941:={outer}))')
        begun = time.perf_counter()
        following.follow(directory_id)
        table(f'{Person.select().count():,} people made from an Active Directory', time.perf_counter() - begun, None, 's')
        for what, few in (('everybody, the groups of the filter named', False), ('what changed', True), ('what changed', True)):
            with (cheap() if few else watched()):
                begun = time.perf_counter()
                assert following.follow(directory_id) is None
                table(f'a look at {what}: nothing did', time.perf_counter() - begun, None, 's')
        cookies = [sessions.open_session(SYSTEM, Person.get(Person.login == f'leaver{number}').id, ['password'])[0] for number in range(10)]
    jobs = subprocess.Popen([sys.executable, '-m', 'appliance', '--config', str(box.config.path), 'jobs'])
    try:
        with serving(['appliance', 'web'], box, log=tmp_path / 'log') as server:
            ways = {'disabled': lambda dn: domain.set(dn, userAccountControl=DISABLED), 'deleted': domain.connection.delete_s,
                    'moved out of the base': lambda dn: domain.connection.rename_s(dn, dn.partition(',')[0], newsuperior=f'OU=Former,{BASE}'),
                    'removed from a nested group': lambda dn: domain.leave(inner, dn),
                    'expired': lambda dn: domain.expires(dn, clock.now() - timedelta(minutes=1))}
            for number, (way, do) in enumerate(ways.items()):
                assert is_in(server.port, cookies[number])
                do(f'CN=leaver{number},{PEOPLE_BASE}')
                begun = time.perf_counter()
                while is_in(server.port, cookies[number]):
                    assert time.perf_counter() - begun < 3 * MOST_S
                    time.sleep(LOOK_S)
                table(f'{way} in the directory, out here', time.perf_counter() - begun, MOST_S, 's')
    finally:
        jobs.terminate()
        jobs.wait(30)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def is_in(port, cookie):
    """Whether a session opens the first page."""
    asked = urllib.request.Request(f'http://127.0.0.1:{port}/', headers={'Cookie': f'appliance_session={cookie}', 'Host': f'127.0.0.1:{port}'})
    try:
        with urllib.request.build_opener(_Stay).open(asked, timeout=10) as answer:
            return answer.status == 200
    except urllib.error.HTTPError as error:
        assert error.code == 303
        return False
