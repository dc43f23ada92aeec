"""What a directory's password policy says beside yes or no, and the words for it: for the person, for the log, for administrators.

Active Directory says it by a number in its words ([MS-ADTS], winerror.h), OpenLDAP, 389 and FreeIPA by the control of
draft-behera-ldap-password-policy-11, which is asked for with each bind; who does not know it ignores it (RFC 4511, 4.1.11).
"""

import re
from dataclasses import dataclass

import ldap
from ldap.controls.ppolicy import PasswordPolicyControl
from pyasn1.error import PyAsn1Error

from appliance.core.i18n import texts
from appliance.identity.directory.client import describe, details

_ = texts(__name__)

# 532 and 773 come only after a right password; 775 comes after any, and of the others a person is told nothing either.
ACTIVE_DIRECTORY = {'525': 'unknown', '52e': 'password', '530': 'refused', '531': 'refused', '532': 'must_change', '533': 'disabled',
                    '701': 'expired', '773': 'must_change', '775': 'locked'}
# The control's errors of a bind (section 6.2). The first (but see is_said_to_anybody) and the third come only after a right password; that
# an account is locked comes after any, so it is for the log alone.
EXPIRED, LOCKED, RESET = 0, 1, 2
BIND_ERRORS = {EXPIRED: 'password_expired', LOCKED: 'locked', RESET: 'must_change'}
KEYTAB_SET = '2.16.840.1.113730.3.8.10.1'      # the extended operation by which a server shows that it has FreeIPA's plugins
# Those of a change.
CHANGE_ERRORS = {3: 'not_allowed', 4: 'not_allowed', 5: 'simple', 6: 'short', 7: 'young', 8: 'used', 9: 'long'}
TOLD_DAYS = 14          # before its end a password is spoken of

# Why a login was refused, for administrators: the wizard and the command say them, the log has the key.
REASONS = {
    'blank': _.lazy('the password is blank, so that the directory was not asked'),
    'too_long': _.lazy('the login or the password is too long, so that the directory was not asked'),
    'unknown': _.lazy('nobody below the base matches the filter and has this login'),
    'ambiguous': _.lazy('more than one entry has this login, and two mean nobody'),
    'incomplete': _.lazy('the entry has no number or no login by which the portal could know the person'),
    'password': _.lazy('the password is wrong'),
    'disabled': _.lazy('the directory has disabled the account'),
    'locked': _.lazy('the account is locked after too many wrong passwords; unlock it in the directory, or wait'),
    'expired': _.lazy('the account has expired in the directory'),
    'must_change': _.lazy('the password is right, and must be changed before anything else'),
    'password_expired': _.lazy('the password is right, but has expired, and the directory grants no login for changing it'),
    'expired_to_anybody': _.lazy('the password has expired; whether it is right the directory does not say (FreeIPA looks at the date first), so the person is told nothing'),
    'refused': _.lazy('the directory does not let this account in here and now: the log has its words'),
}


@dataclass(frozen=True)
class Hint:
    """What a person is told once he is in: that his password ends in `days`, or, with `grace`, that it has and how many logins are left."""

    days: int | None = None
    grace: int | None = None

    def __str__(self):
        if self.grace is not None:
            return _.plural('Your password has expired. You can log in with it %(n)s more time: change it before.',
                            'Your password has expired. You can log in with it %(n)s more times: change it before.', self.grace) \
                if self.grace else _('Your password has expired, and this was the last time that you could log in with it: change it now.')
        return _.plural('Your password expires within %(n)s day.', 'Your password expires within %(n)s days.', self.days)


def bind(connection, dn, password, preset):
    """Bind as a person: (None, Hint or None) where he is let in, else (why not, None). Raises ldap.LDAPError for what says nothing of him."""
    try:
        answered = connection.bind(dn, password, None if preset == 'active-directory' else [PasswordPolicyControl()])
    except ldap.INVALID_CREDENTIALS as error:
        reason = _refused(error)
        return 'expired_to_anybody' if reason == BIND_ERRORS[EXPIRED] and is_said_to_anybody(connection, preset) else reason, None
    except ldap.LDAPError as error:
        if error_of(error) == LOCKED:       # 389 answers with another number
            return BIND_ERRORS[LOCKED], None
        raise
    said = next((control for control in answered if control.controlType == PasswordPolicyControl.controlType), None)
    if said is None:
        return None, None
    # Bound, but for nothing other than changing the password.
    return (BIND_ERRORS[RESET], None) if said.error == RESET else (None, _hint(said))


def is_said_to_anybody(connection, preset):
    """Whether the server tells that a password has expired before it looks whether it is right, so that nothing is proven by it.

    FreeIPA does (daemons/ipa-slapi-plugins/ipa-graceperiod, in its step before the bind), also where it is set up here as 389.
    """
    if preset == 'freeipa':
        return True
    try:
        found = connection.search(f'(supportedExtension={KEYTAB_SET})', ['1.1'], base='', scope=ldap.SCOPE_BASE)
    except ldap.LDAPError:
        return False
    return bool(found)


def _refused(error):
    code = re.search(r'\bdata ([0-9a-f]+)', describe(error))
    if code:
        return ACTIVE_DIRECTORY.get(code[1], 'refused')
    return BIND_ERRORS.get(error_of(error), 'password')


def _hint(said):
    if said.graceAuthNsRemaining is not None:
        return Hint(grace=max(0, said.graceAuthNsRemaining))
    left = said.timeBeforeExpiration
    return Hint(days=-(-left // 86400)) if left is not None and 0 < left <= TOLD_DAYS * 86400 else None


def error_of(error):
    """The error number of the policy control that came with a refusal, or None."""
    for kind, _is_critical, value in details(error).get('ctrls') or ():
        if kind == PasswordPolicyControl.controlType and value:
            said = PasswordPolicyControl()
            try:
                said.decodeControlValue(value)
            except PyAsn1Error:
                return None
            return said.error
    return None
