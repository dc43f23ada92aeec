"""How a directory says no: it does not answer, it is set up wrongly, or the pair is wrong."""

from appliance.core.errors import PortalError, Unavailable
from appliance.core.i18n import texts

_ = texts(__name__)

REASONS = {
    'refused': _.lazy('Nothing listens at this address and port, or a firewall is in between.'),
    'name': _.lazy('The name of the server cannot be resolved.'),
    'silent': _.lazy('The directory does not answer in time.'),
    'tls': _.lazy('The encrypted connection fails: the certificate is not trusted, has expired or is for another name.'),
    'closed': _.lazy('Nothing listens at this address and port, or it closes the connection.'),
    'nonsense': _.lazy('What answers at this address does not keep to LDAP: nothing of its answer is used.'),
    'overloaded': _.lazy('The directory says that it is busy or unavailable.'),
}
STEPS = {
    'encryption': _.lazy('The encryption of the directory is set up wrongly.'),
    'bind': _.lazy("The directory refuses the portal's own account."),
    'base': _.lazy('The directory has nothing at the base, or does not show it.'),
    'open': _.lazy('The directory lets in whom it cannot know, with any password. Nobody is let in by it.'),
    'people': _.lazy('The directory cannot use the filter for people.'),
}


# What is said of a login only after a right password.
TOLD = {
    'must_change': _.lazy('Your password must be changed first: change it where your company does, then log in here.'),
    'password_expired': _.lazy('Your password has expired: have your administrator give you a new one, then log in here.'),
}


class DirectoryDown(Unavailable):
    """The directory cannot be asked now; `reason` is a key of REASONS. Nothing is known about the person."""

    code = 'directory_down'

    def __init__(self, reason):
        self.reason = reason
        super().__init__(REASONS[reason])


class DirectoryMisconfigured(Unavailable):
    """The directory answers, but not as its row supposes; `reason` is a key of STEPS, the message says what to do."""

    code = 'directory_misconfigured'

    def __init__(self, reason, message=None):
        self.reason = reason
        super().__init__(STEPS[reason] if message is None else message)


class WrongPair(PortalError):
    """Login and password do not belong together. The person reads one answer for all reasons but those of TOLD.

    reason, for the log: blank, too_long, or a key of policy.REASONS. `may_tell` is true where the directory names the reason only
    after a right password. key names whom the failure counts for ('' when no bind was tried, so that nothing counts): see login.ask.
    """

    code = 'wrong_pair'
    status = 401
    default = _.lazy('Login or password is wrong.')

    def __init__(self, reason, key=''):
        self.reason = reason
        self.key = key
        self.may_tell = reason in TOLD
        super().__init__(TOLD.get(reason))


def remembered(reason):
    """The error that a stored reason stands for."""
    return DirectoryMisconfigured(reason) if reason in STEPS else DirectoryDown(reason if reason in REASONS else 'silent')
