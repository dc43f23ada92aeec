"""How a ticket is refused: it proves nothing, or the account that it proves may not come in."""

from appliance.core.errors import PortalError, Unavailable
from appliance.core.i18n import texts

_ = texts(__name__)

TICKET = {
    'ntlm': _.lazy('Your browser offered NTLM, which this portal does not take. Log in with your password.'),
    'unreadable': _.lazy('What your browser showed is no ticket. Log in with your password.'),
    'too_long': _.lazy('The ticket of your computer is too long. Log in with your password, and tell your administrator.'),
    'skew': _.lazy('The clock of your computer and that of this server differ by more than five minutes, so the ticket of your computer '
                   'counts for nothing. Log in with your password, and tell your administrator.'),
    'expired': _.lazy('The ticket of your computer has expired. Lock and unlock the computer, or log in with your password.'),
    'early': _.lazy('The ticket of your computer is not valid yet: its clocks differ. Log in with your password, and tell your administrator.'),
    'replay': _.lazy('This ticket was used already. Try again.'),
    'key': _.lazy('The ticket of your computer is for another key than that of this portal. Log off from the computer and on again, or log in '
                  'with your password.'),
    'refused': _.lazy('The ticket of your computer was not accepted. Log in with your password.'),
}


class TicketRefused(PortalError):
    """The ticket proves nothing; reason is a key of TICKET."""

    code = 'ticket_refused'
    status = 401

    def __init__(self, reason):
        self.reason = reason
        super().__init__(TICKET[reason])


class AccountRefused(PortalError):
    """The ticket is good, but its account may not come in here.

    reason, for the log: not_a_person, realm, unknown, ambiguous, incomplete, disabled, expired, hidden, blocked.
    """

    code = 'account_refused'
    status = 403

    def __init__(self, reason, principal):
        self.reason, self.principal = reason, principal
        realm = principal.rpartition('@')[2]
        words = (_('Accounts of the domain %(realm)s have no access to this portal.', realm=realm) if reason == 'realm' else
                 _('The account %(principal)s has no access to this portal. Ask your administrator, or log in with another account.', principal=principal))
        super().__init__(words)


class KerberosMisconfigured(Unavailable):
    """The portal cannot check tickets; the message says why and what to do. `reason` is the part of a finding's code."""

    code = 'kerberos_misconfigured'

    def __init__(self, reason, message):
        self.reason = reason
        super().__init__(message)
