"""Tickets of a real Active Directory: who comes in by one, and that the directory's word counts more than a ticket that is still good."""
import base64
import dataclasses
import os
import subprocess

import pytest

from appliance.core.actor import SYSTEM
from appliance.core.config import Sso
from appliance.core.people import Person
from appliance.identity.directory import directories
from appliance.identity import sessions
from appliance.identity.kerberos import health, keytab, logins
from appliance.identity.kerberos.errors import AccountRefused, TicketRefused
from appliance.identity.models import Session
from tests.kerberos.conftest import SPNEGO
from tests.samba.conftest import DISABLED, NORMAL, PASSWORD
from tests.samba.server import PEOPLE, REALM

SERVICE = f'HTTP/portal.corp.test@{REALM}'
CONFIGURATION = """\
[libdefaults]
    default_realm = {realm}
    dns_lookup_kdc = false
    dns_canonicalize_hostname = false
    rdns = false
[realms]
    {realm} = {{
        kdc = {address}
    }}
"""


@pytest.fixture(scope='module')
def service(domain):
    """The keytab of the portal, made as an administrator of Samba makes it."""
    dn = domain.person('websvc', base=f'CN=Users,{PEOPLE.partition(",")[2]}')
    # Else Samba gives out a key of RC4 alone, and the check says so.
    domain.set(dn, **{'servicePrincipalName': b'HTTP/portal.corp.test', 'msDS-SupportedEncryptionTypes': b'24'})
    path = domain.server.folder / 'http.keytab'
    done = subprocess.run(['samba-tool', 'domain', 'exportkeytab', str(path), f'--principal={SERVICE}', '-s', str(domain.server.folder / 'etc' / 'smb.conf')],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return path


@pytest.fixture
def config(box, service, monkeypatch):
    monkeypatch.setenv('KRB5_CONFIG', os.devnull)
    return dataclasses.replace(box.config, sso=Sso(str(service), SERVICE))


@pytest.fixture
def ticket(domain, tmp_path, monkeypatch):
    """A function: what the browser of somebody shows; his ticket of the morning is kept."""
    import gssapi.raw as raw
    path = tmp_path / 'krb5.conf'
    path.write_text(CONFIGURATION.format(realm=REALM, address=domain.server.address))

    def show(name):
        cache = tmp_path / name.replace('/', '_')
        with monkeypatch.context() as patch:
            patch.setenv('KRB5_CONFIG', str(path))
            if not cache.exists():
                subprocess.run(['kinit', '-c', str(cache), f'{name}@{REALM}'], input=PASSWORD, text=True, check=True, capture_output=True)
            credentials = raw.acquire_cred_from({b'ccache': f'FILE:{cache}'.encode()}, usage='initiate').creds
            target = raw.import_name(SERVICE.encode(), raw.NameType.kerberos_principal)
            return base64.b64encode(raw.init_sec_context(target, credentials, mech=raw.OID.from_int_seq(SPNEGO), flags=2).token).decode()
    return show


@pytest.fixture
def come(config, ticket):
    """A function: the person whom a ticket logs in."""
    def log_in(name):
        token, _answer = logins.log_in(config, ticket(name), '10.0.0.7')
        return Person.get_by_id(sessions.load(token).actor.person_id)
    return log_in


@pytest.fixture
def refused(come):
    def reason(name):
        with pytest.raises((AccountRefused, TicketRefused)) as caught:
            come(name)
        return caught.value.reason
    return reason


def test_a_ticket_of_the_domain_logs_its_person_in(domain, followed, come, config, service):
    login = domain.login()
    domain.person(login, title='Worker')
    followed('')
    person = come(login)
    assert (person.login, person.title, Session.get().factors) == (login, 'Worker', ['kerberos'])
    assert come(login).id == person.id
    assert {key.principal for key in keytab.read(service)} == {SERVICE}
    found = health.look(config)
    assert found.code == 'kerberos.well', found


def test_who_is_disabled_is_refused_though_his_ticket_is_good(domain, followed, come, refused):
    login = domain.login()
    dn = domain.person(login)
    followed('')
    person_id = come(login).id
    domain.set(dn, userAccountControl=DISABLED)
    assert refused(login) == 'disabled'
    domain.set(dn, userAccountControl=NORMAL)
    assert come(login).id == person_id
    domain.connection.delete_s(dn)
    assert refused(login) == 'unknown'


def test_who_is_out_of_the_filter_or_of_another_realm_is_refused(domain, followed, refused):
    login = domain.login()
    domain.person(login)
    directory_id = followed(f'(!(sAMAccountName={login}))')
    assert refused(login) == 'unknown'
    directories.edit_directory(SYSTEM, directory_id, person_filter='(objectClass=user)', realm='CORP2.TEST')
    assert refused(login) == 'realm'


def test_a_ticket_may_bear_either_name_of_its_account(domain, followed, come):
    """Whose two names differ gets a ticket by each. That no two accounts share one, the domain sees to itself."""
    login = domain.login()
    domain.set(domain.person(login), userPrincipalName=f'by.mail.{login}@corp.test'.encode())
    followed('')
    assert come(login).login == come(f'by.mail.{login}').login == login


def test_who_bore_the_name_before_is_not_who_bears_it_now(domain, followed, come, refused):
    """The ticket of the morning still says his name, which is somebody else's since noon."""
    login = domain.login()
    dn = domain.person(login, name=f'Former {login}')
    followed('')
    former = come(login)
    domain.set(dn, sAMAccountName=f'{login}x'.encode(), userPrincipalName=f'{login}x@corp.test'.encode())
    domain.person(login, name=f'Later {login}')
    assert refused(login) == 'unknown'
    assert come(f'{login}x').id == former.id


def test_services_of_the_domain_do_not_come_in(followed, config, refused, domain):
    followed('(!(sAMAccountName=websvc))')
    assert refused('websvc') == 'unknown'
