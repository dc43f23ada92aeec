"""What is Active Directory's own: names to log in with, the GUID, and the words in which it refuses a bind.

Its attributes are given to slapd; the words are those of a Windows server and of Samba, sent over a real socket.
"""

import time
import uuid
from dataclasses import replace

import pytest

from appliance.demo import directory as slapd
from appliance.identity.directory.errors import WrongPair
from appliance.identity.directory.login import ask, bind_as
from appliance.identity.directory.mapping import PRESETS
from tests.ldap.people import BASE, PASSWORD, PORTAL, SECRET
from tests.ldap.silence import answer_bind, silent_server
from tests.postgresql import free_port

GUID = uuid.UUID('00112233-4455-6677-8899-aabbccddeeff')
WINDOWS = '80090308: LdapErr: DSID-0C09042A, comment: AcceptSecurityContext error, data {}, v3839'
SAMBA = '80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {}, v1db1'
TEXT = 'EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE'
SCHEMA = f"""
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' {TEXT} )
attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' {TEXT} )
attributetype ( 1.2.840.113556.1.2.141 NAME 'department' {TEXT} )
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
"""
INVALID_CREDENTIALS, UNWILLING = 49, 53


def user(name, **attributes):
    """The LDIF of an entry as Active Directory has it."""
    usual = {'objectClass': ['inetOrgPerson', 'extensibleObject'], 'cn': name.title(), 'sn': name.title(), 'sAMAccountName': name,
             'userPrincipalName': f'{name}@corp.test', 'userAccountControl': '512', 'userPassword': PASSWORD}
    return slapd.ldif_entry(f'cn={name.title()},{BASE}', usual | attributes)


@pytest.fixture(scope='module')
def corp():
    """A slapd with two people as Active Directory describes them."""
    ldif = '\n'.join((
        slapd.ldif_entry(BASE, {'objectClass': ['dcObject', 'organization'], 'dc': 'company', 'o': 'Company'}),
        slapd.ldif_entry(PORTAL, {'objectClass': ['applicationProcess', 'simpleSecurityObject'], 'cn': 'portal', 'userPassword': SECRET}),
        user('Employee', objectGUID=GUID.bytes_le, mail='ana@company.test', department='Sales', displayName='Ana Ñúñez'),
        user('Disabled', objectGUID=uuid.uuid4().bytes_le, userAccountControl='514')))
    with slapd.Slapd(ldif, base=BASE, port=free_port(), top=SCHEMA) as running:
        yield running


@pytest.fixture
def active_directory(directory, corp):
    preset = PRESETS['active-directory']
    # What slapd has instead of objectCategory and the class user.
    return replace(directory, url=corp.url, base_dn=BASE, preset='active-directory', login_attributes=preset.login_attributes,
                   person_filter='(objectClass=inetOrgPerson)')


@pytest.mark.parametrize('typed', ['employee', 'EMPLOYEE', 'employee@corp.test', 'ana@company.test'])
def test_three_names_lead_to_the_one_guid(active_directory, typed):
    entry = ask(active_directory, typed, PASSWORD)
    assert entry.uuid == GUID
    assert entry.fields == {'login': 'employee', 'name': 'Ana Ñúñez', 'mail': 'ana@company.test', 'phone': '', 'title': '', 'department': 'Sales', 'employee_number': ''}


def test_a_disabled_account_is_refused_even_where_its_bind_succeeds(active_directory):
    with pytest.raises(WrongPair) as caught:
        ask(active_directory, 'disabled', PASSWORD)
    assert (caught.value.reason, caught.value.may_tell) == ('disabled', False)


@pytest.mark.parametrize('words', [WINDOWS, SAMBA])
@pytest.mark.parametrize(('code', 'reason'), [
    ('52e', 'password'), ('525', 'unknown'), ('530', 'refused'), ('532', 'must_change'), ('533', 'disabled'), ('701', 'expired'),
    ('773', 'must_change'), ('775', 'locked'), ('7fff', 'refused')])
def test_the_reason_of_a_refused_bind_is_read_from_its_words(directory, words, code, reason):
    assert bound(directory, INVALID_CREDENTIALS, words.format(code)) == reason


def test_other_refusals_are_the_persons_not_the_directorys(directory):
    assert bound(directory, UNWILLING, '0000052D: SvcErr: DSID-031A120C, problem 5003 (WILL_NOT_PERFORM), data 0') == 'refused'
    assert bound(directory, INVALID_CREDENTIALS, '') == 'password'


def bound(directory, code, words):
    """The reason that bind_as gives for a bind answered like this."""
    with silent_server(answer_bind(code, words)) as port:
        return bind_as(replace(directory, url=f'ldap://127.0.0.1:{port}'), 'cn=x', 'y', time.monotonic() + 2)


def test_only_who_must_change_his_password_is_told_more():
    plain = str(WrongPair('password'))
    assert {str(WrongPair(reason)) for reason in ('unknown', 'ambiguous', 'disabled', 'locked', 'expired', 'refused', 'blank')} == {plain}
    assert str(WrongPair('must_change')) != plain
