"""The pages of editing: what each role is shown, what a form says back, what it never takes."""
import re

from appliance.core import settings
from appliance.core.people import Person, set_language
from appliance.core.actor import SYSTEM
from tests.tools.people.test_routes import link_to_directory


def fields_in(text):
    """The names of the fields of the profile's form."""
    return [name for name in re.findall(r'<(?:input|select)[^>]* name="(\w+)"', text.split('<main')[1].split('</main')[0])
            if name not in ('csrf_token', 'request_key', 'seen', 'photo')]


def edit(browser, person_id, /, **fields):
    page = f'/people/{person_id}/edit'
    if 'login' in fields:       # as an administrator's browser sends it
        fields.setdefault('employee_number', '')
    seen = re.search(r'name="seen" value="([^"]+)"', browser.get(page).text)
    return browser.post(page, ({'seen': seen[1].replace('&#34;', '"')} if seen else {}) | fields, page=page)


def test_each_sees_the_fields_that_are_his(lumbreras):
    employee = lumbreras.ids['employee']
    assert fields_in(lumbreras.browser('employee').get(f'/people/{employee}/edit').text) == ['phone', 'birthday']
    text = lumbreras.browser('administrator').get(f'/people/{employee}/edit').text
    assert fields_in(text) == ['name', 'title', 'phone', 'birthday', 'employee_number', 'department_id', 'mail', 'login']
    assert re.search(r'<option selected value="1">Engineering', text) and 'type="date" value="1992-06-27"' in text
    assert 'contact' in fields_in(lumbreras.browser('administrator').get(f'/people/{lumbreras.ids["guest"]}/edit').text)
    assert fields_in(lumbreras.browser('guest').get(f'/people/{lumbreras.ids["guest"]}/edit').text) == ['phone', 'birthday']


def test_the_profile_leads_there_only_who_may(lumbreras):
    employee = lumbreras.ids['employee']
    for role, leads in (('employee', True), ('administrator', True), ('head', False), ('outsider', False), ('guest', False)):
        browser = lumbreras.browser(role)
        assert (f'/people/{employee}/edit' in browser.get(f'/people/{employee}').text) is leads, role
        assert browser.get(f'/people/{employee}/edit').status_code == (200 if leads else 403)
    assert lumbreras.browser('guest').get(f'/people/{lumbreras.ids["head"]}/edit').status_code == 404
    assert lumbreras.browser('administrator').get('/people/999999/edit').status_code == 404


def test_it_is_saved_and_shown(lumbreras):
    employee, browser = lumbreras.ids['employee'], lumbreras.browser('employee')
    answer = edit(browser, employee, phone='+34 600 000 000', birthday='1991-05-04')
    assert (answer.status_code, answer.location) == (303, f'/people/{employee}')
    text = browser.get(f'/people/{employee}').text
    assert '+34 600 000 000' in text and 'May 4, 1991' in text and 'Saved.' in text
    administrator = lumbreras.browser('administrator')
    answer = edit(administrator, employee, name='Tomás', title='', phone='', birthday='', department_id='', mail='', login='employee')
    assert answer.status_code == 303
    person = Person.get_by_id(employee)
    assert (person.name, person.department_id, person.birthday) == ('Tomás', None, None)


def test_what_is_wrong_stands_at_its_field_with_what_was_typed(lumbreras):
    employee, administrator = lumbreras.ids['employee'], lumbreras.browser('administrator')
    right = {'name': 'Tomás', 'title': 'x', 'phone': '1', 'birthday': '1992-06-27', 'department_id': '1', 'mail': '', 'login': 'employee'}
    for field, value, words in (('mail', 'no address', 'looks like name@company.example'), ('birthday', '1800-01-01', 'between 1900 and today'),
                                ('birthday', 'soon', 'valid date'), ('login', 'head', 'already'), ('name', '', 'A name is needed'), ('phone', 'x' * 51, '50'),
                                ('department_id', '99', 'valid choice'), ('department_id', 'x', 'valid choice')):
        answer = edit(administrator, employee, **(right | {field: value, 'title': 'typed'}))
        assert answer.status_code == 422, (field, value)
        error = re.search(rf'id="{field}-error">([^<]+)<', answer.text)
        assert error and words in error[1], (field, value, error)
        assert 'value="typed"' in answer.text
    assert Person.get_by_id(employee).title == 'Optical engineer'


def test_a_field_that_is_not_his_is_refused(lumbreras):
    employee, browser = lumbreras.ids['employee'], lumbreras.browser('employee')
    for field in ('name', 'mail', 'login', 'kind', 'epoch', 'department_id', 'photo', 'person_id'):
        assert edit(browser, employee, phone='1', birthday='', **{field: 'x'}).status_code == 422, field
    assert edit(browser, lumbreras.ids['head'], phone='1').status_code == 403
    assert Person.get_by_id(employee).phone == '+34 910 555 103'


def test_two_windows_are_told_apart(lumbreras):
    employee = lumbreras.ids['employee']
    mine, theirs = lumbreras.browser('employee'), lumbreras.browser('employee')
    page = f'/people/{employee}/edit'
    seen = re.search(r'name="seen" value="([^"]+)"', mine.get(page).text)[1].replace('&#34;', '"')
    assert edit(theirs, employee, phone='+34 theirs', birthday='1992-06-27').status_code == 303
    answer = mine.post(page, {'seen': seen, 'phone': '+34 mine', 'birthday': '1992-06-27'}, page=page)
    assert answer.status_code == 422 and 'Somebody else has changed this meanwhile to: +34 theirs' in answer.text and 'value="+34 mine"' in answer.text
    seen = re.search(r'name="seen" value="([^"]+)"', answer.text)[1].replace('&#34;', '"')
    assert mine.post(page, {'seen': seen, 'phone': '+34 mine', 'birthday': '1992-06-27'}, page=page).status_code == 303
    assert Person.get_by_id(employee).phone == '+34 mine'


def test_the_directory_is_named(lumbreras):
    employee = lumbreras.ids['employee']
    link_to_directory(employee)
    text = lumbreras.browser('administrator').get(f'/people/{employee}/edit').text
    assert fields_in(text) == ['birthday'] and 'Company LDAP' in text and 'Save the photo' in text


def test_administrators_say_what_people_change_themselves(lumbreras):
    administrator = lumbreras.browser('administrator')
    text = administrator.get('/people/own-fields').text
    assert re.findall(r'<input[^>]*checked[^>]*value="(\w+)"', text) == ['photo', 'phone', 'birthday']
    assert administrator.post('/people/own-fields', {'own': ['title']}, page='/people/own-fields').status_code == 303
    assert settings.get_setting('people.own_fields') == ['title']
    assert administrator.post('/people/own-fields', {'own': ['mail']}, page='/people/own-fields').status_code == 422
    assert administrator.post('/people/own-fields', page='/people/own-fields').status_code == 303
    assert settings.get_setting('people.own_fields') == []
    assert lumbreras.browser('employee').get(f'/people/{lumbreras.ids["employee"]}/edit').status_code == 403
    for role in ('head', 'employee'):
        assert lumbreras.browser(role).get('/people/own-fields').status_code == 403
        assert '/people/own-fields' not in lumbreras.browser(role).get('/people').text
    assert '/people/own-fields' in administrator.get('/people').text


def test_it_speaks_spanish(lumbreras):
    set_language(SYSTEM, lumbreras.ids['employee'], 'es')
    text = lumbreras.browser('employee').get(f'/people/{lumbreras.ids["employee"]}/edit').text
    assert 'Editar mi perfil' in text and 'Guardar la foto' in text and 'Cumpleaños' in text
