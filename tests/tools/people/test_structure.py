"""The structure: departments with heads and numbers, equal to what the list of people shows; the people only of what is opened."""
import pytest

from appliance.core.actor import SYSTEM
from appliance.core.departments import add_department, set_head
from appliance.core.errors import NotFound
from appliance.core.people import Person, add_person, block, unblock, update_person
from appliance.core.personal import forgetting
from appliance.demo.company import PEOPLE
from appliance.tools.people import rules
from appliance.tools.people.structure import MEMBERS_SHOWN, OPENED_AT_ONCE, children, members, own_path, structure
from tests.counting import queries

EMPLOYEES = sum(person.kind == 'employee' for person in PEOPLE)


def placed(departments):
    """{name: Placed} of all departments of a Structure or below each other."""
    departments = getattr(departments, 'departments', departments)
    return {name: found for one in departments for name, found in ({one.name: one} | placed(one.departments)).items()}


def names(actor, department_id):
    return [name for _id, name, _title in members(actor, department_id)['people']]


def test_counts_and_heads(lumbreras):
    engineering, sales = structure(lumbreras.actor('employee')).departments
    laboratory, = engineering.departments
    assert (engineering.head[1], laboratory.head[1], sales.head[1]) == ('Marta Jiménez', 'Ольга Петрова', 'Carmen Ruiz Santamaría')
    assert engineering.total == engineering.count + laboratory.count
    assert engineering.total + sales.total == EMPLOYEES
    assert (engineering.below, laboratory.below, sales.below) == (1, 0, 0)
    assert names(lumbreras.actor('employee'), laboratory.id)[0] == 'Beatriz Sousa'


@pytest.mark.parametrize('role', ['administrator', 'head', 'employee', 'outsider'])
def test_numbers_are_those_of_the_list(lumbreras, role):
    guest, sales = lumbreras.ids['guest'], placed(structure(SYSTEM))['Sales'].id
    update_person(SYSTEM, guest, department_id=sales)
    block(SYSTEM, lumbreras.ids['adam.nowak'], 'portal')
    actor = lumbreras.actor(role)
    shown = placed(structure(actor))
    assert {name: one.total for name, one in shown.items()} == {
        name: rules.list_people(actor, department_id=one.id)['count'] for name, one in shown.items()}
    assert {name: one.count for name, one in shown.items()} == {name: len(names(actor, one.id)) for name, one in shown.items()}


def test_numbers_follow_every_change(lumbreras):
    actor = lumbreras.actor('employee')
    crowd = add_department(SYSTEM, 'Crowd')
    counted = [placed(structure(actor))['Crowd'].count]
    person_id = add_person(SYSTEM, 'new', 'New', department_id=crowd)
    for change in (lambda: None, lambda: block(SYSTEM, person_id, 'portal'), lambda: block(SYSTEM, person_id, 'directory:1'),
                   lambda: unblock(SYSTEM, person_id, 'portal'), lambda: unblock(SYSTEM, person_id, 'directory:1'),
                   lambda: update_person(SYSTEM, person_id, kind='service'), lambda: update_person(SYSTEM, person_id, kind='employee'),
                   lambda: update_person(SYSTEM, person_id, department_id=None)):
        change()
        counted.append(placed(structure(actor))['Crowd'].count)
    assert counted == [0, 1, 0, 0, 0, 1, 0, 1, 0]


def test_what_was_undone_is_not_kept(lumbreras):
    from appliance.core.db import write
    actor, before = lumbreras.actor('employee'), placed(structure(lumbreras.actor('employee')))['Sales']
    with pytest.raises(ZeroDivisionError), write('test'):
        add_person(SYSTEM, 'undone', 'Undone', department_id=before.id)
        assert placed(structure(actor))['Sales'].count == before.count + 1
        raise ZeroDivisionError
    assert placed(structure(actor))['Sales'].count == before.count
    add_person(SYSTEM, 'kept', 'Kept', department_id=before.id)
    assert placed(structure(actor))['Sales'].count == before.count + 1


def test_all_who_see_the_same_get_the_same(lumbreras):
    seen = {role: structure(lumbreras.actor(role)) for role in ('head', 'outsider', 'administrator')}
    assert seen['head'] is seen['outsider'] is structure(lumbreras.actor('head'))
    assert (seen['head'].total, seen['head'].below) == (EMPLOYEES, 3)
    block(SYSTEM, lumbreras.ids['adam.nowak'], 'portal')
    seen |= {role: structure(lumbreras.actor(role)) for role in ('head', 'administrator')}
    assert (seen['head'].total, seen['outsider'].total, seen['administrator'].total) == (EMPLOYEES - 1, EMPLOYEES, EMPLOYEES)


def test_people_are_not_read_again_until_somebody_changes(lumbreras):
    actor = lumbreras.actor('head')
    structure(actor)
    with queries() as asked:
        structure(actor)
    assert not [sql for sql in asked if 'GROUP BY 1, 2, 3' in sql or 'p.title' in sql]


def test_a_large_department_is_shown_in_part(lumbreras):
    crowd = add_department(SYSTEM, 'Crowd')
    for number in range(MEMBERS_SHOWN + 3):
        add_person(SYSTEM, f'crowd{number}', f'Crowd {number:02d}', department_id=crowd)
    actor = lumbreras.actor('employee')
    assert placed(structure(actor))['Crowd'].count == MEMBERS_SHOWN + 3
    shown = members(actor, crowd)
    assert (len(shown['people']), shown['has_more']) == (MEMBERS_SHOWN, True)


def test_blocked_head_leads_nobody_to_see(lumbreras):
    block(SYSTEM, lumbreras.ids['olga.petrova'], 'portal')
    assert placed(structure(lumbreras.actor('employee')))['Laboratory'].head is None
    assert placed(structure(lumbreras.actor('administrator')))['Laboratory'].head[1] == 'Ольга Петрова'
    assert rules.profile(lumbreras.actor('employee'), lumbreras.ids['bruno.costa'])['head']['name'] == 'Marta Jiménez'


def test_who_is_forgotten_leads_nobody_by_name(lumbreras):
    name, actor = 'Carmen Ruiz Santamaría', lumbreras.actor('head')
    head = placed(structure(actor))['Sales'].head
    assert head[1] == name
    update_person(SYSTEM, head[0], title='Director')
    assert placed(structure(actor))['Sales'].head[2] == 'Director'
    forgetting.forget(SYSTEM, head[0])
    assert all(name not in (one.head or ()) for one in placed(structure(actor)).values())


@pytest.mark.parametrize('first', ['contact', 'other'])
def test_a_guest_who_heads_is_named_to_his_contact_alone(lumbreras, first):
    guest, partners = lumbreras.ids['guest'], add_department(SYSTEM, 'Partners')
    update_person(SYSTEM, guest, contact_id=lumbreras.ids['employee'], department_id=None)
    set_head(SYSTEM, partners, guest)
    seen = {}
    for role in ('employee', 'outsider') if first == 'contact' else ('outsider', 'employee'):
        seen[role] = placed(structure(lumbreras.actor(role)))['Partners'].head
    assert (seen['employee'][0], seen['outsider']) == (guest, None)


def test_head_who_is_gone_or_never_was(lumbreras):
    set_head(SYSTEM, add_department(SYSTEM, 'Empty'), None)
    set_head(SYSTEM, add_department(SYSTEM, 'Lost'), 10 ** 9)
    shown = placed(structure(lumbreras.actor('employee')))
    assert [(shown[name].head, shown[name].count, shown[name].departments) for name in ('Empty', 'Lost')] == [(None, 0, ())] * 2


def test_own_path_leads_to_the_top(lumbreras):
    shown = placed(structure(SYSTEM))
    assert own_path(lumbreras.actor('bruno.costa')) == [shown['Laboratory'].id, shown['Engineering'].id]
    bare = add_person(SYSTEM, 'bare', 'Bare')
    lumbreras.ids['bare'] = bare
    assert own_path(lumbreras.actor('bare')) == [] and Person.get_by_id(bare).department_id is None


def test_the_picture_opens_level_by_level_while_they_are_few(lumbreras):
    top = add_department(SYSTEM, 'Top')
    first = [add_department(SYSTEM, f'First {number}', top) for number in range(3)]
    for number in range(OPENED_AT_ONCE):
        add_department(SYSTEM, f'Second {number}', first[number % 3])
    shown = placed(structure(SYSTEM))
    assert shown['Top'].is_open and shown['Engineering'].is_open
    assert not any(shown[f'First {number}'].is_open for number in range(3))
    assert shown['Top'].below == OPENED_AT_ONCE + 3


def test_members_of_what_is_no_department(lumbreras):
    for number in (0, -1, 10 ** 9):
        with pytest.raises(NotFound):
            members(lumbreras.actor('employee'), number)


def test_children_stand_in_the_order_of_names():
    assert children({3: ('A', None, None), 1: ('B', None, None), 2: ('C', 3, None)}) == {None: [3, 1], 3: [2]}
