"""The shape of calls and answers: addresses, ways of sending, letter case, the time block, errors with their codes."""
import io
import json
from datetime import datetime, timedelta

import pytest
import time_machine

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.people import add_person, block, give_role, set_language
from appliance.core.settings import set_setting
from appliance.identity import tokens
from appliance.identity.models import Token
from tests.web.rest.callers import Caller, caller


@pytest.mark.parametrize('method', ['server.time', 'SERVER.TIME', 'Server.Time.json', 'server.time.JSON'])
def test_method_is_found_in_any_letter_case_and_with_or_without_suffix(program, method):
    moment = datetime.fromisoformat(program.result(method))
    assert abs(clock.now() - moment) < timedelta(seconds=30) and moment.utcoffset() == timedelta(hours=1)


def test_token_in_a_header_is_taken(program):
    answer = program.ask('profile', path='/rest', headers={'Authorization': f'Bearer {program.token}'})
    assert (answer.status_code, answer.json['result']['ID']) == (200, str(program.person_id))
    for header in ('', 'Bearer', 'Bearer ', f'Basic {program.token}', program.token, 'Bearer x'):
        answer = program.ask('profile', path='/rest', headers={'Authorization': header})
        assert (answer.status_code, answer.json['error']) in ((401, 'NO_AUTH_FOUND'), (403, 'INVALID_CREDENTIALS'))


@pytest.mark.parametrize('name', ['auth', 'AUTH', 'access_token'])
def test_token_as_a_parameter_is_taken_and_not_logged(program, caplog, name):
    for given in ({'query': {name: program.token, 'ID': '3'}}, {'data': {name: program.token, 'ID': '3'}}, {'json': {name: program.token, 'ID': 3}},
                  {'query': {name: 'x'}, 'json': {name: program.token, 'ID': 3}}):
        assert program.result('user.get.json', path='/rest', **given)[0]['ID'] == '3'
    with caplog.at_level('DEBUG'):
        assert program.call('user.get', {name: program.token, 'filter[NOPE]': '1'}, path='/rest')[0] == 400
        assert program.call('nope', {name: program.token}, path='/rest')[0] == 404
    assert '/rest/user.get' in caplog.text and program.token not in caplog.text
    for wrong, refused in (('', (401, 'NO_AUTH_FOUND')), (program.token[:-1], (403, 'INVALID_CREDENTIALS')), ({'a': program.token}, (401, 'NO_AUTH_FOUND')), (7, (401, 'NO_AUTH_FOUND'))):
        assert program.refusal('profile', json={name: wrong}, path='/rest') == refused
    # Who comes with a token in the address or a header is who that says.
    assert program.result('profile', {name: 'x'})['ID'] == str(program.person_id)
    assert program.ask('profile', {name: program.token}, path='/rest', headers={'Authorization': 'Bearer x'}).status_code == 403


@pytest.mark.parametrize('given', [
    {'query': 'filter[ID]=3&select[]=ID'}, {'query': {'FILTER[ID]': '3', 'SELECT[0]': 'id'}}, {'data': {'filter[ID]': '3', 'select[]': 'ID'}},
    {'data': b'filter%5B=ID%5D=3&select=ID&', 'content_type': 'application/x-www-form-urlencoded'},
    {'json': {'filter': {'ID': 3}, 'select': ['ID']}}, {'json': {'Filter': {'=id': '3'}, 'Select': ['ID']}},
    {'data': json.dumps({'filter': {'@ID': [3]}, 'select': {'0': 'ID'}}), 'content_type': 'text/plain'},
    {'data': {'filter[ID]': '3', 'select[]': 'ID'}, 'content_type': 'multipart/form-data'}, {'query': 'filter[ID]=9', 'json': {'filter': {'ID': 3}, 'select': ['ID']}},
    {'query': 'ID=3&select[]=ID&auth=x&sessid=y&bx24_request_id=1&bx24_sdk_ver=2&b24_sdk=p&__order=3&_=1732600000'}], ids=str)
def test_parameters_come_in_any_way_that_clients_send_them(program, given):
    assert program.result('user.get', **given) == [{'ID': '3'}]


@pytest.mark.parametrize('method', ['profile', 'timeman.status', 'server.time', 'batch'])
def test_start_is_no_parameter_too_many_where_there_is_no_list(program, method):
    """bitrix24-rest sends it to every method."""
    assert program.call(method, 'start=0' + ('&cmd[a]=profile' if method == 'batch' else ''))[0] == 200


def test_answer_tells_the_time_that_it_took(program):
    answer = program.ask('user.get')
    time = answer.json['time']
    assert set(time) == {'start', 'finish', 'duration', 'processing', 'date_start', 'date_finish', 'operating', 'operating_reset_at'}
    assert time['finish'] - time['start'] == pytest.approx(time['duration'], abs=1e-5) and 0 < time['processing'] <= time['duration']
    assert datetime.fromisoformat(time['date_start']).utcoffset() == timedelta(hours=1)
    assert answer.headers['Content-Type'] == 'application/json; charset=utf-8' and answer.headers['Cache-Control'] == 'no-store'


def test_list_has_total_and_next(boss):
    status, found = boss.call('user.get')
    assert (len(found['result']), found['total'], 'next' in found) == (45, 45, False)
    for number in range(70):
        add_person(SYSTEM, f'extra{number}', f'Extra {number}')
    status, found = boss.call('user.get', 'start=50&order[ID]=DESC')
    assert (len(found['result']), found['total'], found['next']) == (50, 115, 100)
    assert found['result'][0]['ID'] == str(115 - 50)
    assert 'total' not in boss.call('user.get', 'start=-1')[1]


def test_count_and_structure_are_kept_side_by_side(company, boss):
    """Both are kept by the number of changes of people: one must not be taken for the other."""
    browser = company.browser('administrator')
    for number in range(20):
        add_person(SYSTEM, f'extra{number}', f'Extra {number}')
    for _time in range(2):
        assert boss.call('user.get')[1]['total'] == 65
        assert browser.get('/people/structure').status_code == 200


@pytest.mark.parametrize(('method', 'query', 'status', 'code'), [
    ('nope', '', 404, 'ERROR_METHOD_NOT_FOUND'), ('user', '', 404, 'ERROR_METHOD_NOT_FOUND'), ('user.get.xml', '', 404, 'ERROR_METHOD_NOT_FOUND'),
    ('planted.note.list', '', 404, 'ERROR_METHOD_NOT_FOUND'), ('user.get', 'filter[NOPE]=1', 400, 'ERROR_ARGUMENT'),
    ('user.get', 'NOPE=1', 400, 'ERROR_ARGUMENT'), ('user.get', 'select[]=NOPE', 400, 'ERROR_ARGUMENT'), ('user.get', 'order[NOPE]=ASC', 400, 'ERROR_ARGUMENT'),
    ('user.get', 'sort=NOPE', 400, 'ERROR_ARGUMENT'), ('user.get', 'start=x', 400, 'ERROR_ARGUMENT'), ('user.get', 'start=-2', 400, 'ERROR_ARGUMENT'),
    ('user.get', 'filter=3', 400, 'ERROR_ARGUMENT'), ('user.get', 'filter[ID=3', 400, 'ERROR_ARGUMENT'), ('user.get', 'ID=1&id=2', 400, 'ERROR_ARGUMENT'),
    ('method.get', '', 400, 'ERROR_ARGUMENT'), ('feature.get', '', 400, 'CODE_EMPTY'), ('timeman.status', 'USER_ID=4', 404, 'ERROR_NOT_FOUND'),
    ('timeman.pause', '', 409, 'ERROR_CONFLICT'), ('event.bind', 'event=ONNOPE&handler=https://a.example/', 400, 'ERROR_EVENT_NOT_FOUND')])
def test_refusal_has_its_code_and_names_what_is_wrong(program, method, query, status, code):
    answer = program.ask(method, query)
    assert (answer.status_code, answer.json['error']) == (status, code)
    assert set(answer.json) == {'error', 'error_description'} and answer.json['error_description']
    if 'NOPE' in query and method == 'user.get':
        assert 'NOPE' in answer.json['error_description']


def test_words_are_in_the_language_of_the_person(company, program):
    set_language(SYSTEM, program.person_id, 'es')
    assert program.call('user.get', 'filter[NOPE]=1')[1]['error_description'] == 'filter[NOPE]: No existe el campo NOPE por el que filtrar.'


def test_scope_that_lacks_is_said(company):
    program = caller(company, 'employee', ['department'])
    assert program.refusal('user.get') == (403, 'insufficient_scope')
    assert program.refusal('timeman.open') == (403, 'insufficient_scope')
    assert program.result('profile')['ID'] == str(program.person_id)
    assert program.result('scope') == ['department'] and program.result('scope', 'full=Y') == ['comments', 'department', 'im', 'tags', 'timeman', 'user', 'user.userfield']
    assert 'user.get' not in program.result('methods') and 'user.get' in program.result('methods', 'full=1')
    assert program.result('methods', 'scope=department') == ['department.get']
    assert program.result('method.get', 'name=USER.GET') == {'isExisting': True, 'isAvailable': False}


def test_token_that_is_none_or_no_longer_counts_lets_nobody_in(company, program):
    other = company.ids['outsider']
    def refused(**change):
        return Caller(program.client, program.base, **{'person_id': program.person_id, 'token': program.token, **change}).refusal('profile')
    assert refused(person_id=other) == refused(person_id=10 ** 12) == refused(token='x') == refused(token=program.token[:-1]) == refused(
        token=program.token.upper()) == refused(token=program.token + '%00') == (403, 'INVALID_CREDENTIALS')
    assert program.result('profile')
    give_role(SYSTEM, program.person_id, 'administrator')        # the epoch rises
    assert program.refusal('profile') == (403, 'INVALID_CREDENTIALS')


def test_blocked_person_and_revoked_token_are_refused_at_once(company):
    program, second = caller(company, 'employee'), caller(company, 'outsider')
    tokens.revoke_token(company.actor('employee'), Token.get(Token.person == program.person_id).id)
    assert program.refusal('profile') == (403, 'INVALID_CREDENTIALS')
    block(SYSTEM, second.person_id, 'portal')
    assert second.refusal('profile') == (403, 'INVALID_CREDENTIALS')


def test_expired_token_says_so(company):
    with time_machine.travel(clock.now()) as moving:
        program = caller(company, 'employee', lives_days=30)
        moving.shift(timedelta(days=29))
        assert program.result('profile')
        moving.shift(timedelta(days=2))
        assert program.refusal('profile') == (401, 'expired_token')


def test_use_is_noted_at_most_every_five_minutes(company):
    with time_machine.travel(clock.now()) as moving:
        program = caller(company, 'employee')
        def used():
            found = Token.get(Token.person == program.person_id)
            return found.last_used_at, found.address
        assert used() == (None, '')
        program.ask('profile').close()
        first, address = used()
        assert first and address == '127.0.0.1'
        moving.shift(timedelta(minutes=4))
        program.ask('profile').close()
        assert used()[0] == first
        moving.shift(timedelta(minutes=2))
        program.ask('nope').close()
        assert used()[0] > first


def test_cookie_opens_no_method_and_a_token_no_page(company, program):
    browser = company.browser('administrator')
    for path in ('/rest/profile', f'/rest/{company.ids["administrator"]}/x/profile', '/rest/1/1/profile'):
        assert browser.get(path).status_code in (401, 403)
    browser._client.set_cookie('appliance_session', browser._client.get_cookie('appliance_session', domain='127.0.0.1').value, domain='127.0.0.1')
    answer = program.client.get('/settings', base_url=program.base, headers={'Authorization': f'Bearer {program.token}'})
    assert answer.status_code == 303 and '/login' in answer.location


def test_a_method_sets_no_cookie_and_allows_no_other_site(program):
    answer = program.ask('profile', headers={'Origin': program.base})
    assert answer.status_code == 200
    assert not [name for name in answer.headers.keys() if name == 'Set-Cookie' or name.startswith('Access-Control')]
    for headers in ({'Origin': 'https://evil.example'}, {'Sec-Fetch-Site': 'cross-site'}, {'Origin': 'null'}):
        answer = program.ask('profile', headers=headers)
        assert (answer.status_code, answer.json['error']) == (403, 'ACCESS_DENIED')
    assert program.ask('profile', http='OPTIONS').status_code == 405


@pytest.mark.parametrize('path', ['/rest/', '/rest/1', '/rest/1/2', '/rest/a/b/c', '/rest/1/2/3/4', '/rest/-1/x/profile', '/rest/1/x/', '/rest//1/x/profile'])
def test_every_other_address_below_rest_answers_json(program, path):
    answer = program.client.get(path, base_url=program.base)
    assert answer.status_code in (401, 403, 404, 308) and (answer.status_code == 308 or answer.json['error'])


@pytest.mark.parametrize('http', ['PUT', 'DELETE', 'PATCH'])
def test_other_http_methods_are_refused_in_json(program, http):
    answer = program.ask('profile', http=http)
    assert (answer.status_code, answer.json['error'], answer.headers['Allow']) == (405, 'INVALID_REQUEST', 'GET, HEAD, POST')


def test_who_asks_for_the_head_alone_does_nothing(program):
    answer = program.ask('timeman.open', http='HEAD')
    assert (answer.status_code, answer.headers['Allow']) == (405, 'GET, POST')
    assert program.ask('timeman.status').json['result']['STATUS'] == 'CLOSED'
    assert program.ask('timeman.open').json['result']['STATUS'] == 'OPENED'


def test_other_host_and_too_large_a_body_are_refused_in_json(program):
    answer = program.client.get(f'{program.path}/profile', base_url='http://evil.example')
    assert answer.status_code == 421
    answer = program.ask('user.get', http='POST', data=b'x' * ((1 << 20) + 1), content_type='application/x-www-form-urlencoded')
    assert (answer.status_code, answer.json['error']) == (413, 'INVALID_REQUEST')


def test_a_file_is_refused_and_named(program):
    answer = program.ask('user.get', http='POST', data={'photo': (io.BytesIO(b'x'), 'x.png')}, content_type='multipart/form-data')
    assert (answer.status_code, answer.json['error']) == (400, 'ERROR_ARGUMENT') and 'photo' in answer.json['error_description']


def test_failure_that_nobody_foresaw_tells_nothing_of_itself(program, monkeypatch, caplog):
    def broken(*_args):
        raise RuntimeError('the secret path of something')
    monkeypatch.setattr('appliance.core.rest.calls.bind', broken)
    answer = program.ask('profile')
    assert (answer.status_code, answer.json['error']) == (500, 'INTERNAL_SERVER_ERROR') and 'secret' not in answer.text
    assert 'the secret path' in caplog.text and program.token not in caplog.text


def test_no_log_holds_the_token(program, caplog):
    caplog.set_level('DEBUG')
    for method in ('profile', 'user.get', 'nope', 'user.get?filter[ID=1', 'x/y', ''):
        program.ask(method)
    for path in (f'//rest//{program.person_id}//{program.token}//profile', f'/x/../rest/{program.person_id}/{program.token}/profile',
                 f'/{program.person_id}/{program.token}/profile', f'/Rest/{program.person_id}/{program.token}/profile'):
        program.client.get('/', base_url=program.base, environ_overrides={'PATH_INFO': path})
    program.client.get(f'/rest/{program.token}/profile', base_url=program.base)
    program.client.get(f'/rest/{program.person_id}/{program.token}', base_url=program.base)
    assert program.token not in caplog.text and f'/rest/{program.person_id}/***/profile' in caplog.text


def test_limit_is_emulated_only_when_it_is_set(company, program):
    assert {program.call('server.time')[0] for _turn in range(60)} == {200}
    set_setting(SYSTEM, 'rest.limit', 'standard')
    with time_machine.travel(clock.now(), tick=False) as moving:
        answers = [program.call('server.time') for _turn in range(52)]
        assert [status for status, _found in answers] == [200] * 50 + [503] * 2 and answers[-1][1]['error'] == 'QUERY_LIMIT_EXCEEDED'
        assert caller(company, 'outsider').call('server.time')[0] == 200         # a bucket a token
        moving.shift(1)
        assert [program.call('server.time')[0] for _turn in range(3)] == [200, 200, 503]
