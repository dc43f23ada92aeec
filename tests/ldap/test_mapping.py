"""From an entry to a person's fields: nothing that a directory may hold makes a login fail in an odd way."""

import uuid
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core.person_fields import check_fields
from appliance.identity.directory.closing import ATTRIBUTES
from appliance.identity.directory.client import Directory
from appliance.identity.directory.login import ask
from appliance.identity.directory.mapping import FIELDS, PRESETS, mapped_fields, read_entry
from tests.ldap.people import PASSWORD, PEOPLE

DN = 'uid=employee,ou=people,dc=company,dc=test'
KNOWN = {'entryUUID': [b'22222222-2222-4222-8222-222222222222'], 'uid': [b'employee'], 'cn': [b'Ana']}


def described(preset='openldap', **mapping):
    """A Directory of which only the mapping matters."""
    return Directory(id=1, name='company', url='ldaps://directory.test', tls='ldaps', ca_pem='', base_dn='dc=test', bind_dn='',
                     preset=preset, person_filter='', login_attributes=(), mapping=mapping, bind_password='')


def read(values, dn=DN, **mapping):
    return read_entry(described(**mapping), dn, KNOWN | values)


def test_a_whole_entry(directory):
    entry = ask(directory, 'employee', PASSWORD)
    assert entry.fields == {'login': 'employee', 'name': 'Ana Ñúñez', 'mail': 'employee@company.test', 'phone': '+34 600 000 001',
                            'title': 'Sales (north)', 'department': 'Sales', 'employee_number': ''}
    assert entry.head_dn == f'uid=head,{PEOPLE}'


def test_what_is_absent_is_empty(directory):
    entry = ask(directory, 'bare', PASSWORD)
    assert entry.fields == {'login': 'bare', 'name': 'Bare', 'mail': '', 'phone': '', 'title': '', 'department': '', 'employee_number': ''}
    assert entry.head_dn == ''


def test_what_is_overlong_is_cut_unless_a_part_would_be_wrong(directory):
    fields = ask(directory, 'much', PASSWORD).fields
    assert (len(fields['name']), len(fields['phone']), fields['mail']) == (FIELDS['name'], FIELDS['phone'], '')


def test_what_is_not_text_or_misleads_is_absent(directory):
    odd = replace(directory, mapping={'department': ['jpegPhoto'], 'name': ['displayName', 'cn']})
    fields = ask(odd, 'garbage', PASSWORD).fields
    assert (fields['name'], fields['title'], fields['department']) == ('Garbage', '', '')


def test_what_nobody_can_see_is_no_name():
    """U+200B and its like alone: a person in a list without anything to click at."""
    fields = read({'uid': [b'ana'], 'displayName': ['\u200b\u2060'.encode()], 'cn': ['\ufeff'.encode()], 'departmentNumber': ['\u200d'.encode()]}).fields
    assert (fields['name'], fields['department']) == ('ana', '')
    assert read({'displayName': ['Zoë \u200d \U0001f600'.encode()]}).fields['name'] == 'Zoë \u200d \U0001f600'


def test_of_many_logins_the_one_in_the_dn_counts():
    assert read({'uid': [b'alias', b'employee']}).fields['login'] == 'employee'
    assert read({'uid': [b'alias', b'employee']}, dn='cn=Ana,dc=test').fields['login'] == 'alias'


def test_names_of_attributes_know_no_case_and_no_language_tag():
    assert read({'TELEPHONENUMBER': [b'1'], 'title;lang-en': [b'Boss']}).fields['phone'] == '1'


def test_without_uuid_or_login_nobody_is_known():
    assert read({'entryUUID': []}) is None
    assert read({'entryUUID': [b'not a uuid']}) is None
    assert read({'uid': [b'\xff']}) is None
    assert read({'uid': [b'has space']}) is None


def test_active_directory_keeps_its_guid_as_bytes_and_says_who_is_disabled():
    known = uuid.UUID('00112233-4455-6677-8899-aabbccddeeff')
    values = {'objectGUID': [bytes.fromhex('33221100554477668899aabbccddeeff')], 'sAMAccountName': [b'Employee'], 'cn': [b'Ana']}
    entry = read_entry(described('active-directory'), 'CN=Ana,DC=corp,DC=test', values | {'userAccountControl': [b'514']})
    assert (entry.uuid, entry.fields['login'], entry.is_disabled) == (known, 'employee', True)
    for flags in ([b'512'], [], [b'x']):
        assert not read_entry(described('active-directory'), 'CN=Ana,DC=corp,DC=test', values | {'userAccountControl': flags}).is_disabled
    assert read_entry(described('active-directory'), 'CN=Ana,DC=corp,DC=test', values | {'objectGUID': [b'short']}) is None


def test_a_field_that_is_not_mapped_stays_ours():
    assert 'phone' not in read({'telephoneNumber': [b'1']}, phone=[]).fields
    assert 'phone' not in mapped_fields(described(phone=[]))
    assert set(mapped_fields(described())) == {*FIELDS, 'photo', 'head'} - {'language'}


@pytest.mark.parametrize('preset', PRESETS)
@settings(max_examples=200, deadline=None)
@given(values=st.dictionaries(
    st.sampled_from(['uid', 'sAMAccountName', 'cn', 'displayName', 'mail', 'telephoneNumber', 'title', 'ou', 'department', 'manager', 'employeeNumber',
                     'employeeID', 'preferredLanguage', *{name for names in ATTRIBUTES.values() for name in names}]),
    st.lists(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode('utf-8', 'replace')), max_size=3)))
def test_whatever_a_directory_holds_is_fit_for_a_person(preset, values):
    known = {'entryUUID': KNOWN['entryUUID'], 'ipaUniqueID': KNOWN['entryUUID'], 'objectGUID': [b'0123456789abcdef'],
             PRESETS[preset].mapping['login'][0]: [b'employee']}
    entry = read_entry(described(preset), DN, values | known)
    fields = {name: value for name, value in entry.fields.items() if name != 'department'}
    assert check_fields(fields) == fields
    assert len(entry.fields['department']) <= FIELDS['department']
