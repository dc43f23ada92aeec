"""The card of tags on a profile, what bears a tag, and the suggestions; by pages and by programs."""
import re

import pytest

from appliance.core import tags
from appliance.core.tags import Tagging
from tests.counting import queries
from tests.visitors import Company
from tests.web.rest.callers import caller

HTMX = {'HX-Request': 'true'}


@pytest.fixture
def person_id(company):
    """The employee."""
    return company.ids['employee']


@pytest.fixture
def company(box):
    """The demo company."""
    return Company(box)


def test_he_tells_what_he_can_be_asked_about(company, person_id):
    browser, page = company.browser('employee'), f'/people/{company.ids["employee"]}'
    assert browser.post(f'/tags/core.person/{person_id}', {'text': 'Lenses, <b>', 'next': page}, page=page).location == page
    text = browser.get(page).text
    assert 'Ask me about' in text and 'href="/people?tag=Lenses"' in text and '&lt;b&gt;' in text and 'tag-off' in text
    other = company.browser('outsider').get(page).text
    assert 'href="/people?tag=Lenses"' in other and 'tag-off' not in other and 'tags-new' not in other
    assert 'href="/tags?tag=Lenses"' in company.browser('guest').get(page).text       # who has no list of people
    text = company.browser('outsider').get('/tags?tag=LENSES').text
    assert f'href="{page}"' in text and 'Tomás Herrera' in text and '<h1>Lenses</h1>' in text
    assert 'href="/tags?tag=Lenses"' in company.browser('outsider').get('/tags').text
    number = tags.listed('core.person', person_id)[1]['id']
    answer = browser.post(f'/tags/core.person/{person_id}/{number}/removal', {'next': page}, page=page, headers=HTMX)
    assert answer.status_code == 200 and 'Lenses' not in answer.text and answer.text.lstrip().startswith('<div class="tags"')
    assert browser.post(f'/tags/core.person/{person_id}/{number}/removal', {'next': page}, page=page).status_code == 404
    assert 'Nothing bears this tag' in browser.get('/tags?tag=Lenses').text


def test_what_is_wrong_stands_at_the_field(company, person_id):
    browser, page = company.browser('employee'), f'/people/{company.ids["employee"]}'
    answer = browser.post(f'/tags/core.person/{person_id}', {'text': 'x' * 51, 'next': page}, page=page, headers=HTMX)
    assert answer.status_code == 422 and 'at most 50' in answer.text and 'x' * 51 in answer.text and 'aria-invalid="true"' in answer.text
    answer = browser.post(f'/tags/core.person/{person_id}', {'text': '', 'next': 'https://evil.example/'}, page=page)
    assert answer.status_code == 303 and answer.location == '/' and not Tagging.select().exists()
    for path, status in ((f'/tags/core.person/{company.ids["head"]}', 403), ('/tags/core.person/999999', 404), ('/tags/worktime.day/1', 404), ('/tags/none.such/1', 404)):
        assert browser.post(path, {'text': 'x', 'next': page}, page=page).status_code == status, path
    guest = company.browser('guest')
    assert guest.post(f'/tags/core.person/{company.ids["outsider"]}', {'text': 'x', 'next': '/'}, page='/').status_code == 404


def test_suggestions_are_what_others_wrote(company, person_id):
    tags.add_tags(company.actor('employee'), 'core.person', person_id, 'Lenses, Coating, Lathe "x"')
    browser = company.browser('head')
    assert re.findall('value="([^"]*)"', browser.get('/tags/core.person/suggestions?text=La').text) == ['Lathe &#34;x&#34;']
    assert re.findall('value="([^"]*)"', browser.get('/tags/core.person/suggestions?text=Steel,+le').text) == ['Steel, Lenses']
    assert len(re.findall('<option', browser.get('/tags/core.person/suggestions').text)) == 3
    assert browser.get('/tags/worktime.day/suggestions?text=x').status_code == 404


def test_a_profile_with_tags_stays_cheap(company, person_id):
    tags.add_tags(company.actor('employee'), 'core.person', person_id, ','.join(f'tag {number}' for number in range(30)))
    browser = company.browser('employee')
    browser.get(f'/people/{person_id}')
    for path in (f'/people/{person_id}', '/tags?tag=tag+7', '/tags'):
        with queries() as asked:
            assert browser.get(path).status_code == 200
        assert len(asked) <= 8, (path, asked)
    assert 'tags-new' not in browser.get(f'/people/{person_id}').text        # no more fit


def test_programs_tag_and_find(company, person_id):
    employee, head, guest = (caller(company, role, ('tags',)) for role in ('employee', 'head', 'guest'))
    owner = f'core.person:{person_id}'
    assert employee.result('tag.add', json={'OWNER': owner, 'TEXT': 'Lenses, coating'}) == ['Lenses', 'coating']
    found = head.result('tag.list', {'OWNER': owner})
    assert [one['TEXT'] for one in found] == ['coating', 'Lenses']
    assert head.result('tag.find', {'TEXT': 'lenses'}) == {'ITEMS': [{'OWNER': owner, 'TITLE': 'Tomás Herrera'}], 'OLDER': None}
    assert head.call('tag.add', {'OWNER': owner, 'TEXT': 'x'})[0] == 403
    assert guest.call('tag.list', {'OWNER': f'core.person:{company.ids["head"]}'})[0] == 404
    for wrong in ({'OWNER': owner}, {'OWNER': owner, 'TEXT': ''}, {'OWNER': owner, 'TEXT': 'x' * 51}, {'OWNER': owner, 'TEXT': ['x']}):
        assert employee.call('tag.add', json=wrong)[0] == 400, wrong
    assert employee.result('tag.delete', {'OWNER': owner, 'ID': found[0]['ID']}) is True
    assert employee.call('tag.delete', {'OWNER': owner, 'ID': found[0]['ID']})[0] == 404
