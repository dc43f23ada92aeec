"""Several active directories, and several bases of one: a login resolves to exactly one entry before the one bind."""

import time
from dataclasses import replace

import pytest

from appliance.core.actor import SYSTEM
from appliance.core.errors import Conflict, TooMany
from appliance.demo import directory as slapd
from appliance.identity import accounts
from appliance.identity.directory import directories, login, realms, resolving
from appliance.identity.directory.errors import DirectoryDown, WrongPair
from appliance.identity.directory.sync import following
from appliance.identity.models import DirectoryPerson, LoginFailure
from tests.ldap.people import BASE, PASSWORD, PEOPLE, PORTAL, SECRET
from tests.ldap.silence import never_answer, silent_server
from tests.postgresql import free_port

OTHER_BASE = 'dc=partner,dc=test'
OTHER_PASSWORD = 'of the partner'


def ldif(base, password, **people):
    """The LDIF of a directory with these people: login={attributes}."""
    return '\n'.join((
        slapd.ldif_entry(base, {'objectClass': ['dcObject', 'organization'], 'dc': base.partition(',')[0][3:], 'o': 'Firm'}),
        slapd.ldif_entry(f'ou=people,{base}', {'objectClass': 'organizationalUnit', 'ou': 'people'}),
        slapd.ldif_entry(f'ou=guests,{base}', {'objectClass': 'organizationalUnit', 'ou': 'guests'}),
        slapd.ldif_entry(f'ou=north,ou=people,{base}', {'objectClass': 'organizationalUnit', 'ou': 'north'}),
        slapd.ldif_entry(f'cn=portal,{base}', {'objectClass': ['applicationProcess', 'simpleSecurityObject'], 'cn': 'portal', 'userPassword': SECRET}),
        *(slapd.ldif_entry(f'uid={name},{values.pop("below", "ou=people")},{base}', {
            'objectClass': 'inetOrgPerson', 'uid': name, 'cn': name.title(), 'sn': name, 'userPassword': password} | values) for name, values in people.items())))


@pytest.fixture(scope='module')
def partner():
    """The directory of another firm: it has an `employee` and a `head`, too, and somebody of its own."""
    with slapd.Slapd(ldif(OTHER_BASE, OTHER_PASSWORD, employee={'mail': 'employee@partner.test'}, head={}, ines={'mail': 'ines@partner.test'}),
                     base=OTHER_BASE, port=free_port()) as running:
        yield running


@pytest.fixture
def both(box, server, partner):
    """The ids of two active directories: of the company, and of the partner."""
    return (directories.add_directory(SYSTEM, 'company', server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none'), add_partner(partner.url))


def add_partner(url):
    return directories.add_directory(SYSTEM, 'Firm two', url, OTHER_BASE, SECRET, bind_dn=f'cn=portal,{OTHER_BASE}', tls='none')


def came_in(typed, password):
    """(login, directory id) of who came in."""
    _token, person_id, _language = accounts.log_in(typed, password, '192.0.2.1')
    tie = DirectoryPerson.get(DirectoryPerson.person == person_id)
    return tie.person.login, tie.directory_id


def refused(typed, password=PASSWORD):
    with pytest.raises(WrongPair) as caught:
        accounts.log_in(typed, password, '192.0.2.1')
    return caught.value.reason


@pytest.fixture
def binds(monkeypatch):
    """The DNs that are bound as, in their order."""
    bound, real = [], login.bind_as
    monkeypatch.setattr(login, 'bind_as', lambda directory, dn, *more: bound.append((directory.id, dn)) or real(directory, dn, *more))
    return bound


def test_a_name_of_one_directory_comes_in_by_it(both):
    assert came_in('ines', OTHER_PASSWORD) == ('ines', both[1])
    assert came_in('twin', PASSWORD) == ('twin', both[0])


def test_a_name_of_both_gets_nobody_in_and_binds_as_nobody(both, binds):
    assert refused('employee', PASSWORD) == refused('employee', OTHER_PASSWORD) == 'ambiguous'
    assert [dn for _id, dn in binds if dn.startswith('uid=')] == [] and len(binds) == 2
    assert refused('nobody') == 'unknown'
    assert len(binds) == 3


@pytest.mark.parametrize(('typed', 'password', 'place'), [
    ('employee@company.test', PASSWORD, 0), ('employee@partner.test', OTHER_PASSWORD, 1), ('head@partner.test', OTHER_PASSWORD, 1),
    ('PARTNER\\employee', OTHER_PASSWORD, 1), ('company.test\\Employee', PASSWORD, 0), ('firm two\\head', OTHER_PASSWORD, 1)])
def test_a_domain_or_a_mail_decides(both, typed, password, place):
    assert came_in(typed, password)[1] == both[place]


@pytest.mark.parametrize('typed', ['elsewhere\\employee', 'partner\\twin', '\\employee', 'partner\\', 'employee@elsewhere.test', 'partner\\*', 'twin@partner.test'])
def test_another_domain_leads_to_nobody(both, typed):
    assert refused(typed) in ('unknown', 'ambiguous') and not DirectoryPerson.select().exists()


def test_who_has_the_name_here_is_meant_by_it(both):
    """So another firm's directory cannot shut him out by taking his name."""
    assert came_in('employee@partner.test', OTHER_PASSWORD) == ('employee', both[1])
    assert came_in('employee', OTHER_PASSWORD) == ('employee', both[1])
    assert refused('employee', PASSWORD) == 'password'
    for _time in range(4):      # his password was right each time: no try is spent
        with pytest.raises(Conflict):
            accounts.log_in('employee@company.test', PASSWORD, '192.0.2.1')
    assert LoginFailure.select().where(LoginFailure.bucket.startswith('directory:')).count() == 1      # the wrong pair above


def test_one_that_is_down_troubles_its_own_people_only(both, partner):
    came_in('ines', OTHER_PASSWORD)
    came_in('employee@company.test', PASSWORD)
    with silent_server(never_answer) as port:
        directories.edit_directory(SYSTEM, both[0], SECRET, url=f'ldap://127.0.0.1:{port}')
        begun = time.monotonic()
        assert came_in('ines', OTHER_PASSWORD) == ('ines', both[1])
        assert came_in('INES@partner.test', OTHER_PASSWORD) == ('ines', both[1])
        assert time.monotonic() - begun < 3
        assert refused('ines', 'wrong') == 'password'
        for typed in ('employee', 'nobody', 'company\\employee'):
            with pytest.raises(DirectoryDown):
                accounts.log_in(typed, OTHER_PASSWORD, '192.0.2.1')


def test_a_newcomer_waits_while_another_directory_cannot_say_whether_it_has_his_name(both):
    directories.note_failure(SYSTEM, both[0], 'silent')
    for typed in ('ines', 'employee'):
        with pytest.raises(DirectoryDown):
            accounts.log_in(typed, OTHER_PASSWORD, '192.0.2.1')
    assert came_in('partner\\ines', OTHER_PASSWORD) == ('ines', both[1]), 'but a domain says whom he means'


def test_a_silent_second_directory_leaves_time_for_the_bind(both):
    came_in('twin', PASSWORD)
    with silent_server(never_answer) as port:
        directories.edit_directory(SYSTEM, both[1], SECRET, url=f'ldap://127.0.0.1:{port}')
        begun = time.monotonic()
        assert came_in('twin', PASSWORD)[1] == both[0]
        assert time.monotonic() - begun < 2


def test_all_of_them_down_is_down_at_once(both):
    for one in both:
        directories.note_failure(SYSTEM, one, 'silent')
    begun = time.monotonic()
    with pytest.raises(DirectoryDown):
        accounts.log_in('employee', PASSWORD, '192.0.2.1')
    assert time.monotonic() - begun < 0.7


def test_tries_count_for_one_account_whatever_was_typed(both, binds):
    came_in('employee@partner.test', OTHER_PASSWORD)
    binds.clear()
    for typed in ('employee', 'employee@partner.test', 'partner\\employee'):
        assert refused(typed, 'wrong') == 'password'
    for typed in ('employee', 'partner.test\\employee'):
        with pytest.raises(TooMany):
            accounts.log_in(typed, OTHER_PASSWORD, '192.0.2.2')
    assert len(binds) == 3


def test_a_local_account_wins_and_its_wrong_password_asks_all_for_nobody(both, binds, monkeypatch):
    accounts.add_local(SYSTEM, 'ines', 'A local Ines', password_hash=accounts.passwords.hash_password('a local secret'))
    accounts.log_in('ines', 'a local secret', '192.0.2.1')
    searched, real = [], login.find
    monkeypatch.setattr(login, 'find', lambda directory, *more: searched.append(directory.id) or real(directory, *more))
    refused('ines', OTHER_PASSWORD)
    assert searched == list(both) and len(binds) == 1 and not binds[0][1].startswith('uid=')


def test_the_sync_follows_each_and_one_that_is_down_keeps_no_other_waiting(both):
    for one in both:
        directories.edit_directory(SYSTEM, one, sync='all')
    directories.edit_directory(SYSTEM, both[0], SECRET, url=f'ldap://127.0.0.1:{free_port()}')
    following.follow_all()
    assert {tie.person.login for tie in DirectoryPerson.select()} == {'employee', 'head', 'ines'}
    assert resolving._ties_of('ines') == {both[1]: {DirectoryPerson.get(DirectoryPerson.person == accounts.person_by_login('ines')).uuid}}


@pytest.fixture(scope='module')
def branches():
    """A directory with people in three places, one inside another."""
    with slapd.Slapd(ldif(OTHER_BASE, OTHER_PASSWORD, ana={}, nora={'below': 'ou=north,ou=people', 'mail': 'nora@partner.test'},
                          guest={'below': 'ou=guests', 'mail': 'guest@partner.test'}, carla={'mail': 'shared@partner.test'},
                          carlo={'below': 'ou=guests', 'mail': 'shared@partner.test'}, root={'below': 'ou=guests'}),
                     base=OTHER_BASE, port=free_port()) as running:
        yield running


@pytest.fixture
def parted(box, branches):
    """The id of that directory by three bases, of which the second is inside the first."""
    return directories.add_directory(SYSTEM, 'Firm', branches.url, f'ou=people,{OTHER_BASE}', SECRET, bind_dn=f'cn=portal,{OTHER_BASE}', tls='none',
                                     more_bases=[f'OU=North, ou=people,{OTHER_BASE}', f'ou=guests,{OTHER_BASE}'], sync='all')


@pytest.mark.parametrize('typed', ['ana', 'nora', 'nora@partner.test', 'guest', 'guest@partner.test'])
def test_a_login_finds_one_entry_below_any_base(parted, typed):
    assert came_in(typed, OTHER_PASSWORD)[0] == typed.partition('@')[0]


def test_two_entries_below_two_bases_mean_no(parted):
    assert refused('shared@partner.test', OTHER_PASSWORD) == 'ambiguous'
    assert came_in('carlo', OTHER_PASSWORD)[0] == 'carlo'


def test_an_entry_below_two_bases_is_one_person(parted):
    run_id = following.follow(parted)
    assert run_id and DirectoryPerson.select().count() == 6
    assert following.follow(parted) is None


def test_a_base_less_means_its_people_are_gone(parted):
    following.follow(parted)
    directories.edit_directory(SYSTEM, parted, more_bases=[f'ou=guests,{OTHER_BASE}'])
    assert following.follow(parted) is None, 'the first base holds the north, too'
    directories.edit_directory(SYSTEM, parted, base_dn=f'ou=north,ou=people,{OTHER_BASE}')
    following.follow(parted)
    assert sorted(row['login'] for row in accounts.all_people() if not row['is_active']) == ['ana', 'carla']


def test_a_base_that_is_not_there_cuts_nobody_off(parted):
    """Half an answer is none."""
    following.follow(parted)
    directories.edit_directory(SYSTEM, parted, more_bases=[f'ou=nowhere,{OTHER_BASE}'])
    following.follow_all()
    assert all(row['is_active'] for row in accounts.all_people())


def test_a_directory_goes_by_its_name_and_its_domain(directory):
    assert realms.realms_of(directory) == {'company', 'company.test'}
    odd = replace(directory, name='KORP', base_dn='o=Firm', more_bases=(f'ou=x,{BASE}', 'dc=a\\2Cb,dc=test', 'nonsense'))
    assert realms.realms_of(odd) == {'korp', 'company', 'company.test', 'a,b', 'a,b.test'}
    assert realms.names_meant(odd, 'korp\\ana') == ('korp\\ana', 'ana')
    assert realms.names_meant(odd, 'ana@Company.Test') == ('ana@Company.Test', 'ana')
    for typed in ('ana', '\\', '@', 'korp\\', '@company.test', 'a@b@c', 'other\\ana'):
        assert realms.names_meant(odd, typed) == (typed,)
