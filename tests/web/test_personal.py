"""The pages of personal data: the map, one's own file, asking and being asked, who read one's things."""
import io
import json
import re
import zipfile

import pytest

from appliance.core import db, people
from appliance.core.actor import SYSTEM
from appliance.tools.worktime import rules as worktime

WHY = 'The wage office asks for the times of March.'


def test_the_map_is_for_who_answers_for_it(company):
    text = company.browser('administrator').get('/admin/personal-data').text
    assert 'worktime_day' in text and 'core.clean' in text and 'Nothing of a person' in text
    for login in ('head', 'employee', 'guest'):
        assert company.browser(login).get('/admin/personal-data').status_code == 403


@pytest.mark.parametrize('login', ['employee', 'guest'])
def test_everybody_downloads_his_own(company, login):
    browser = company.browser(login)
    answer = browser.post('/settings/my-data', page='/settings/my-data')
    assert answer.status_code == 200 and answer.mimetype == 'application/zip' and f'{login}-' in answer.headers['Content-Disposition']
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        assert json.loads(packed.read('data/person.json'))[0]['id'] == company.ids[login]
    assert answer.headers['Cache-Control'] == 'no-store'
    answer.close()
    assert browser.get('/settings/my-data').status_code == 200
    assert [path for path in company.config.data.folder.iterdir() if path.name.startswith('tmp')] == []


def test_without_the_token_nothing_is_given(company):
    browser = company.browser('employee')
    assert browser.post('/settings/my-data', {'csrf_token': 'x'}).status_code in (400, 403)
    assert db.row("SELECT count(*) FROM audit WHERE what = 'core.person.exported'")[0] == 0


@pytest.fixture
def second(company):
    """A second administrator, of long ago."""
    people.give_role(SYSTEM, company.ids['head'], 'administrator')
    return company.browser('head')


def ask(company, **values):
    return company.browser('administrator').post('/admin/insight', {'login': 'employee', 'kind': 'worktime.day', 'hours': '2', 'reason': WHY, **values},
                                                 page='/admin/insight')


def test_from_asking_to_reading(company, second):
    day = worktime.start_day(company.actor('employee'))
    first = company.browser('administrator')
    assert first.get(f'/worktime/days/{day}').status_code == 404
    assert ask(company).status_code == 303
    assert first.post('/admin/insight/1/granting', page='/admin/insight').status_code == 403
    assert first.get('/admin/insight/1').status_code == 404
    page = second.get('/admin/insight').text
    assert WHY in page and '/admin/insight/1/granting' in page
    assert second.post('/admin/insight/1/granting', page='/admin/insight').status_code == 303
    page = first.get('/admin/insight/1').text
    for query, status in (('older=1', 200), ('older=0', 200), ('older=x', 422), ('older=-1', 422), ('older=' + '9' * 30, 422), ('older=1.5', 422)):
        assert first.get(f'/admin/insight/1?{query}').status_code == status, query
    assert '/worktime/days/' not in first.get('/admin/insight/1?older=0').text
    assert f'/worktime/days/{day}' in page
    assert first.get(f'/worktime/days/{day}').status_code == 200
    mine = company.browser('employee')
    page = mine.get('/settings/insight').text
    assert WHY in page and f'worktime.day:{day}' in page
    assert mine.post('/settings/insight/1/ending', page='/settings/insight').status_code == 303
    assert first.get(f'/worktime/days/{day}').status_code == 404
    assert mine.post('/settings/insight/1/ending', page='/settings/insight').status_code == 303


def test_a_refusal_is_shown(company, second):
    ask(company)
    assert second.post('/admin/insight/1/refusal', page='/admin/insight').status_code == 303
    answer = second.post('/admin/insight/1/granting', page='/admin/insight')
    assert answer.status_code == 409 and 'decided already' in answer.text


@pytest.mark.parametrize('values', [{'login': 'nobody'}, {'kind': 'x'}, {'hours': '99'}, {'hours': 'x'}, {'reason': 'short'}, {'login': 'administrator'},
                                    {'login': ''}, {'reason': '\0' * 12}])
def test_what_is_wrong_is_said(company, values):
    answer = ask(company, **values)
    assert answer.status_code in (403, 404, 409, 422) and re.search('invalid-feedback|note-bad', answer.text)
    assert db.row('SELECT count(*) FROM insight')[0] == 0


def test_others_find_nothing(company, second):
    ask(company)
    for login in ('employee', 'outsider', 'guest'):
        browser = company.browser(login)
        assert browser.get('/admin/insight').status_code == 403 and browser.get('/admin/insight/1').status_code == 403
        assert browser.post('/admin/insight/1/granting', page='/settings').status_code == 403
    assert company.browser('outsider').post('/settings/insight/1/ending', page='/settings/insight').status_code == 404
