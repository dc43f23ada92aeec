"""The company's own fields in the profile, in its editing, and for programs."""
import pytest

from appliance.core import tags
from appliance.core.actor import SYSTEM
from appliance.core.custom_fields import defining, values
from appliance.core.custom_fields.models import MANAGER, OWNER
from appliance.core.errors import Conflict, Invalid, NotAllowed
from appliance.tools.people.editing import edit_profile, opened
from tests.counting import queries as counted
from tests.tools.people.test_editing_pages import edit, fields_in
from tests.web.rest.callers import caller

PERSON = 'core.person'


def add(title, type='text', **more):
    return defining.add_field(SYSTEM, PERSON, title, type, **more)


@pytest.fixture
def fields(lumbreras):
    """A field for himself, one for who manages people, one that only they see; filled in of the employee."""
    add('Desk')
    add('Grade', edited_by=MANAGER)
    add('Diet', seen_by=OWNER)
    values.fill(lumbreras.actor('administrator'), PERSON, lumbreras.ids['employee'], {'UF_DESK': 'Window <b>', 'UF_GRADE': 'Seven', 'UF_DIET': 'Vegan'})


def test_each_sees_and_edits_what_is_his(lumbreras, fields):
    employee = lumbreras.ids['employee']
    for role, sees, edits in (('employee', True, ['UF_DESK', 'UF_DIET']), ('administrator', True, ['UF_DESK', 'UF_GRADE', 'UF_DIET']),
                              ('head', False, None), ('outsider', False, None), ('guest', False, None)):
        browser = lumbreras.browser(role)
        text = browser.get(f'/people/{employee}').text
        assert 'Window &lt;b&gt;' in text and 'Seven' in text and ('Vegan' in text) == sees, role
        assert (f'/history/core.person/{employee}' in text) == sees
        assert browser.get(f'/history/core.person/{employee}').status_code == (200 if sees else 403)
        answer = browser.get(f'/people/{employee}/edit')
        assert answer.status_code == (403 if edits is None else 200)
        assert edits is None or [name for name in fields_in(answer.text) if name.startswith('UF_')] == edits


def test_it_is_saved_with_the_rest_or_not_at_all(lumbreras, fields):
    employee, browser = lumbreras.ids['employee'], lumbreras.browser('employee')
    assert edit(browser, employee, phone='1', birthday='', UF_DESK='Door', UF_DIET='').status_code == 303
    text = browser.get(f'/people/{employee}').text
    assert 'Door' in text and 'Vegan' not in text
    history = browser.get(f'/history/core.person/{employee}').text
    assert all(word in history for word in ('Desk', 'Door', 'Window &lt;b&gt;', 'Phone', 'Birthday', 'June 27, 1992'))
    answer = edit(browser, employee, phone='2', birthday='', UF_DESK='x' * 501, UF_DIET='')
    assert answer.status_code == 422 and '500' in answer.text
    assert edit(browser, employee, phone='2', birthday='', UF_DESK='x', UF_DIET='', UF_GRADE='x').status_code == 422
    assert 'Door' in browser.get(f'/people/{employee}').text


def test_two_who_change_the_same_are_told(lumbreras, fields):
    employee, boss, person_id = lumbreras.actor('employee'), lumbreras.actor('administrator'), lumbreras.ids['employee']
    seen = opened(employee, person_id)['seen']
    edit_profile(boss, person_id, {'UF_DESK': 'Door', 'UF_DIET': 'None'})
    with pytest.raises(Conflict, match='Door'):
        edit_profile(employee, person_id, {'UF_DESK': 'Lab'}, seen)
    assert edit_profile(employee, person_id, {'UF_DESK': 'Window <b>', 'phone': '12'}, seen) == ['phone']
    assert [one['text'] for one in values.shown(PERSON, person_id, True)] == ['Door', 'Seven', 'None']
    with pytest.raises(NotAllowed):
        edit_profile(employee, person_id, {'UF_GRADE': 'Nine'})


def test_what_is_needed_is_asked_of_himself(lumbreras):
    add('Desk', is_required=True)
    employee, person_id = lumbreras.actor('employee'), lumbreras.ids['employee']
    with pytest.raises(Invalid, match='needed'):
        edit_profile(employee, person_id, {'phone': '1', 'UF_DESK': ''})
    assert edit_profile(lumbreras.actor('administrator'), person_id, {'phone': '1', 'UF_DESK': ''}) == ['phone']
    edit_profile(employee, person_id, {'UF_DESK': 'Door'})
    with pytest.raises(Invalid, match='needed'):
        edit_profile(lumbreras.actor('administrator'), person_id, {'UF_DESK': ''})


def test_thirty_fields_cost_one_statement(lumbreras):
    browser, path = lumbreras.browser('employee'), f'/people/{lumbreras.ids["employee"]}'
    browser.get(path)
    with counted() as bare:
        browser.get(path)
    ids = [add(f'Field {number}') for number in range(30)]
    assert len(ids) == 30
    values.fill(lumbreras.actor('employee'), PERSON, lumbreras.ids['employee'], {f'UF_FIELD_{number}': f'word{number}' for number in range(30)})
    assert 'word29' in browser.get(path).text
    with counted() as full:
        browser.get(path)
    assert len(full) == len(bare) + 1 and len(full) <= 8


def test_programs_read_filter_and_sort(lumbreras, fields):
    boss, head, employee = (caller(lumbreras, role) for role in ('administrator', 'head', 'employee'))
    person_id = str(lumbreras.ids['employee'])
    add('Size', 'decimal')
    add('Colour', 'choice', choices=['Red', 'Green'])
    add('Vaccinated', 'flag')
    add('Since', 'date')
    colour = str([one for one in defining.listing(SYSTEM)[0][1] if one.type == 'choice'][0].choices[1][0])
    edit_profile(lumbreras.actor('employee'), lumbreras.ids['employee'], {'UF_SIZE': '72,5', 'UF_COLOUR': colour, 'UF_VACCINATED': 'y', 'UF_SINCE': '2020-02-29'})
    shown = employee.result('user.current')
    assert {name: shown[name] for name in shown if name.startswith('UF_') and name != 'UF_DEPARTMENT'} == {
        'UF_DESK': 'Window <b>', 'UF_GRADE': 'Seven', 'UF_DIET': 'Vegan', 'UF_SIZE': '72.5', 'UF_COLOUR': colour, 'UF_VACCINATED': '1',
        'UF_SINCE': '2020-02-29T00:00:00+01:00'}
    assert 'UF_DIET' not in head.result('user.get', {'ID': person_id})[0] and boss.result('user.get', {'ID': person_id})[0]['UF_DIET'] == 'Vegan'
    for asked in ({'UF_DESK': 'window <B>'}, {'filter[%UF_DESK]': 'indow'}, {'filter[>UF_SIZE]': '72.4'}, {'filter[UF_SIZE]': '72.50'}, {'filter[UF_COLOUR]': colour},
                  {'filter[UF_VACCINATED]': 'Y'}, {'filter[<=UF_SINCE]': '2020-02-29'}, {'filter[@UF_DESK][0]': 'Window <b>'}):
        assert [one['ID'] for one in head.result('user.get', asked)] == [person_id], asked
    assert head.result('user.get', {'filter[UF_DESK]': 'Door'}) == []
    assert head.result('user.get', {'order[UF_SIZE]': 'DESC'})[0]['ID'] == person_id
    assert head.result('user.get', {'ID': person_id, 'select[]': 'UF_DESK'}) == [{'UF_DESK': 'Window <b>'}]
    for wrong in ({'UF_NONE': 'x'}, {'filter[UF_DIET]': 'Vegan'}, {'UF_DIET': 'Vegan'}, {'order[UF_DIET]': 'ASC'}, {'filter[UF_SIZE]': 'x'}, {'filter[UF_COLOUR]': 'Red'}):
        assert head.call('user.get', wrong)[0] == 400, wrong
    assert [one['ID'] for one in boss.result('user.get', {'filter[UF_DIET]': 'vegan'})] == [person_id]


def test_programs_define_fields(lumbreras):
    boss, head = caller(lumbreras, 'administrator'), caller(lumbreras, 'head')
    first = boss.result('user.userfield.add', json={'fields': {'FIELD_NAME': 'Desk', 'USER_TYPE_ID': 'string', 'LABEL': 'The desk', 'XML_ID': 'x', 'MANDATORY': 'Y'}})
    second = boss.result('user.userfield.add', {'fields[FIELD_NAME]': 'UF_COLOUR', 'fields[USER_TYPE_ID]': 'enumeration', 'fields[EDIT_FORM_LABEL][en]': 'Colour',
                                                'fields[LIST][0][VALUE]': 'Red', 'fields[LIST][1][VALUE]': 'Green'})
    found = boss.result('user.userfield.list')
    assert [(one['ID'], one['FIELD_NAME'], one['USER_TYPE_ID'], one['MANDATORY'], one['EDIT_FORM_LABEL']) for one in found] == [
        (str(first), 'UF_DESK', 'string', 'Y', 'The desk'), (str(second), 'UF_COLOUR', 'enumeration', 'N', 'Colour')]
    red = found[1]['LIST'][0]['ID']
    assert boss.result('user.userfield.update', json={'ID': second, 'FIELDS': {'MANDATORY': 'Y', 'LIST': [{'ID': red, 'DEL': 'Y'}, {'VALUE': 'Blue'}]}}) is True
    changed = boss.result('user.userfield.list', {'filter[FIELD_NAME]': 'uf_colour'})[0]
    assert [one['VALUE'] for one in changed['LIST']] == ['Green', 'Blue'] and changed['MANDATORY'] == 'Y'
    for wrong, status in (({'FIELD_NAME': 'x'}, 400), ({'FIELD_NAME': 'x', 'USER_TYPE_ID': 'file'}, 400), ({'FIELD_NAME': ['x'], 'USER_TYPE_ID': 'string'}, 400),
                          ({'FIELD_NAME': 'DESK', 'USER_TYPE_ID': 'string'}, 409), ({'FIELD_NAME': 'x', 'USER_TYPE_ID': ['string']}, 400),
                          ({'FIELD_NAME': 'x', 'USER_TYPE_ID': 'string', 'MULTIPLE': 'Y'}, 400), ({'FIELD_NAME': 'x', 'USER_TYPE_ID': 'string', 'COLOUR': 'Y'}, 400),
                          ({'FIELD_NAME': 'x', 'USER_TYPE_ID': 'enumeration', 'LIST': 'x'}, 400), ({'FIELD_NAME': 'x', 'USER_TYPE_ID': 'string', 'LABEL': {'en': 7}}, 400)):
        assert boss.call('user.userfield.add', json={'fields': wrong})[0] in (status, 400), wrong
    assert head.call('user.userfield.list')[0] == head.call('user.userfield.delete', {'id': first})[0] == 404
    assert boss.result('user.userfield.delete', {'id': first}) is True and len(boss.result('user.userfield.list')) == 1
    assert boss.call('user.userfield.delete', {'id': first})[0] == 404


def test_the_list_by_what_people_can_be_asked_about(lumbreras):
    for role in ('employee', 'head'):
        tags.add_tags(lumbreras.actor(role), PERSON, lumbreras.ids[role], 'Réctifier')
    tags.add_tags(lumbreras.actor('guest'), PERSON, lumbreras.ids['guest'], 'rectifier')
    browser = lumbreras.browser('outsider')
    for path, expected in (('/people?tag=RECTIFIER', ['employee', 'head']), ('/people?tag=rectifier&q=tom', ['employee']), ('/people?tag=none', [])):
        text = browser.get(path).text
        found = {role for role in ('employee', 'head', 'guest', 'outsider') if f'class="person" href="/people/{lumbreras.ids[role]}"' in text}
        assert found == {*expected}, path
    assert 'name="tag" value="RECTIFIER"' in browser.get('/people?tag=RECTIFIER').text
    for odd in ('%00', '%20', '%CC%81', 'x' * 500, "'%20OR%201=1"):
        assert browser.get(f'/people?tag={odd}').status_code == 200, odd
    with counted() as asked:
        browser.get('/people?tag=rectifier')
    assert len(asked) <= 8
    assert lumbreras.browser('guest').get('/people?tag=rectifier').status_code == 404
