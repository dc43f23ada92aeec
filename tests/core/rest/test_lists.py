"""Filters with every prefix against what Python says of the same rows; unknown names, hostile values, pages, totals."""
import re

import pytest

from appliance.core import revisions, rest
from appliance.core.db import database, write
from appliance.core.errors import Invalid
from appliance.core.limits import PAGE_ROWS, REST_AMONG, REST_ORDERS
from appliance.core.rest.lists import Query

WORDS = ['Ana', 'ana', 'Bo_b', "O'Neil", '50% off', 'Ñandú', '', '!x!', None]
FIELDS = rest.Fields(ID=rest.Field('t.id', rest.NUMBER), NAME=rest.Field('t.name'), SIZE=rest.Field('t.size', rest.NUMBER),
                     AT=rest.Field('t.at', rest.MOMENT), OK=rest.Field('t.ok', rest.FLAG), KIND=rest.Field('t.kind', words={'one': 'a', 'two': 'b'}),
                     LIKED=rest.Field('t.name', is_pattern=True), HIDDEN=rest.Field('t.name', is_filtered=False, is_sorted=False))
ROWS = [{'id': number + 1, 'name': WORDS[number % len(WORDS)], 'size': None if number % 7 == 6 else number % 5, 'at': number * 86_400_000_000,
         'ok': number % 2, 'kind': 'ab'[number % 3 % 2]} for number in range(60)]


def shown(value):
    """The name of a test's parameter."""
    return '' if callable(value) else str(value)[:60]


@pytest.fixture
def table(box):
    """A table `t` with rows of every kind, in byte order on both engines."""
    text = 'TEXT' if box.engine == 'sqlite' else 'TEXT COLLATE "C"'
    with write('test'):
        database.execute_sql(f'CREATE TABLE t (id BIGINT PRIMARY KEY, name {text}, size BIGINT, at BIGINT, ok BIGINT, kind {text})')
        for one in ROWS:
            mark = '?' if box.engine == 'sqlite' else '%s'
            database.execute_sql(f'INSERT INTO t VALUES ({", ".join([mark] * 6)})', tuple(one.values()))


def ask(**query):
    """The Page of a query; rows are ids."""
    return rest.listed(FIELDS, 't', 't.id', '1 = 1', (), lambda found: [{'ID': one[0]} for one in found], Query(**query))


def ids(filter):
    """All ids that a filter finds, over the pages."""
    found, start = [], 0
    while start is not None:
        page = ask(filter=filter, start=start)
        assert page.total == len(found) + len(page.rows) or page.next
        found, start = found + [one['ID'] for one in page.rows], page.next
    return found


def low(text):
    """A text as both engines compare it: ASCII alone has no case."""
    return None if text is None else re.sub('[A-Z]', lambda found: found[0].lower(), text)


def like(pattern):
    """LIKE as a regular expression."""
    return re.compile(''.join('.*' if char == '%' else re.escape(char) for char in low(pattern)), re.DOTALL)


@pytest.mark.parametrize(('filter', 'is_meant'), [
    ({'SIZE': 3}, lambda row: row['size'] == 3), ({'=SIZE': '3'}, lambda row: row['size'] == 3), ({'size': 3}, lambda row: row['size'] == 3),
    ({'!SIZE': 3}, lambda row: row['size'] != 3), ({'!=SIZE': 3}, lambda row: row['size'] != 3),
    ({'>SIZE': 3}, lambda row: row['size'] is not None and row['size'] > 3), ({'>=SIZE': 3}, lambda row: row['size'] is not None and row['size'] >= 3),
    ({'<SIZE': 3}, lambda row: row['size'] is not None and row['size'] < 3), ({'<=SIZE': 3}, lambda row: row['size'] is not None and row['size'] <= 3),
    ({'@SIZE': [1, '2']}, lambda row: row['size'] in (1, 2)), ({'!@SIZE': [1, 2]}, lambda row: row['size'] not in (1, 2)),
    ({'SIZE': [1, 2]}, lambda row: row['size'] in (1, 2)), ({'@SIZE': 1}, lambda row: row['size'] == 1),
    ({'@SIZE': {'0': 1, '5': 2}}, lambda row: row['size'] in (1, 2)), ({'@SIZE': []}, lambda row: False), ({'!@SIZE': []}, lambda row: True),
    ({'SIZE': ''}, lambda row: row['size'] is None), ({'!SIZE': ''}, lambda row: row['size'] is not None), ({'SIZE': None}, lambda row: row['size'] is None),
    ({'NAME': 'ana'}, lambda row: low(row['name']) == 'ana'), ({'!NAME': 'ANA'}, lambda row: low(row['name']) != 'ana'),
    ({'NAME': ''}, lambda row: row['name'] == ''), ({'NAME': None}, lambda row: not row['name']), ({'!NAME': None}, lambda row: bool(row['name'])),
    ({'%NAME': 'AN'}, lambda row: row['name'] and 'an' in low(row['name'])), ({'!%NAME': 'an'}, lambda row: not (row['name'] and 'an' in low(row['name']))),
    ({'%NAME': '%'}, lambda row: row['name'] and '%' in row['name']), ({'%NAME': '_'}, lambda row: row['name'] and '_' in row['name']),
    ({'%NAME': '!'}, lambda row: row['name'] and '!' in row['name']), ({'%NAME': "'"}, lambda row: row['name'] and "'" in row['name']),
    ({'=%NAME': 'a%'}, lambda row: row['name'] and like('a%').fullmatch(low(row['name']))),
    ({'%=NAME': '%A'}, lambda row: row['name'] and like('%a').fullmatch(low(row['name']))),
    ({'!=%NAME': 'a%'}, lambda row: not (row['name'] and like('a%').fullmatch(low(row['name'])))),
    ({'!%=NAME': 'a%'}, lambda row: not (row['name'] and like('a%').fullmatch(low(row['name'])))),
    ({'>NAME': 'b'}, lambda row: row['name'] is not None and row['name'] > 'b'), ({'@NAME': ['ANA', "o'neil"]}, lambda row: low(row['name']) in ('ana', "o'neil")),
    ({'NAME': 'a%'}, lambda row: False), ({'LIKED': 'a%'}, lambda row: row['name'] and like('a%').fullmatch(low(row['name']))),
    ({'OK': 'Y'}, lambda row: row['ok'] == 1), ({'!OK': 'true'}, lambda row: row['ok'] == 0), ({'OK': False}, lambda row: row['ok'] == 0),
    ({'KIND': 'TWO'}, lambda row: row['kind'] == 'b'), ({'!KIND': 'two'}, lambda row: row['kind'] == 'a'), ({'@KIND': ['one', 'two']}, lambda row: True),
    ({'>=AT': '1970-01-11T00:00:00+00:00', '<AT': '1970-01-13'}, lambda row: 10 <= row['at'] / 86_400_000_000 < 12),
    ({'>ID': 10, '<=ID': '12', '!ID': 11}, lambda row: row['id'] in (12,))], ids=shown)
def test_filter_finds_what_it_means(table, filter, is_meant):
    assert ids(filter) == [row['id'] for row in ROWS if is_meant(row)]


@pytest.mark.parametrize('filter', [
    {'NOPE': 1}, {'HIDDEN': 'x'}, {'': 1}, {'>': 1}, {'ID; DROP TABLE t': 1}, {'t.id': 1}, {'ID) OR (1=1': 1}, {'1=1 OR ID': 1}, {'=>ID': 1}, {'!>ID': 1},
    {'><ID': [1, 2]}, {'?ID': 1}, {'~ID': 1}, {'ID' * 500: 1}, {'ID': 'x'}, {'ID': '1 OR 1=1'}, {'ID': 1.5}, {'ID': True}, {'ID': '9' * 30}, {'ID': 1 << 64},
    {'ID': {'a': {'b': 1}}}, {'ID': [[1]]}, {'>ID': [1]}, {'%ID': '1'}, {'NAME': 'a\0b'}, {'NAME': '\ud800'}, {'NAME': True}, {'%NAME': ['a']}, {'NAME': [None]},
    {'AT': 'yesterday'}, {'AT': '0001-01-01T00:00:00+14:00'}, {'AT': 5}, {'OK': 'perhaps'}, {'KIND': 'three'}, {'%KIND': 'o'}, {'@ID': list(range(REST_AMONG + 1))}],
    ids=shown)
def test_what_is_unknown_or_wrong_is_an_error_that_names_it(table, filter):
    with pytest.raises(Invalid) as refused:
        ask(filter=filter)
    assert refused.value.field == f'filter[{next(iter(filter))[:60]}]'
    assert database.execute_sql('SELECT count(*) FROM t').fetchone()[0] == len(ROWS)


@pytest.mark.parametrize(('order', 'key', 'is_down'), [
    ((('SIZE', 'ASC'),), lambda row: (row['size'] is not None, row['size'] or 0, row['id']), False),
    ((('size', 'desc'),), lambda row: (row['size'] is None, -(row['size'] or 0), row['id']), False),
    ((('KIND', 'DESC'), ('ID', 'DESC')), lambda row: (row['kind'], row['id']), True), ((), lambda row: row['id'], False)], ids=shown)
def test_order_is_the_same_on_both_engines_and_meets_no_row_twice(table, order, key, is_down):
    found = [one['ID'] for start in (0, PAGE_ROWS) for one in ask(order=order, start=start).rows]
    assert found == [row['id'] for row in sorted(ROWS, key=key, reverse=is_down)]


@pytest.mark.parametrize('order', [(('NOPE', 'ASC'),), (('HIDDEN', 'ASC'),), (('ID', 'sideways'),), (('ID', 'ASC; DROP TABLE t'),), (('id) --', 'ASC'),),
                                   tuple(('SIZE', 'ASC') for _number in range(REST_ORDERS + 1))], ids=str)
def test_wrong_order_is_an_error(table, order):
    with pytest.raises(Invalid) as refused:
        ask(order=order)
    assert refused.value.field.startswith('order')


def test_pages_have_an_exact_total_and_the_next_start(table):
    assert (ask().total, ask().next, len(ask().rows)) == (60, 50, 50)
    last = ask(start=50)
    assert (last.total, last.next, len(last.rows)) == (60, None, 10)
    beyond = ask(start=1000)
    assert (beyond.total, beyond.next, beyond.rows) == (60, None, [])
    uncounted = ask(start=-1)
    assert (uncounted.total, uncounted.next, len(uncounted.rows)) == (None, None, 50)


def test_select_answers_what_was_asked_and_knows_its_fields(table):
    def chosen(*names):
        return rest.listed(FIELDS, 't', 't.id', 't.id = 1', (), lambda found: [{'ID': one[0], 'NAME': 'x', 'UF_A': 1, 'UF_B': 2} for one in found],
                           Query(select=names)).rows[0]
    assert chosen('id', 'NAME') == {'ID': 1, 'NAME': 'x'}
    assert chosen('*') == chosen() == {'ID': 1, 'NAME': 'x', 'UF_A': 1, 'UF_B': 2}
    assert chosen('ID', 'UF_*') == {'ID': 1, 'UF_A': 1, 'UF_B': 2}
    with pytest.raises(Invalid) as refused:
        chosen('ID', 'PASSWORD')
    assert 'PASSWORD' in str(refused.value.message)


def test_a_total_is_counted_once_a_change(table):
    asked = []

    def count():
        asked.append(1)
        return len(asked)
    revisions.begin({'person': 1})
    assert [revisions.kept_each('person', 'a', count), revisions.kept_each('person', 'a', count), revisions.kept_each('person', 'b', count)] == [1, 1, 2]
    revisions.begin({'person': 2})
    assert revisions.kept_each('person', 'a', count) == 3
    with write('test'):
        revisions.bump('person')
    assert [revisions.kept_each('person', 'a', count), revisions.kept_each('person', 'a', count)] == [4, 5]     # changed here: read anew
    revisions.end()
    assert revisions.kept_each('person', 'a', count) == 6
