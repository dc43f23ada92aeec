"""Following a directory of 10,000 people: the first time, and each time after it (at everybody, at what changed), beside the bare paged search."""
import statistics
import time

import pytest

from appliance.core import permissions
from appliance.core.actor import SYSTEM
from appliance.demo import directory as slapd
from appliance.identity.directory import directories, group_rules
from appliance.identity.directory.client import connect
from appliance.identity.directory.login import bind_own_account
from appliance.identity.directory.mapping import attributes_of
from appliance.identity.directory.sync import following, marks, reading
from tests.bench.conftest import PEOPLE
from tests.boxes import opened
from tests.ldap.people import BASE, PORTAL, SECRET, company, person
from tests.ldap.people import PEOPLE as PEOPLE_BASE
from tests.looks import cheap
from tests.postgresql import free_port

ROUNDS, GROUPS = 5, 5


@pytest.fixture(params=['sqlite', 'postgresql'])
def followed(request, tmp_path):
    """The id of a directory of 10,000 people, in an open portal that has none of them yet, and the engine's name."""
    people = '\n'.join(person(f'person{number}', mail=f'person{number}@company.test', title='Worker', departmentNumber=f'Hall {number % 40}',
                              telephoneNumber=f'+34 600 {number:06d}') for number in range(PEOPLE))
    groups = '\n'.join(slapd.ldif_entry(f'cn=group{number},{BASE}', {'objectClass': 'groupOfNames', 'cn': f'group{number}', 'member': members})
                       for number, members in enumerate(members_of_groups()))
    template = request.getfixturevalue(f'{request.param}_template')
    with (slapd.Slapd(f'{company()}\n{people}\n{groups}', base=BASE, port=free_port(), top='sizelimit unlimited\nmoduleload syncprov', bottom='overlay syncprov') as server, template.box(tmp_path / 'box') as box,
          opened(box)):
        yield directories.add_directory(SYSTEM, 'Company', server.url, PEOPLE_BASE, SECRET, bind_dn=PORTAL, tls='none', sync='all',
                                        person_filter='(uid=person*)'), request.param


def test_following(followed, table):
    directory_id, engine = followed
    begun = time.perf_counter()
    following.follow(directory_id)
    table(f'{engine}: {PEOPLE:,} people made from a directory', time.perf_counter() - begun, None, 's')
    directory, rounds = directories.load(directory_id), []
    for _round in range(ROUNDS):
        bare = seconds(lambda: bare_search(directory))
        marks.drop(directory_id)
        full = seconds(lambda: following.follow(directory_id))
        with cheap(0):
            rounds.append((bare, full, seconds(lambda: following.follow(directory_id))))
    for what, number, most in (('a look at everybody, {:,} unchanged people,', 1, 3), ('a look at what changed of {:,} unchanged people', 2, 1.5)):
        table(f'{engine}: {what.format(PEOPLE)} ({statistics.median(one[number] for one in rounds):.2f} s) by the bare paged search'
              f' ({statistics.median(one[0] for one in rounds):.2f} s)', statistics.median(one[number] / one[0] for one in rounds), most, 'x')


    for number in range(GROUPS):
        permissions.add_role(SYSTEM, f'role{number}', f'Role {number}')
        group_rules.add_rule(SYSTEM, directory_id, group_rules.find_group(SYSTEM, directory_id, f'cn=group{number},{BASE}'), 'role', f'role{number}')
    begun = time.perf_counter()
    following.follow(directory_id)
    table(f'{engine}: roles given by {GROUPS} groups', time.perf_counter() - begun, None, 's')
    rounds = [(seconds(lambda: bare_search(directory)), seconds(lambda: following.follow(directory_id))) for _round in range(ROUNDS)]
    table(f'{engine}: the same look with {GROUPS} group rules ({statistics.median(look for _bare, look in rounds):.2f} s)',
          statistics.median(look / bare for bare, look in rounds), 3, 'x')


def members_of_groups():
    """The DNs of five groups: of 5,000 people, of 1,000 and two of 200, and one of groups."""
    found, begin = [], 0
    for size in (5_000, 1_000, 200, 200):
        found.append([f'uid=person{number},{PEOPLE_BASE}' for number in range(begin, begin + size)])
        begin += 500
    return [*found, [f'cn=group{number},{BASE}' for number in (2, 3)]]


def seconds(call):
    begun = time.perf_counter()
    assert not call()
    return time.perf_counter() - begun


def bare_search(directory):
    with connect(directory, time.monotonic() + 60) as connection:
        bind_own_account(connection, directory)
        for _page in connection.pages(directory.person_filter, attributes_of(directory), reading.PAGE):
            pass
