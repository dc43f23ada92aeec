"""Three clients of the reference product, as people use them: lists over 50, filters, ids, batches, writes, errors."""
from tests.clients.conftest import PEOPLE

EVERYBODY = {str(number) for number in range(1, PEOPLE + 1)}


def between(least, most):
    """The ids from one to another as texts."""
    return {str(number) for number in range(least, most)}


def test_fast_bitrix24(run):
    found = run('fast-bitrix24', 'fast_bitrix24_program.py')
    assert set(found['all']) == EVERYBODY and len(found['all']) == PEOPLE
    assert set(found['filtered']) == between(20, 90)
    assert [one['NAME'] for one in found['departments']] == ['Engineering', 'Laboratory', 'Sales']
    assert {number: one[0]['ID'] for number, one in found['by_id'].items()} == {'1': '1', '2': '2', '3': '3'}
    assert found['batch']['me']['NAME'] == 'Inés' and [one['NAME'] for one in found['batch']['mine']] == ['Engineering']
    assert found['call'][0]['LAST_NAME'] == 'Jiménez' if isinstance(found['call'], list) else found['call']['LAST_NAME'] == 'Jiménez'
    assert found['raw']['ADMIN'] is True
    assert (found['opened'], found['closed']) == ('OPENED', 'CLOSED')
    assert (found['unknown_filter'], found['unknown_method']) == (400, 404) and 'ERROR_METHOD_NOT_FOUND' in found['in_a_batch']


def test_bitrix24_rest(run):
    found = run('bitrix24-rest', 'bitrix24_rest_program.py')
    assert set(found['all']) == EVERYBODY and len(found['all']) == PEOPLE
    assert set(found['from_100']) == between(100, PEOPLE + 1)       # not everybody: its filter had lost its half
    assert [one['ID'] for one in found['not_1']] == ['2', '3'] and [one['ID'] for one in found['ordered']] == ['3', '2', '1']
    assert found['batch']['result']['him'][0]['NAME'] == 'Inés' and found['profile']['ID'] == '1'
    assert (found['opened'], found['closed']) == ('OPENED', 'CLOSED')
    assert (found['unknown_filter'], found['unknown_method']) == ('HTTP error: 400', 'HTTP error: 404')


def test_2bad_bitrix(run):
    found = run('2bad-bitrix', 'bitrix_program.cjs')
    assert set(found['all']) == EVERYBODY and len(found['all']) == PEOPLE
    assert set(found['filtered']) == between(30, 95) and found['one'][0]['ID'] == '2'
    assert found['named']['result']['me']['ID'] == '1' and found['named']['result_error'] == [] and found['named']['result_total'] == {'departments': 3}
    assert found['listed'][1]['ADMIN'] is True
    assert (found['opened'], found['closed']) == ('OPENED', 'CLOSED')
    assert found['unknownFilter'].startswith('400') and found['unknownMethod'].startswith('404') and '[batch] failed' in found['failingBatch']
