"""What a server says of itself to anybody (its root DSE, RFC 4512, 5.1): which kind it is and where its entries begin; and how many
people stand below each of those places. Only read, and only as far as the time allows.
"""

import time
from collections import Counter
from dataclasses import dataclass, replace

import ldap
from ldap.dn import dn2str, is_dn, str2dn

from appliance.identity.directory.client import connect
from appliance.identity.directory.errors import DirectoryDown
from appliance.identity.directory.login import bind_own_account
from appliance.identity.directory.policy import KEYTAB_SET

ATTRIBUTES = ('objectClass', 'namingContexts', 'defaultNamingContext', 'vendorName', 'vendorVersion', 'forestFunctionality', 'isGlobalCatalogReady',
              'supportedCapabilities', 'ipaDomainLevel', 'ipaTopologyPluginVersion', 'dnsHostName', 'supportedExtension')
ACTIVE_DIRECTORY = '1.2.840.113556.1.4.800'     # [MS-ADTS] 3.1.1.3.4.3.1
# Where servers keep their own things.
NOT_OF_PEOPLE = ('cn=configuration,', 'cn=schema', 'dc=domaindnszones,', 'dc=forestdnszones,', 'cn=changelog', 'cn=config', 'cn=monitor',
                 'cn=subschema', 'o=ipaca', 'o=netscaperoot')
PAGE, MOST_CONTEXTS, MOST_BRANCHES = 500, 3, 6


@dataclass(frozen=True)
class Root:
    """kind: a key of mapping.PRESETS or '' where it does not show; product: what it calls itself, or ''; contexts: DNs below which entries
    stand, the one of the people first.
    """

    kind: str = ''
    product: str = ''
    contexts: tuple = ()


def read_root(connection):
    """The Root of the server that a connection leads to; an empty one where it shows nothing."""
    try:
        found = connection.search('(objectClass=*)', ATTRIBUTES, base='', scope=ldap.SCOPE_BASE)
    except ldap.LDAPError:
        return Root()
    values = {name.lower(): [data.decode('utf-8', 'replace') for data in texts] for name, texts in found[0][1].items()} if found else {}
    product = ' '.join(' '.join(values.get('vendorname', []) + values.get('vendorversion', [])).split())[:100]
    return Root(_kind(values), product if product.isprintable() else '', _contexts(values))


def _kind(values):
    if ACTIVE_DIRECTORY in values.get('supportedcapabilities', ()) or {'forestfunctionality', 'isglobalcatalogready'} & values.keys():
        return 'active-directory'
    if 'openldaprootdse' in {name.lower() for name in values.get('objectclass', ())}:
        return 'openldap'
    vendor = ' '.join(values.get('vendorname', []) + values.get('vendorversion', [])).lower()
    if any(name.startswith('ipa') for name in values) or KEYTAB_SET in values.get('supportedextension', ()) or 'o=ipaca' in values.get('namingcontexts', ()):
        return 'freeipa'
    return '389' if '389' in vendor or 'red hat' in vendor or 'fedora' in vendor else ''


def _contexts(values):
    found = values.get('defaultnamingcontext', []) + values.get('namingcontexts', [])
    return tuple(one for one in dict.fromkeys(found) if one and is_dn(one) and not one.lower().startswith(NOT_OF_PEOPLE))


def count_people(directory, contexts, until):
    """[{dn, people, is_whole}, ...]: the people of a directory's filter below each context, and below the branches that hold some.

    until: the time.monotonic() moment when counting ends; where it ended early, or the server shows a part only, is_whole is false.
    """
    found = []
    for context in contexts[:MOST_CONTEXTS]:
        branches, is_whole = _branches(replace(directory, base_dn=context, more_bases=()), until)
        found.append({'dn': context, 'people': branches.total(), 'is_whole': is_whole})
        found += [{'dn': dn, 'people': people, 'is_whole': is_whole} for dn, people in branches.most_common(MOST_BRANCHES) if dn != context]
    return found


def _branches(directory, until):
    """(Counter of people by the branch directly below the base, whether that is all)."""
    found = Counter()
    try:
        with connect(directory, until + PAGE / 1000) as connection:
            bind_own_account(connection, directory)
            depth = len(str2dn(directory.base_dn))
            for page in connection.pages(directory.person_filter, ['1.1'], PAGE):
                found.update(_branch(dn, depth) for dn, _values in page)
                if time.monotonic() > until:
                    return found, False
    except (ldap.LDAPError, DirectoryDown):
        return found, False
    return found, True


def _branch(dn, depth):
    """The DN of the entry one level below a base of that depth under which an entry stands; the base's own DN for one directly below it."""
    try:
        parts = str2dn(dn)
    except ldap.LDAPError:
        return ''
    return dn2str(parts[-depth - 1:] if len(parts) > depth + 1 else parts[-depth:])
