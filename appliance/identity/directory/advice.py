"""What an administrator should do about what a directory answered. Words alone: nothing is asked and nothing decided here."""

import re

import ldap

from appliance.core.i18n import texts
from appliance.identity.directory import password
from appliance.identity.directory.client import address, describe, details
from appliance.identity.directory.errors import DirectoryDown, WrongPair
from appliance.identity.directory.policy import REASONS

_ = texts(__name__)

# The number after "data" in what Active Directory says of a refused bind ([MS-ERREF], winerror.h).
ACCOUNT_CODES = {
    '525': _.lazy('The domain knows no such account. It takes name@domain, DOMAIN\\name or a DN.'),
    '52e': _.lazy('Name or secret is wrong. The domain takes name@domain, DOMAIN\\name or a DN; a name without its domain is not enough.'),
    '530': _.lazy('The account may not log in at this hour: take away its logon hours.'),
    '531': _.lazy('The account may not log in from this machine: take away its list of workstations, or add this server.'),
    '532': _.lazy('The secret of the account has expired: give it a new one that does not expire.'),
    '533': _.lazy('The account is disabled: enable it.'),
    '701': _.lazy('The account has expired: take away its expiry date.'),
    '773': _.lazy('The account has to change its password first: give it a secret without that demand.'),
    '775': _.lazy('The account is locked for too many wrong tries: unlock it, and look for who still uses the old secret.'),
    '80090346': _.lazy('The domain wants the login bound to its TLS channel (channel binding) and found another one: something between portal and domain '
                       'controller ends the encryption. Name a domain controller itself, with ldaps://, and no balancer before it.'),
}
# What to do, besides knowing the reason.
PERSON_REASONS = {
    'unknown': _.lazy('Ask for the login without a password: the portal says where it looked.'),
    'ambiguous': _.lazy('Ask for the login without a password: the portal names them.'),
    'password_expired': _.lazy('Give the person a new one, or let the portal change it: among what to grant to its account stands how.'),
    'expired_to_anybody': _.lazy('Give the person a new one. Whom the directory lets in a few times more changes it here: ipa pwpolicy-mod --gracelimit=3.'),
}
_SAME_OR_NOT = _.lazy('If both are one person, join them: once the directory is saved and in use, a plan proposes it. If not, give one of the two another login.')
# By the codes of standing.py.
KEPT_OUT = {
    'unknown': _.lazy('Check the name, the base, and what the account may read.'),
    'filtered': _.lazy('Change the entry, or the filter for people.'),
    'outside': _.lazy('Move the entry, or take a base that holds it.'),
    'ambiguous': _.lazy('Give the login to one entry alone, or take fewer attributes to log in by.'),
    'no_uuid': _.lazy('Let the account read that attribute.'),
    'no_login': _.lazy('Give the entry a login, or take the login from another attribute.'),
    'disabled': _.lazy('Enable the account in the directory.'),
    'expired': _.lazy('Give the account a later end in the directory.'),
    'local': _SAME_OR_NOT,
    'taken': _SAME_OR_NOT,
    'forgotten': _.lazy('Make a new entry for a new person.'),
    'blocked': _.lazy('Let the person in again at the profile here.'),
    'off': _.lazy('Let people log in with this directory.'),
}
_OTHER_PORT = {636: 389, 3269: 3268, 389: 636, 3268: 3269}


def advise(step, error, directory):
    """What to do about a step of the test that failed with a PortalError: a sentence or two, never ''."""
    if isinstance(error, WrongPair):
        return ' '.join((_('For the directory the reason is: %(reason)s.', reason=REASONS[error.reason]), str(PERSON_REASONS.get(error.reason, '')))).strip()
    if step == 'as' and error.details.get('why'):
        return ' '.join(dict.fromkeys(str(KEPT_OUT[one['code']]) for one in error.details['why']))
    cause = error.__cause__
    return str(_of_cause(step, cause, directory) or _of_down(step, error, directory) or _usual(step))


def told(error, directory):
    """What to say to an administrator of a PortalError; a WrongPair has words for the person himself, which would mislead."""
    if not isinstance(error, WrongPair) or not error.may_tell:
        return str(error.message)
    if error.reason == 'must_change' and password.is_offered(directory):
        return _('The password is right. Whoever logs in with it is asked for a new one here.')
    if error.reason == 'must_change':
        return _('The password is right. Whoever logs in with it is told to change it where the company does.')
    return _('The password is right. Whoever logs in with it is told to have an administrator give a new one.')


def account_code(error):
    """The code in what Active Directory says of a refused bind (`52e`), or ''."""
    found = re.search(r'\bdata ([0-9a-f]+)', describe(error)) if isinstance(error, ldap.LDAPError) else None
    return found[1] if found else ''


def _of_cause(step, cause, directory):
    """Of what the directory itself said."""
    if not isinstance(cause, ldap.LDAPError):
        return ''
    if not directory.bind_dn and isinstance(cause, (ldap.STRONG_AUTH_REQUIRED, ldap.INAPPROPRIATE_AUTH, ldap.OPERATIONS_ERROR, ldap.INSUFFICIENT_ACCESS,
                                                           ldap.UNWILLING_TO_PERFORM)):
        return _('The directory shows nothing to who has not logged in. Give the portal an account of its own.')
    if isinstance(cause, (ldap.STRONG_AUTH_REQUIRED, ldap.CONFIDENTIALITY_REQUIRED)):
        return _('LDAP signing is enforced there: an unencrypted login is refused. Use ldaps:// or StartTLS, both count as signed.')
    if isinstance(cause, ldap.INVALID_CREDENTIALS):
        return ACCOUNT_CODES.get(account_code(cause)) or _(
            'Name or secret is wrong; the directory does not say which. The name must be the whole DN, such as cn=portal,dc=company,dc=example.')
    if isinstance(cause, ldap.INVALID_DN_SYNTAX):
        return _('That is no name there. OpenLDAP, 389 and FreeIPA take a whole DN; Active Directory takes name@domain and DOMAIN\\name as well.') if step == 'bind' else _(
            'The base must be a whole DN, such as ou=people,dc=company,dc=example.')
    if isinstance(cause, ldap.INAPPROPRIATE_AUTH):
        return _('The account has no password there, or the directory allows none of this kind. Give it one.')
    if isinstance(cause, ldap.NO_SUCH_OBJECT):
        return _missing(cause, directory)
    if isinstance(cause, ldap.REFERRAL):
        return _('Another server has this base; the portal follows no such pointers. Give the address of that server.')
    if isinstance(cause, (ldap.INSUFFICIENT_ACCESS, ldap.OPERATIONS_ERROR)):
        return _('The account may not read there. Below, under the account, stands what to grant.')
    if isinstance(cause, ldap.UNAVAILABLE_CRITICAL_EXTENSION):
        return _('The directory cannot give its answer page by page (RFC 2696). Allow it the control 1.2.840.113556.1.4.319.')
    if isinstance(cause, ldap.UNWILLING_TO_PERFORM):
        return _('The directory does not do that for this account: look into its log.')
    return ''


def _missing(cause, directory):
    said = details(cause)
    # A domain controller of Windows says it in its words.
    told = re.search(r"best match of:\s*'([^']+)'", str(said.get('info') or ''))
    matched = (said.get('matched') or (told[1] if told else ''))[:300]
    if matched and matched.isprintable():
        return _('%(base)s does not exist, or is not shown to this account. What is there: %(matched)s.', base=directory.base_dn, matched=matched)
    return _('%(base)s does not exist, or is not shown to this account. Take one of the bases that were found.', base=directory.base_dn)


def _of_down(step, error, directory):
    """Of a connection that did not come about."""
    if step != 'reach' or not isinstance(error, DirectoryDown) or error.reason == 'name':
        return _('Check the name, and the name servers of this machine.') if step == 'reach' and getattr(error, 'reason', '') == 'name' else ''
    scheme, host, port = address(directory.url)
    other = _OTHER_PORT.get(port)
    if other is None:
        return ''
    right = f'{"ldap" if scheme == "ldaps" else "ldaps"}://{host}' + ('' if other in (389, 636) else f':{other}')
    return _('Check address and port, that the directory runs, and the firewall in between. If only the other port is open: %(right)s.',
             right=right + (' (StartTLS)' if scheme == 'ldaps' else ''))


def _usual(step):
    return {
        'reach': _('Check address and port, that the directory runs, and the firewall in between.'),
        'encryption': _('Correct the certificate or the CA; the check of certificates cannot be switched off.'),
        'bind': _("Check name and secret of the portal's own account."),
        'base': _('Check the base, and that the account may read it.'),
        'people': _('Check the filter for people and the attributes.'),
        'as': _('Look into the log of the portal.'),
        'login': _('Look into the log of the portal.'),
    }[step]


def where_the_ca_is(kind):
    """Where an administrator finds the CA's certificate of a kind of directory; '' of an unknown kind."""
    return {
        'active-directory': _('On the CA of the domain: certutil -ca.cert ca.cer, then certutil -encode ca.cer ca.pem. With Samba: private/tls/ca.pem.'),
        'openldap': _('It is the file that TLSCACertificateFile (olcTLSCACertificateFile) names on the server.'),
        '389': _('On the server: certutil -L -d /etc/dirsrv/slapd-NAME -n "Self-Signed-CA" -a.'),
        'freeipa': _('On any machine of the domain: /etc/ipa/ca.crt.'),
    }.get(kind, '')
