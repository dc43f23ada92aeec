"""The company's directory in a guest: Debian's slapd with one employee, on ldaps:// with a certificate by its own authority."""
from dataclasses import dataclass

from tests.ldap.authority import Authority

BASE = 'dc=company,dc=test'
BIND_DN = f'cn=portal,{BASE}'
SECRET = 'the portal itself'
LOGIN, PASSWORD, NAME = 'employee', 'correct horse battery', 'Ana Núñez'

LDIF = f'''\
dn: {BASE}
objectClass: dcObject
objectClass: organization
dc: company
o: Company

dn: {BIND_DN}
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: portal
userPassword: {SECRET}

dn: uid={LOGIN},{BASE}
objectClass: inetOrgPerson
uid: {LOGIN}
cn: {NAME}
sn: Núñez
mail: {LOGIN}@company.test
userPassword: {PASSWORD}
'''
CONFIGURATION = f'''\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile /srv/ldap/server.crt
TLSCertificateKeyFile /srv/ldap/server.key
database mdb
directory /srv/ldap/db
suffix "{BASE}"
index objectClass,uid,entryUUID eq
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
'''


@dataclass(frozen=True)
class Directory:
    """Where it is, whom to trust (PEM), and the guest that it runs on."""

    url: str
    authority: str
    guest: object


def serve(guest):
    """Install and start slapd in the guest; returns the Directory. It ends with the guest."""
    guest.write('/usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755)     # no slapd of Debian's own configuration
    guest.install('slapd')
    authority = Authority('Company CA')
    certificate, key = authority.issue(guest.address)
    for name, text in {'slapd.conf': CONFIGURATION, 'company.ldif': LDIF, 'server.crt': certificate.decode(),
                       'server.key': key.decode()}.items():
        guest.write(f'/srv/ldap/{name}', text)
    guest.run('mkdir /srv/ldap/db && slapadd -q -f /srv/ldap/slapd.conf -l /srv/ldap/company.ldif && chown -R openldap: /srv/ldap && '
              'systemd-run -q --unit=company-directory slapd -d 0 -u openldap -g openldap -f /srv/ldap/slapd.conf -h ldaps:///')
    guest.run('for n in $(seq 100); do ss -Hltn sport = :636 | grep -q . && exit 0; sleep 0.1; done; exit 1')
    return Directory(f'ldaps://{guest.address}', authority.pem, guest)
