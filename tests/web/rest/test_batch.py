"""Batches: order, references, halt, limits, maps as PHP encodes them; and that a repeat of a request with a key does nothing twice."""
import json
from urllib.parse import quote, urlencode

import pytest

from appliance.core.actions import RequestKey
from appliance.core.db import database
from appliance.core.events import EventRow
from appliance.core.people import Person
from tests.web.rest.callers import caller


def run(program, commands, **options):
    """The `result` of a batch."""
    return program.result('batch', json={'cmd': commands, **options})


def test_every_part_is_a_map_by_name_and_empty_ones_are_lists(program):
    found = run(program, {'me': 'user.current', 'all': 'user.get', 'no': 'nope'})
    assert set(found) == {'result', 'result_error', 'result_total', 'result_next', 'result_time'}
    assert found['result']['me']['ID'] == str(program.person_id) and len(found['result']['all']) == 45
    assert found['result_error']['no']['error'] == 'ERROR_METHOD_NOT_FOUND' and found['result_error']['no']['error_description']
    assert found['result_total'] == {'all': 45} and found['result_next'] == [] and set(found['result_time']) == {'me', 'all'}
    assert run(program, {'me': 'server.time'})['result_error'] == []
    assert run(program, []) == run(program, {}) == dict.fromkeys(found, [])


def test_commands_in_a_list_answer_in_a_list(program):
    found = run(program, ['server.time', 'profile'])
    assert isinstance(found['result'], list) and found['result'][1]['ID'] == str(program.person_id)
    assert isinstance(run(program, {'0': 'server.time', '1': 'profile'})['result'], list)
    assert set(run(program, ['nope', 'profile'])['result']) == {'1'}
    assert set(run(program, {'a': 'server.time', '1': 'profile'})['result']) == {'a', '1'}


@pytest.mark.parametrize('reference', ['$result[a][ID]', quote('$result[a][ID]'), quote('$result[a][ID]', safe=''), '%24result%5Ba%5D%5BID%5D'])
def test_a_reference_is_resolved_also_percent_encoded(program, reference):
    found = run(program, {'a': 'user.current', 'b': f'user.get?ID={reference}&select[]=ID', 'c': f'method.get?name=user.{reference}x'})
    assert found['result']['b'] == [{'ID': str(program.person_id)}] and found['result']['c']['isExisting'] is False


def test_a_reference_takes_lists_and_rows_of_lists(program):
    found = run(program, {'a': 'user.get?filter[@ID][]=2&filter[@ID][]=3&select[]=ID&select[]=UF_DEPARTMENT', 'b': 'user.get?ID=$result[a][1][ID]&select[]=ID',
                          'c': 'department.get?ID=$result[a][0][UF_DEPARTMENT]'})
    assert found['result']['b'] == [{'ID': '3'}] and [one['ID'] for one in found['result']['c']] == ['1']


@pytest.mark.parametrize('reference', ['$result[nope][ID]', '$result[a][NOPE]', '$result[a][ID][0]', '$result[b]', '$result[]', '$result[a][UF_DEPARTMENT][9]',
                                       'x$result[a]', '$result[a][UF_DEPARTMENT][-1x]'])
def test_a_reference_to_nothing_is_an_error_and_never_everything(program, reference):
    found = run(program, {'a': 'user.current', 'b': f'user.get?filter[ID]={reference}'})
    assert found['result_error']['b']['error'] == 'ERROR_ARGUMENT' and 'b' not in found['result']


def test_halt_ends_at_the_first_failure(program):
    commands = {'a': 'server.time', 'b': 'nope', 'c': 'server.time'}
    assert set(run(program, commands)['result']) == {'a', 'c'}
    for halt in (1, '1', True, 'Y'):
        found = run(program, commands, halt=halt)
        assert set(found['result']) == {'a'} and set(found['result_error']) == {'b'}


def test_a_batch_by_get_and_by_form(program):
    query = urlencode({'halt': 0, 'cmd[a]': 'user.current', 'cmd[b]': 'user.get?ID=$result[a][ID]&filter[>=ID]=1'})
    for found in (program.result('batch', query), program.result('batch', data=query.encode(), content_type='application/x-www-form-urlencoded')):
        assert found['result']['b'][0]['ID'] == str(program.person_id)


def test_no_more_than_fifty_commands_and_no_batch_in_a_batch(program):
    assert len(run(program, {f'c{number}': 'server.time' for number in range(50)})['result']) == 50
    assert program.refusal('batch', json={'cmd': {f'c{number}': 'server.time' for number in range(51)}}) == (400, 'ERROR_BATCH_LENGTH_EXCEEDED')
    found = run(program, {'a': 'batch?cmd[x]=server.time', 'b': 'BATCH.json', 'c': '/batch'})
    assert {one['error'] for one in found['result_error'].values()} == {'ERROR_BATCH_METHOD_NOT_ALLOWED'} and len(found['result_error']) == 3


@pytest.mark.parametrize('body', [{'cmd': 'text'}, {'cmd': 7}, {'cmd': {}, 'halt': 'perhaps'}, {'cmd': {}, 'nope': 1}])
def test_what_is_no_batch_is_refused(program, body):
    assert program.refusal('batch', json=body) == (400, 'ERROR_ARGUMENT')


@pytest.mark.parametrize('command', [7, None, ['user.get'], {'method': 'user.get'}, '', '?', 'user.get?filter[ID', 'user.get?NOPE=1', 'a\0b', 'x' * 5000])
def test_a_command_that_is_none_fails_alone(program, command):
    found = run(program, {'bad': command, 'good': 'server.time'})
    assert set(found['result_error']) == {'bad'} and set(found['result']) == {'good'}


def test_rights_and_scopes_hold_within_a_batch(company):
    program = caller(company, 'guest', ['department'])
    found = run(program, {'a': 'user.get', 'b': 'department.get', 'c': 'timeman.open', 'd': 'profile'})
    assert {name: one['error'] for name, one in found['result_error'].items()} == {
        'a': 'insufficient_scope', 'b': 'ERROR_METHOD_NOT_FOUND', 'c': 'ERROR_METHOD_NOT_FOUND'}
    assert found['result']['d']['ID'] == str(program.person_id)


def test_a_failure_of_one_command_is_told_without_its_trace(program, monkeypatch):
    original = database.obj.execute_sql

    def broken(sql, *args, **kwargs):
        if 'FROM department d' in sql:
            raise RuntimeError('the secret of the database')
        return original(sql, *args, **kwargs)
    monkeypatch.setattr(database.obj, 'execute_sql', broken)
    found = run(program, {'a': 'department.get', 'b': 'server.time'})
    assert found['result_error']['a']['error'] == 'INTERNAL_SERVER_ERROR' and 'secret' not in json.dumps(found) and found['result']['b']


def starts():
    return EventRow.select().where(EventRow.name == 'worktime.day.started').count()


def test_a_repeat_with_the_key_gets_the_first_answer_and_does_nothing(program):
    answer = program.ask('timeman.open', http='POST', headers={'Idempotency-Key': 'first key'})
    first = answer.json['result']
    program.result('timeman.pause')
    again = program.ask('timeman.open', http='POST', headers={'Idempotency-Key': 'first key'})
    assert again.json['result'] == first and first['STATUS'] == 'OPENED' and starts() == 1
    assert program.result('timeman.status')['STATUS'] == 'PAUSED'       # the repeat did not go on with it
    assert program.result('timeman.open', 'idempotency_key=first%20key') == first       # as a parameter it is the same key


def test_a_key_is_bound_to_token_method_and_parameters(company, program):
    headers = {'Idempotency-Key': 'one key for all'}
    assert program.ask('timeman.open', http='POST', headers=headers).status_code == 200
    for method, query in (('timeman.pause', ''), ('timeman.open', 'report=x')):
        answer = program.ask(method, query, http='POST', headers=headers)
        assert (answer.status_code, answer.json['error']) == (409, 'ERROR_CONFLICT')
    other = caller(company, 'employee')         # another token of the same person: its own keys
    assert other.ask('timeman.open', http='POST', headers=headers).status_code == 409 and RequestKey.select().count() == 1
    assert caller(company, 'head').ask('timeman.open', http='POST', headers=headers).status_code == 200


def test_a_repeat_passes_the_rights_again(company, program):
    headers = {'Idempotency-Key': 'before the change'}
    assert program.ask('timeman.open', http='POST', headers=headers).status_code == 200
    Person.update(kind='guest').where(Person.id == program.person_id).execute()
    assert program.ask('timeman.open', http='POST', headers=headers).status_code == 404


@pytest.mark.parametrize('key', ['short', 'x' * 101, 'a\0bcdefgh', '\x7fabcdefghij'])
def test_a_key_that_is_none_is_refused(program, key):
    status, found = program.call('timeman.open', {'IDEMPOTENCY_KEY': key})
    assert (status, found['error']) == (400, 'ERROR_ARGUMENT') and starts() == 0


def test_a_key_in_json_that_is_no_text_is_refused(program):
    for key in (7, ['a'], {'a': 1}, True):
        assert program.refusal('timeman.open', json={'idempotency_key': key}) == (400, 'ERROR_ARGUMENT')


def test_a_key_of_a_batch_holds_for_each_of_its_commands(program):
    def send(commands):
        return program.ask('batch', http='POST', json={'cmd': commands}, headers={'Idempotency-Key': 'key of the batch'}).json['result']
    commands = {'a': 'timeman.open', 'b': 'timeman.pause'}
    first = send(commands)
    program.result('timeman.open')
    again = send(commands)
    assert again['result'] == first['result'] and program.result('timeman.status')['STATUS'] == 'OPENED'
    assert send({'a': 'timeman.pause'})['result_error']['a']['error'] == 'ERROR_CONFLICT'
