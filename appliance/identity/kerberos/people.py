"""From the principal of a ticket to the one entry of a directory that it is about."""

import re
import time

from ldap.filter import escape_filter_chars

from appliance.core import clock
from appliance.core.limits import LOGIN_LENGTH
from appliance.identity.directory import directories, resolving
from appliance.identity.directory import login as directory_login
from appliance.identity.directory.realms import domain_of
from appliance.identity.kerberos.errors import AccountRefused

# What libkrb5 writes with a backslash, and names of services and hosts (a slash in them), are no people.
PERSON = re.compile(r'([^\s@/\\]+)@([^\s@/\\]+)')
# {kind of directory: how an entry is asked for}. An Active Directory gives a ticket by either name; which one the ticket bears is its
# choice. Elsewhere the names of a realm know case, so an entry must be asked for exactly.
ACTIVE_DIRECTORY = '(|(sAMAccountName={name})(userPrincipalName={name}@{realm}))'
OTHERS = '(|(krbPrincipalName={name}@{realm})(uid:caseExactMatch:={name}))'


def realms_of(directory):
    """The realms whose people a directory (client.Directory) holds: the one said, else those of its bases: dc=company,dc=example is
    COMPANY.EXAMPLE. Empty where no base has a domain.
    """
    return [directory.realm] if directory.realm else list(dict.fromkeys(filter(None, map(realm_of_base, directory.bases))))


def realm_of_base(base_dn):
    """The realm that a base stands for, or ''."""
    return '.'.join(domain_of(base_dn)).upper()


def entry_of(principal, sid=b''):
    """(the directory, the Entry) of a principal `name@REALM`. Exactly one entry of one directory decides, and the directory must let it in now.

    Where a ticket of an Active Directory brought the number of its account, the entry must have it too.

    Raises AccountRefused; Busy, DirectoryDown and DirectoryMisconfigured where the directory cannot be asked. No transaction may be open.
    """
    found = PERSON.fullmatch(principal) if principal.isprintable() else None
    if found is None or len(found[1]) > LOGIN_LENGTH:
        raise AccountRefused('not_a_person', principal)
    directory = _directory_of(found[2])
    if directory is None:
        raise AccountRefused('realm', principal)
    entry, reason = _ask(directory, _wanted(directory, found[1], found[2], sid))
    if entry is None:
        raise AccountRefused(reason, principal)
    if entry.is_disabled is None:
        # By a password the directory itself says whether it lets somebody in; a ticket may be hours old.
        raise AccountRefused('hidden', principal)
    shut = entry.closed(clock.now())
    if shut:
        raise AccountRefused(shut, principal)
    return directory, entry


def _directory_of(realm):
    """The one directory of this realm that logins are asked of; two of a realm mean none. Realms know case: another may be spelt like ours."""
    found = [directory for directory in directories.all_active() if realm in realms_of(directory)]
    return found[0] if len(found) == 1 else None


def _wanted(directory, name, realm, sid):
    """The filter for the entry of a name in a realm."""
    is_domain = directory.preset == 'active-directory'
    wanted = (ACTIVE_DIRECTORY if is_domain else OTHERS).format(name=escape_filter_chars(name), realm=escape_filter_chars(realm))
    if is_domain and sid:
        number = ''.join(f'\\{byte:02x}' for byte in sid)
        return f'(&(objectSid={number}){wanted})'
    return wanted


def _ask(directory, wanted):
    """(the one Entry of a filter, None) or (None, why not), within a login's time and turn."""
    return resolving.for_one(directory, time.monotonic() + directory_login.TALK_S, lambda one, until: directory_login.find_by(one, wanted, until),
                             lambda _one, found: found)
