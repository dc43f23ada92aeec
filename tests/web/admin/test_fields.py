"""/admin/fields: a field from its form to the profile and away again."""
import re

from appliance.core import people
from appliance.core.actor import SYSTEM
from appliance.core.custom_fields import defining, values
from appliance.core.custom_fields.models import all_definitions

NEW = {'kind': 'core.person', 'title': 'Desk', 'type': 'text', 'edited_by': 'owner', 'seen_by': 'all', 'more': '', 'code': ''}


def add(administrator, **more):
    return administrator.post('/admin/fields', NEW | more, page='/admin/fields')


def test_a_field_is_added_changed_moved_and_deleted(lumbreras, administrator):
    assert 'No field yet' in administrator.get('/admin/fields').text
    assert add(administrator).status_code == 303
    assert add(administrator, title='Colour <b>', type='choice', more='Red\r\n\r\n Green ', is_required='y').status_code == 303
    desk, colour = all_definitions()
    assert [(one.code, one.title, one.is_required) for one in (desk, colour)] == [('UF_DESK', 'Desk', False), ('UF_COLOUR_B', 'Colour <b>', True)]
    assert administrator.post(f'/admin/fields/{colour.id}/moving', {'is_up': 'y'}, page='/admin/fields').status_code == 303
    text = administrator.get('/admin/fields').text
    assert text.index('Colour &lt;b&gt;') < text.index('>Desk<') and 'Needed' in text
    path, (red, green) = f'/admin/fields/{colour.id}', [number for number, _title in colour.choices]
    held = {'title': 'Colour', 'type': 'choice', 'edited_by': 'manager', 'seen_by': 'all', 'is_on': 'y', f'choice_{red}': 'Crimson', f'choice_{green}': '', 'more': 'Blue'}
    assert administrator.post(path, held, page=path).status_code == 303
    assert [title for _number, title in defining.access_field(SYSTEM, colour.id).choices] == ['Crimson', 'Blue']
    employee = lumbreras.ids['employee']
    values.fill(lumbreras.actor('administrator'), 'core.person', employee, {'UF_COLOUR_B': str(red)})
    answer = administrator.post(path, {**held, f'choice_{red}': '', 'more': ''} | {name: '' for name in ()}, page=path)
    assert answer.status_code == 422 or 'no field' in answer.text
    text = administrator.get(f'{path}/deletion').text
    assert '1 value goes with this field' in text and len(all_definitions()) == 2
    assert administrator.post(f'{path}/deletion', page=f'{path}/deletion').status_code == 303
    assert [one.code for one in all_definitions()] == ['UF_DESK'] and 'and 1 value with it' in administrator.get('/admin/fields').text


def test_what_is_wrong_stands_at_its_field(administrator):
    add(administrator)
    for wrong, words in (({'title': ''}, '1 to 100'), ({'code': 'a b'}, 'UF_ with letters'), ({'code': 'UF_DESK'}, 'already'), ({'type': 'choice'}, 'something to choose'),
                         ({'type': 'file'}, 'valid choice'), ({'seen_by': 'x'}, 'valid choice')):
        answer = add(administrator, **wrong)
        assert answer.status_code == 422 and words in answer.text, wrong
    assert add(administrator, kind='worktime.day').status_code == 404
    assert add(administrator, position='1').status_code == 422
    assert len(all_definitions()) == 1
    assert administrator.get('/admin/fields/99').status_code == administrator.get('/admin/fields/99/deletion').status_code == 404


def test_only_who_may_define_fields(lumbreras, administrator):
    add(administrator)
    field = all_definitions()[0].id
    people.give_role(SYSTEM, lumbreras.ids['employee'], 'portal_admin')
    assert lumbreras.browser('employee').get('/admin/fields').status_code == 200
    for role in ('head', 'outsider', 'guest'):
        browser = lumbreras.browser(role)
        for path in ('/admin/fields', f'/admin/fields/{field}', f'/admin/fields/{field}/deletion'):
            assert browser.get(path).status_code == 403, (role, path)
        assert browser.post('/admin/fields', NEW, page='/').status_code == 403
    assert re.search(r'href="/admin/fields"', administrator.get('/admin').text)
