"""The structure over HTTP: as a picture and as a list, the same departments, each person's own place told, in each language."""
import re

from appliance.core import revisions
from appliance.core.actor import SYSTEM
from appliance.core.db import write
from appliance.core.departments import Department, add_department, set_head
from appliance.core.people import Person, add_person, block, set_language, update_person
from appliance.core.settings import set_setting
from tests.counting import queries
from tests.visitors import Company

VIEWS = ('/people/structure', '/people/structure?as=list')


def departments(text):
    return set(re.findall(r'<a href="/people\?department=(\d+)">', text))


def test_picture_and_list_hold_the_same(lumbreras):
    for number in range(7):
        add_department(SYSTEM, f'Another {number}')
    browser = lumbreras.browser('outsider')
    picture, as_list = (browser.get(view).text for view in VIEWS)
    assert departments(picture) == departments(as_list) and len(departments(picture)) == 10
    for name in ('Marta Jiménez', 'Ольга Петрова', 'Carmen Ruiz Santamaría'):
        assert name in picture and name in as_list
    assert 'data-chart' in picture and 'data-chart' not in as_list
    assert 'structure.js' not in as_list.replace('structure-', 'structure.')


def test_unknown_view_is_the_picture(lumbreras):
    browser = lumbreras.browser('employee')
    for odd in ('?as=', '?as=tree', '?as=%00', '?as=list&as=x', '?as=' + 'x' * 3000):
        answer = browser.get(f'/people/structure{odd}')
        assert answer.status_code == 200 and ('data-chart' in answer.text) == ('as=list' not in odd)


def test_own_department_is_told_and_the_way_to_it_open(lumbreras):
    top = add_department(SYSTEM, 'Aaa')
    for number in range(30):    # so many that nothing is open by itself
        add_department(SYSTEM, f'Below {number}', top)
    inner = add_department(SYSTEM, 'Inner', add_department(SYSTEM, 'Middle', top))
    update_person(SYSTEM, lumbreras.ids['employee'], department_id=inner)
    text = lumbreras.browser('employee').get('/people/structure').text
    assert re.findall(r'<a href="[^"]*">([^<]*)</a> <span class="tag">Your department</span>', text) == ['Inner']
    assert len(re.findall(r'<details [^>]* open>', text)) == 2
    assert '\0' not in text
    assert re.findall(r'>([^<]*)</a> <span class="tag">Your department</span>', lumbreras.browser('outsider').get('/people/structure').text) == ['Sales']
    lumbreras.ids['bare'] = add_person(SYSTEM, 'bare', 'Bare')
    assert 'Your department' not in lumbreras.browser('bare').get('/people/structure').text


def test_what_is_drawn_once_is_drawn_anew_when_something_changes(lumbreras):
    browser = lumbreras.browser('employee')
    set_head(SYSTEM, add_department(SYSTEM, 'Fresh'), lumbreras.ids['adam.nowak'])
    for change, there, gone in (
            (lambda: None, ('Fresh', 'Adam Nowak'), ()),
            (lambda: update_person(SYSTEM, lumbreras.ids['adam.nowak'], name='Adam Zieliński', title='Chief'), ('Adam Zieliński', 'Chief'), ('Adam Nowak',)),
            (lambda: block(SYSTEM, lumbreras.ids['adam.nowak'], 'portal'), ('Fresh',), ('Adam Zieliński',)),
            (lambda: set_setting(SYSTEM, 'company.name', 'Renamed Ltd'), ('Renamed Ltd',), ()),
            (lambda: set_language(SYSTEM, lumbreras.ids['employee'], 'es'), ('Sin responsable', 'Tu departamento'), ('Without a head',))):
        change()
        text = browser.get('/people/structure').text
        assert all(word in text for word in there) and not any(word in text.partition('<main')[2] for word in gone)
    # Who is blocked is hidden from colleagues; an administrator, for whom it is drawn apart, sees him.
    assert 'Adam Zieliński' in lumbreras.browser('administrator').get('/people/structure').text


def test_names_are_text(lumbreras):
    head = add_person(SYSTEM, 'odd', '"><b>Odd</b>', title='<i>x</i>')
    set_head(SYSTEM, add_department(SYSTEM, '<script>alert(1)</script> %(num)s {{ x }}'), head)
    for view in VIEWS:
        text = lumbreras.browser('employee').get(view).text
        assert '<script>alert' not in text and '<b>Odd' not in text and '<i>x' not in text
        assert '&lt;script&gt;alert(1)&lt;/script&gt; %(num)s {{ x }}' in text


def test_no_department_at_all(box):
    company = Company(box)
    with write('test'):
        Person.update(department=None).execute()
        Department.update(parent=None).execute()
        Department.delete().execute()
        revisions.bump('department')
        revisions.bump('person')
    for view in VIEWS:
        assert 'There are no departments yet' in company.browser('employee').get(view).text


def test_two_hundred_departments_ask_no_more(lumbreras):
    parent = None
    for number in range(200):
        parent = add_department(SYSTEM, f'Deep {number}', parent if number % 12 else None)
    for view in VIEWS:
        browser = lumbreras.browser('employee')
        browser.get(view)
        with queries() as asked:
            assert len(departments(browser.get(view).text)) == 203
        assert len(asked) <= 8, asked
