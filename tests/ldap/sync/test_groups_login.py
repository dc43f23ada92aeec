"""Who logs in gets and loses by his groups at once, in a few questions, and gets in also when they cannot be read."""
import ldap
import pytest

from appliance.core import departments
from appliance.core.actor import SYSTEM
from appliance.core.people import give_role, update_person
from appliance.identity import accounts
from appliance.identity.directory import directories, groups
from appliance.identity.directory.client import Connection
from appliance.identity.directory.sync import following
from appliance.identity.models import Directory
from tests.counting import queries
from tests.ldap.people import BASE, PASSWORD
from tests.ldap.sync.conftest import TEN, who
from tests.ldap.sync.groups import Groups, roles_of


@pytest.fixture
def made(company, followed):
    """Nobody looks by himself."""
    Directory.update(sync='off').execute()
    return Groups(company, followed)


def log_in(login):
    return accounts.log_in(login, PASSWORD, '127.0.0.1')[1]


def test_groups_give_and_take_at_login(made, followed):
    inner = made.add('Inner', 'worker1')
    outer = made.add('Outer', inner)
    made.set(inner, 'worker1', outer)
    made.gives(outer, 'dispatcher')
    made.gives(inner, 'portal_admin')
    made.gives(outer, departments.add_department(SYSTEM, 'Paint'), 'department')
    log_in('worker1')
    assert (roles_of('worker1'), who('worker1').department.name) == (['dispatcher'], 'Paint'), 'what administers waits for a word'
    log_in('worker2')
    assert (roles_of('worker2'), who('worker2').department.name) == ([], 'Hall')
    made.set(inner)
    log_in('worker1')
    assert (roles_of('worker1'), who('worker1').department.name) == ([], 'Hall')
    following.follow(followed)
    assert roles_of('worker1') == []


def test_a_first_login_too(company, made):
    made.root.add_s(f'uid=ada,ou=people,{BASE}', [('objectClass', [b'inetOrgPerson']), ('uid', [b'ada']), ('cn', [b'Ada']), ('sn', [b'x']), ('userPassword', [PASSWORD.encode()])])
    made.gives(made.add('Dispatchers', 'ada'), 'dispatcher')
    log_in('ada')
    assert roles_of('ada') == ['dispatcher']


def test_a_role_given_here_stays(made):
    dn = made.add('Dispatchers', 'worker1')
    made.gives(dn, 'dispatcher')
    log_in('worker1')
    give_role(SYSTEM, who('worker1').id, 'dispatcher')
    made.set(dn)
    log_in('worker1')
    assert roles_of('worker1') == ['dispatcher']


def test_a_group_that_is_not_shown_takes_nothing_by_a_login(made):
    dn = made.add('Dispatchers', 'worker1')
    made.gives(dn, 'dispatcher')
    log_in('worker1')
    made.root.delete_s(dn)
    log_in('worker1')
    assert roles_of('worker1') == ['dispatcher']


def test_what_the_brake_holds_a_login_does_not_take(made, followed):
    dn = made.add('Dispatchers', *TEN)
    made.gives(dn, 'dispatcher')
    following.follow(followed)
    made.set(dn)
    following.follow(followed)
    log_in('worker1')
    assert roles_of('worker1') == ['dispatcher']


def test_departments_by_groups_alone(made, followed):
    directories.edit_directory(SYSTEM, followed, tree='groups')
    paint = departments.add_department(SYSTEM, 'Paint')
    dn = made.add('Painters', 'worker1')
    made.gives(dn, paint, 'department')
    update_person(SYSTEM, who('worker2').id, department_id=paint)
    log_in('worker1'), log_in('worker2')
    assert who('worker1').department_id == who('worker2').department_id == paint
    made.set(dn)
    log_in('worker1'), log_in('worker2')
    assert (who('worker1').department_id, who('worker2').department_id) == (None, paint)


def test_that_groups_cannot_be_read_keeps_nobody_out(monkeypatch, made):
    dn = made.add('Dispatchers', 'worker1')
    made.gives(dn, 'dispatcher')
    made.gives(dn, departments.add_department(SYSTEM, 'Paint'), 'department')
    log_in('worker1')

    def fails(*args):
        raise ldap.OPERATIONS_ERROR()
    monkeypatch.setattr(groups, 'groups_of', fails)
    log_in('worker1')
    assert (roles_of('worker1'), who('worker1').department.name) == (['dispatcher'], 'Paint')


def test_a_login_asks_little_however_many_rules_there_are(monkeypatch, made):
    inner = made.add('Inner', 'worker1')
    for number in range(60):
        made.gives(made.add(f'Group {number}', inner if number % 2 else 'worker2'), 'dispatcher')
    asked, real = [], Connection._call

    def counted(self, function, *args, **kwargs):
        asked.append(function.__name__)
        return real(self, function, *args, **kwargs)
    monkeypatch.setattr(Connection, '_call', counted)
    log_in('worker1')
    assert roles_of('worker1') == ['dispatcher'] and len(asked) <= 11, asked


def test_a_login_asks_once_whether_there_are_rules(made):
    with queries() as asked:
        log_in('worker1')
    assert len([one for one in asked if 'directory_group_rule' in one]) == 1, asked
    made.gives(made.add('Dispatchers', 'worker1'), 'dispatcher')
    with queries() as asked:
        log_in('worker1')
    assert roles_of('worker1') == ['dispatcher']
    assert len([one for one in asked if 'directory_group_rule' in one]) == 2, 'whether there are any, and which'
