"""Many groups within a group: who is in them is read, and gives the same people as the filter that asks for them."""
import ldap
import pytest

from appliance.identity.directory import directories
from appliance.identity.directory.client import Connection, connect
from appliance.identity.directory.errors import DirectoryDown
from appliance.identity.directory.login import bind_own_account
from appliance.identity.directory.sync import looking, membership, positions, unrolling
from appliance.identity.directory.sync.models import SyncMark
from tests.looks import cheap, watched
from tests.samba.server import BASE, PEOPLE
from tests.samba.test_domain import IN_CHAIN


@pytest.fixture(autouse=True)
def many(monkeypatch):
    """Each group is more than can be named."""
    monkeypatch.setattr(unrolling, 'MOST_GROUPS', 0)


@pytest.fixture
def ask(domain, followed):
    """A function: (the People of a filter, the DNs that the filter itself gives, those that the other way gives)."""
    directory = directories.load(followed(''))

    def call(person_filter):
        with connect(directory, looking.time.monotonic() + 30) as connection:
            bind_own_account(connection, directory)
            people = unrolling.unrolled(connection, person_filter, positions.of(connection, directory).root)
            return people, *(sorted(dn for page in one.pages(connection, directory.preset, ['objectGUID']) for dn, _values in page)
                             for one in (unrolling.People(person_filter), people))
    return call


def chain(group):
    return f'(memberOf:{IN_CHAIN}:={group})'


def test_the_same_people_in_every_shape_of_groups(domain, ask):
    title = f'Of groups {domain.login()}'
    one, two, three, four = [domain.person(domain.login(), title=title) for _one in range(4)]
    # A circle, forty levels, nobody at all, and a group that people have as their primary one.
    top = domain.group(one)
    domain.connection.modify_s(top, [(ldap.MOD_ADD, 'member', [domain.group(top, domain.group(two, top)).encode()])])
    deep = domain.group(three)
    for _level in range(40):
        deep = domain.group(deep)
    empty = domain.group(domain.group(), domain.group())
    primary = domain.group(four)
    above = domain.group(primary, top)
    sid = domain.connection.search_s(primary, 0, attrlist=['objectSid'])[0][1]['objectSid'][0]
    domain.set(four, primaryGroupID=str(int.from_bytes(sid[-4:], 'little')).encode())
    for group, expected in ((top, [one, two]), (deep, [three]), (empty, []), (primary, []), (above, [one, two]), (f'CN=nowhere,{BASE}', []),
                            (f'CN=Domain Users,CN=Users,{BASE}', [four])):      # of which he is an ordinary member now
        people, own, same = ask(f'(&(objectCategory=person)(objectClass=user)(title={title}){chain(group)})')
        assert people.inside and IN_CHAIN not in people.asked and own == same == sorted(expected), group


def test_where_a_group_stands_in_a_filter(domain, ask):
    title = f'Special {domain.login()}'
    one, two, three = [domain.person(domain.login(), title=title) for _one in range(3)]
    first, second = domain.group(domain.group(one, two)), domain.group(domain.group(two, three))
    user = f'(objectCategory=person)(title={title})'
    for text, expected, is_apart in (
            (chain(first), [one, two], True),
            (f'(&{user}{chain(first)}{chain(second)})', [two], True),
            (f'(&{user}(&(objectClass=user)(|{chain(first)}{chain(second)})))', [one, two, three], True),
            (f'(&{user}{chain(first)}(!{chain(second)}))', [one], True),
            (f'(&{user}{chain(first)}(!(|{chain(second)}{chain(second)})))', [one], True),
            (f'( & {user} ( memberof:{IN_CHAIN}:={second}) )', [two, three], True),
            (f'(&{user}(|{chain(first)}(sAMAccountName=nobody)))', [one, two], False),
            (f'(&{user}(!(&{chain(first)}{chain(second)})))', None, False)):
        people, own, same = ask(text)
        assert own == same and (expected is None or own == sorted(expected)), text
        assert bool(people.inside or people.outside) == is_apart and (people.asked == text) != is_apart


def test_names_with_signs_of_their_own(domain, ask):
    person, dn = domain.person(domain.login()), f'CN=All\\, (of #{domain.login()}) * ñ ü,{BASE}'
    domain.connection.add_s(dn, [('objectClass', [b'group']), ('member', [domain.group(person).encode()])])
    people, own, same = ask(f'(&(objectCategory=person){chain(unrolling.escape_filter_chars(dn))})')
    assert people.inside and own == same == [person]


def test_members_that_come_in_parts(monkeypatch, domain, ask):
    people = [domain.person(domain.login()) for _one in range(7)]
    group = domain.group(domain.group(*people))
    real = Connection.pages
    monkeypatch.setattr(Connection, 'pages', lambda self, text, attributes, *more: real(
        self, text, ['member;range=0-2' if name == 'member' else name for name in attributes], *more))
    found, own, same = ask(f'(&(objectCategory=person){chain(group)})')
    assert found.inside and own == same == sorted(people)


def test_members_that_break_off_are_not_all(monkeypatch, domain, ask):
    """Whoever is in the part that did not come would be cut off."""
    people = [domain.person(domain.login()) for _one in range(5)]
    group = domain.group(domain.group(*people))
    pages, search = Connection.pages, Connection.search
    monkeypatch.setattr(Connection, 'pages', lambda self, text, attributes, *more: pages(
        self, text, ['member;range=0-2' if name == 'member' else name for name in attributes], *more))
    monkeypatch.setattr(Connection, 'search', lambda self, text, attributes, *more, **options: [] if attributes[0].startswith('member;range=') else search(
        self, text, attributes, *more, **options))
    found, own, same = ask(f'(&(objectCategory=person){chain(group)})')
    assert found == unrolling.People(f'(&(objectCategory=person){chain(group)})') and own == same == sorted(people)


def test_groups_that_change_while_they_are_read_are_read_again(monkeypatch, domain, ask):
    """And where they do not stop, the filter is asked as it is."""
    one = domain.person(domain.login())
    group, other = domain.group(domain.group(one)), domain.group()
    real, reads = membership._members, []

    def changing(*args):
        reads.append(args)
        found = real(*args)
        if len(reads) <= changes:
            domain.set(other, description=f'{changes} {len(reads)}'.encode())
        return found
    monkeypatch.setattr(membership, '_members', changing)
    text = f'(&(objectCategory=person){chain(group)})'
    for changes, expected, is_apart in ((0, 1, True), (1, 2, True), (9, 3, False)):
        reads.clear()
        people, own, same = ask(text)
        assert (own, len(reads), bool(people.inside)) == (same, expected, is_apart) and own == [one]


def test_who_is_renamed_or_moved_meanwhile_is_the_same(domain, followed):
    login = domain.login()
    dn, directory = domain.person(login), directories.load(followed(''))
    group = domain.group(domain.group(dn))
    with connect(directory, looking.time.monotonic() + 30) as connection:
        bind_own_account(connection, directory)
        people = unrolling.unrolled(connection, f'(&(objectCategory=person){chain(group)})', positions.of(connection, directory).root)
        domain.connection.rename_s(dn, f'CN={login} renamed')
        assert [dn for dn, _values in people.search(connection, directory.preset, '', ['objectGUID'])] == [f'CN={login} renamed,{PEOPLE}']


def test_a_look_sees_each_way_in_and_out(domain, followed, follow):
    dns = {login: domain.person(login, title='Worker') for login in (domain.login() for _one in range(6))}
    one, two, three, *_others = dns
    inner = domain.group(*dns.values())
    middle = domain.group(inner)
    directory_id = followed(f'(title=Worker){chain(domain.group(middle))}')
    assert len(follow(directory_id)['create']) == 6 and follow(directory_id) == {}
    new = domain.login()
    ways = ((lambda: domain.leave(inner, dns[one]), {'disable': [(one, 'filtered')]}),
            (lambda: domain.connection.modify_s(inner, [(ldap.MOD_ADD, 'member', [dns[one].encode()])]), {'enable': [(one, 'back')]}),
            (lambda: domain.set(dns[two], title=b'Former'), {'disable': [(two, 'filtered')]}),
            (lambda: domain.set(dns[three], displayName=b'Ana Worker'), {'change': [(three, 'changed')]}),
            (lambda: domain.connection.modify_s(middle, [(ldap.MOD_ADD, 'member', [domain.group(domain.person(new, title='Worker')).encode()])]), {'create': [(new, 'new')]}))
    for do, seen in ways:
        do()
        with cheap(8) as asked:
            assert follow(directory_id) == seen
        assert not any(IN_CHAIN in text for text in asked.filters)


def test_a_first_look_whose_filter_takes_too_long_is_taken_by_the_groups(monkeypatch, domain, followed, follow):
    """If some people who are in it, and some who are not, are so by the filter itself, too."""
    logins = [domain.login() for _one in range(3)]
    group = domain.group(domain.group(*[domain.person(login) for login in logins]))
    domain.person(domain.login())
    text, real = chain(group), Connection.pages

    def slow(self, search_filter, *args):
        if IN_CHAIN in search_filter:
            raise DirectoryDown('silent')
        yield from real(self, search_filter, *args)
    monkeypatch.setattr(Connection, 'pages', slow)
    monkeypatch.setattr(looking, 'SAMPLE', 10_000)      # everybody of this domain: chance has no part in it
    right = unrolling.unrolled
    directory_id = followed(text)
    for wrong in (lambda *args: unrolling.People(f'(&(objectClass=user)(sAMAccountName={logins[0]}))'), lambda *args: unrolling.People('(objectClass=user)')):
        monkeypatch.setattr(unrolling, 'unrolled', wrong)
        with pytest.raises(DirectoryDown):
            follow(directory_id)
    monkeypatch.setattr(unrolling, 'unrolled', right)
    assert sorted(follow(directory_id)['create']) == sorted((login, 'new') for login in logins)
    assert SyncMark.get(SyncMark.directory == directory_id).checked_at is not None
    with watched() as asked:
        assert follow(directory_id) == {}
    assert asked.wholes == 0
