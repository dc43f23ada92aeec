"""The pages of people over HTTP, for each role, with what nobody should send."""
import re

import pytest

from appliance.core import db, presence
from appliance.core.actor import SYSTEM
from appliance.core.people import add_person, set_language, update_person

PAGES = ('/people', '/people/structure', '/people/{employee}')


def test_guest_gets_the_same_answer_for_hidden_and_absent(lumbreras):
    guest = lumbreras.browser('guest')
    answers = {re.sub(r'[0-9a-f]{12}|value="[^"]*"|"X-CSRF-Token": "[^"]*"|/people/\d+', '', guest.get(f'/people/{number}').text)
               for number in (lumbreras.ids['outsider'], lumbreras.ids['administrator'], 10 ** 6)}
    assert len(answers) == 1
    assert guest.get(f'/people/{lumbreras.ids["outsider"]}').status_code == 404


@pytest.mark.parametrize('role', ['guest', 'employee'])
def test_menu_leads_to_the_own_profile(lumbreras, role):
    assert f'<a class="dropdown-item" href="/people/{lumbreras.ids[role]}">' in lumbreras.browser(role).get('/').text


def test_search_comes_back_as_page_and_as_rows(lumbreras):
    browser = lumbreras.browser('employee')
    page = browser.get('/people?q=novak').text
    rows = browser.get('/people?q=novak', headers={'HX-Request': 'true', 'HX-Request-Type': 'partial'}).text
    assert 'Jana Nováková' in page and 'Jana Nováková' in rows
    assert '<html' in page and '<html' not in rows
    assert 'value="novak"' in page and 'Nobody is found' in browser.get('/people?q=nobody+at+all').text


def test_people_of_a_department_come_when_it_is_opened(lumbreras):
    browser = lumbreras.browser('employee')
    page = browser.get('/people/structure?as=list').text
    department = re.search(r'hx-get="(/people/structure/(\d+))"', page)
    assert 'Jana Nováková' not in page
    opened = browser.get(department[1], headers={'HX-Request': 'true', 'HX-Request-Type': 'partial'})
    assert 'Jana Nováková' in opened.text and '<html' not in opened.text
    plain = browser.get(department[1])
    assert (plain.status_code, plain.headers['Location']) == (302, f'/people?department={department[2]}')
    assert lumbreras.browser('guest').get(department[1], headers={'HX-Request': 'true'}).status_code == 404


def test_hostile_input_is_an_answer_and_no_failure(lumbreras):
    browser = lumbreras.browser('employee')
    wrong = {'/people?q=' + 'x' * 101: 422, '/people?q=' + 'x' * (1 << 20): 422, '/people?q=%00': 200, '/people?q=%25&department=': 200, '/people?q=%ff%fe': 200,
             '/people?department=0': 404, '/people?department=999999': 404, '/people?department=1%20OR%201=1': 404,
             '/people?department=' + '9' * 40: 404, '/people?department=%D9%A1': 404, '/people?after=x': 422, '/people?before=~': 422,
             '/people?after=1~%00': 422, '/people?q=a&q=b&x=1': 200, '/people/0': 404, '/people/-1': 404, '/people/' + '9' * 30: 404,
             '/people/structure/999999': 404, '/people/structure/0': 404, '/people/structure/x': 404, '/people/1%20': 404, '/people/%D9%A3': 404, '/people/structure/': 200}
    assert {path: browser.get(path).status_code for path in wrong} == wrong
    text = browser.get('/people?q=<script>alert(1)</script>').text
    assert '<script>alert' not in text


def test_names_are_text_and_numbers_are_dialled(lumbreras):
    odd = add_person(SYSTEM, 'odd', '<b>Odd</b> "quoted"', 'odd?subject=x&cc=y@z.example', phone='+34 (0)91-555/12 ext')
    browser = lumbreras.browser('employee')
    for path in ('/people?q=odd', f'/people/{odd}'):
        text = browser.get(path).text
        assert '&lt;b&gt;Odd' in text and '<b>Odd' not in text
        assert 'href="tel:+349155512"' in text
        assert 'href="mailto:odd%3Fsubject%3Dx%26cc%3Dy@z.example"' in text
    update_person(SYSTEM, odd, phone='ask at the desk', mail='')
    assert 'tel:' not in browser.get(f'/people/{odd}').text.split('<main')[1]


def test_birthday_has_a_year_for_its_owner_only(lumbreras):
    path = f'/people/{lumbreras.ids["employee"]}'
    assert 'June 27, 1992' in lumbreras.browser('employee').get(path).text
    colleague = lumbreras.browser('outsider').get(path).text
    assert 'June 27' in colleague and '1992' not in colleague
    assert 'June' not in lumbreras.browser('guest').get(path).text


def test_pages_speak_the_person_s_language(lumbreras):
    set_language(SYSTEM, lumbreras.ids['outsider'], 'es')
    browser = lumbreras.browser('outsider')
    assert 'Todos los departamentos' in browser.get('/people').text
    assert '27 de junio' in browser.get(f'/people/{lumbreras.ids["employee"]}').text
    assert 'Quién dirige qué' in browser.get('/people/structure').text


@pytest.mark.parametrize('role', ['administrator', 'employee'])
def test_a_page_takes_at_most_eight_queries(lumbreras, role, monkeypatch):
    asked, execute = [], db.database.obj.execute_sql
    browser = lumbreras.browser(role)
    monkeypatch.setattr(db.database.obj, 'execute_sql', lambda sql, *more, **named: asked.append(sql) or execute(sql, *more, **named))
    spent = {}
    for page in (*PAGES, '/people?q=a&department=1'):
        browser.get(page.format(**lumbreras.ids))
        asked.clear()
        assert browser.get(page.format(**lumbreras.ids)).status_code == 200
        spent[page] = len(asked)
    assert max(spent.values()) <= 8, f'{spent}: the last one asked {asked}'


def test_profile_names_the_directory_that_fills_it(lumbreras):
    link_to_directory(lumbreras.ids['employee'])
    path = f'/people/{lumbreras.ids["employee"]}'
    for role in ('employee', 'administrator'):
        assert 'These come from the directory Company LDAP' in lumbreras.browser(role).get(path).text
    assert 'Company LDAP' not in lumbreras.browser('outsider').get(path).text


def link_to_directory(person_id):
    """Tie a person to an entry of a directory, as a login would."""
    from appliance.identity.directory.directories import add_directory     # slow: loads libldap
    from appliance.identity.models import DirectoryPerson
    directory = add_directory(SYSTEM, 'Company LDAP', 'ldap://127.0.0.1:18149', 'dc=company,dc=example', tls='none')
    DirectoryPerson.create(directory=directory, uuid='6b1f5ae6-6a5a-4a05-8b0b-0f5a3c4ee001', person=person_id, dn='uid=x')


def test_a_dot_has_words(lumbreras):
    guest, employee = lumbreras.browser('guest'), lumbreras.ids['employee']
    for path in ('/', f'/people/{employee}'):
        assert 'face-here' not in guest.get(path).text and 'nline now' not in guest.get(path).text
    presence.note([employee])
    assert 'face-here' in guest.get('/').text and ', online now' in guest.get('/').text
    assert 'face-here' in guest.get(f'/people/{employee}').text and '>Online now<' in guest.get(f'/people/{employee}').text
    own = lumbreras.browser('employee')
    assert 'face-here' not in own.get(f'/people/{employee}').text
