"""A real slapd that would let a person in with an empty password, as Active Directory does."""

from dataclasses import replace

import pytest

from appliance.demo import directory as slapd
from appliance.identity.directory.client import Directory
from appliance.identity.directory.mapping import PRESETS
from tests.ldap.authority import Authority
from tests.ldap.people import BASE, PEOPLE, PORTAL, SECRET, company
from tests.postgresql import free_port


@pytest.fixture(scope='session')
def authority():
    return Authority()


@pytest.fixture(scope='session')
def server(authority):
    """The running slapd: ldap:// with StartTLS and ldaps://, certificate for 127.0.0.1."""
    with slapd.Slapd(company(), base=BASE, port=free_port(), tls_port=free_port(), tls=authority.issue('127.0.0.1'),
                     top='allow bind_anon_dn') as running:
        yield running


@pytest.fixture
def directory(server):
    """That server as the portal knows it, unencrypted on loopback; `replace(directory, ...)` makes others."""
    preset = PRESETS['openldap']
    return Directory(id=1, name='company', url=server.url, tls='none', ca_pem='', base_dn=PEOPLE, bind_dn=PORTAL, preset='openldap',
                     person_filter=preset.person_filter, login_attributes=preset.login_attributes, mapping={}, bind_password=SECRET)


@pytest.fixture(params=['none', 'starttls', 'ldaps'])
def each_encryption(request, directory, server, authority):
    """The same directory by each of the three ways to reach it."""
    url = server.tls_url if request.param == 'ldaps' else server.url
    return replace(directory, url=url, tls=request.param, ca_pem='' if request.param == 'none' else authority.pem)
