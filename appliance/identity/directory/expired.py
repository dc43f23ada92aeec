"""A password that has expired with no login left, where its person cannot bind to change it: the portal's own account does, by the password
modify operation (RFC 3062) with the old password and the new one.

Never without proof that the old one was right, for a server may ignore it when somebody else asks (FreeIPA does). The proof is the answer
to the person's own bind, «expired», where the server says that after a right password alone: it is asked with a wrong one beside. Beyond
that only servers are asked that are known to compare the old one, too.
"""

import logging
import secrets
import time

import ldap
from ldap.controls.ppolicy import PasswordPolicyControl

from appliance.identity.directory import login, policy, root
from appliance.identity.directory.client import connect, describe, is_below

log = logging.getLogger('appliance.directory')

# Those whose ground we have read: OpenLDAP passwd.c, 389 passwd_extop.c. What hides its kind is none of them.
KINDS = ('openldap', '389')
PROVEN_S, REFUSED_S, WORKED_S = 600, 3600, 86400       # for how long a process takes an answer for granted
NOT_ALLOWED = (ldap.INSUFFICIENT_ACCESS, ldap.UNWILLING_TO_PERFORM, ldap.CONFIDENTIALITY_REQUIRED, ldap.PROTOCOL_ERROR)

_proven = {}                    # {(directory, address, base): moment by time.monotonic()}
_refused, _worked = {}, {}      # {(directory, account): moment}


def may_be_changed(directory):
    """Whether it is worth trying: there is an account, and it was not refused of late."""
    return directory.preset in KINDS and bool(directory.bind_dn) and not _is_fresh(_refused, _account(directory), REFUSED_S)


def is_proof(directory, dn):
    """Whether this process has seen of late that the server says «expired» to nobody with a wrong password."""
    return _is_fresh(_proven, _place(directory, dn), PROVEN_S)


def prove(directory, dn, deadline):
    """See whether it does; the server counts it as a wrong password of this person."""
    reason = login.bind_as(directory, dn, secrets.token_urlsafe(24), deadline)
    if reason == 'password':
        _proven[_place(directory, dn)] = time.monotonic()
        return True
    log.warning('directory %s: with a wrong password it answers %s, so «expired» proves nothing, and no expired password is changed', directory.name, reason)
    return False


def change(directory, dn, old, new, deadline):
    """None where it is changed, `password_expired` where the portal cannot, `password` where the old one is wrong after all. Raises
    ldap.LDAPError where the new one is refused.
    """
    with connect(directory, deadline) as connection:
        login.bind_own_account(connection, directory)
        kind = root.read_root(connection).kind
        if kind not in KINDS:
            return _cannot(directory, f'a server of the kind {kind or "that it hides"} is not asked to change it')
        try:
            connection.change_password(dn, old, new, [PasswordPolicyControl()])
        except ldap.INVALID_CREDENTIALS:
            return 'password'
        except NOT_ALLOWED as error:
            if policy.CHANGE_ERRORS.get(policy.error_of(error), 'not_allowed') != 'not_allowed':
                raise
            return _cannot(directory, f"the portal's account may not change it: {describe(error)}")
    _worked[_account(directory)] = time.monotonic()
    return None


def end_reset(directory, dn, deadline):
    """Where an account that manages passwords changed it, OpenLDAP wants another change by the person himself. He chose this one, and nobody
    else knows it: take the mark away, where the account may. Whether it is gone.
    """
    if directory.preset != 'openldap':
        return False
    with connect(directory, deadline) as connection:
        login.bind_own_account(connection, directory)
        try:
            connection.modify(dn, [(ldap.MOD_DELETE, 'pwdReset', None)])
        except ldap.LDAPError:
            return False
    return True


def _cannot(directory, why):
    log.warning('directory %s: an expired password stays as it is: %s', directory.name, why)
    # An account that changed some may be kept from others on purpose: from those who administer the directory.
    if not _is_fresh(_worked, _account(directory), WORKED_S):
        _refused[_account(directory)] = time.monotonic()
    return 'password_expired'


def _is_fresh(moments, key, for_s):
    return key in moments and time.monotonic() - moments[key] < for_s


def _account(directory):
    return directory.id, directory.bind_dn


def _place(directory, dn):
    return directory.id, directory.url, next((base for base in directory.bases if is_below(dn, base)), '')
