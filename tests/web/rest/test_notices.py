"""im.notify.personal.add: whom a program may tell, what stands at his bell and in his mail, and that a repeat tells nobody twice."""
import json

import pytest

from appliance.core import audit, notices
from appliance.core.actor import SYSTEM
from appliance.core.notices import Notice
from appliance.core.people import Person, block
from appliance.core.program_notices import KIND, plain
from appliance.identity import services, tokens
from tests.web.rest.callers import SCOPES, Caller, caller

METHOD = 'im.notify.personal.add'


@pytest.fixture
def ids(company):
    return company.ids


def at_the_bell(company, login):
    """[(text, count)] of the unread notices of a person, the newest first."""
    return [(one['text'], one['count']) for one in notices.listing(company.actor(login), is_unread=True)['notices']]


def test_a_program_tells_a_person_in_its_persons_name(company, program, ids):
    answered = program.result(METHOD, json={'USER_ID': ids['head'], 'MESSAGE': 'Order [b]7[/b] is paid.[br]See [url=https://erp.example/7]the order[/url]'})
    kept = Notice.get()
    assert (answered, kept.person_id, kept.kind) == (kept.id, ids['head'], KIND)
    name = Person.get_by_id(program.person_id).name
    assert at_the_bell(company, 'head') == [(f'{name}: Order 7 is paid. See the order (https://erp.example/7)', 1)]
    page = company.browser('head').get('/notices').text
    assert 'Order 7 is paid. See the order (https://erp.example/7)' in page and '[b]' not in page


def test_what_a_program_says_is_text_on_the_page(company, program, ids):
    program.result(METHOD, {'user_id': ids['head'], 'message': '<script>alert(1)</script> %(name)s {{ 7 * 7 }} &amp;'})
    page = company.browser('head').get('/notices').text
    assert '&lt;script&gt;alert(1)&lt;/script&gt; %(name)s {{ 7 * 7 }} &amp;amp;' in page and '<script>alert' not in page


def test_it_is_mailed_when_nobody_reads_it(company, program, ids):
    program.result(METHOD, {'USER_ID': ids['head'], 'MESSAGE': 'Look here'})
    kept = Notice.get()
    assert kept.is_shown and kept.is_mailed and kept.read_at is None


@pytest.mark.parametrize(('login', 'other', 'refusal'), [
    ('guest', 'head', (404, 'ERROR_NOT_FOUND')), ('guest', 'outsider', (404, 'ERROR_NOT_FOUND')), ('outsider', 'guest', (404, 'ERROR_NOT_FOUND')),
    ('guest', 'employee', None), ('employee', 'guest', None), ('employee', 'employee', None), ('outsider', 'administrator', None), ('administrator', 'guest', None)])
def test_only_who_is_seen_is_told(company, ids, login, other, refusal):
    teller = caller(company, login)
    asked = {'USER_ID': ids[other], 'MESSAGE': 'x'}
    if refusal:
        assert teller.refusal(METHOD, asked) == refusal == teller.refusal(METHOD, {**asked, 'USER_ID': 99999})
        assert not Notice.select().exists()
    else:
        assert teller.result(METHOD, asked) == Notice.get().id and Notice.get().person_id == ids[other]


def test_who_is_blocked_or_no_human_reads_nothing(company, ids):
    service_id = services.add_service(SYSTEM, 'svc', 'Robot', 'employee')
    token, _row_id = tokens.make_token(SYSTEM, 'robot', SCOPES, person_id=service_id)
    boss = caller(company, 'administrator')
    robot = Caller(boss.client, boss.base, service_id, token)
    assert robot.result(METHOD, {'USER_ID': ids['outsider'], 'MESSAGE': 'From the robot'}) == Notice.get().id
    assert robot.refusal(METHOD, {'USER_ID': ids['guest'], 'MESSAGE': 'x'}) == (404, 'ERROR_NOT_FOUND')
    assert boss.refusal(METHOD, {'USER_ID': service_id, 'MESSAGE': 'x'}) == (409, 'ERROR_CONFLICT')
    assert boss.refusal(METHOD, {'USER_ID': 99999, 'MESSAGE': 'x'}) == (404, 'ERROR_NOT_FOUND')
    block(SYSTEM, ids['head'], 'portal')
    assert boss.refusal(METHOD, {'USER_ID': ids['head'], 'MESSAGE': 'x'}) == (409, 'ERROR_CONFLICT')
    assert caller(company, 'employee').refusal(METHOD, {'USER_ID': ids['head'], 'MESSAGE': 'x'}) == (404, 'ERROR_NOT_FOUND')
    assert Notice.select().count() == 1


@pytest.mark.parametrize(('asked', 'status', 'code'), [
    ({'MESSAGE': 'x'}, 400, 'USER_ID_EMPTY'), ({'USER_ID': '3'}, 400, 'MESSAGE_EMPTY'), ({'USER_ID': '3', 'MESSAGE': '  \n '}, 400, 'MESSAGE_EMPTY'),
    ({'USER_ID': '3', 'MESSAGE': '[b][/b]'}, 400, 'ERROR_ARGUMENT'), ({'USER_ID': '3', 'MESSAGE': 'x' * 2001}, 400, 'ERROR_ARGUMENT'),
    ({'USER_ID': '3', 'MESSAGE': 'a\0b'}, 400, 'ERROR_ARGUMENT'), ({'USER_ID': 'x', 'MESSAGE': 'x'}, 400, 'ERROR_ARGUMENT'), ({'USER_ID': '-1', 'MESSAGE': 'x'}, 400, 'ERROR_ARGUMENT'),
    ({'USER_ID': str(1 << 63), 'MESSAGE': 'x'}, 400, 'ERROR_ARGUMENT'), ({'USER_ID': '0', 'MESSAGE': 'x'}, 404, 'ERROR_NOT_FOUND'),
    ({'USER_ID': ['3', '4'], 'MESSAGE': 'x'}, 400, 'ERROR_ARGUMENT'), ({'USER_ID': '3', 'MESSAGE': {'a': 'b'}}, 400, 'ERROR_ARGUMENT'),
    ({'USER_ID': '3', 'MESSAGE': 'x', 'TAG': 'x' * 201}, 400, 'ERROR_ARGUMENT'), ({'USER_ID': '3', 'MESSAGE': 'x', 'ATTACH': [{'LINK': 'x'}]}, 400, 'ERROR_ARGUMENT'),
    *(({'USER_ID': '3', 'MESSAGE': 'x', 'ATTACH': one}, 400, 'ERROR_ARGUMENT') for one in (
        'no JSON', 'true', 7, True, [7], [[]], [{'USER': {'NAME': 'x'}}], [{'IMAGE': {'LINK': 'x'}}], {'BLOCKS': {'a': 1}}, [{'MESSAGE': ['x']}], [{'GRID': ['x']}],
        [{'GRID': [{'NAME': ['x']}]}], [{'MESSAGE': 'x'}] * 51, [{'GRID': [{'NAME': 'x'}] * 51}], [{'MESSAGE': 'x' * 2000}])),
    ({'USER_ID': '3', 'MESSAGE': ' ', 'ATTACH': [{'MESSAGE': 'x'}]}, 400, 'MESSAGE_EMPTY')], ids=str)
def test_what_is_wrong_tells_nobody(program, asked, status, code):
    assert program.refusal(METHOD, json=asked) == (status, code)
    assert not Notice.select().exists()


BLOCKS = [{'MESSAGE': 'See [b]below[/b]'}, {'DELIMITER': {'SIZE': 200, 'COLOR': '#c6c6c6'}}, {'GRID': [{'NAME': 'Sum', 'VALUE': 70, 'DISPLAY': 'LINE'}, {'VALUE': 'paid'}]},
          {'LINK': {'NAME': 'The order', 'LINK': 'https://erp.example/7', 'DESC': 'in the ERP'}}, {'LINK': [{'LINK': 'https://a.example'}]}]


@pytest.mark.parametrize('attach', [BLOCKS, {'ID': 1, 'COLOR': '#fff', 'BLOCKS': BLOCKS}, json.dumps(BLOCKS), {'blocks': BLOCKS}], ids=['list', 'blocks', 'JSON', 'small'])
def test_blocks_of_text_are_told_as_text(company, program, ids, attach):
    program.result(METHOD, json={'USER_ID': ids['head'], 'MESSAGE': 'Order 7', 'ATTACH': attach})
    (text, _count), = at_the_bell(company, 'head')
    assert text.endswith(': Order 7 · See below · Sum: 70 · paid · The order (https://erp.example/7): in the ERP · https://a.example')


def test_blocks_come_as_a_form_too_and_what_a_notice_cannot_show_is_named(company, program, ids):
    program.result(METHOD, data={'USER_ID': ids['head'], 'MESSAGE': 'Order 7', 'ATTACH[0][MESSAGE]': 'paid', 'ATTACH[1][GRID][0][NAME]': 'Sum'})
    assert at_the_bell(company, 'head')[0][0].endswith(': Order 7 · paid · Sum')
    refused = program.call(METHOD, json={'USER_ID': ids['head'], 'MESSAGE': 'x', 'ATTACH': [{'IMAGE': {'LINK': 'https://a.example/b.png'}}]})
    assert refused[0] == 400 and 'ATTACH' in refused[1]['error_description'] and 'IMAGE' in refused[1]['error_description']


def test_a_repeat_with_its_key_tells_nobody_twice(company, program, ids):
    asked, key = {'USER_ID': ids['head'], 'MESSAGE': 'Once'}, {'Idempotency-Key': 'a key of mine'}
    first = program.result(METHOD, json=asked, headers=key)
    assert program.result(METHOD, json=asked, headers=key) == first and at_the_bell(company, 'head')[0][1] == 1 and Notice.select().count() == 1
    assert program.refusal(METHOD, json={**asked, 'MESSAGE': 'Other'}, headers=key) == (409, 'ERROR_CONFLICT')
    assert program.result(METHOD, json=asked) != first and Notice.select().count() == 2


def test_the_same_tag_of_the_same_person_replaces_what_is_unread(company, program, ids):
    asked = {'USER_ID': ids['head'], 'TAG': 'order-7'}
    first = program.result(METHOD, {**asked, 'MESSAGE': 'Order 7 is paid'})
    assert program.result(METHOD, {**asked, 'MESSAGE': 'Order 7 is sent'}) == first
    (text, count), = at_the_bell(company, 'head')
    assert 'is sent' in text and count == 2
    other = caller(company, 'outsider').result(METHOD, {**asked, 'MESSAGE': 'Mine'})
    assert other != first
    notices.read_all(company.actor('head'))
    assert program.result(METHOD, {**asked, 'MESSAGE': 'Order 7 came back'}) not in (first, other)


def test_who_wants_none_gets_none_and_the_program_reads_false(company, program, ids):
    actor = company.actor('head')
    assert KIND in {one['kind'] for one in notices.choices(actor)}
    notices.choose(actor, {KIND: (False, False)})
    assert program.result(METHOD, {'USER_ID': ids['head'], 'MESSAGE': 'x'}) is False and not Notice.select().exists()


def test_it_needs_its_scope_and_leaves_no_message_in_the_log(company, program, ids):
    assert caller(company, 'employee', ['user']).refusal(METHOD, {'USER_ID': ids['head'], 'MESSAGE': 'x'}) == (403, 'insufficient_scope')
    program.result(METHOD, {'USER_ID': ids['head'], 'MESSAGE': 'Very private'})
    logged = [dict(one) for one in audit.AuditRow.select().dicts()]
    assert KIND in str(logged) and 'Very private' not in str(logged)


def test_commands_of_a_batch_tell_each_once(company, program, ids):
    batch = {'halt': 1, 'cmd': {'him': 'user.get?ID=%d' % ids['head'], 'told': f'{METHOD}?USER_ID=%24result%5Bhim%5D%5B0%5D%5BID%5D&MESSAGE=Hello'}}
    for _turn in range(2):
        found = program.result('batch', json=batch, headers={'Idempotency-Key': 'a batch of mine'})
        assert found['result_error'] == [] and found['result']['told'] == Notice.get().id
    assert Notice.select().count() == 1


@pytest.mark.parametrize(('given', 'shown'), [
    ('[B]a[/B] [url]https://a.example[/url]', 'a https://a.example'), ('[URL=/x]y[/URL]', 'y (/x)'), ('[user=3]Ana[/user], hello', 'Ana, hello'),
    ('a[br]b\r\n\tc', 'a b c'), ('[not a mark] [1] [/etc]', '[not a mark] [1] [/etc]'), ('[url=' * 500, '[url=' * 500), ('[color=#f00]red[/color]', 'red')])
def test_marks_are_taken_out(given, shown):
    assert plain(given) == shown.strip()
