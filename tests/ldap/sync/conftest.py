"""A slapd of each test's own, whose people come and go, and a portal that follows it."""
import contextlib
from types import SimpleNamespace

import ldap
import pytest
from ldap import modlist

from appliance.core.actor import SYSTEM
from appliance.core.people import Person, PersonBlock
from appliance.demo import directory as slapd
from appliance.identity.directory import directories
from appliance.identity.directory.sync import following, runs
from appliance.identity.models import Directory, DirectoryPerson
from tests.ldap.people import BASE, PEOPLE, PORTAL, SECRET, person
from tests.postgresql import free_port

ROOT, ROOT_PASSWORD = f'cn=root,{BASE}', 'root of all'
TEN = [f'worker{number}' for number in range(10)]


class Company:
    """A running slapd with ten people and how they come and go."""

    def __init__(self, server):
        self.server = server
        self._root = ldap.initialize(server.url)
        self._root.simple_bind_s(ROOT, ROOT_PASSWORD)

    def add(self, login, base=PEOPLE, **attributes):
        """A new entry; attributes replace or add to the usual ones."""
        usual = {'objectClass': ['inetOrgPerson'], 'uid': login, 'cn': login.title(), 'sn': login.title(), 'mail': f'{login}@company.test'}
        values = {name: [one.encode() for one in ([value] if isinstance(value, str) else value)] for name, value in (usual | attributes).items()}
        self._root.add_s(f'uid={login},{base}', modlist.addModlist(values))

    def change(self, login, **attributes):
        """Replace attributes; None removes one."""
        self._root.modify_s(f'uid={login},{PEOPLE}', [(ldap.MOD_REPLACE, name, [value.encode()] if value is not None else None)
                                                     for name, value in attributes.items()])

    def delete(self, *logins):
        for login in logins:
            self._root.delete_s(f'uid={login},{PEOPLE}')

    def rename(self, login, new):
        self._root.rename_s(f'uid={login},{PEOPLE}', f'uid={new}', delold=1)

    def move(self, login, base):
        self._root.rename_s(f'uid={login},{PEOPLE}', f'uid={login}', newsuperior=base)

    def group(self, name, *logins):
        """Make the members of a group these people."""
        dn, members = f'cn={name},{BASE}', [f'uid={login},{PEOPLE}'.encode() for login in logins]
        try:
            self._root.modify_s(dn, [(ldap.MOD_REPLACE, 'member', members)])
        except ldap.NO_SUCH_OBJECT:
            self._root.add_s(dn, modlist.addModlist({'objectClass': [b'groupOfNames'], 'cn': [name.encode()], 'member': members}))
        return dn

    def move_back(self, login, base=f'ou=former,{BASE}'):
        self._root.rename_s(f'uid={login},{base}', f'uid={login}', newsuperior=PEOPLE)


@pytest.fixture
def overlays():
    """(lines before, lines within the database) of slapd.conf; a module of tests may have its own."""
    return '', ''


@pytest.fixture
def company(overlays):
    """Ten people below PEOPLE, and an empty branch beside it."""
    top, bottom = overlays
    ldif = '\n'.join((
        slapd.ldif_entry(BASE, {'objectClass': ['dcObject', 'organization'], 'dc': 'company', 'o': 'Company'}),
        slapd.ldif_entry(PEOPLE, {'objectClass': 'organizationalUnit', 'ou': 'people'}),
        slapd.ldif_entry(f'ou=former,{BASE}', {'objectClass': 'organizationalUnit', 'ou': 'former'}),
        slapd.ldif_entry(PORTAL, {'objectClass': ['applicationProcess', 'simpleSecurityObject'], 'cn': 'portal', 'userPassword': SECRET}),
        *(person(login, objectClass=['inetOrgPerson', 'shadowAccount'], mail=f'{login}@company.test', title='Worker', departmentNumber='Hall') for login in TEN)))
    with slapd.Slapd(ldif, base=BASE, port=free_port(), top=f'include /etc/ldap/schema/nis.schema\n{top}',
                     bottom=f'rootpw "{ROOT_PASSWORD}"\n{bottom}') as server:
        yield Company(server)


@pytest.fixture
def followed(box, company):
    """The id of the directory, followed to its last person, once."""
    directory_id = directories.add_directory(SYSTEM, 'Company', company.server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none')
    Directory.update(sync='all').execute()
    following.follow(directory_id)
    return directory_id


@pytest.fixture
def follow(followed):
    """Look once more: what the run did, as {kind: [(login or name, reason)]} with its `run`, or None where there was nothing to do."""
    def look():
        run_id = following.follow(followed)
        return None if run_id is None else told(run_id)
    return look


def told(run_id):
    """What a run did, by kind: [(name, reason, state)] in the order of doing."""
    found = {}
    for step in runs.steps_of(SYSTEM, run_id, limit=10_000):
        found.setdefault(step['kind'], []).append((step['name'], step['reason'], step['state']))
    return SimpleNamespace(id=run_id, steps=found, **{name: value for name, value in runs.one_run(SYSTEM, run_id).items() if name in ('state', 'brake', 'absent', 'known')})


def who(login):
    """The Person of a login."""
    return Person.get(Person.login == login)


def blocks(login):
    """{source: reason} of what keeps a person out."""
    return dict(PersonBlock.select(PersonBlock.source, PersonBlock.reason).where(PersonBlock.person == who(login).id).tuples())


def tie(login):
    return DirectoryPerson.get(DirectoryPerson.person == who(login).id)


@contextlib.contextmanager
def nothing_written():
    """Within the block no row is written, apart from what another connection does."""
    from appliance.core import db
    statements = []
    real = type(db.database.obj).execute_sql

    def watched(self, sql, *args, **kwargs):
        statements.append(sql)
        return real(self, sql, *args, **kwargs)
    type(db.database.obj).execute_sql = watched
    try:
        yield
    finally:
        type(db.database.obj).execute_sql = real
    assert [sql for sql in statements if not sql.lstrip().upper().startswith(('SELECT', 'WITH'))] == []
