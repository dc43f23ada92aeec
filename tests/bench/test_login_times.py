"""F009: a wrong password takes as long for a local name, for one of the directory's and for a name that nobody has."""
import statistics
import time

import pytest

from appliance.core.actor import SYSTEM
from appliance.demo import directory as slapd
from appliance.identity import accounts, passwords
from appliance.identity.directory import directories
from appliance.web.app import create_app
from tests.boxes import opened
from tests.ldap.people import BASE, PEOPLE, PORTAL, SECRET, company, person
from tests.postgresql import free_port
from tests.visitors import Browser

TRIES = 60      # each by another name and from another network: nobody's budget ends
KINDS = ('local', 'listed', 'absent')


@pytest.fixture
def log_in(sqlite_template, tmp_path):
    """A function: the seconds that a wrong password takes for a name, from an address."""
    listed = '\n'.join(person(f'listed{number}') for number in range(TRIES))
    with (slapd.Slapd(f'{company()}\n{listed}', base=BASE, port=free_port()) as server, sqlite_template.box(tmp_path / 'box') as box,
          opened(box)):
        directories.add_directory(SYSTEM, 'company', server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none')
        hashed = passwords.hash_password('a local secret')
        for number in range(TRIES):
            accounts.add_local(SYSTEM, f'local{number}', f'Local {number}', password_hash=hashed)
        browser = Browser(create_app(box.config), 'no such session')

        def post(login, address):
            begun = time.perf_counter()
            answer = browser.post('/login', {'login': login, 'password': 'a wrong one'}, page='/login',
                                  environ_overrides={'REMOTE_ADDR': address})
            assert answer.status_code == 401
            return time.perf_counter() - begun
        yield post


def test_a_wrong_password_takes_as_long_for_every_name(log_in, table):
    times = {kind: [] for kind in KINDS}
    for number in range(TRIES):
        for place, kind in enumerate(KINDS):
            times[kind].append(log_in(f'{kind}{number}', f'10.{place}.{number}.1'))
    medians = {kind: statistics.median(found) for kind, found in times.items()}
    for kind, seconds in medians.items():
        table(f'a wrong password, {kind} name: median', seconds * 1000, None, 'ms')
    table('the slowest by the quickest', max(medians.values()) / min(medians.values()), 1.1, 'x')
