"""The domain that people type with their name: `COMPANY\\ana`, `ana@company.example`. It says which directory is meant, and the name there.

A directory goes by its own name here, and by the domain that its bases name (dc=company,dc=example): as a whole, or its first word.
"""

import ldap
from ldap.dn import str2dn

from appliance.core.person_fields import fold_login


def realms_of(directory):
    """The domains that a directory goes by, folded: {'company', 'company.example'} and its name."""
    found = {fold_login(directory.name)}
    for labels in map(domain_of, directory.bases):
        if labels:
            found |= {fold_login('.'.join(labels)), fold_login(labels[0])}
    return found


def domain_of(base):
    """The labels of the domain that a base names: ['company', 'example'] of dc=company,dc=example; none of what is no DN, or names no domain."""
    try:
        return [value for part in str2dn(base) for name, value, _kind in part if name.lower() == 'dc']
    except ldap.LDAPError:
        return []


def names_meant(directory, typed):
    """The names to look for in a directory, the likelier first: what was typed, and what is left of it without a domain of this directory."""
    typed = typed.strip()
    domain, _slash, name = typed.rpartition('\\')
    if not domain:
        name, _at, domain = typed.rpartition('@')
    return (typed, name) if name and fold_login(domain) in realms_of(directory) else (typed,)


def is_named(directory, typed):
    """Whether `DOMAIN\\name` was typed and this is that domain. (A mail may be of any domain in any directory.)"""
    domain, slash, _name = typed.strip().rpartition('\\')
    return bool(slash) and fold_login(domain) in realms_of(directory)
