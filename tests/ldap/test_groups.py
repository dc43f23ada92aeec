"""Reading groups: DNs that are equal, and members in parts."""
import pytest

from appliance.identity.directory.errors import DirectoryDown
from appliance.identity.directory.groups import _rest, dn_key


@pytest.mark.parametrize('one, other', [
    ('CN=Ana Ruiz,OU=People,DC=x', 'cn=ana ruiz, ou=people,dc=X'),
    ('cn=Comma\\, The \\"Quoted\\" \\2B One,dc=x', 'cn="Comma, The \\"Quoted\\" + One",dc=x'),
    ('cn=a+uid=b,dc=x', 'uid=b+cn=a,dc=x'),
    ('cn=\\#hash \\3D sign,dc=x', 'cn=\\23hash = sign,dc=x'),
    ('cn=Ñandú,dc=x', 'cn=\\C3\\B1andú,dc=x'),
    ('cn=a\\=b,dc=x', 'cn=a=b,dc=x'),
])
def test_two_ways_to_write_one(one, other):
    assert dn_key(one) == dn_key(other)


@pytest.mark.parametrize('one, other', [('cn=a\\,dc=b,dc=x', 'cn=a,dc=b,dc=x'), ('cn=a+uid=b,dc=x', 'cn=a\\+uid\\=b,dc=x'), ('cn=a b,dc=x', 'cn=ab,dc=x')])
def test_two_that_are_not_one(one, other):
    assert dn_key(one) != dn_key(other)


def test_what_is_no_dn_is_none():
    with pytest.raises(ValueError):
        dn_key('not = a, + dn')


class Server:
    """Gives members as Active Directory does, `most` at once."""

    def __init__(self, members, most):
        self.members, self.most, self.asked = members, most, 0

    def search(self, search_filter, attributes, base, scope):
        self.asked += 1
        first = int(attributes[0].partition('=')[2].partition('-')[0])
        part = self.members[first:first + self.most]
        end = '*' if first + self.most >= len(self.members) else first + len(part) - 1
        return [(base, {f'member;range={first}-{end}': part})]


def test_members_in_parts():
    members = [f'cn={number},dc=x'.encode() for number in range(5_000)]
    server = Server(members, 1_500)
    assert _rest(server, 'cn=g,dc=x', {'member': [], 'member;range=0-1499': members[:1500]}) == tuple(member.decode() for member in members)
    assert server.asked == 3


def test_a_server_that_never_ends_is_left():
    server = Server([b'cn=a,dc=x'], 1)
    server.search = lambda *args, **kwargs: [('cn=g,dc=x', {'member;range=0-0': [b'cn=a,dc=x']})]
    with pytest.raises(DirectoryDown):
        _rest(server, 'cn=g,dc=x', {'member;range=0-0': [b'cn=a,dc=x']})


@pytest.mark.parametrize('answer', [[], [('cn=g,dc=x', {})], [('cn=g,dc=x', {'member': [b'cn=b,dc=x']})]])
def test_members_that_break_off_are_not_all(answer):
    """Whoever is in the part that did not come would lose what the group gives."""
    server = Server([], 1)
    server.search = lambda *args, **kwargs: answer
    with pytest.raises(DirectoryDown):
        _rest(server, 'cn=g,dc=x', {'member': [], 'member;range=0-1499': [b'cn=a,dc=x'] * 1500})
    assert _rest(server, 'cn=g,dc=x', {'member': [b'cn=a,dc=x']}) == ()
