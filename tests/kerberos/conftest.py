"""A realm, a directory of the same people, and a portal that has a key of the realm."""
import base64
import dataclasses
import os
import struct

import pytest

from appliance.core.actor import SYSTEM
from appliance.core.config import Sso
from appliance.demo import directory as slapd
from appliance.identity.directory import directories
from tests.kerberos.kdc import Kdc
from tests.ldap.people import BASE, PEOPLE, PORTAL, SECRET, company, person
from tests.postgresql import free_port

SPNEGO, KERBEROS = '1.3.6.1.5.5.2', '1.2.840.113554.1.2.2'
SERVICE = 'HTTP/127.0.0.1'
CASES = (person('Ana.Case'), person('expired', objectClass=['inetOrgPerson', 'shadowAccount'], shadowExpire='1'),
         person('double', rdn='cn=one', cn='one'), person('double', rdn='cn=two', cn='two'))


@pytest.fixture(scope='session')
def kdc():
    """The realm COMPANY.TEST, which trusts OTHER.TEST (`kdc.other`)."""
    other = Kdc('OTHER.TEST')
    made = Kdc('COMPANY.TEST', [other])
    made.other = other
    try:
        # The other realm's people ask there for the way to here.
        for name in ('employee', 'head', 'nobody', 'expired', 'ana.case', 'Ana.Case', 'third'):
            made.person(name)
        other.person('employee')
        yield made
    finally:
        made.stop()
        other.stop()


@pytest.fixture
def keytab(kdc):
    """A keytab with the portal's key, and one of another service."""
    return kdc.newest(SERVICE, 'host/127.0.0.1')


@pytest.fixture(scope='session')
def people():
    """The running slapd."""
    with slapd.Slapd('\n'.join((company(), *CASES)), base=BASE, port=free_port(), top='include /etc/ldap/schema/nis.schema') as running:
        yield running


@pytest.fixture
def ticket(kdc, monkeypatch):
    """A function: the ticket that a browser of somebody shows, as bytes (`mech=KERBEROS`: bare, without SPNEGO around it)."""
    import gssapi.raw as raw
    caches = {}

    def show(name, service=SERVICE, mech=SPNEGO, cache=None):
        if cache is None and name not in caches:
            caches[name] = kdc.ticket(name)
        with monkeypatch.context() as patch:
            patch.setenv('KRB5_CONFIG', str(kdc.folder / 'krb5.conf'))
            credentials = raw.acquire_cred_from({b'ccache': f'FILE:{cache or caches[name]}'.encode()}, usage='initiate').creds
            target = raw.import_name(f'{service}@{kdc.realm}'.encode(), raw.NameType.kerberos_principal)
            return raw.init_sec_context(target, credentials, mech=raw.OID.from_int_seq(mech), flags=2).token
    return show


@pytest.fixture
def shown(ticket):
    """The same as text, as it stands in the header."""
    return lambda *args, **options: base64.b64encode(ticket(*args, **options)).decode()


def with_offset(cache, seconds):
    """A copy of a cache whose computer takes the KDC's clock to be `seconds` ahead of its own (FILE format 4, tag 1: DeltaTime)."""
    data, copy = cache.read_bytes(), cache.with_name(f'{cache.name}.{seconds}')
    assert data[:2] == b'\5\4'
    length = struct.unpack('>H', data[2:4])[0]
    header = struct.pack('>HHii', 1, 8, seconds, 0)
    copy.write_bytes(data[:2] + struct.pack('>H', len(header)) + header + data[4 + length:])
    copy.chmod(0o600)
    return copy


@pytest.fixture
def config(box, keytab, monkeypatch):
    """The configuration of a portal that takes tickets. What the machine says of Kerberos counts for nothing."""
    monkeypatch.setenv('KRB5_CONFIG', os.devnull)
    return dataclasses.replace(box.config, sso=Sso(str(keytab)))


@pytest.fixture
def directory_id(box, people):
    """The directory of the portal, which holds the people of COMPANY.TEST."""
    return directories.add_directory(SYSTEM, 'Company', people.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none')
