"""A real Active Directory for the session, with an account of the portal that may only read, and people who come and go."""
import itertools
import os
from datetime import UTC, datetime, timedelta

import ldap
import pytest
from ldap.dn import escape_dn_chars

from appliance.core.actor import SYSTEM
from appliance.identity.directory import directories
from appliance.identity.directory.sync import following, runs
from appliance.identity.directory.sync.models import SyncRun
from tests import guards
from tests.ldap.authority import Authority
from tests.samba.server import BASE, PEOPLE, Samba

SECRET, PASSWORD = 'Passw0rd!of the portal', 'Passw0rd!of a person'
NORMAL, DISABLED = b'512', b'514'
_numbers = itertools.count(1)


class Domain:
    """The running domain, and what its administrators do to people. Logins are new in each test: the domain is one for all."""

    def __init__(self, server, authority):
        self.server, self.authority = server, authority
        self.connection = server.administrator()
        self.connection.add_s(PEOPLE, [('objectClass', [b'organizationalUnit'])])
        self.connection.add_s(f'OU=Former,{BASE}', [('objectClass', [b'organizationalUnit'])])
        self.person('portal', SECRET, base=f'CN=Users,{BASE}')

    def login(self):
        """A login that nobody had."""
        return f'person{next(_numbers)}'

    def person(self, login, password=PASSWORD, base=PEOPLE, name=None, flags=NORMAL, **attributes):
        """A new account; returns its DN."""
        dn = f'CN={escape_dn_chars(name or login)},{base}'
        values = {'objectClass': b'user', 'sAMAccountName': login.encode(), 'userPrincipalName': f'{login}@corp.test'.encode(),
                  'unicodePwd': f'"{password}"'.encode('utf-16-le'), 'userAccountControl': flags} | {key: value.encode() for key, value in attributes.items()}
        self.connection.add_s(dn, [(key, [value]) for key, value in values.items()])
        return dn

    def set(self, dn, **attributes):
        """Replace attributes of an entry; None removes one."""
        self.connection.modify_s(dn, [(ldap.MOD_REPLACE, key, None if value is None else [value]) for key, value in attributes.items()])

    def group(self, *members):
        """A new group with these members (DNs); returns its DN."""
        dn = f'CN=group{next(_numbers)},{BASE}'
        self.connection.add_s(dn, [('objectClass', [b'group']), *([('member', [one.encode() for one in members])] if members else [])])
        return dn

    def leave(self, group, member):
        self.connection.modify_s(group, [(ldap.MOD_DELETE, 'member', [member.encode()])])

    def expires(self, dn, moment):
        """From a moment on nobody gets in by this account."""
        self.set(dn, accountExpires=str((moment - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10).encode())


@pytest.fixture(scope='session')
def domain():
    """The Domain of the session: 13 seconds to provision and start. Only root can; who is not sees the tests skipped, and CI fails."""
    if os.geteuid() != 0 and not os.environ.get('CI'):
        pytest.skip('the Active Directory of the tests needs root: sudo bin/test')
    authority = Authority()
    server = Samba(authority)
    guards.OWN.add(server.address)
    try:
        yield Domain(server, authority)
    finally:
        server.stop()


@pytest.fixture
def followed(box, domain):
    """A function: the id of the domain as a directory whose people are those of a filter."""
    def add(person_filter, **values):
        return directories.add_directory(SYSTEM, 'Domain', domain.server.url, PEOPLE, SECRET, bind_dn='portal@corp.test', ca_pem=domain.authority.pem,
                                         preset='active-directory', person_filter=f'(&(objectCategory=person)(objectClass=user){person_filter})', sync='all', **values)
    return add


@pytest.fixture
def follow():
    """A function: look at a directory; {kind: [(name, reason)]}, of an earlier proposal only where it is new."""
    def look(directory_id):
        before, found = set(SyncRun.select(SyncRun.id).tuples()), {}
        following.follow(directory_id)      # which looks twice where somebody new may be here already
        for run_id, in sorted(set(SyncRun.select(SyncRun.id).tuples()) - before):
            for step in runs.steps_of(SYSTEM, run_id):
                found.setdefault(step['kind'], []).append((step['name'], step['reason']))
        return found
    return look
