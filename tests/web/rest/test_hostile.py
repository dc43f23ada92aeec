"""What programs send by mistake or in malice: the answer is JSON in the shape of errors, never 500, and never more than was asked for."""
import json

import pytest

from tests.web.rest.callers import caller

JSON, FORM = 'application/json', 'application/x-www-form-urlencoded'
X = 'multipart/form-data; boundary=x'


def asked(program, path, http='GET', **options):
    """(status, JSON) of a request to any address; every answer must be JSON in the reference product's shape."""
    with program.client.open(path, base_url=program.base, method=http, **options) as answer:
        found = answer.json
        assert answer.content_type == 'application/json; charset=utf-8' and answer.status_code < 500
        assert 'result' in found or set(found) == {'error', 'error_description'}
        return answer.status_code, found


@pytest.mark.parametrize(('body', 'kind'), [
    (b'{"filter":{"ID":3}}', 'multipart/form-data'), (b'{"filter":{"ID":3}}', 'multipart/form-data; boundary='), (b'{"filter":{"ID":3}}', X),
    (b'--y\r\nContent-Disposition: form-data; name="ID"\r\n\r\n3\r\n--y--\r\n', X), (b'--x\r\nContent-Disposition: form-data; name="ID"\r\n\r\n3', X),
    (b'--x\r\nContent-Disposition: form-data\r\n\r\n3\r\n--x--\r\n', X), (b'["ID"]', JSON), (b'{"ID":3', JSON), (b'{"ID":"\xff"}', JSON), (b'{"start":NaN}', JSON),
    (b'[' * 100_000, JSON), (b'{"filter":' * 1500 + b'1' + b'}' * 1500, JSON), (b'{"ID":1,"id":2}', JSON), (b'{"filter":{"NAME":"a\\u0000b"}}', JSON),
    (b'{"ID":3}', FORM), (b'filter[ID=3', FORM), (b'filter]ID[=3', FORM), (b'filter[[ID]]=3', FORM), (b'filter%255BID%255D=3', FORM), (b'filter[ID]=%ff', FORM), (b'=3', FORM),
    (b'filter=3&filter[ID]=3', FORM), (b'filter[ID]=3&filter=3', FORM), (b'filter' + b'[a]' * 40 + b'=1', FORM), (b'order[ID][x]=ASC', FORM), (b'order=UP', FORM),
    (b'start=1' + b'0' * 30, FORM), (b'start=abc', FORM), (b'start=-2', FORM), (b'start=%D9%A1', FORM), (b'a=' + b'x' * ((1 << 20) - 2), FORM)], ids=lambda one: str(one)[:40])
def test_what_cannot_be_read_is_refused_and_not_left_out(program, body, kind):
    """Each of these, left out, would answer all people."""
    assert asked(program, f'{program.path}/user.get', 'POST', data=body, content_type=kind)[1].get('error') == 'ERROR_ARGUMENT'


def test_an_empty_form_is_no_mistake(program):
    for body, kind in ((b'--x--\r\n', X), (b'', X), (b'', JSON), (b'null', JSON), (b'&&', FORM)):
        assert asked(program, f'{program.path}/profile', 'POST', data=body, content_type=kind)[0] == 200


@pytest.mark.parametrize(('commands', 'name', 'code'), [
    ({'a': 'batch?cmd[b]=profile'}, 'a', 'ERROR_BATCH_METHOD_NOT_ALLOWED'), ({'a': '/BATCH.JSON?x'}, 'a', 'ERROR_BATCH_METHOD_NOT_ALLOWED'),
    ({'a': 'user.get?ID=$result[a][0][ID]'}, 'a', 'ERROR_ARGUMENT'), ({'a': 'user.get?ID=$result[b][0][ID]', 'b': 'user.get?ID=$result[a][0][ID]'}, 'b', 'ERROR_ARGUMENT'),
    ({'a': 'user.get', 'b': 'user.get?ID=$result[a][-1][ID]'}, 'b', 'ERROR_ARGUMENT'), ({'a': 'user.get', 'b': 'user.get?ID=$result[a][\u0663][ID]'}, 'b', 'ERROR_ARGUMENT'),
    ({'a': 'profile', 'b': 'user.get?ID=$result[a]'}, 'b', 'ERROR_ARGUMENT'), ({'a': 'profile', 'b': 'user.get?ID=$result[a][ID][0]'}, 'b', 'ERROR_ARGUMENT'),
    ({'a': None}, 'a', 'ERROR_ARGUMENT'), ({'a': ['profile']}, 'a', 'ERROR_ARGUMENT'), ({'a': ''}, 'a', 'ERROR_METHOD_NOT_FOUND'), ({'a': '../../profile'}, 'a', 'ERROR_METHOD_NOT_FOUND')], ids=str)
def test_a_command_that_is_wrong_is_refused_alone(program, commands, name, code):
    status, found = asked(program, f'{program.path}/batch', 'POST', json={'cmd': commands})
    assert (status, found['result']['result_error'][name]['error']) == (200, code)


@pytest.mark.parametrize(('body', 'code'), [
    ({'cmd': {f'c{number}': 'profile' for number in range(51)}}, 'ERROR_BATCH_LENGTH_EXCEEDED'), ({'cmd': 'profile'}, 'ERROR_ARGUMENT'), ({'cmd': 1}, 'ERROR_ARGUMENT'),
    ({'cmd': {'a': 'profile'}, 'CMD': {'b': 'profile'}}, 'ERROR_ARGUMENT'), ({'cmd': {'a': 'profile'}, 'halt': 2}, 'ERROR_ARGUMENT'),
    ({'cmd': {'a': 'timeman.open'}, 'idempotency_key': {'a': 1}}, 'ERROR_ARGUMENT'), ({'cmd': {'a': 'timeman.open'}, 'idempotency_key': 'x' * 101}, 'ERROR_ARGUMENT')], ids=str)
def test_a_batch_that_is_wrong_runs_nothing(program, body, code):
    assert asked(program, f'{program.path}/batch', 'POST', json=body)[1]['error'] == code
    assert asked(program, f'{program.path}/timeman.status')[1]['result']['STATUS'] == 'CLOSED'


def test_fifty_commands_are_not_too_many(program):
    found = asked(program, f'{program.path}/batch', 'POST', json={'cmd': {f'c{number}': 'server.time' for number in range(50)}})[1]['result']
    assert len(found['result']) == 50 and found['result_error'] == []


@pytest.mark.parametrize('path', [
    '/rest', '/rest/', '/rest//', '/rest/1', '/rest/1/', '/rest/1/x', '/rest/1/x/', '/rest/x/y/z', '/rest/-1/x/profile', '/rest/99999999999999999999/x/profile', '/rest/api/1/x/profile',
    '/rest/%00/x/profile', '/rest/1/%ff/profile', '{path}', '{path}/', '{path}/a/b', '{path}/user%2Fget', '{path}/user.get.json.json', '{path}/user.get.xml', '{path}/user.get/',
    '{path}/.json', '{path}/..%2f', '{path}/user.get%00', '{path}/%ff', '{path}/__class__', '{path}/' + 'a' * 3000])
def test_any_other_address_says_so_in_json(program, path):
    status, found = asked(program, path.format(path=program.path))
    assert status in (401, 403, 404) and program.token not in json.dumps(found)


def test_a_slash_too_many_is_overlooked(program):
    assert asked(program, f'{program.path}//profile')[1]['result']['ID'] == str(program.person_id)
    assert asked(program, f'/rest//{program.path.removeprefix("/rest/")}/profile.json')[0] == 200


@pytest.mark.parametrize('http', ['OPTIONS', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND'])
def test_other_ways_of_asking_are_refused(program, http):
    assert asked(program, f'{program.path}/user.get', http) == (405, {'error': 'INVALID_REQUEST', 'error_description': 'Methods are called by GET or POST.'})


def test_another_host_and_another_site_are_refused_in_json(program):
    assert asked(program, f'{program.path}/profile', headers={'Host': 'evil.example'})[0] == 421
    assert asked(program, f'{program.path}/profile', headers={'Origin': 'https://evil.example', 'Sec-Fetch-Site': 'cross-site'})[0] == 403


def test_null_is_what_was_left_out(program):
    assert program.result('timeman.status', json={'USER_ID': None}) == program.result('timeman.status')
    assert program.refusal('method.get', json={'name': None}) == (400, 'ERROR_ARGUMENT')
    assert program.result('user.get', json={'filter': {'ID': None}}) == []
    assert program.refusal('im.notify.personal.add', json={'USER_ID': None, 'MESSAGE': 'x'}) == (400, 'USER_ID_EMPTY')


def test_a_direction_alone_is_that_of_the_number(program):
    ids = [int(one['ID']) for one in program.result('user.get', 'order=DESC')]
    assert ids == sorted(ids, reverse=True) and ids[0] > ids[-1]


def test_a_token_of_somebody_else_or_of_who_is_blocked_reads_nothing(company, program):
    boss = caller(company, 'administrator')
    for path in (f'/rest/{boss.person_id}/{program.token}/profile', f'/rest/profile?auth={program.token[:-1]}', '/rest/profile?auth=%00'):
        assert asked(program, path) == (403, {'error': 'INVALID_CREDENTIALS', 'error_description': 'This token is not known, or no longer counts.'})
    assert asked(program, '/rest/profile?auth[]=x')[1]['error'] == 'NO_AUTH_FOUND'
