"""A login against a real slapd: who gets in, and everything that must not."""

from dataclasses import replace

import ldap
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.identity.directory.client import Directory
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured, WrongPair
from appliance.identity.directory.login import ask
from tests.ldap.authority import Authority
from tests.ldap.people import BASE, EMPLOYEE, PASSWORD, PEOPLE, PORTAL, SECRET


def refused(directory, login, password=PASSWORD):
    """The WrongPair that this login gets."""
    with pytest.raises(WrongPair) as caught:
        ask(directory, login, password)
    return caught.value


def test_a_person_gets_in_by_each_way_to_the_directory(each_encryption):
    entry = ask(each_encryption, 'employee', PASSWORD)
    assert str(entry.uuid) == EMPLOYEE
    assert entry.dn == f'uid=employee,{PEOPLE}'


@pytest.mark.parametrize('typed', ['employee', 'EMPLOYEE', ' employee ', 'employee@company.test', 'Employee@Company.Test'])
def test_login_and_mail_lead_to_the_same_entry(directory, typed):
    assert str(ask(directory, typed, PASSWORD).uuid) == EMPLOYEE


def test_a_dn_with_commas_and_quotes_is_bound_as_it_is(directory):
    assert ask(directory, 'comma', PASSWORD).fields['login'] == 'comma'


def test_filter_characters_are_letters(directory):
    relaxed = replace(directory, mapping={'login': ['cn']})
    assert ask(relaxed, 'star*(x)', PASSWORD).fields['login'] == 'star'


@pytest.mark.parametrize('typed', ['*', 'empl*', 'employee)(uid=*', '(uid=*)', '\\2a', 'employee\0', '\0', 'nobody', ')(&', 'é', 'x' * 254])
def test_what_is_no_login_is_a_wrong_pair(directory, typed):
    assert refused(directory, typed).reason in ('unknown', 'blank')


@settings(max_examples=150, deadline=None)
@given(typed=st.text(st.characters(exclude_categories=())))
def test_no_text_breaks_out_of_the_filter(server, typed):
    """Whatever is typed finds nobody here, and never makes the directory look down or badly set up."""
    directory = Directory(id=1, name='company', url=server.url, tls='none', ca_pem='', base_dn=PEOPLE, bind_dn=PORTAL, preset='openldap',
                          person_filter='(uid=nobody)', login_attributes=('uid', 'mail'), mapping={}, bind_password=SECRET)
    assert refused(directory, typed).reason in ('unknown', 'blank', 'too_long')


def test_this_slapd_lets_in_without_a_password(server):
    """Otherwise the next test would prove nothing."""
    ldap.initialize(server.url).simple_bind_s(f'uid=employee,{PEOPLE}', '')


@pytest.mark.parametrize('password', ['', ' ', '   ', '\0', '\0\0', ' \t', '\0' + PASSWORD, PASSWORD + '\0'])
def test_an_empty_or_blank_password_never_reaches_the_directory(directory, password):
    nowhere = replace(directory, url='ldap://127.0.0.1:1')      # asking it would be DirectoryDown
    found = refused(nowhere, 'employee', password)
    assert (found.reason, found.key) == ('blank', '')


def test_overlong_words_never_reach_the_directory(directory):
    nowhere = replace(directory, url='ldap://127.0.0.1:1')
    assert refused(nowhere, 'x' * 1_000_000).reason == 'too_long'
    assert refused(nowhere, 'employee', 'x' * 1_000_000).reason == 'too_long'
    assert refused(nowhere, 'employee', '\ud800').reason == 'unknown'


def test_one_mail_of_two_or_more_entries_gets_nobody_in(directory):
    assert refused(directory, 'shared@company.test').reason == 'ambiguous'
    assert refused(directory, 'a@company.test').reason == 'ambiguous'
    assert ask(directory, 'twin', PASSWORD).fields['mail'] == 'shared@company.test'


def test_all_refusals_read_the_same(directory):
    messages = {str(refused(directory, login, password)) for login, password in
                (('employee', 'wrong'), ('nobody', 'wrong'), ('shared@company.test', PASSWORD), ('nopassword', PASSWORD), ('employee', ''))}
    assert len(messages) == 1


def test_a_failure_counts_for_the_entry_by_whatever_name(directory):
    keys = {refused(directory, typed, 'wrong').key for typed in ('employee', 'EMPLOYEE', 'employee@company.test')}
    assert keys == {f'1:{EMPLOYEE}'}
    assert refused(directory, 'Nobody').key == refused(directory, 'nobody').key != refused(directory, 'nobody2').key


def test_what_runs_before_the_bind_may_refuse_it(directory):
    class Enough(Exception):
        pass

    def refuse(key):
        raise Enough(key)

    for typed in ('employee', 'nobody'):
        with pytest.raises(Enough):
            ask(directory, typed, PASSWORD, before_bind=refuse)


def test_an_entry_without_password_is_a_wrong_pair(directory):
    assert refused(directory, 'nopassword').reason in ('password', 'refused')


def test_a_login_that_the_portal_would_not_take_is_refused(directory):
    assert refused(directory, 'has space').reason == 'incomplete'


@pytest.mark.parametrize('tls', ['starttls', 'ldaps'])
def test_a_certificate_of_an_unknown_ca_is_refused(directory, server, tls):
    url = server.tls_url if tls == 'ldaps' else server.url
    for pem in (Authority('Stranger').pem, ''):
        with pytest.raises(DirectoryDown) as caught:
            ask(replace(directory, url=url, tls=tls, ca_pem=pem), 'employee', PASSWORD)
        assert caught.value.reason == 'tls'


def test_a_ca_that_is_no_certificate_trusts_nobody(directory, server):
    with pytest.raises((DirectoryDown, DirectoryMisconfigured)):
        ask(replace(directory, url=server.tls_url, tls='ldaps', ca_pem='garbage'), 'employee', PASSWORD)


@pytest.mark.parametrize('url', ['ldap://directory.company.test', 'ldap://192.0.2.1', 'ldap://127.0.0.1.company.test'])
def test_no_password_crosses_a_network_in_the_clear(directory, url):
    with pytest.raises(DirectoryMisconfigured) as caught:
        ask(replace(directory, url=url), 'employee', PASSWORD)
    assert caught.value.reason == 'encryption'


def test_a_wrong_secret_of_the_portal_is_not_the_persons_fault(directory):
    for secret in ('wrong', ''):
        with pytest.raises(DirectoryMisconfigured) as caught:
            ask(replace(directory, bind_password=secret), 'employee', PASSWORD)
        assert caught.value.reason == 'bind'


def test_a_wrong_base_or_filter_is_named(directory):
    for change, reason in (({'base_dn': f'ou=nowhere,{BASE}'}, 'base'), ({'person_filter': '(uid=x'}, 'people')):
        with pytest.raises(DirectoryMisconfigured) as caught:
            ask(replace(directory, **change), 'employee', PASSWORD)
        assert caught.value.reason == reason
