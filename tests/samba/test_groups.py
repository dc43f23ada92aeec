"""Groups of a real Active Directory: nested, as primary group, and larger than one answer."""
import time

import pytest

from appliance.core.actor import SYSTEM
from appliance.core.people import Person, PersonRole
from appliance.core.permissions import add_role
from appliance.identity.directory import directories, group_rules, groups
from appliance.identity.directory.client import connect
from appliance.identity.directory.login import ask, bind_own_account, with_groups
from tests.samba.conftest import PASSWORD
from tests.samba.server import BASE, PEOPLE


def roles_of(login):
    return sorted(role for role, in PersonRole.select(PersonRole.role).join(Person).where(Person.login == login).tuples())


@pytest.fixture
def gives(box):
    """A function: a rule that a group gives a role of the company's own."""
    def rule(directory_id, dn, role):
        add_role(SYSTEM, role, role.title())
        return group_rules.add_rule(SYSTEM, directory_id, group_rules.find_group(SYSTEM, directory_id, dn), 'role', role)
    return rule


def test_nested_and_primary_groups_give(domain, followed, follow, gives):
    one, two = domain.login(), domain.login()
    dns = [domain.person(one), domain.person(two)]
    inner = domain.group(dns[0])
    outer = domain.group(inner)
    domain.connection.modify_s(inner, [(0, 'member', [outer.encode()])])        # a circle
    primary = domain.group(dns[1])
    above = domain.group(primary)
    directory_id = followed(f'(|(sAMAccountName={one})(sAMAccountName={two}))')
    for dn, role in ((outer, 'outer'), (primary, 'primary'), (above, 'above'), (f'CN=Domain Users,CN=Users,{BASE}', 'everybody')):
        gives(directory_id, dn, role)
    with_sid = domain.connection.search_s(primary, 0, attrlist=['objectSid'])[0][1]['objectSid'][0]
    domain.set(dns[1], primaryGroupID=str(int.from_bytes(with_sid[-4:], 'little')).encode())
    follow(directory_id)
    follow(directory_id)
    assert roles_of(one) == ['everybody', 'outer']
    # As the domain does it: with another primary group he becomes an ordinary member of the former one.
    assert roles_of(two) == ['above', 'everybody', 'primary']
    assert follow(directory_id) == {}
    directory = directories.load(directory_id)
    rules = {rule.uuid: rule.what for rule in groups.rules_of(directory_id)}
    for login in (one, two):
        entry = with_groups(directory, ask(directory, login, PASSWORD), time.monotonic() + 5)
        assert sorted(rules[known_by] for known_by, is_in in entry.belonging.groups.items() if is_in) == roles_of(login), 'a login sees the same'
    domain.leave(inner, dns[0])
    assert follow(directory_id) == {'lose': [(one, 'left_group')]}


def test_members_that_come_in_ranges_are_all_read(monkeypatch, domain, followed):
    """Windows gives 1,500 at once by itself; Samba gives parts where it is asked for one."""
    login = domain.login()
    dn = domain.person(login)
    members = [f'CN={login}-{number},CN=Computers,{BASE}' for number in range(30)]
    for member in members:
        domain.connection.add_s(member, [('objectClass', [b'contact'])])
    group = domain.group(*members, dn)
    directory_id = followed(f'(sAMAccountName={login})')
    real, directory = groups._attributes, directories.load(directory_id)
    monkeypatch.setattr(groups, '_attributes', lambda *args: ['member;range=0-9' if name == 'member' else name for name in real(*args)])
    with connect(directory, time.monotonic() + 30) as connection:
        bind_own_account(connection, directory)
        found = groups.group_of(connection, directory, group_rules.find_group(SYSTEM, directory_id, group)['uuid'])
    assert len(found.members) == len(set(found.members)) == 31 and dn in found.members


def test_branches_are_departments_that_keep_their_number(domain, followed, follow):
    """A branch that is renamed and moved with all that is in it, as a domain does it in one step."""
    login = domain.login()
    branch, inner = f'OU=Branch of {login},{PEOPLE}', f'OU=In\\, it,OU=Branch of {login},{PEOPLE}'
    for dn in (branch, inner):
        domain.connection.add_s(dn, [('objectClass', [b'organizationalUnit'])])
    domain.person(login, base=inner)
    directory_id = followed(f'(sAMAccountName={login})', tree='ou')
    follow(directory_id)

    def department():
        found = Person.get(Person.login == login).department
        return found.id, found.name, found.parent and found.parent.name
    number, *place = department()
    assert place == ['In, it', f'Branch of {login}'] and follow(directory_id) == {}
    domain.connection.rename_s(branch, f'OU=Renamed {login}')
    domain.connection.rename_s(f'OU=In\\, it,OU=Renamed {login},{PEOPLE}', f'OU=In\\+Out {login}', newsuperior=PEOPLE)
    assert sorted(follow(directory_id)['branch']) == [(f'In+Out {login}', 'branch_changed'), (f'Renamed {login}', 'branch_changed')]
    assert department() == (number, f'In+Out {login}', None)
    follow(directory_id)        # the name of his entry
    assert follow(directory_id) == {}
