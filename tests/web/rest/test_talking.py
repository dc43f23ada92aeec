"""comment.* and like.*: what the pages do, by a program, with the same refusals."""
import pytest

from appliance.core import db
from appliance.core.comments import Comment
from appliance.core.limits import COMMENT_LENGTH
from tests.web.rest.callers import caller


@pytest.fixture
def about(company):
    """The owner text of a closed day of the employee."""
    return f"worktime.day:{db.row('SELECT max(id) FROM worktime_day WHERE person_id = ?', company.ids['employee'])[0]}"


def test_a_program_talks_as_its_person(company, program, about):
    head = db.row('SELECT name FROM person WHERE id = ?', company.ids['head'])[0]
    outsider = db.row('SELECT name FROM person WHERE id = ?', company.ids['outsider'])[0]
    first = program.result('comment.add', json={'OWNER': about, 'TEXT': f'**x** @{head}, @{outsider}'})
    assert first == {'ID': first['ID'], 'UNTOLD': [outsider], 'UNCLEAR': []}
    boss = caller(company, 'head')
    second = boss.result('comment.add', {'owner': about, 'text': '<b>yes', 'quote_id': first['ID']})['ID']
    assert program.result('like.add', {'OWNER': f'core.comment:{second}'}) == {'COUNT': 1, 'IS_LIKED': True} == program.result('like.add', {'OWNER': f'core.comment:{second}'})
    found = program.result('comment.list', {'OWNER': about})
    assert [(one['AUTHOR_NAME'], one['TEXT'], one['QUOTE_ID'], one['LIKES'], one['IS_LIKED']) for one in found['ITEMS']][1] == (head, '<b>yes', first['ID'], 1, True)
    assert found['ITEMS'][0]['TEXT'] == f'**x** @{head}, @{outsider}' and found['BEFORE'] is None
    assert boss.result('like.list', {'OWNER': f'core.comment:{second}'})['ITEMS'] == [{'ID': company.ids['employee'], 'NAME': found['ITEMS'][0]['AUTHOR_NAME']}]
    assert boss.result('comment.update', {'ID': second, 'TEXT': 'no'})['ID'] == second and boss.result('comment.delete', {'ID': second}) is True
    assert [one['ID'] for one in boss.result('comment.list', {'OWNER': about})['ITEMS']] == [first['ID']]


@pytest.mark.parametrize(('asked', 'status'), [
    ({'TEXT': 'x'}, 400), ({'TEXT': 'x', 'OWNER': 'x'}, 404), ({'TEXT': 'x', 'OWNER': 'worktime.day:0'}, 404), ({'TEXT': 'x', 'OWNER': 'core.person:1'}, 404),
    ({'TEXT': 'x', 'OWNER': 'planted.note:1'}, 404), ({'TEXT': ' '}, 400), ({'TEXT': 'x' * (COMMENT_LENGTH + 1)}, 400), ({'TEXT': 'x', 'QUOTE_ID': '99'}, 404),
    ({'TEXT': 'x', 'QUOTE_ID': 'y'}, 400), ({'TEXT': 'x', 'PERSON_ID': '1'}, 400)])
def test_what_is_refused(program, about, asked, status):
    if 'OWNER' not in asked and asked != {'TEXT': 'x'}:
        asked = {'OWNER': about, **asked}
    assert program.call('comment.add', json=asked)[0] == status and not Comment.select().exists()


def test_a_repeat_with_its_key_is_one_comment(program, about):
    for _time in range(2):
        program.result('comment.add', json={'OWNER': about, 'TEXT': 'x'}, headers={'Idempotency-Key': 'a key of the tests'})
    assert Comment.select().count() == 1


def test_a_token_without_the_scope(company, about):
    assert caller(company, 'employee', ['user']).refusal('comment.list', {'OWNER': about})[1] == 'insufficient_scope'
