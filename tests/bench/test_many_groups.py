"""A look at an Active Directory of 10,000 people whose filter asks for a group with a thousand groups within it."""
import contextlib
import time

import pytest

from appliance.core.actor import SYSTEM
from appliance.core.people import Person
from appliance.identity.directory import directories
from appliance.identity.directory.client import connect
from appliance.identity.directory.login import bind_own_account
from appliance.identity.directory.sync import following, membership, reading, unrolling
from tests.bench.conftest import PEOPLE
from tests.boxes import opened
from tests.looks import cheap
from tests.samba.conftest import SECRET, domain   # noqa: F401 - a fixture
from tests.samba.server import BASE
from tests.samba.server import PEOPLE as PEOPLE_BASE

GROUPS, TOGETHER, FEW = 1_000, 40, 30
ONE_BY_ONE = '(&(objectCategory=person)(objectClass=user))'


@pytest.fixture
def staff(domain):      # noqa: F811 - the fixture
    """(DN of the group above a thousand in which all 10,000 are, that of one above thirty of them, one inner group, one who is in it)."""
    people = []
    for number in range(PEOPLE):
        people.append(f'CN=person{number},{PEOPLE_BASE}')
        domain.connection.add_s(people[-1], [('objectClass', [b'user']), ('sAMAccountName', [f'person{number}'.encode()]), ('title', [b'Worker']),
                                             ('mail', [f'person{number}@corp.test'.encode()]), ('userAccountControl', [b'544'])])
    each = PEOPLE // GROUPS
    inner = [domain.group(*people[number * each:(number + 1) * each]) for number in range(GROUPS)]
    outer = domain.group(*[domain.group(*inner[at:at + TOGETHER]) for at in range(0, GROUPS, TOGETHER)])
    return outer, domain.group(*inner[:FEW]), inner[0], people[0]


def test_many_groups(domain, staff, sqlite_template, tmp_path, table):       # noqa: F811 - the fixture
    outer, small, inner, one = staff
    with sqlite_template.box(tmp_path / 'box') as box, opened(box):
        directory_id = directories.add_directory(
            SYSTEM, 'Domain', domain.server.url, PEOPLE_BASE, SECRET, bind_dn='portal@corp.test', ca_pem=domain.authority.pem, preset='active-directory', sync='all',
            person_filter=f'(&(objectCategory=person)(objectClass=user)(memberOf:1.2.840.113556.1.4.1941:={outer}))')
        directory = directories.load(directory_id)
        with connect(directory, time.monotonic() + 1_000) as connection:
            bind_own_account(connection, directory)
            ways = {'all people': unrolling.People(ONE_BY_ONE), 'the filter itself': unrolling.People(directory.person_filter),
                    'the filter with 31 groups named': unrolling.unrolled(connection, directory.person_filter.replace(outer, small), BASE)}
            begun = time.perf_counter()
            table(f'{len(membership.members(connection, outer, BASE)):,} members of {GROUPS:,} groups read', time.perf_counter() - begun, None, 's')
            begun = time.perf_counter()
            ways['by the members of the groups'] = unrolling.unrolled(connection, directory.person_filter, BASE)
            read_s = time.perf_counter() - begun
            found = {}
            for what, people in ways.items():
                begun = time.perf_counter()
                found[what] = {known for page in people.pages(connection, directory.preset, ['objectGUID', 'uSNChanged']) for known, _entry in reading.known_by(directory.preset, page)}
                spent_s = time.perf_counter() - begun + (read_s if people.inside else 0)
                table(f'{len(found[what]):,} listed: {what}', spent_s, None, 's')
            assert found['the filter itself'] == found['by the members of the groups']
        for what, few in (('the first look', None), ('the second', None), ('a look at what changed', True), ('another', True)):
            if few:
                domain.set(one, title=f'Worker {what}'.encode())
            begun = time.perf_counter()
            with cheap() if few else contextlib.nullcontext():
                following.follow(directory_id)
            table(f'{what}, {Person.select().count():,} people', time.perf_counter() - begun, None, 's')
        domain.leave(inner, one)
        begun = time.perf_counter()
        with cheap():
            following.follow(directory_id)
        table('one left an inner group, and is out', time.perf_counter() - begun, 20, 's')
