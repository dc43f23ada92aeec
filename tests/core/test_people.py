"""People and departments: clean fields, folded words, the tree, and who leads whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core import departments, people
from appliance.core.actor import SYSTEM, Actor
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.people import Person, add_person
from appliance.core.person_fields import fold_login

ANA = Actor(1, 'employee', frozenset({'employee'}))


@pytest.fixture
def tree(box):
    """Company over Sales and Engineering, Engineering over Laboratory; returns {name: id}."""
    made = {}
    for name, parent in (('Company', None), ('Sales', 'Company'), ('Engineering', 'Company'), ('Laboratory', 'Engineering')):
        made[name] = departments.add_department(SYSTEM, name, made.get(parent))
    return made


def test_a_login_is_one_whatever_its_case(box):
    add_person(SYSTEM, ' Ana.Ruiz ', 'Ana')
    with pytest.raises(Conflict):
        add_person(SYSTEM, 'ANA.RUIZ', 'Another')
    assert Person.get().login == 'ana.ruiz'


@pytest.mark.parametrize('field, value', [
    ('login', ''), ('login', 'a b'), ('login', 'x' * 101), ('login', 'a\0b'), ('name', '  '), ('name', 'x' * 201),
    ('name', 'Ana\u202eevil'), ('name', 'A\nB'), ('mail', 'no mail'), ('mail', 'a@b\r\nBcc: c@d'), ('mail', 'a' * 250 + '@b.example'),
    ('kind', 'robot'), ('phone', 'x' * 51), ('title', 5), ('language', 'tlh'), ('zone', '../../etc/passwd')])
def test_a_wrong_field_is_named_and_nobody_is_added(box, field, value):
    with pytest.raises(Invalid) as refused:
        add_person(SYSTEM, **{'login': 'ana', 'name': 'Ana', field: value})
    assert refused.value.field == field
    assert not Person.select().exists()


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text):
    assert people.fold(people.fold(text)) == people.fold(text)
    assert fold_login(fold_login(text)) == fold_login(text)


def test_words_are_found_without_case_and_accents(box):
    add_person(SYSTEM, 'nunez', 'Ángel Núñez', 'a@x.example', title='Jefe')
    assert Person.get().words.startswith('angel nunez nunez a@x.example jefe')


def test_a_head_leads_his_subtree_but_not_himself(tree):
    head = add_person(SYSTEM, 'head', 'Head', department_id=tree['Engineering'])
    departments.set_head(SYSTEM, tree['Engineering'], head)
    other = add_person(SYSTEM, 'other', 'Other')
    leads = departments.is_head_of
    assert leads(head, other, tree['Engineering']) and leads(head, other, tree['Laboratory'])
    assert not leads(head, other, tree['Sales']) and not leads(head, other, tree['Company'])
    assert not leads(head, head, tree['Engineering']) and not leads(other, head, tree['Engineering'])
    assert departments.heads_of(other, tree['Laboratory'], departments.all_departments()) == [head]


def test_a_circle_of_departments_ends(tree):
    departments.Department.update(parent=tree['Laboratory']).where(departments.Department.id == tree['Company']).execute()
    all_of_them = departments.all_departments()
    assert set(departments.path_to(tree['Sales'], all_of_them)) == set(departments.subtree(tree['Sales'], all_of_them)) | {
        tree['Company'], tree['Laboratory'], tree['Engineering']}


def test_a_twin_department_and_an_absent_parent_are_refused(tree):
    with pytest.raises(Conflict):
        departments.add_department(SYSTEM, 'sales', tree['Company'])
    with pytest.raises(NotFound):
        departments.add_department(SYSTEM, 'New', 999)
    with pytest.raises(NotAllowed):
        departments.add_department(ANA, 'Mine')


def test_a_role_ends_the_sessions_from_before_once(box):
    ana = add_person(SYSTEM, 'ana', 'Ana')
    people.give_role(SYSTEM, ana, 'administrator')
    people.give_role(SYSTEM, ana, 'administrator')
    assert Person.get().epoch == 2
    assert people.actor_for(ana, 'test').is_administrator
    with pytest.raises(NotFound):
        people.give_role(SYSTEM, ana, 'emperor')
    with pytest.raises(Invalid):
        people.give_role(SYSTEM, ana, 'employee')
    with pytest.raises(NotAllowed):
        people.give_role(ANA, ana, 'administrator')


def test_a_block_by_one_source_is_not_lifted_by_another(box):
    ana = add_person(SYSTEM, 'ana', 'Ana')
    people.block(SYSTEM, ana, 'portal')
    people.block(SYSTEM, ana, 'directory:1')
    people.unblock(SYSTEM, ana, 'directory:1')
    assert people.is_blocked(ana)
    with pytest.raises(NotAllowed):
        people.actor_for(ana, 'test')
    people.unblock(SYSTEM, ana, 'portal')
    assert not people.is_blocked(ana)


def test_nobody_changes_anothers_language(box):
    first, second = add_person(SYSTEM, 'a1', 'A'), add_person(SYSTEM, 'b1', 'B')
    with pytest.raises(NotAllowed):
        people.set_language(Actor(first, 'employee'), second, 'es')
    people.set_language(Actor(second, 'employee'), second, 'es')
    assert Person.get_by_id(second).language == 'es'


def test_subjects_name_everything_a_right_may_be_given_to(tree):
    found = people.subjects_of(7, 'employee', tree['Laboratory'], departments.all_departments())
    assert found == {'person:7', f'department:{tree["Laboratory"]}', f'under:{tree["Laboratory"]}', f'under:{tree["Engineering"]}',
                     f'under:{tree["Company"]}', 'everybody'}
    assert people.subjects_of(8, 'guest', None, {}) == {'person:8'}
