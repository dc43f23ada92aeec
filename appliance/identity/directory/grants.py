"""What the portal's own account in a directory must be allowed, as text to copy: the least with which everything works.

The rights are those that mapping.attributes_of asks for, the filter for people, and the groups. Nothing here talks to a directory.
"""

import re

from ldap.dn import escape_dn_chars, explode_dn, is_dn

from appliance.core.i18n import texts
from appliance.identity.directory.mapping import attributes_of

_ = texts(__name__)

_IN_FILTER = re.compile(r'\(\s*([A-Za-z][A-Za-z0-9-]*)[^()=<>~]*[<>~]?=')
EXAMPLE_BASE = 'ou=people,dc=company,dc=example'
# Of overlays and of the schema nis: slapd refuses a rule that names what it does not know.
NOT_EVERYWHERE = ('memberOf', 'pwdAccountLockedTime', 'pwdEndTime', 'shadowExpire')
SAFE = re.compile(r'[\w.@\\ -]+')

ACTIVE_DIRECTORY = '''\
# On a domain controller, in PowerShell. An ordinary account of the domain is enough; put it into no group.
New-ADUser -Name {name} -SamAccountName {name} -UserPrincipalName {name}@{domain} -Enabled $true `
  -PasswordNeverExpires $true -CannotChangePassword $true -AccountPassword (Read-Host -AsSecureString)

# Only where the domain hides from ordinary accounts who is disabled or has expired:
dsacls "{base}" /I:S /G "{netbios}\\{name}:RP;userAccountControl;user" "{netbios}\\{name}:RP;accountExpires;user"

# Only if deletions shall be read as such; without it who is deleted is seen by his absence:
dsacls "CN=Deleted Objects,{root}" /takeownership
dsacls "CN=Deleted Objects,{root}" /G "{netbios}\\{name}:LCRP"
'''
OPENLDAP = '''\
# ldapadd -D cn=admin,{root} -W
dn: {account}
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: {name}
userPassword: {{CRYPT}}...

# ldapmodify -Y EXTERNAL -H ldapi:///      ({{1}}mdb: the database of {root})
# Where their schema is loaded, also: {unsure}; of groups memberUid
dn: olcDatabase={{1}}mdb,cn=config
changetype: modify
add: olcAccess
olcAccess: {{0}}to dn.subtree="{base}"
  attrs={attributes}
  by dn.exact="{account}" read by * break
olcAccess: {{1}}to dn.subtree="{root}" attrs=entry,objectClass,cn,entryUUID,member,uniqueMember
  by dn.exact="{account}" read by * break
-
add: olcLimits
olcLimits: {{0}}dn.exact="{account}" size.prtotal=unlimited

# Only if who let his password expire, with no login left, shall change it here; then the portal's secret is one that passwords can be set
# with. Not `manage`: over that no password policy holds. With pwdSafeModify in the policy it needs the old one each time.
dn: olcDatabase={{1}}mdb,cn=config
changetype: modify
add: olcAccess
olcAccess: {{0}}to dn.subtree="{base}" attrs=userPassword
  by dn.exact="{account}" =xw by * break
'''
FREEIPA = '''\
# ldapmodify -D "cn=Directory Manager" -W      A system account reads what every member of the domain reads; that is enough.
dn: uid={name},cn=sysaccounts,cn=etc,{root}
changetype: add
objectClass: account
objectClass: simpleSecurityObject
uid: {name}
userPassword: ...
passwordExpirationTime: 20380101000000Z
nsIdleTimeout: 0

# Whose password has expired changes it here as long as he may still log in with it; without this he never may:
# ipa pwpolicy-mod --gracelimit=3
'''
DS389 = '''\
# ldapmodify -D "cn=Directory Manager" -W
dn: {account}
changetype: add
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: {name}
userPassword: ...

dn: {root}
changetype: modify
add: aci
aci: (target="ldap:///{base}")(targetattr="{attributes}")
 (version 3.0; acl "the portal reads people"; allow (read, search, compare)
 userdn="ldap:///{account}";)
aci: (targetfilter="(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))")
 (targetattr="objectClass || cn || entryUUID || member || uniqueMember || memberUid")
 (version 3.0; acl "the portal reads groups"; allow (read, search, compare)
 userdn="ldap:///{account}";)

# Only if who let his password expire, with no login left, shall change it here; then the portal's secret is one that passwords can be set with.
dn: {base}
changetype: modify
add: aci
aci: (targetattr="userPassword")
 (version 3.0; acl "the portal changes expired passwords"; allow (write)
 userdn="ldap:///{account}";)
'''
TEXTS = {'active-directory': ACTIVE_DIRECTORY, 'openldap': OPENLDAP, 'freeipa': FREEIPA, '389': DS389}


def what_to_grant(directory):
    """The commands that make an account with the least rights and grant them, for the directory's kind, base and account. One text; its
    names are examples where the directory has none yet.
    """
    base = directory.base_dn if is_dn(directory.base_dn) and directory.base_dn else EXAMPLE_BASE
    root = ','.join(part for part in explode_dn(base) if part.lower().startswith(('dc=', 'o='))) or base
    labels = [part.partition('=')[2] for part in explode_dn(base) if part.lower().startswith('dc=')] or ['company', 'example']
    name, account = _account(directory.bind_dn, root)
    wanted = needed(directory)
    unsure = () if directory.preset != 'openldap' else tuple(one for one in wanted if one in NOT_EVERYWHERE)
    wanted = tuple(one for one in wanted if one not in unsure)
    others = [one for one in directory.more_bases if is_dn(one) and one.isprintable()]
    return ''.join((TEXTS[directory.preset].format(
        base=base, root=root, name=name, account=account, domain='.'.join(labels), netbios=labels[0].upper(), unsure=','.join(unsure),
        attributes=' || '.join(wanted) if directory.preset == '389' else ','.join(('entry', *wanted))),
        *(f'\n# The same once more for {one}, and in the tree above it for groups.\n' for one in others)))


def needed(directory):
    """The attributes that the account must be able to read of people, the filter's and the groups' among them."""
    asked = {*attributes_of(directory), *directory.login_attributes, *_IN_FILTER.findall(directory.person_filter), 'objectClass', 'memberOf'}
    return tuple(sorted({name.lower(): name for name in sorted(asked)}.values(), key=str.lower))


def _account(bind_dn, root):
    """(short name, DN) of the account that somebody typed, or of an example."""
    if bind_dn and is_dn(bind_dn):
        return explode_dn(bind_dn, notypes=True)[0], bind_dn
    short = re.split(r'[\\@]', bind_dn)
    name = (short[1] if '\\' in bind_dn else short[0]) if bind_dn and SAFE.fullmatch(bind_dn) else 'portal'
    return name or 'portal', f'cn={escape_dn_chars(name or "portal")},{root}'
