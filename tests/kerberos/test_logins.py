"""Logging in by a ticket: who comes in, as whom, and who does not."""
import dataclasses

import pytest

from appliance.core.actor import SYSTEM
from appliance.core.audit import AuditCount
from appliance.core.errors import Conflict, TooMany
from appliance.core.people import Person, block
from appliance.identity import accounts, passwords, sessions, throttle
from appliance.identity.directory import directories
from appliance.identity.directory.errors import DirectoryDown
from appliance.identity.kerberos import logins, people as entries
from appliance.identity.kerberos.errors import AccountRefused, TicketRefused
from appliance.identity.models import LoginFailure, Session
from tests.ldap.people import PASSWORD


@pytest.fixture
def come(config, directory_id, shown):
    """A function: log in by the ticket of somebody; the id of his session's person."""
    def log_in(name, address='10.0.0.7', **options):
        token, answer = logins.log_in(config, shown(name, **options), address, 'a browser')
        assert answer
        return sessions.load(token).actor.person_id
    return log_in


@pytest.fixture
def refused(come):
    """A function: why the ticket of somebody is refused."""
    def reason(*args, **options):
        with pytest.raises((AccountRefused, TicketRefused)) as caught:
            come(*args, **options)
        return caught.value.reason
    return reason


def test_a_ticket_makes_its_person_and_finds_him_again(come):
    person_id = come('employee')
    person = Person.get_by_id(person_id)
    assert (person.login, person.name, person.title) == ('employee', 'Ana Ñúñez', 'Sales (north)')
    opened = Session.get()
    assert (opened.factors, opened.is_remembered, opened.address, opened.agent) == (['kerberos'], False, '10.0.0.7', 'a browser')
    assert come('employee') == person_id and Person.select().count() == 1


def test_he_is_the_one_who_logs_in_by_password(come):
    person_id = come('employee')
    assert accounts.log_in('employee', PASSWORD, '10.0.0.7')[1] == person_id
    assert not passwords.has_password(person_id)


def test_names_of_a_realm_know_case(come, refused):
    assert Person.get_by_id(come('Ana.Case')).login == 'ana.case'
    assert refused('ana.case') == 'unknown'


def test_nobody_of_another_realm_comes_in_though_it_is_trusted(refused, kdc, box):
    cache = kdc.ticket('employee@OTHER.TEST')
    assert refused('employee', cache=cache) == 'realm'
    assert not Person.select().exists()


def test_the_realm_of_a_directory_may_be_said(come, refused, directory_id, kdc):
    directories.edit_directory(SYSTEM, directory_id, realm='OTHER.TEST')
    assert refused('employee') == 'realm'
    assert come('employee', cache=kdc.ticket('employee@OTHER.TEST'))


@pytest.mark.parametrize(('base', 'realm'), [('ou=people,dc=company,dc=test', 'COMPANY.TEST'), ('OU=a,DC=b', 'B'), ('o=Company', ''),
                                             (r'ou=dc\=x,dc=a\,b,dc=c', 'A,B.C')])
def test_the_realm_of_a_base_is_its_domain(base, realm):
    assert entries.realm_of_base(base) == realm


@pytest.mark.parametrize('realm', ['two words', 'a/b', 'a@b', 'x' * 300, 'a\\b', 'tab\there'])
def test_what_is_no_realm_is_refused(directory_id, realm):
    with pytest.raises(directories.Invalid) as caught:
        directories.edit_directory(SYSTEM, directory_id, realm=realm)
    assert caught.value.field == 'realm'


@pytest.mark.parametrize('principal', [
    'HTTP/127.0.0.1@COMPANY.TEST', 'host/pc1@COMPANY.TEST', r'ana\@company.test@COMPANY.TEST', 'WELLKNOWN/ANONYMOUS@WELLKNOWN:ANONYMOUS', '@COMPANY.TEST',
    'ana@', 'ana', '', 'x' * 200 + '@COMPANY.TEST', 'a b@COMPANY.TEST', 'ana\n@COMPANY.TEST', 'ana@COMPANY.TEST\n', 'ana@A@COMPANY.TEST', 'ana\u202e@COMPANY.TEST'])
def test_services_computers_and_odd_names_are_no_people(directory_id, principal):
    with pytest.raises(AccountRefused) as caught:
        entries.entry_of(principal)
    assert caught.value.reason == 'not_a_person'


@pytest.mark.parametrize('name', ['*', 'employee)(uid=*', 'emp*', '*)(uid=employee', r'star\2a', 'EMPLOYEE', 'émployee', 'employee\0'])
def test_a_name_asks_for_nothing_but_itself(directory_id, name):
    with pytest.raises(AccountRefused):
        entries.entry_of(f'{name}@COMPANY.TEST')


def test_realms_know_case(directory_id):
    with pytest.raises(AccountRefused) as caught:
        entries.entry_of('employee@company.test')
    assert caught.value.reason == 'realm'


def test_who_is_not_in_the_directory_or_filtered_or_expired_there_stays_out(come, refused, directory_id):
    assert (refused('nobody'), refused('expired')) == ('unknown', 'expired')
    come('employee')
    directories.edit_directory(SYSTEM, directory_id, person_filter='(uid=head)')
    assert refused('employee') == 'unknown'


def test_two_entries_of_a_name_are_none(directory_id):
    with pytest.raises(AccountRefused) as caught:
        entries.entry_of('double@COMPANY.TEST')
    assert caught.value.reason == 'ambiguous'


def test_who_is_blocked_here_stays_out(come, refused):
    block(SYSTEM, come('employee'), 'administrator', 'left')
    assert refused('employee') == 'blocked'
    assert not Session.select().join(Person).where(Session.epoch == Person.epoch).exists()


def test_a_local_account_of_that_login_is_another_s(come, box):
    accounts.add_local(SYSTEM, 'employee', 'Local')
    with pytest.raises(Conflict):
        come('employee')


def test_without_a_directory_nobody_is_known(config, shown):
    with pytest.raises(AccountRefused):
        logins.log_in(config, shown('employee'), '10.0.0.7')


def test_a_directory_that_is_down_is_no_refusal(config, directory_id, shown, come):
    come('employee')
    directories.edit_directory(SYSTEM, directory_id, url='ldap://127.0.0.1:9', secret='x')
    with pytest.raises(DirectoryDown):
        come('employee')
    with pytest.raises(DirectoryDown):      # remembered: not asked again
        come('employee')
    assert not LoginFailure.select().exists()


def test_an_entry_that_does_not_show_whether_it_is_enabled_lets_nobody_in(directory_id, monkeypatch):
    shown = entries.directory_login.find_by
    monkeypatch.setattr(entries.directory_login, 'find_by', lambda *args: (dataclasses.replace(shown(*args)[0], is_disabled=None), None))
    with pytest.raises(AccountRefused) as caught:
        entries.entry_of('employee@COMPANY.TEST')
    assert caught.value.reason == 'hidden'


def test_an_account_that_is_refused_again_and_again_has_to_wait(come, refused):
    for _time in range(throttle.STRANGER_TRIES):
        assert refused('nobody') == 'unknown'
    with pytest.raises(TooMany):
        come('nobody')
    come('employee')        # nobody else waits with him


def test_refusals_are_written_down_as_far_as_a_stranger_may_make_rows(config, box):
    for number in range(throttle.NETWORK_TRIES + 10):
        with pytest.raises(TicketRefused):
            logins.log_in(config, 'AAAA', '10.0.0.7')
    assert LoginFailure.select().count() == throttle.NETWORK_TRIES
    assert AuditCount.get().count == throttle.NETWORK_TRIES
    assert AuditCount.get().data == {'reason': 'kerberos: unreadable'}


def test_ntlm_of_a_whole_office_is_not_written_down(config, box):
    for _time in range(3):
        with pytest.raises(TicketRefused):
            logins.log_in(config, 'TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAA=', '10.0.0.7')
    assert not LoginFailure.select().exists() and not AuditCount.select().exists()
