"""A look at what changed in a real Active Directory, by an account that may only read."""
from datetime import timedelta

import ldap
import pytest
import time_machine

from appliance.core import clock
from appliance.core.people import Person
from appliance.identity.directory import directories
from appliance.identity.directory.client import Connection, connect
from appliance.identity.directory.errors import DirectoryDown
from appliance.identity.directory.login import bind_own_account
from appliance.identity.directory.sync import looking, positions, unrolling
from appliance.identity.directory.sync.models import SyncMark
from tests.looks import cheap, watched
from tests.samba.conftest import DISABLED, NORMAL
from tests.samba.server import BASE, PEOPLE
from tests.samba.test_domain import IN_CHAIN


@pytest.fixture
def staff(domain, followed, follow):
    """(directory id, {login: DN}, inner group, outer group): six people in a group within a group within the one that the filter asks for."""
    dns = {login: domain.person(login, title='Worker') for login in (domain.login() for _one in range(6))}
    inner = domain.group(*dns.values())
    outer = domain.group(domain.group(inner), domain.group())
    directory_id = followed(f'(memberOf:{IN_CHAIN}:={outer})(!(title=Former))')
    assert len(follow(directory_id)['create']) == 6 and follow(directory_id) == {}
    return directory_id, dns, inner, outer


def test_each_way_out_and_back_is_seen_by_a_cheap_look(domain, staff, follow):
    directory_id, dns, inner, _outer = staff
    one, two, three, four, five, six = dns
    former, end = f'OU=Former,{BASE}', clock.now() + timedelta(minutes=5)
    SyncMark.update(full_at=end).execute()
    looking.forget(directory_id)        # the night may begin in these minutes
    ways = ((lambda: domain.set(dns[one], userAccountControl=DISABLED), {'disable': [(one, 'disabled')]}),
            (lambda: domain.connection.delete_s(dns[two]), {'disable': [(two, 'gone')]}),
            (lambda: domain.connection.rename_s(dns[three], f'CN={three}', newsuperior=former), {'disable': [(three, 'gone')]}),
            (lambda: domain.set(dns[four], title=b'Former'), {'disable': [(four, 'filtered')]}),
            (lambda: domain.leave(inner, dns[five]), {'disable': [(five, 'filtered')]}),
            (lambda: domain.set(dns[one], userAccountControl=NORMAL), {'enable': [(one, 'back')]}),
            (lambda: domain.connection.rename_s(f'CN={three},{former}', f'CN={three}', newsuperior=PEOPLE), {'enable': [(three, 'back')]}),
            (lambda: domain.connection.modify_s(inner, [(ldap.MOD_ADD, 'member', [dns[five].encode()])]), {'enable': [(five, 'back')]}),
            (lambda: domain.set(dns[six], displayName=b'Ana Worker'), {'change': [(six, 'changed')]}),
            (lambda: domain.connection.rename_s(dns[six], f'CN={six} renamed'), {'move': [('Ana Worker', 'moved')]}),
            (lambda: domain.expires(dns[five], end), {}))
    with time_machine.travel(end, tick=False):
        for number, (do, seen) in enumerate(ways):
            do()
            with cheap(8):
                assert follow(directory_id) == (seen if number < len(ways) - 1 else {'disable': [(five, 'expired')]})


def test_an_end_that_passes_is_seen_by_a_cheap_look(domain, staff, follow):
    directory_id, dns, *_groups = staff
    one, end = next(iter(dns)), clock.now() + timedelta(minutes=5)
    domain.expires(dns[one], end)
    with cheap():
        assert follow(directory_id) == {}
    SyncMark.update(full_at=end).execute()
    looking.forget(directory_id)
    with time_machine.travel(end + timedelta(seconds=1)), cheap():
        assert follow(directory_id) == {'disable': [(one, 'expired')]}


def test_a_group_s_edit_is_seen_two_levels_down_and_at_the_top(domain, staff, follow):
    directory_id, dns, inner, outer = staff
    new = domain.login()
    domain.connection.modify_s(inner, [(ldap.MOD_ADD, 'member', [domain.person(new).encode()])])
    with cheap():
        assert follow(directory_id) == {'create': [(new, 'new')]}
    other = domain.login()
    domain.connection.modify_s(outer, [(ldap.MOD_ADD, 'member', [domain.group(domain.group(domain.person(other))).encode()])])
    with cheap():
        assert follow(directory_id) == {'create': [(other, 'new')]}
    # The group goes with all who are in it, and the brake holds that many.
    domain.connection.delete_s(inner)
    with cheap():
        assert {reason for _name, reason in follow(directory_id)['disable']} == {'gone'}


def test_the_filter_is_asked_with_its_groups_named_once_it_gave_the_same(domain, staff, follow):
    directory_id, *_people = staff
    SyncMark.update(full_at=clock.now() - timedelta(hours=5)).execute()
    with watched() as asked:
        assert follow(directory_id) == {}
    assert (asked.wholes, [IN_CHAIN in one for one in asked.filters]) == (1, [False, False]), 'what changed, then everybody'
    SyncMark.update(full_at=clock.now() - timedelta(hours=25), checked_at=clock.now() - timedelta(hours=25)).execute()
    with watched() as asked:
        assert follow(directory_id) == {}
    assert IN_CHAIN in asked.filters[-2] and IN_CHAIN not in asked.filters[-1], 'each night the filter itself, and then the other to compare'


def test_a_filter_that_takes_too_long_at_night_is_compared_another_night(monkeypatch, domain, staff, follow):
    directory_id, dns, *_groups = staff
    domain.connection.delete_s(next(iter(dns.values())))
    real = Connection.pages

    def slow(self, search_filter, *args):
        for page in real(self, search_filter, *args):
            yield page
            if IN_CHAIN in search_filter:
                raise DirectoryDown('silent')
    monkeypatch.setattr(Connection, 'pages', slow)
    SyncMark.update(full_at=clock.now() - timedelta(hours=25), checked_at=clock.now() - timedelta(hours=25)).execute()
    assert follow(directory_id) == {'disable': [(next(iter(dns)), 'gone')]}
    assert SyncMark.get().checked_at > clock.now() - timedelta(minutes=1)
    with cheap():
        assert follow(directory_id) == {}


def test_where_it_does_not_give_the_same_the_filter_is_asked_as_it_is(monkeypatch, domain, staff, follow):
    directory_id, dns, inner, _outer = staff
    monkeypatch.setattr(unrolling, 'unrolled', lambda connection, own, root: unrolling.People('(&(objectClass=user)(title=nobody))'))
    SyncMark.delete().execute()
    assert follow(directory_id) == {} and SyncMark.get().checked_at is None
    domain.leave(inner, next(iter(dns.values())))
    with watched() as asked:
        assert follow(directory_id) == {'disable': [(next(iter(dns)), 'filtered')]}
    assert asked.wholes == 0 and all(IN_CHAIN in one for one in asked.filters)


def test_the_copy_of_a_server_is_known_by_its_own_name(domain, staff, follow):
    directory_id, *_people = staff
    mark = SyncMark.get()
    service, copy = mark.server.rsplit(' ', 1)
    assert service.startswith('CN=NTDS Settings,') and len(copy) == 32 and mark.high[''] > 1000
    looking.forget(directory_id)
    for change in ({'server': f'{service} {"0" * 32}'}, {'high': {'': mark.high[''] + 100_000}}):
        SyncMark.update(**change).execute()
        with watched() as asked:
            assert follow(directory_id) == {}
        assert asked.wholes == 1
        looking.forget(directory_id)


def test_where_nothing_was_written_nothing_is_asked_for(domain, staff, follow):
    directory_id, *_people = staff
    follow(directory_id)
    with cheap(0) as asked:
        assert follow(directory_id) == {}
    assert asked.lists == 0


def test_another_process_goes_on_where_the_last_one_was(domain, staff, follow):
    directory_id, dns, *_groups = staff
    one, two, *_others = dns
    looking.forget(directory_id)
    domain.connection.delete_s(dns[one])
    domain.set(dns[two], title=b'Foreman')
    with cheap():
        assert follow(directory_id) == {'disable': [(one, 'gone')], 'change': [(two, 'changed')]}
    assert Person.get(Person.login == two).title == 'Foreman'


class TestUnrolling:
    """A filter and its groups, asked of the domain itself."""

    @pytest.fixture
    def ask(self, domain, followed):
        """A function: (what the server is asked for then, the DNs that the filter gives, those that the other way gives)."""
        directory = directories.load(followed(''))

        def call(person_filter):
            with connect(directory, looking.time.monotonic() + 30) as connection:
                bind_own_account(connection, directory)
                people = unrolling.unrolled(connection, person_filter, positions.of(connection, directory).root)
                return people.asked, *(sorted(dn for dn, _values in one.search(connection, directory.preset, '', ['objectGUID']))
                                       for one in (unrolling.People(person_filter), people))
        return call

    def test_circles_of_groups_end(self, domain, ask):
        one = domain.person(domain.login())
        top = domain.group(one)
        middle = domain.group(top, domain.person(domain.login()))
        low = domain.group(middle, domain.person(domain.login()))
        domain.connection.modify_s(top, [(ldap.MOD_ADD, 'member', [low.encode()])])
        named, own, same = ask(f'(&(objectCategory=person)(memberOf:{IN_CHAIN}:={top}))')
        assert own == same and len(own) == 3 and named.count('memberOf=') == 3

    def test_all_forms_of_the_clause(self, domain, ask):
        person, other = domain.person(domain.login()), domain.person(domain.login())
        one, two = domain.group(domain.group(person)), domain.group(domain.group(other), person)
        for text in (f'(&(objectCategory=person)(|(memberof:{IN_CHAIN}:={one})(MEMBEROF:{IN_CHAIN}:={two})))',
                     f'(&(objectCategory=person)(memberOf:{IN_CHAIN}:={two})(!(memberOf:{IN_CHAIN}:={one})))',
                     f'(&(objectCategory=person)(cn=person*)(!(memberOf:{IN_CHAIN}:={one})))'):
            named, own, same = ask(text)
            assert own == same and own and IN_CHAIN not in named

    def test_names_with_signs_of_their_own(self, domain, ask):
        person, dn = domain.person(domain.login()), f'CN=All\\, (of #{domain.login()}) *,{BASE}'
        domain.connection.add_s(dn, [('objectClass', [b'group']), ('member', [domain.group(person).encode()])])
        inner_dn = f'CN=In\\, (of #{domain.login()}) *,{BASE}'
        domain.connection.add_s(inner_dn, [('objectClass', [b'group']), ('member', [dn.encode()])])
        for group in (dn, inner_dn):
            named, own, same = ask(f'(&(objectCategory=person)(memberOf:{IN_CHAIN}:={unrolling.escape_filter_chars(group)}))')
            assert own == same == [person] and IN_CHAIN not in named

    def test_too_many_groups_are_not_named(self, monkeypatch, domain, ask):
        person = domain.person(domain.login())
        group = domain.group(*[domain.group(person) for _one in range(4)])
        monkeypatch.setattr(unrolling, 'MOST_GROUPS', 3)
        text = f'(&(objectCategory=person)(memberOf:{IN_CHAIN}:={group}))'
        assert ask(text) == ('(&(objectCategory=person))', [person], [person])
        monkeypatch.setattr(unrolling, 'MOST_GROUPS', 5)
        named, own, same = ask(text)
        assert own == same == [person] and named.count('memberOf=') == 5

    def test_a_group_that_is_not_there(self, domain, ask):
        named, own, same = ask(f'(&(objectCategory=person)(memberOf:{IN_CHAIN}:=CN=nowhere,{BASE}))')
        assert own == same == [] and IN_CHAIN not in named
