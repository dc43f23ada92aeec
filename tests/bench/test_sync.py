"""Following a directory of 10,000 people: the first time, and each time after it (at everybody, at what changed), beside the bare paged search."""
import statistics
import time

import pytest

from appliance.core.actor import SYSTEM
from appliance.demo import directory as slapd
from appliance.identity.directory import directories
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

ROUNDS = 5


@pytest.fixture(params=['sqlite', 'postgresql'])
def followed(request, tmp_path):
    """The id of a directory of 10,000 people, in an open portal that has none of them yet, and the engine's name."""
    people = '\n'.join(person(f'person{number}', mail=f'person{number}@company.test', title='Worker', departmentNumber=f'Hall {number % 40}',
                              telephoneNumber=f'+34 600 {number:06d}') for number in range(PEOPLE))
    template = request.getfixturevalue(f'{request.param}_template')
    with (slapd.Slapd(f'{company()}\n{people}', base=BASE, port=free_port(), top='sizelimit unlimited\nmoduleload syncprov', bottom='overlay syncprov') as server, template.box(tmp_path / 'box') as box,
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


def seconds(call):
    begun = time.perf_counter()
    assert not call()
    return time.perf_counter() - begun


def bare_search(directory):
    with connect(directory, time.monotonic() + 60) as connection:
        bind_own_account(connection, directory)
        for _page in connection.pages(directory.person_filter, attributes_of(directory), reading.PAGE):
            pass
