"""What a call over REST costs, in units of a bare hello under the same Gunicorn in the same run."""
import json
import statistics

import pytest

from appliance.core.people import Person, actor_for
from appliance.identity import tokens
from tests.bench.load import cpu_a_request
from tests.boxes import opened

ROUNDS, REQUESTS, WRITES, BATCHES = 5, 400, 100, 40
CALLS = {
    'REST, 50 of 10,000 people': ('user.get', 3),
    'REST, their last page': ('user.get?start=9950', None),
    'REST, 50 without a total': ('user.get?start=-1', None),
    'REST, by two filters and another order': ('user.get?filter[@UF_DEPARTMENT][]=1&filter[%25EMAIL]=person1&order[NAME]=ASC', None),
    'REST, one person': ('user.get?ID=3', None),
    'REST, the time': ('server.time', None),
}


@pytest.fixture(scope='module')
def webhook(crowd):
    """The path of the demo employee's webhook, with all scopes."""
    with opened(crowd.box):
        actor = actor_for(Person.get(Person.login == 'employee').id, via='test:employee')
        token, _row = tokens.make_token(actor, 'bench', ['user', 'department', 'timeman'])
    return f'/rest/{actor.person_id}/{token}/'


def measure(table, what, most, unit, call):
    """Add a row: the median over the rounds of a call by a hello measured beside it."""
    rounds = [(unit(), call()) for _round in range(ROUNDS)]
    ratio = statistics.median(cost / bare for bare, cost in rounds)
    table(f'{what} ({statistics.median(cost for _bare, cost in rounds):.2f} ms, hello {statistics.median(bare for bare, _cost in rounds):.2f} ms)',
          ratio, most, 'x')


@pytest.fixture(scope='module')
def unit(hello):
    """Milliseconds of a hello, measured beside each call again."""
    return lambda: cpu_a_request(hello, '/', 2 * REQUESTS)


@pytest.mark.parametrize('what', CALLS)
def test_read(portal, webhook, unit, table, what):
    path, most = CALLS[what]
    measure(table, what, most, unit, lambda: cpu_a_request(portal, webhook + path, REQUESTS))


def test_write(portal, webhook, unit, table):
    """A working day that is paused and goes on: each request is a transaction with two changes and an event."""
    def path(turn):
        return f'{webhook}{("timeman.open", "timeman.pause")[turn % 2]}'
    measure(table, 'REST, a write', 6, unit, lambda: cpu_a_request(portal, path, WRITES, connections=1))


def test_batch(portal, webhook, unit, table):
    body = json.dumps({'halt': 0, 'cmd': {f'c{number}': f'user.get?start={50 * number}' for number in range(50)}}).encode()
    headers = {'Content-Type': 'application/json'}
    measure(table, 'REST, a batch of 50 lists of 50', None, unit,
            lambda: cpu_a_request(portal, webhook + 'batch', BATCHES, headers, body=body))
