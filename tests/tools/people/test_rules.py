"""Who sees whom, by rule: the one condition behind list, profile and structure, for every role."""
import pytest

from appliance.core import presence
from appliance.core.actor import ANONYMOUS, SYSTEM
from appliance.core.errors import Invalid, NotFound
from appliance.core.people import Person, add_person, block, update_person
from appliance.demo.company import PEOPLE
from appliance.tools.people import rules, structure

EMPLOYEES = sum(person.kind == 'employee' for person in PEOPLE)


def names(actor, search='', **more):
    return [one[1] for one in rules.list_people(actor, search, **more)['people']]


@pytest.mark.parametrize('role', ['head', 'employee', 'outsider'])
def test_colleagues_see_every_employee(lumbreras, role):
    found = rules.list_people(lumbreras.actor(role))
    assert found['count'] == EMPLOYEES + (role == 'employee')   # the guest's contact sees his guest too
    assert ('Anneke de Vries' in names(lumbreras.actor(role), 'anneke')) == (role == 'employee')


def test_administrators_see_guests_and_who_is_blocked(lumbreras):
    block(SYSTEM, lumbreras.ids['adam.nowak'], 'portal')
    administrator = lumbreras.actor('administrator')
    assert rules.list_people(administrator)['count'] == len(PEOPLE)
    adam, = rules.list_people(administrator, 'adam nowak')['people']
    assert adam[-1] == 1
    assert rules.profile(administrator, lumbreras.ids['adam.nowak'])['is_blocked']


def test_who_is_blocked_is_hidden_from_all_others(lumbreras):
    block(SYSTEM, lumbreras.ids['adam.nowak'], 'portal')
    employee = lumbreras.actor('employee')
    assert names(employee, 'nowak') == []
    with pytest.raises(NotFound):
        rules.access_person(employee, lumbreras.ids['adam.nowak'])
    assert 'Adam Nowak' not in str(structure.structure(employee))


def test_guest_sees_himself_and_his_contact(lumbreras):
    guest = lumbreras.actor('guest')
    seen = [login for login, person_id in lumbreras.ids.items() if may_see(guest, person_id)]
    assert seen == ['employee', 'guest']
    for closed in (rules.list_people, structure.structure, lambda actor: structure.members(actor, 1)):
        with pytest.raises(NotFound):
            closed(guest)


def test_guest_sees_of_his_contact_how_to_reach_him_and_no_more(lumbreras):
    contact = rules.profile(lumbreras.actor('guest'), lumbreras.ids['employee'])
    assert contact['mail'] == 'employee@lumbreras.example'
    assert not {'birthday', 'department_id', 'login', 'contact_id'} & contact.keys()
    assert (contact['department'], contact['head'], contact['leads']) == ([], None, [])


def test_guest_sees_who_is_his_contact(lumbreras):
    assert rules.profile(lumbreras.actor('guest'), lumbreras.ids['guest'])['contact']['name'] == 'Tomás Herrera'


def test_blocked_contact_is_hidden_from_the_guest(lumbreras):
    block(SYSTEM, lumbreras.ids['employee'], 'portal')
    guest = lumbreras.actor('guest')
    assert not may_see(guest, lumbreras.ids['employee'])
    assert rules.profile(guest, lumbreras.ids['guest'])['contact'] is None


def test_nobody_is_seen_without_a_login(lumbreras):
    assert not any(may_see(ANONYMOUS, person_id) for person_id in lumbreras.ids.values())


def may_see(actor, person_id):
    try:
        rules.access_person(actor, person_id)
    except NotFound:
        return False
    return True


def test_absent_ids_are_not_found(lumbreras):
    for number in (0, -1, 10 ** 6, 2 ** 63, 10 ** 40):
        with pytest.raises(NotFound):
            rules.profile(lumbreras.actor('administrator'), number)


def test_year_of_birth_is_told_to_the_person_and_to_administrators(lumbreras):
    told = {role: rules.profile(lumbreras.actor(role), lumbreras.ids['employee'])['has_year']
            for role in ('employee', 'administrator', 'outsider', 'head')}
    assert told == {'employee': True, 'administrator': True, 'outsider': False, 'head': False}


def test_profile_names_department_and_the_nearest_head(lumbreras):
    person = rules.profile(lumbreras.actor('outsider'), lumbreras.ids['bruno.costa'])
    assert [name for _id, name in person['department']] == ['Engineering', 'Laboratory']
    assert person['head']['name'] == 'Ольга Петрова'
    # Who heads a department is led by the next head above, and is never his own.
    assert rules.profile(lumbreras.actor('outsider'), lumbreras.ids['olga.petrova'])['head']['name'] == 'Marta Jiménez'
    marta = rules.profile(lumbreras.actor('outsider'), lumbreras.ids['head'])
    assert marta['head'] is None
    assert [name for _id, name in marta['leads']] == ['Engineering']


SEARCHES = {
    'ALVARO pena': ['Álvaro Peña'], 'Peña Álv': ['Álvaro Peña'], 'петрова': ['Ольга Петрова'], '陽翔': ['田中 陽翔'],
    'lens designer': ['Adam Nowak'], '910 555 108': ['Adam Nowak'], 'nowak@lumbreras': ['Adam Nowak'], 'αδο': ['Ζωή Παπαδοπούλου'],
    'adam\0nowak': ['Adam Nowak'], '%': [], '_': [], '!': [], '\\': [], '?': [], "' OR 1=1 --": [], '"; DROP TABLE person': [], 'nobody': [],
}


def test_search_takes_words_literally(lumbreras):
    outsider = lumbreras.actor('outsider')
    assert {search: names(outsider, search) for search in SEARCHES} == SEARCHES


def test_blank_search_finds_everybody(lumbreras):
    assert rules.list_people(lumbreras.actor('outsider'), ' \t\0 ')['count'] == EMPLOYEES


def test_search_follows_a_changed_name(lumbreras):
    update_person(SYSTEM, lumbreras.ids['adam.nowak'], name='Adam Zieliński')
    assert names(lumbreras.actor('outsider'), 'zielinski') == ['Adam Zieliński']


def test_wildcards_of_sql_are_found_where_somebody_wrote_them(lumbreras):
    add_person(SYSTEM, 'percent', 'Hundred 100% _Under! Score')
    for search in ('100%', '_under', 'under!', '0%', '_under! score'):
        assert names(lumbreras.actor('outsider'), search) == ['Hundred 100% _Under! Score']


def test_overlong_search_is_refused(lumbreras):
    for length in (101, 1 << 20):
        with pytest.raises(Invalid) as refused:
            rules.list_people(lumbreras.actor('outsider'), 'x' * length)
        assert refused.value.field == 'q'
    assert names(lumbreras.actor('outsider'), 'xq ' * 33) == []


def test_department_filter_takes_in_what_is_below(lumbreras):
    outsider = lumbreras.actor('outsider')
    ids = {name: number for number, name, _depth in rules.list_people(outsider)['departments']}
    by_department = {name: rules.list_people(outsider, department_id=number)['count'] for name, number in ids.items()}
    own = {name: sum(person.department == name for person in PEOPLE) for name in ids}
    assert by_department == own | {'Engineering': own['Engineering'] + own['Laboratory']}
    assert names(outsider, 'lucas', department_id=ids['Engineering']) == ['Lucas Meyer']
    assert names(outsider, 'lucas', department_id=ids['Sales']) == []
    with pytest.raises(NotFound):
        rules.list_people(outsider, department_id=10 ** 9)


def test_departments_stand_below_their_parents(lumbreras):
    assert [(name, depth) for _id, name, depth in rules.list_people(lumbreras.actor('outsider'))['departments']] == [
        ('Engineering', 0), ('Laboratory', 1), ('Sales', 0)]


def test_person_without_department_or_anything(lumbreras):
    bare = add_person(SYSTEM, 'bare', 'Bare')
    person = rules.profile(lumbreras.actor('outsider'), bare)
    assert (person['department'], person['head'], person['birthday'], person['phone']) == ([], None, None, '')
    assert Person.get_by_id(bare).department_id is None


def test_near_are_the_department_and_of_a_guest_his_contact(lumbreras):
    employee = rules.near(lumbreras.actor('employee'))
    assert employee['people']
    assert lumbreras.ids['employee'] not in [person['id'] for person in employee['people']]
    assert len(employee['people']) <= rules.NEAR_SHOWN
    assert [person['id'] for person in rules.near(lumbreras.actor('guest'))['people']] == [lumbreras.ids['employee']]


def test_who_is_here_is_shown_to_colleagues_and_to_a_guest_of_his_contact(lumbreras):
    ids = lumbreras.ids
    presence.note([ids['employee'], ids['head'], ids['guest']])
    for login, person_id, is_here in (('head', 'employee', True), ('outsider', 'employee', True), ('guest', 'employee', True), ('employee', 'guest', True),
                                      ('head', 'outsider', False), ('employee', 'employee', False), ('guest', 'guest', False)):
        assert rules.profile(lumbreras.actor(login), ids[person_id])['is_here'] is is_here, (login, person_id)
    with pytest.raises(NotFound):
        rules.profile(lumbreras.actor('guest'), ids['head'])
    assert [(one['id'], one['is_here']) for one in rules.near(lumbreras.actor('guest'))['people']] == [(ids['employee'], True)]
    employee = rules.near(lumbreras.actor('employee'))['people']
    assert {one['id'] for one in employee if one['is_here']} <= {ids['head']}
