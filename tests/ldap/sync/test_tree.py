"""Departments that are branches of a directory, and heads by `manager`."""
import pytest
from ldap import modlist
from ldap.dn import escape_dn_chars

from appliance.core import departments
from appliance.core.actor import SYSTEM
from appliance.core.departments import all_departments, path_to, set_head
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.people import actor_for, give_role
from appliance.identity import accounts
from appliance.identity.directory import directories
from appliance.identity.directory.sync import following, grouping, planning, reading, runs
from appliance.identity.models import Directory
from tests.ldap.people import BASE, PASSWORD, PEOPLE, PORTAL, SECRET
from tests.ldap.sync.conftest import TEN, nothing_written, told, who
from tests.ldap.sync.groups import Groups


@pytest.fixture
def branch(company, followed):
    """A function: a new branch below another (or the base); returns its DN. Departments come from branches."""
    directories.edit_directory(SYSTEM, followed, tree='ou')

    def add(name, base=PEOPLE):
        dn = f'ou={escape_dn_chars(name)},{base}'
        company._root.add_s(dn, modlist.addModlist({'objectClass': [b'organizationalUnit'], 'ou': [name.encode()]}))
        return dn
    return add


def path_of(login):
    """The names of the departments that somebody is in, the top first."""
    tree = all_departments()
    return [tree[one][0] for one in reversed(path_to(who(login).department_id, tree))]


def test_branches_become_departments(company, branch, follow):
    madrid, lisbon = branch('Madrid'), branch('Lisbon')
    branch('Empty', lisbon)
    company.move('worker1', branch('Sales', madrid))
    company.move('worker2', branch('Sales', lisbon))
    company.move('worker3', madrid)
    company.add('ada', base=f'ou=Sales,{madrid}')
    run = follow()
    assert [name for name, _reason, _state in run.steps['branch']] == ['Lisbon', 'Madrid', 'Sales', 'Sales']
    assert path_of('worker1') == path_of('ada') == ['Madrid', 'Sales'] and path_of('worker2') == ['Lisbon', 'Sales'] and path_of('worker3') == ['Madrid']
    assert who('worker1').department_id != who('worker2').department_id and 'Empty' not in {row[0] for row in all_departments().values()}


def test_who_stands_at_the_base_is_in_none_but_many_wait_for_a_word(branch, follow):
    """They had a department by an attribute."""
    run = follow()
    assert (run.state, run.brake, path_of('worker1')) == ('held', 'emptied', ['Hall']) and follow() is None
    runs.start(SYSTEM, run.id, with_held=True)
    following.carry_on(run.id)
    assert path_of('worker1') == [] and follow() is None


def rename(company, dn, new, above=None):
    """A branch with its people is called so now, or stands there. slapd's database renames no branch that holds something: people step aside."""
    inside = [one.split(',')[0] for one, _values in company._root.search_s(dn, 1, '(objectClass=inetOrgPerson)', ['1.1'])]
    for rdn in inside:
        company._root.rename_s(f'{rdn},{dn}', rdn, newsuperior=f'ou=former,{BASE}')
    company._root.rename_s(dn, new, newsuperior=above)
    for rdn in inside:
        company._root.rename_s(f'{rdn},ou=former,{BASE}', rdn, newsuperior=f'{new},{above or dn.partition(",")[2]}')


@pytest.fixture
def settled(company, branch, follow):
    """Madrid with Sales below it, and all people somewhere."""
    madrid = branch('Madrid')
    sales = branch('Sales', madrid)
    for login in TEN:
        company.move(login, sales if login < 'worker5' else madrid)
    follow()
    with nothing_written():
        assert follow() is None
    return madrid, sales


def test_a_renamed_branch_is_a_renamed_department_and_a_moved_one_moves(company, settled, branch, follow):
    madrid, sales = settled
    before = who('worker1').department_id
    rename(company, sales, 'ou=Trade')
    run = follow()
    assert run.steps['branch'] == [('Trade', 'branch_changed', 'applied')] and 'place' not in run.steps
    assert path_of('worker1') == ['Madrid', 'Trade'] and who('worker1').department_id == before
    rename(company, f'ou=Trade,{madrid}', 'ou=Trade', PEOPLE)
    follow()
    assert path_of('worker1') == ['Trade'] and who('worker1').department_id == before and follow() is None


def test_two_that_change_places_make_no_circle(company, settled, follow):
    """What was above is below afterwards."""
    madrid, sales = settled
    rename(company, sales, 'ou=Sales', PEOPLE)
    rename(company, madrid, 'ou=Madrid', f'ou=Sales,{PEOPLE}')
    run = follow()
    assert [state for _name, _reason, state in run.steps['branch']] == ['applied', 'applied']
    assert path_of('worker9') == ['Sales', 'Madrid'] and path_of('worker1') == ['Sales'] and follow() is None


def test_names_of_branches_that_change_hands(company, branch, follow):
    """In a chain, whichever comes first, and in a ring."""
    for login, name in zip(TEN[:4], 'ABCD', strict=True):
        company.move(login, branch(name))
    follow()
    for before, after in (('D', 'E'), ('C', 'D'), ('A', 'x'), ('B', 'A'), ('x', 'B')):
        rename(company, f'ou={before},{PEOPLE}', f'ou={after}', PEOPLE)
    assert {state for _name, _reason, state in follow().steps['branch']} == {'applied'}
    assert [path_of(login) for login in TEN[:4]] == [['B'], ['A'], ['D'], ['E']] and follow() is None
    rename(company, f'ou=E,{PEOPLE}', 'ou=e', PEOPLE)
    assert follow().steps['branch'] == [('e', 'branch_changed', 'applied')] and path_of('worker3') == ['e']


def test_what_cannot_be_made_is_said_once_a_day(company, branch, followed, follow):
    """Another directory has a branch of that name in that place: its people, and what is below, wait, and not with a run at each look."""
    company.move('worker1', branch('Inner', branch('Sales')))
    follow()
    other = f'ou=former,{BASE}'
    company.add('ada', base=branch('Inner', branch('Sales', other)))
    other_id = directories.add_directory(SYSTEM, 'Other', company.server.url, other, SECRET, bind_dn=PORTAL, tls='none', tree='ou', sync='all')
    steps = told(following.follow(other_id)).steps
    assert [state for kind in ('branch', 'place') for _name, _reason, state in steps[kind]] == ['refused'] * 3 and steps['create'][0][2] == 'applied'
    assert following.follow(other_id) is None and who('ada').department_id is None


@pytest.mark.parametrize('name', ['Comma, The "Quoted" + One', '#hash = sign', 'Back\\slash; <semi>', 'Ñandú / Größe'])
def test_names_with_signs_of_their_own(company, settled, branch, follow, name):
    outer = branch(name)
    inner = branch(f'in {name}', outer)
    company._root.rename_s(f'uid=worker9,{settled[0]}', f'cn={escape_dn_chars(name)}', newsuperior=inner, delold=0)
    follow()
    assert path_of('worker9') == [name, f'in {name}'] and follow() is None


def test_a_department_that_is_here_by_name_in_that_place_is_that_one(company, branch, follow):
    madrid = departments.add_department(SYSTEM, 'madrid')
    departments.add_department(SYSTEM, 'Sales')
    company.move('worker1', branch('Sales', branch('Madrid')))
    follow()
    assert path_of('worker1') == ['madrid', 'Sales'] and all_departments()[who('worker1').department_id][1] == madrid
    follow()
    assert path_of('worker1') == ['Madrid', 'Sales'], 'the directory says what it is called'


def test_a_group_goes_before_the_branch(company, settled, follow, followed):
    made, paint = Groups(company, followed), departments.add_department(SYSTEM, 'Paint')
    dn = made.add('Painters', f'uid=worker9,{settled[0]}')
    made.gives(dn, paint, 'department')
    follow()
    assert path_of('worker9') == ['Paint']
    made.set(dn)
    follow()
    assert path_of('worker9') == ['Madrid'] and follow() is None


def test_branches_deeper_than_departments_may_be_end_there(company, branch, follow):
    base = PEOPLE
    for number in range(departments.DEPARTMENTS_DEEP + 3):
        base = branch(f'Level {number}', base)
    company.move('worker1', base)
    follow()
    assert len(path_of('worker1')) == departments.DEPARTMENTS_DEEP and path_of('worker1')[0] == 'Level 0'
    assert follow() is None


def test_a_login_finds_the_department_that_is_here_by_now(company, settled, branch, followed):
    Directory.update(sync='off').execute()
    madrid, sales = settled
    company._root.rename_s(f'uid=worker1,{sales}', 'uid=worker1', newsuperior=madrid)
    company._root.rename_s(f'uid=worker2,{sales}', 'uid=worker2', newsuperior=branch('New'))
    accounts.log_in('worker1', PASSWORD, '127.0.0.1'), accounts.log_in('worker2', PASSWORD, '127.0.0.1')
    assert path_of('worker1') == ['Madrid'] and path_of('worker2') == ['Madrid', 'Sales'], 'the next look makes it'


def test_a_move_of_branches_is_taken_back_where_the_directory_has_them_there_again(company, settled, follow, followed):
    _madrid, sales = settled
    rename(company, sales, 'ou=Trade')
    first = follow()
    rename(company, sales.replace('Sales', 'Trade'), 'ou=Sales')
    runs.undo(SYSTEM, first.id)
    following.follow_all()
    assert path_of('worker1') == ['Madrid', 'Sales'] and told(first.id).steps['branch'] == [('Trade', 'branch_changed', 'taken back')]


def test_people_go_back_to_the_branch_where_they_are_again(company, settled, follow, followed):
    madrid, sales = settled
    company._root.rename_s(f'uid=worker1,{sales}', 'uid=worker1', newsuperior=madrid)
    company._root.rename_s(f'uid=worker2,{sales}', 'uid=worker2', newsuperior=madrid)
    run = follow()
    company._root.rename_s(f'uid=worker1,{madrid}', 'uid=worker1', newsuperior=sales)
    runs.undo(SYSTEM, run.id)
    following.follow_all()
    assert path_of('worker1') == ['Madrid', 'Sales'] and path_of('worker2') == ['Madrid']


# Heads

@pytest.fixture
def with_heads(settled, followed):
    directories.edit_directory(SYSTEM, followed, heads=True)
    return settled


def names(company, base, head, *logins):
    """These people have this manager."""
    for login in logins:
        company._root.modify_s(f'uid={login},{base}', [(2, 'manager', head and [head.encode()])])


def head_of(login):
    head = all_departments()[who(login).department_id][2]
    return head and next(one for one in TEN if who(one).id == head)


def test_he_whom_most_name_heads_the_department(company, with_heads, follow):
    madrid, sales = with_heads
    names(company, sales, f'uid=worker0,{sales}', 'worker0', 'worker1', 'worker2')
    names(company, sales, f'uid=worker9,{madrid}', 'worker3')
    names(company, madrid, f'UID=Worker9, {madrid}', 'worker5', 'worker6', 'worker9')
    names(company, madrid, f'uid=worker1,{sales}', 'worker7', 'worker8')
    run = follow()
    assert sorted(run.steps['head']) == [('Worker0', 'most_named', 'applied'), ('Worker9', 'most_named', 'applied')]
    assert (head_of('worker1'), head_of('worker5')) == ('worker0', 'worker9'), 'from above, or from within'
    assert follow() is None


def test_a_tie_leaves_who_heads_it(company, with_heads, follow):
    madrid, sales = with_heads
    names(company, sales, f'uid=worker0,{sales}', 'worker1', 'worker2')
    names(company, sales, f'uid=worker9,{madrid}', 'worker3', 'worker4')
    assert follow() is None
    set_head(SYSTEM, who('worker1').department_id, who('worker9').id)
    assert follow() is None and head_of('worker1') == 'worker9'


def test_a_head_set_here_stays_while_nobody_is_named(company, with_heads, follow):
    madrid, sales = with_heads
    set_head(SYSTEM, who('worker1').department_id, who('worker5').id)
    assert follow() is None
    names(company, sales, f'uid=worker0,{sales}', 'worker1')
    follow()
    assert head_of('worker1') == 'worker0'
    names(company, sales, None, 'worker1')
    assert follow().steps['head'] == [('Worker0', 'nobody_names', 'applied')] and head_of('worker1') is None


def test_without_the_word_heads_are_the_portal_s(company, settled, follow):
    _madrid, sales = settled
    names(company, sales, f'uid=worker0,{sales}', 'worker1')
    assert follow() is None


def test_who_is_out_heads_nothing(company, with_heads, follow):
    madrid, sales = with_heads
    names(company, sales, f'uid=worker0,{sales}', 'worker1', 'worker2')
    follow()
    company._root.modify_s(f'uid=worker0,{sales}', [(2, 'shadowExpire', [b'1'])])
    follow()
    follow()
    assert head_of('worker1') is None


def test_many_new_heads_wait_for_who_may_manage_people(company, branch, follow, followed):
    directories.edit_directory(SYSTEM, followed, heads=True)
    for number in range(5):
        base = branch(f'Hall {number}')
        company.move(TEN[2 * number], base), company.move(TEN[2 * number + 1], base)
        names(company, base, f'uid={TEN[2 * number]},{base}', TEN[2 * number + 1])
    follow()
    run = follow()
    assert (run.state, run.brake, head_of('worker1')) == ('held', 'heads', None) and follow() is None
    give_role(SYSTEM, who('worker9').id, 'system_admin')
    with pytest.raises(NotAllowed):
        runs.start(actor_for(who('worker9').id, 'test'), run.id, with_held=True)
    runs.start(SYSTEM, run.id, with_held=True)
    following.carry_on(run.id)
    assert [head_of(f'worker{number}') for number in (1, 3, 5, 7, 9)] == ['worker0', 'worker2', 'worker4', 'worker6', 'worker8'] and follow() is None


def test_a_head_whom_somebody_set_here_comes_back_by_an_undo(company, with_heads, follow, followed):
    _madrid, sales = with_heads
    set_head(SYSTEM, who('worker1').department_id, who('worker5').id)
    names(company, sales, f'uid=worker0,{sales}', 'worker1')
    run = follow()
    runs.undo(SYSTEM, run.id)
    following.follow_all()
    assert head_of('worker1') == 'worker5'


# The rule of core

def test_a_department_cannot_stand_below_itself(box):
    top = departments.add_department(SYSTEM, 'Top')
    middle = departments.add_department(SYSTEM, 'Middle', top)
    bottom = departments.add_department(SYSTEM, 'Bottom', middle)
    departments.add_department(SYSTEM, 'bottom')
    for place in (top, middle, bottom):
        with pytest.raises(Invalid):
            departments.place_department(SYSTEM, top, 'Top', place)
    with pytest.raises(Conflict):
        departments.place_department(SYSTEM, bottom, 'Bottom', None)
    with pytest.raises(NotFound):
        departments.place_department(SYSTEM, bottom, 'Bottom', 10 ** 9)
    departments.place_department(SYSTEM, bottom, 'BOTTOM', middle)
    assert all_departments()[bottom][:2] == ('BOTTOM', middle)
    parent = None
    for number in range(departments.DEPARTMENTS_DEEP - 2):
        parent = departments.add_department(SYSTEM, f'Level {number}', parent)
    departments.place_department(SYSTEM, middle, 'Middle', parent)
    with pytest.raises(Invalid):
        departments.place_department(SYSTEM, top, 'Top', bottom)
    with pytest.raises(Invalid):
        departments.place_department(SYSTEM, departments.add_department(SYSTEM, 'New', top), 'New', bottom)


def test_a_reading_of_nobody_is_enough_for_branches_and_heads(company, with_heads, followed):
    """What is renamed above people, or named by them, is seen where none of them was read."""
    madrid, sales = with_heads
    rename(company, sales, 'ou=Trade')
    names(company, f'ou=Trade,{madrid}', f'uid=worker0,ou=Trade,{madrid}', 'worker1')
    directory = directories.load(followed)
    asked = reading.Snapshot(directory, {}, listed=reading.read(directory).found, asked=directory.person_filter)
    part = reading.Snapshot(directory, {}, grouping=grouping.read(grouping.wanted(directory), asked))
    steps = planning.make(directory, part, creates=True).steps
    assert [(step.kind, step.name, step.reason) for step in steps if step.kind != planning.DISABLE] == [
        ('branch', 'Trade', 'branch_changed'), ('head', 'Worker0', 'most_named')]
