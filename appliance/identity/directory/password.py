"""Changing the password of a person where it belongs: in the directory. He proves himself by the old one; it is never set without.

Active Directory takes the change from the portal's account, since who must change his password cannot bind: a delete of the old value with
an add of the new one ([MS-ADTS] 3.1.1.3.1.5.2) is a change by who knows the old one, needs no right but Change Password, which everybody
has, and keeps to the domain's rules. The others take it from the person himself (RFC 3062); who has let it expire there and cannot bind any more, see
expired.py. Neither password is logged or kept.
"""

import logging
import re
import time

import ldap
from ldap.controls.ppolicy import PasswordPolicyControl

from appliance.core import clock
from appliance.core.errors import Invalid
from appliance.core.i18n import texts
from appliance.identity.directory import expired, login, policy, resolving
from appliance.identity.directory.client import connect, describe, details
from appliance.identity.directory.errors import WrongPair
from appliance.identity.directory.mapping import uuid_filter
from appliance.identity.directory.threads import within

_ = texts(__name__)
log = logging.getLogger('appliance.directory')

CHANGE_S = 4            # of finding, changing and trying the new one
WRONG_OLD, UNFIT = '00000056', '0000052D'       # winerror.h: ERROR_INVALID_PASSWORD, ERROR_PASSWORD_RESTRICTION
# What a directory may have against a new password.
WORDS = {
    'unfit': _.lazy('The directory does not take this password: it is too short or too simple for it, was used before, or the last change was too short a while ago.'),
    'simple': _.lazy('The directory finds this password too simple. Take a longer one, or other kinds of signs.'),
    'short': _.lazy('The directory finds this password too short.'),
    'long': _.lazy('The directory finds this password too long.'),
    'used': _.lazy('You had this password before, and the directory remembers it. Take another one.'),
    'young': _.lazy('The last change was too short a while ago for the directory. Try again later.'),
    'not_allowed': _.lazy('The directory does not let people change their password from here. Change it where your company does.'),
}


class PasswordRefused(Invalid):
    """The directory does not take the new password; `reason` is a key of WORDS."""

    def __init__(self, reason):
        self.reason = reason
        super().__init__(WORDS[reason], field='new')


def is_offered(directory):
    """Whether a person may change his password from here: switched on, encrypted, and for Active Directory with an account of the portal's."""
    return directory.changes_passwords and directory.tls != 'none' and (directory.preset != 'active-directory' or bool(directory.bind_dn))


def is_owed(directory, reason):
    """Whether a person whose bind was refused for this reason may give himself a new password from here before he is in."""
    return is_offered(directory) and (reason == 'must_change' or (reason == 'password_expired' and expired.may_be_changed(directory)))


def change(directory, known_by, old, new, before_bind):
    """Give the person of a UUID a new password in the directory; (his Entry, None where the directory lets him in by it now, else why not: a key
    of policy.REASONS).

    before_bind(entry, key) runs before the old password is tried, and may refuse by raising; before_bind(entry, key, is_sure_to_fail=True)
    before a bind that the directory counts as a failure whatever comes of the change. Raises WrongPair (the old one is wrong, or has expired
    and the portal cannot change it), PasswordRefused, and what `resolving.authenticate` does. No transaction may be open.
    """
    login.refuse_unusable('x', old)
    login.refuse_unusable('x', new)
    deadline = time.monotonic() + CHANGE_S
    return resolving.for_one(directory, deadline, lambda one, until: login.find_by(one, uuid_filter(one.preset, known_by), until)[0],
                             lambda one, entry: _change(one, known_by, entry, old, new, before_bind, deadline))


def _change(directory, known_by, entry, old, new, before_bind, deadline):
    key = f'{directory.id}:{known_by}'
    if entry is None:
        raise WrongPair('unknown', key)
    before_bind(entry, key)
    reason = within(deadline, _by_portal if directory.preset == 'active-directory' else _by_himself, directory, entry.dn, old, new, deadline)
    is_expired = reason == 'password_expired' and is_owed(directory, reason)
    if is_expired:
        reason = _in_place_of(directory, key, entry, old, new, before_bind, deadline)
    if reason:
        raise WrongPair(reason, key)
    log.info('directory %s: a password was changed', directory.name)
    reason = within(deadline, login.bind_as, directory, entry.dn, new, deadline)
    if is_expired and reason == 'must_change' and within(deadline, expired.end_reset, directory, entry.dn, deadline):
        reason = within(deadline, login.bind_as, directory, entry.dn, new, deadline)
    return entry, reason or entry.closed(clock.now()) or None


def _in_place_of(directory, key, entry, old, new, before_bind, deadline):
    """The change for somebody whose old password is right, as the directory says, but lets him bind no more; None where it is changed."""
    if not expired.is_proof(directory, entry.dn):
        before_bind(entry, key, is_sure_to_fail=True)
        if not within(deadline, expired.prove, directory, entry.dn, deadline):
            return 'expired_to_anybody'
    try:
        return within(deadline, expired.change, directory, entry.dn, old, new, deadline)
    except ldap.LDAPError as error:
        raise _refused(directory, error) from None


def _by_portal(directory, dn, old, new, deadline):
    """None where it is changed, or why the old one is not right."""
    with connect(directory, deadline) as connection:
        login.bind_own_account(connection, directory)
        try:
            connection.modify(dn, [(ldap.MOD_DELETE, 'unicodePwd', [_quoted(old)]), (ldap.MOD_ADD, 'unicodePwd', [_quoted(new)])])
        except ldap.LDAPError as error:
            code = re.match(r'([0-9A-Fa-f]{8}):', str(details(error).get('info') or ''))
            if code and code[1].upper() == WRONG_OLD:
                return 'password'
            if code and code[1].upper() == UNFIT:
                raise PasswordRefused('unfit') from None
            raise _not_allowed(directory, error) from None
    return None


def _quoted(password):
    return f'"{password}"'.encode('utf-16-le')


def _by_himself(directory, dn, old, new, deadline):
    with connect(directory, deadline) as connection:
        try:
            reason, _hint = policy.bind(connection, dn, old, directory.preset)
            if reason not in (None, 'must_change'):
                return reason
            connection.change_password(dn, old, new, [PasswordPolicyControl()])
        except ldap.LDAPError as error:
            raise _refused(directory, error) from None
    return None


def _refused(directory, error):
    """What a directory that knows the policy control has against a change."""
    reason = policy.CHANGE_ERRORS.get(policy.error_of(error), 'unfit' if isinstance(error, ldap.CONSTRAINT_VIOLATION) else 'not_allowed')
    return _not_allowed(directory, error) if reason == 'not_allowed' else PasswordRefused(reason)


def _not_allowed(directory, error):
    log.warning('directory %s: a password may not be changed: %s', directory.name, describe(error))
    return PasswordRefused('not_allowed')
