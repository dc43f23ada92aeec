"""A real Active Directory: who gets in by it, and who is out when it says so."""
from datetime import timedelta

import ldap
import pytest
import time_machine

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.people import Person, is_blocked
from appliance.identity import accounts
from appliance.identity.directory import directories
from appliance.identity.directory.adoption import ticking
from appliance.identity.directory.errors import DirectoryMisconfigured, WrongPair
from appliance.identity.directory.login import ask
from appliance.identity.directory.sync import following
from appliance.identity.models import DirectoryPerson
from tests.samba.conftest import DISABLED, NORMAL, PASSWORD
from tests.samba.server import BASE, PEOPLE

IN_CHAIN = '1.2.840.113556.1.4.1941'


def who(login):
    return Person.get(Person.login == login)


@pytest.fixture
def four(domain, followed, follow):
    """(directory id, {login: DN}) of four people who were followed once; the filter is theirs alone."""
    logins = [domain.login() for _one in range(4)]
    dns = {login: domain.person(login, title='Worker', mail=f'{login}@corp.test', department='Hall') for login in logins}
    directory_id = followed(f'(|{"".join(f"(sAMAccountName={login})" for login in logins)})')
    assert len(follow(directory_id)['create']) == 4
    return directory_id, dns


def test_people_get_in_by_each_of_their_names(domain, followed):
    login = domain.login()
    domain.person(login)
    directory = directories.load(followed(f'(sAMAccountName={login})'))
    assert {ask(directory, name, PASSWORD).fields['login'] for name in (login, login.upper(), f'{login}@corp.test')} == {login}


def test_a_refused_bind_says_why_as_far_as_people_may_know(domain, followed):
    login = domain.login()
    dn = domain.person(login)
    directory = directories.load(followed(f'(sAMAccountName={login})'))

    def reason(password=PASSWORD):
        with pytest.raises(WrongPair) as caught:
            ask(directory, login, password)
        return caught.value.reason
    assert reason('wrong') == 'password'
    domain.set(dn, userAccountControl=DISABLED)
    assert reason() == 'disabled'
    domain.set(dn, userAccountControl=NORMAL)
    domain.expires(dn, clock.now() - timedelta(days=1))
    assert reason() == 'expired'
    domain.set(dn, accountExpires=b'0', pwdLastSet=b'0')
    assert reason() == 'must_change'


def test_a_domain_that_wants_encryption_is_not_talked_to_without(domain, box):
    """Samba and Windows refuse a simple bind in the clear; the portal would not try it anyway."""
    connection = ldap.initialize(domain.server.url.replace('ldaps', 'ldap'))
    with pytest.raises(ldap.STRONG_AUTH_REQUIRED):
        connection.simple_bind_s('portal@corp.test', 'x')


def test_the_portal_s_account_with_a_wrong_secret_says_so(domain, followed):
    directory_id = followed('')
    directories.edit_directory(SYSTEM, directory_id, secret='Passw0rd!another')
    with pytest.raises(DirectoryMisconfigured) as caught:
        ask(directories.load(directory_id), 'anybody', 'x')
    assert caught.value.reason == 'bind'


def test_disabled_deleted_moved_or_expired_is_out_and_back_is_in(domain, four, follow):
    directory_id, dns = four
    one, two, three, last = dns
    domain.set(dns[one], userAccountControl=DISABLED)
    domain.connection.rename_s(dns[two], f'CN={two}', newsuperior=f'OU=Former,{BASE}')
    domain.expires(dns[last], clock.now() + timedelta(hours=2))
    assert follow(directory_id) == {'disable': [(one, 'disabled'), (two, 'gone')]}
    with time_machine.travel(clock.now() + timedelta(hours=3)):
        assert follow(directory_id) == {'disable': [(last, 'expired')]}
    domain.connection.delete_s(dns[three])
    domain.set(dns[last], accountExpires=b'9223372036854775807')
    assert follow(directory_id) == {'disable': [(three, 'gone')], 'enable': [(last, 'back')]}
    domain.set(dns[one], userAccountControl=NORMAL)
    domain.connection.rename_s(f'CN={two},OU=Former,{BASE}', f'CN={two}', newsuperior=PEOPLE)
    assert set(follow(directory_id)['enable']) == {(one, 'back'), (two, 'back')}
    assert [is_blocked(who(login).id) for login in dns] == [False, False, True, False]


def test_who_leaves_a_group_within_a_group_is_out(domain, followed, follow):
    """The filter asks for a group, nested; that an inner one changed changes no entry of a person."""
    login, other = domain.login(), domain.login()
    dns = [domain.person(login), domain.person(other)]
    inner = domain.group(*dns)
    outer = domain.group(domain.group(inner))
    directory_id = followed(f'(memberOf:{IN_CHAIN}:={outer})')
    assert len(follow(directory_id)['create']) == 2
    domain.leave(inner, dns[0])
    assert follow(directory_id) == {'disable': [(login, 'filtered')]}


def test_a_rename_keeps_the_account_and_a_reused_name_is_another_person(domain, four, follow):
    directory_id, dns = four
    login = next(iter(dns))
    person_id = who(login).id
    domain.connection.rename_s(dns[login], 'CN=Renamed', newsuperior=PEOPLE)
    domain.set(f'CN=Renamed,{PEOPLE}', displayName=b'Ana Renamed', sAMAccountName=f'{login}x'.encode())
    directories.edit_directory(SYSTEM, directory_id, person_filter=f'(|(sAMAccountName={login}*)(sAMAccountName=person*))')
    assert ('Ana Renamed' in [Person.get_by_id(person_id).name]) is False
    follow(directory_id)
    assert (Person.get_by_id(person_id).login, Person.get_by_id(person_id).name) == (f'{login}x', 'Ana Renamed')
    domain.connection.delete_s(f'CN=Renamed,{PEOPLE}')
    domain.person(f'{login}x')
    steps = follow(directory_id)
    assert ('Ana Renamed', 'gone') in steps['disable'] and (f'{login}x', 'login') in steps['adopt']


def test_two_change_their_names_with_each_other(domain, four, follow):
    """Before the look each comes in by his new name as himself; after it each has it here."""
    directory_id, dns = four
    one, other = list(dns)[:2]
    ids = who(one).id, who(other).id
    for dn, login in ((dns[one], f'{one}x'), (dns[other], one), (dns[one], other)):
        domain.set(dn, userPrincipalName=f'{login}@corp.test'.encode(), sAMAccountName=login.encode())
    assert (accounts.log_in(other, PASSWORD, '127.0.0.1')[1], accounts.log_in(one, PASSWORD, '127.0.0.1')[1]) == ids
    assert len(follow(directory_id)['change']) == 3 and (who(other).id, who(one).id) == ids and follow(directory_id) == {}


def test_an_account_that_was_made_anew_is_the_same_person_by_a_tick(domain, four, follow):
    directory_id, dns = four
    login = next(iter(dns))
    person_id, former = who(login).id, DirectoryPerson.get(DirectoryPerson.person == who(login).id).uuid
    domain.connection.delete_s(dns[login])
    domain.person(login, title='Foreman')
    assert {kind: len(steps) for kind, steps in follow(directory_id).items()} == {'disable': 1, 'adopt': 1} and is_blocked(person_id)
    chosen = ticking.sure_ones(directory_id, by='login')
    ticking.tick(SYSTEM, directory_id, chosen, chosen)
    following.carry_on(ticking.join(SYSTEM, directory_id))
    assert not is_blocked(person_id) and who(login).title == 'Foreman' and follow(directory_id) == {}
    assert DirectoryPerson.get(DirectoryPerson.person == person_id).uuid != former
    assert accounts.log_in(login, PASSWORD, '127.0.0.1')[1] == person_id


@pytest.mark.parametrize('name', ['Comma, The "Quoted" + One', '#hash = sign', 'Back\\slash; <semi>', 'Ñandú/Größe'])
def test_names_with_signs_of_their_own_are_names(domain, followed, follow, name):
    login = domain.login()
    name = f'{name} {login}'
    domain.person(login, name=name)
    directory_id = followed(f'(sAMAccountName={login})')
    assert follow(directory_id) == {'create': [(name, 'new')]} and follow(directory_id) == {}
    assert ask(directories.load(directory_id), login, PASSWORD).fields['name'] == name
    assert DirectoryPerson.get().person.name == name
