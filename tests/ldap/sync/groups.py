"""Groups of the directory of a test, and the rules about them."""
import ldap
from ldap import modlist
from ldap.dn import escape_dn_chars

from appliance.core.actor import SYSTEM
from appliance.core.people import PersonRole
from appliance.core.permissions import add_role, roles
from appliance.identity.directory import group_rules
from tests.ldap.people import BASE, PEOPLE
from tests.ldap.sync.conftest import who

NOBODY = f'cn=nobody,{BASE}'        # a group of names wants one


class Groups:
    """The groups beside the people of a Company."""

    def __init__(self, company, directory_id):
        self.root, self.directory_id = company._root, directory_id

    def add(self, name, *members, kind='groupOfNames', attribute='member', **values):
        """A new group; members are logins or DNs. Returns its DN."""
        dn = f'cn={escape_dn_chars(name)},{BASE}'
        found = [dn_of(one) for one in members] if attribute != 'memberUid' else list(members)
        entry = {'objectClass': [kind.encode()], 'cn': [name.encode()], attribute: [one.encode() for one in found] or [NOBODY.encode()],
                 **{key: [value.encode()] for key, value in values.items()}}
        self.root.add_s(dn, modlist.addModlist(entry))
        return dn

    def set(self, dn, *members, attribute='member'):
        """These are its members now."""
        self.root.modify_s(dn, [(ldap.MOD_REPLACE, attribute, [dn_of(one).encode() for one in members] or [NOBODY.encode()])])

    def rename(self, dn, name):
        self.root.rename_s(dn, f'cn={escape_dn_chars(name)}', delold=1)
        return f'cn={escape_dn_chars(name)},{BASE}'

    def gives(self, dn, what, kind='role'):
        """A rule about a group; a role of the company's own is made where there is none. Returns its id."""
        if kind == 'role' and what not in roles():
            add_role(SYSTEM, what, what.title())
        return group_rules.add_rule(SYSTEM, self.directory_id, group_rules.find_group(SYSTEM, self.directory_id, dn), kind, str(what))


def dn_of(member):
    return member if '=' in member else f'uid={member},{PEOPLE}'


def roles_of(login):
    """The roles that somebody was given, sorted."""
    return sorted(role for role, in PersonRole.select(PersonRole.role).where(PersonRole.person == who(login).id).tuples())
