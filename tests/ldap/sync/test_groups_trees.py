"""Groups of a directory whose bases stand in two trees (naming contexts) of one slapd."""
import subprocess
import time

import ldap
import pytest
from ldap import modlist

from appliance.core.actor import SYSTEM
from appliance.core.people import PersonRole
from appliance.core.permissions import add_role
from appliance.demo import directory as slapd
from appliance.identity import accounts
from appliance.identity.directory import directories, group_rules, groups
from appliance.identity.directory.client import Connection, connect
from appliance.identity.directory.login import bind_own_account
from appliance.identity.directory.sync import following
from appliance.identity.models import Directory
from tests.ldap.people import BASE, PASSWORD, PEOPLE, PORTAL, SECRET, person
from tests.ldap.sync.conftest import ROOT, ROOT_PASSWORD, told, who
from tests.postgresql import free_port

OTHER = 'dc=sister,dc=test'
OTHER_PEOPLE, GROUPS, OTHER_GROUPS = f'ou=staff,{OTHER}', f'ou=groups,{BASE}', f'ou=groups,{OTHER}'
# Who may read the root of the second tree: with and without.
OPEN = 'access to * by users read by * none'
CLOSED = f'access to dn.base="{OTHER}" by * none\n{OPEN}'


def tree(base, *branches):
    return [slapd.ldif_entry(base, {'objectClass': ['dcObject', 'organization'], 'dc': base.partition(',')[0][3:], 'o': 'Firm'}),
            *(slapd.ldif_entry(branch, {'objectClass': 'organizationalUnit', 'ou': branch.partition(',')[0][3:]}) for branch in branches)]


class TwoTrees(slapd.Slapd):
    """The usual one with a second database. The people of the first are one, two; of the second three, four."""

    def __init__(self, rules):
        ldif = '\n'.join((*tree(BASE, PEOPLE, GROUPS), person('one'), person('two'), slapd.ldif_entry(
            PORTAL, {'objectClass': ['applicationProcess', 'simpleSecurityObject'], 'cn': 'portal', 'userPassword': SECRET})))
        super().__init__(ldif, base=BASE, port=free_port(), bottom=f'rootpw "{ROOT_PASSWORD}"\naccess to attrs=userPassword by anonymous auth by * none\n{OPEN}\n'
                         f'database mdb\nmaxsize 268435456\ndirectory FOLDER/second\nsuffix "{OTHER}"\nrootdn "{ROOT}"\nindex objectClass,uid,entryUUID eq\n'
                         f'access to attrs=userPassword by anonymous auth by * none\n{rules}')

    def _write(self, ldif, tls, top, bottom):
        (self.folder / 'second').mkdir()
        (self.folder / 'second.ldif').write_text('\n'.join((*tree(OTHER, OTHER_PEOPLE, OTHER_GROUPS), *(
            person(login).replace(PEOPLE, OTHER_PEOPLE) for login in ('three', 'four')))))
        super()._write(ldif, tls, top, bottom.replace('FOLDER', str(self.folder)))

    def _load(self):
        super()._load()
        subprocess.run([slapd.program('slapadd'), '-q', '-b', OTHER, '-f', self.folder / 'slapd.conf', '-l', self.folder / 'second.ldif'], check=True,
                       capture_output=True, timeout=60, **slapd._as_unprivileged())


@pytest.fixture(params=[OPEN, CLOSED], ids=['whole', 'people alone'])
def trees(request):
    """By whether the account may read the whole of the second tree, or no more than below its root."""
    with TwoTrees(request.param) as server:
        yield server


class Made:
    """The trees with groups, and the directory that follows them."""

    def __init__(self, server, bases):
        self.root = ldap.initialize(server.url)
        self.root.simple_bind_s(ROOT, ROOT_PASSWORD)
        self.id = directories.add_directory(SYSTEM, 'Company', server.url, bases[0], SECRET, bind_dn=PORTAL, tls='none', more_bases=list(bases[1:]))
        Directory.update(sync='all').execute()

    def group(self, name, *members, base):
        dn = f'cn={name},{base}'
        self.root.add_s(dn, modlist.addModlist({'objectClass': [b'groupOfNames'], 'cn': [name.encode()], 'member': [one.encode() for one in members]}))
        return dn

    def gives(self, dn, role):
        add_role(SYSTEM, role, role.title())
        return group_rules.add_rule(SYSTEM, self.id, group_rules.find_group(SYSTEM, self.id, dn), 'role', role)


def roles_of(login):
    return sorted(role for role, in PersonRole.select(PersonRole.role).where(PersonRole.person == who(login).id).tuples())


@pytest.fixture
def made(box):
    """A server whose account reads both trees whole, and the directory with a base in each."""
    with TwoTrees(OPEN) as server:
        yield Made(server, (PEOPLE, OTHER_PEOPLE))


def test_groups_of_each_tree_give_and_one_may_be_nested_in_the_other(made):
    far = made.group('Far', f'uid=three,{OTHER_PEOPLE}', base=OTHER_GROUPS)
    near = made.group('Near', f'uid=one,{PEOPLE}', far, base=GROUPS)
    back = made.group('Back', near, f'uid=four,{OTHER_PEOPLE}', base=OTHER_GROUPS)
    for dn, role in ((far, 'far'), (near, 'near'), (back, 'back')):
        made.gives(dn, role)
    following.follow(made.id)
    expected = {'one': ['back', 'near'], 'two': [], 'three': ['back', 'far', 'near'], 'four': ['back']}
    assert {login: roles_of(login) for login in expected} == expected
    assert following.follow(made.id) is None
    PersonRole.delete().execute()
    for login in expected:       # a login sees the same, and takes nothing for a group that it does not find
        accounts.log_in(login, PASSWORD, '192.0.2.1')
    assert following.follow(made.id) is None
    made.root.modify_s(far, [(ldap.MOD_REPLACE, 'member', [f'uid=two,{PEOPLE}'.encode()])])
    assert {(step, name) for step, found in told(following.follow(made.id)).steps.items() for name, *_why in found} >= {('lose', 'Three'), ('gain', 'Two')}
    assert roles_of('three') == [] and roles_of('two') == ['back', 'far', 'near']


def test_a_group_of_the_second_tree_is_found_by_its_name_and_its_number(made):
    far = made.group('Same name', f'uid=three,{OTHER_PEOPLE}', base=OTHER_GROUPS)
    near = made.group('Same name', f'uid=one,{PEOPLE}', base=GROUPS)
    assert {one['dn'] for one in group_rules.find_groups(SYSTEM, made.id, 'same')} == {far, near}
    number = made.root.search_s(far, ldap.SCOPE_BASE, attrlist=['entryUUID'])[0][1]['entryUUID'][0].decode()
    assert group_rules.find_group(SYSTEM, made.id, number)['dn'] == far


@pytest.mark.parametrize('bases, expected', [
    ((PEOPLE,), (BASE,)), ((OTHER_PEOPLE,), (OTHER,)), ((PEOPLE, GROUPS), (BASE,)), ((PEOPLE, OTHER_PEOPLE), (BASE, OTHER)), ((OTHER, PEOPLE, OTHER_PEOPLE), (OTHER, BASE))])
def test_each_tree_is_searched_once_and_one_costs_no_question_more(monkeypatch, box, made, bases, expected):
    directories.edit_directory(SYSTEM, made.id, SECRET, base_dn=bases[0], more_bases=list(bases[1:]))
    directory, asked, real = directories.load(made.id), [], Connection._call
    with connect(directory, time.monotonic() + 5) as connection:
        bind_own_account(connection, directory)
        monkeypatch.setattr(Connection, '_call', lambda self, function, *args, **kwargs: asked.append(args[0]) or real(self, function, *args, **kwargs))
        assert groups.group_bases(connection, directory) == expected
    assert asked == ['', *expected[1:]]


def test_an_account_that_may_read_no_more_than_the_people_of_the_second_tree_keeps_the_groups_of_the_first(box, trees):
    made = Made(trees, (PEOPLE, OTHER_PEOPLE))
    near = made.group('Near', f'uid=three,{OTHER_PEOPLE}', base=GROUPS)
    made.gives(near, 'near')
    following.follow(made.id)
    assert roles_of('three') == ['near']
    accounts.log_in('three', PASSWORD, '192.0.2.1')
    assert roles_of('three') == ['near'] and following.follow(made.id) is None
