"""A server that lies gets nobody in whom it could not get in anyway, cuts nobody off, and neither crashes nor fills nor holds up the portal."""
import resource
import time
import uuid
from dataclasses import replace

import pytest

from appliance.identity.directory.client import connect, is_below
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured, WrongPair
from appliance.identity.directory.login import ask
from appliance.identity.directory.sync import reading
from tests.ldap.lying import ENTRY, BIND, Liar, done, drip, entry, lying_server, message, person, result, text, tlv
from tests.ldap.people import BASE, PASSWORD, PEOPLE
from tests.postgresql import free_port

MOST_S = 3
OUTSIDE = f'uid=ana,ou=elsewhere,{BASE}'


def logged_in(directory, liar, login='ana', password=PASSWORD):
    """Ask a liar for a login."""
    with lying_server(liar) as url:
        return ask(replace(directory, url=url), login, password)


def read(directory, liar):
    with lying_server(liar) as url:
        return reading.read(replace(directory, url=url))


def one_page(*entries, **end):
    """A search that answers with these entries each time."""
    return Liar(lambda count: (*((one, b'') for one in entries), done(**({'cookie': ''} | end))))


def test_the_liar_of_these_tests_can_tell_the_truth_too(directory):
    assert logged_in(directory, one_page(person('ana'))).fields['login'] == 'ana'
    assert len(read(directory, one_page(person('ana'), person('ben'))).found) == 2


def test_who_says_yes_to_every_bind_gets_no_empty_one(directory):
    liar = one_page(person('ana'))
    for password in ('', '   ', '\0'):
        with pytest.raises(WrongPair):
            logged_in(directory, liar, password=password)
    assert not [password for tag, (_dn, password) in liar.asked if tag == BIND and not password.strip('\0 ')]


def test_who_lets_in_whom_he_cannot_know_lets_nobody_in(directory):
    """A name that nobody has is bound with a password that nobody has: yes to that is no directory."""
    with pytest.raises(DirectoryMisconfigured) as caught:
        logged_in(directory, one_page(), login='nobody')
    assert caught.value.reason == 'open'


def test_two_entries_for_a_login_are_nobody_also_where_the_limit_is_ignored(directory):
    known = Liar(lambda count: (*((person(f'ana{number}'), b'') for number in range(1000)), done()), bind=lambda dn, password: 49 if 'portal' not in dn else 0)
    with pytest.raises(WrongPair) as caught:
        logged_in(directory, known)
    assert caught.value.reason == 'ambiguous'


def test_entries_that_never_end_are_given_up(directory):
    def endless(count):
        number = 0
        while True:
            number += 1
            yield person(f'ana{number}'), b''
    begun = time.monotonic()
    with pytest.raises(WrongPair):
        logged_in(directory, Liar(endless, bind=lambda dn, password: 0 if 'portal' in dn else 49))
    assert time.monotonic() - begun < MOST_S


def test_what_is_outside_the_base_is_not_there(directory):
    with pytest.raises(WrongPair) as caught:
        logged_in(directory, Liar(lambda count: ((person('ana', dn=OUTSIDE), b''), done()), bind=lambda dn, password: 0 if 'portal' in dn else 49))
    assert caught.value.reason == 'unknown'
    assert set(read(directory, one_page(person('ana', dn=OUTSIDE), person('ben'))).found) == {str(uuid.uuid5(uuid.NAMESPACE_DNS, 'ben'))}


@pytest.mark.parametrize(('dn', 'base', 'is_inside'), [
    (f'uid=ana,{PEOPLE}', PEOPLE, True), (PEOPLE, PEOPLE, True), (f'UID=Ana,{PEOPLE.upper()}', PEOPLE, True),
    ('uid=ana, ou = people , dc=company, dc=test', PEOPLE, True), ('uid=ana,ou=people,domainComponent=company,DC=test', PEOPLE, True),
    (f'cn=a\\,ou=people,{BASE}', PEOPLE, False), (f'cn=a\\\\,{PEOPLE}', PEOPLE, True), (f'cn=Hash\\#\\, plus\\2b one,{PEOPLE}', PEOPLE, True),
    (f'uid=ana,ou=people2,{BASE}', PEOPLE, False), (f'uid=ana,xou=people,{BASE}', PEOPLE, False), (BASE, PEOPLE, False), ('', PEOPLE, False),
    ('no dn at all', PEOPLE, False), ('uid=x,ou=b\\2cc,dc=test', 'ou=b\\,c,dc=test', True), ('cn=x+ou=y,dc=test', 'ou=y+cn=x,dc=test', True),
    ('dc=anything', '', True)])
def test_below_the_base_is_told_by_what_a_name_says_not_by_how_it_is_written(dn, base, is_inside):
    assert is_below(dn, base) is is_inside


def test_one_number_of_two_entries_is_nobody_s_and_nobody_is_absent_for_it(directory):
    twice = str(uuid.uuid4())
    found = read(directory, one_page(person('ana', twice), person('ben', twice), person('eva')))
    assert len(found.found) == 1 and found.unclear == {twice}


@pytest.mark.parametrize('data', [b'abc', b'x' * 17, b'\xff' * 16, b'', b'{892fddb6-d4e4-4e51-a02c-33a77b98a2b6}x'])
def test_a_number_that_is_none_is_nobody(directory, data):
    assert read(directory, one_page(person('ana', data), person('ben'))).found.keys() == {str(uuid.uuid5(uuid.NAMESPACE_DNS, 'ben'))}
    with pytest.raises(WrongPair) as caught:
        logged_in(directory, Liar(lambda count: ((person('ana', data), b''), done()), bind=lambda dn, password: 0 if 'portal' in dn else 49))
    assert caught.value.reason == 'incomplete'


@pytest.mark.parametrize('data', [b'abc', b'x' * 17, b''])
def test_nor_is_one_of_active_directory(directory, data):
    there = replace(directory, preset='active-directory')
    liar = one_page(entry(f'cn=ana,{PEOPLE}', {'sAMAccountName': ['ana'], 'objectGUID': [data], 'userAccountControl': ['512']}))
    assert read(there, liar).found == {}


def test_an_entry_without_anything_is_nobody(directory):
    found = read(directory, one_page(entry(f'uid=ana,{PEOPLE}', {}), entry(f'uid=ben,{PEOPLE}', {'uid': [], 'entryUUID': []}), person('eva')))
    assert len(found.found) == 1 and not found.gap


def test_what_is_not_text_is_left_out_and_the_rest_stays(directory):
    found = logged_in(directory, one_page(person('ana', displayName=[b'\xff\xfe\x00'], mail=[b'\xc3\x28@company.test'], title=['Optician'])))
    assert found.fields == {'login': 'ana', 'name': 'Ana', 'mail': '', 'phone': '', 'title': 'Optician', 'department': '', 'employee_number': ''}


@pytest.mark.parametrize('dn', [b'uid=\xff\xfe,' + PEOPLE.encode(), b'\x00', b''])
def test_a_name_of_an_entry_that_is_no_name_ends_in_a_clear_answer(directory, dn):
    liar = Liar(lambda count: ((tlv(ENTRY, text(dn), tlv(0x30)), b''), done(cookie='')), bind=lambda dn, password: 0 if 'portal' in dn else 49)
    with pytest.raises((DirectoryDown, WrongPair)):
        logged_in(directory, liar)


def test_a_value_of_ten_megabytes_is_left_out(directory):
    found = read(directory, one_page(person('ana', description=['x' * 10_000_000], title=['Optician'], displayName=['n' * 10_000_000])))
    entry_ = found.entry(str(uuid.uuid5(uuid.NAMESPACE_DNS, 'ana')))
    assert (entry_.fields['title'], entry_.fields['name']) == ('Optician', 'Ana')
    assert sum(len(value) for values in found.found[str(entry_.uuid)][1].values() for value in values) < 1000


def test_gigabytes_of_values_are_not_taken(directory):
    huge = person('ana', description=['x' * 8_000_000])

    def flood(count):
        while True:
            yield huge, b''
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DirectoryDown) as caught:
        read(directory, Liar(flood))
    assert caught.value.reason == 'nonsense'
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000        # KiB


def test_pages_without_end_are_given_up_by_the_people_not_by_the_cookie(directory):
    """389 gives the same cookie each time, so it proves nothing."""
    same = Liar(lambda count: ((person('ana'), b''), done(cookie='again')))
    assert read(directory, same).gap == 'lost' and len(same.asked) < 10
    empty = Liar(lambda count: (done(cookie=f'page {count}'),))
    with pytest.raises(DirectoryDown) as caught:
        read(directory, empty)
    assert caught.value.reason == 'nonsense'
    honest = Liar(lambda count: ((person(f'ana{count}'), b''), done(cookie='0' if count < 30 else '')))
    assert len(read(directory, honest).found) == 30


def test_a_full_page_without_a_word_of_the_next_is_not_everybody(directory):
    liar = Liar(lambda count: (*((person(f'ana{number}'), b'') for number in range(reading.PAGE)), done()))
    assert read(directory, liar).gap == 'lost'
    garbled = Liar(lambda count: (*((person(f'ana{number}'), b'') for number in range(reading.PAGE)), done(control=b'\x30\x84garbage')))
    with pytest.raises(DirectoryDown):
        read(directory, garbled)


def test_an_answer_to_another_question_is_none(directory):
    begun = time.monotonic()
    with pytest.raises(DirectoryDown) as caught:
        logged_in(directory, Liar(lambda count: ((person('ana'), b'', 77), (result(0x65), b'', 77))))
    assert caught.value.reason == 'silent' and time.monotonic() - begun < MOST_S


@pytest.mark.parametrize('answer', [b'\x30\x84\xff\xff\xff\xff', b'HTTP/1.1 400 Bad Request\r\n\r\n', b'\x30\x80\x00\x00', b'\x30\x84\x70\x00\x00\x00\x02\x01\x02'],
                         ids=['a length without end', 'another protocol', 'no definite length', 'two gigabytes promised'])
def test_what_is_no_ldap_is_a_directory_that_is_down(directory, answer):
    begun = time.monotonic()
    with pytest.raises(DirectoryDown):
        logged_in(directory, Liar(lambda count: (answer,)))
    assert time.monotonic() - begun < MOST_S


def test_an_answer_that_drips_is_given_up_in_time_by_a_login_and_by_a_look(directory, monkeypatch):
    monkeypatch.setattr(reading, 'READ_S', 1.5)

    def slow(count):
        yield from drip(message(2, person('ana')), 0.2)
    for call in (logged_in, read):
        begun = time.monotonic()
        with pytest.raises(DirectoryDown) as caught:
            call(directory, Liar(slow))
        assert caught.value.reason == 'silent' and time.monotonic() - begun < MOST_S


def test_entries_that_drip_are_given_up_in_time(directory, monkeypatch):
    """Each comes before any single wait is over; all of them together do not."""
    monkeypatch.setattr(reading, 'READ_S', 1.5)

    def slow(count):
        for number in range(100):
            time.sleep(0.2)
            yield person(f'ana{number}'), b''
    begun = time.monotonic()
    with pytest.raises(DirectoryDown):
        read(directory, Liar(slow))
    assert time.monotonic() - begun < MOST_S


def test_a_referral_as_answer_is_no_answer(directory):
    for code, words in ((10, ()), (10, (f'ldap://127.0.0.1:{free_port()}/{PEOPLE}',))):
        with pytest.raises((DirectoryMisconfigured, DirectoryDown)):
            logged_in(directory, Liar(lambda count, code=code, words=words: (done(code=code, referral=words),)))


def test_a_connection_of_its_own_is_left_behind_nowhere(directory):
    """What was given up is closed."""
    liar = one_page(person('ana'))
    with lying_server(liar) as url, connect(replace(directory, url=url), time.monotonic() + 2) as connection:
        assert connection.search('(uid=ana)', ['uid'], limit=2)
