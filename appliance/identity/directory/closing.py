"""What an entry says of being shut: the flag or the date by which each kind of directory lets nobody in any more."""

from datetime import UTC, datetime, timedelta

# {kind of directory: what is asked for}. Only its own: what another system left in an entry shuts nobody out.
ATTRIBUTES = {
    'active-directory': ('userAccountControl', 'accountExpires'),
    'openldap': ('pwdAccountLockedTime', 'pwdEndTime', 'shadowExpire'),
    '389': ('nsAccountLock', 'pwdAccountLockedTime', 'shadowExpire'),
    'freeipa': ('nsAccountLock', 'krbPrincipalExpiration'),
}
ACCOUNT_DISABLED = 2                    # userAccountControl, [MS-ADTS] 2.2.16
NEVER = (0, 0x7FFFFFFFFFFFFFFF)         # accountExpires, [MS-ADA1] 2.1
FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOCKED_FOR_GOOD = b'000001010000Z'      # pwdAccountLockedTime, draft-behera-ldap-password-policy-10, 5.3.3
GENERALIZED = {14: '%Y%m%d%H%M%S', 12: '%Y%m%d%H%M', 10: '%Y%m%d%H'}      # RFC 4517, 3.3.13, by how many digits there are


def closing(preset, values):
    """(whether the entry is disabled, the moment from which it has expired or None), from {attribute in lower case: [bytes, ...]}.

    What is not a number or a date says nothing: a broken attribute must not shut a company out. None for the first where an Active
    Directory does not show userAccountControl, as it does to an account that lacks the right: then nobody knows.
    """
    if preset == 'active-directory':
        flags = _number(values, 'useraccountcontrol')
        return None if flags is None else bool(flags & ACCOUNT_DISABLED), _filetime(_number(values, 'accountexpires'))
    asked = {name.lower(): values.get(name.lower(), []) for name in ATTRIBUTES[preset]}
    is_disabled = _first(asked, 'nsaccountlock').lower() == b'true' or _first(asked, 'pwdaccountlockedtime') == LOCKED_FOR_GOOD
    ends = [_days(_number(asked, 'shadowexpire')), _generalized(_first(asked, 'krbprincipalexpiration')), _generalized(_first(asked, 'pwdendtime'))]
    return is_disabled, min((end for end in ends if end), default=None)


def why_shut(is_disabled, expires_at, now):
    """Why an entry of which `closing` says this lets nobody in at a moment: `disabled`, `expired`, or '' where it does."""
    if is_disabled:
        return 'disabled'
    return 'expired' if expires_at and expires_at <= now else ''


def _first(values, name):
    return (values.get(name) or [b''])[0]


def _number(values, name):
    try:
        return int(_first(values, name))
    except ValueError:
        return None


def _filetime(number):
    """100 ns since 1601; what a calendar does not hold is never."""
    if number is None or number in NEVER or number < 0:
        return None
    try:
        return FILETIME_EPOCH + timedelta(microseconds=number // 10)
    except OverflowError:
        return None


def _days(number):
    """Days since 1970 (shadowExpire, shadow(5)): the account is shut from that day on; 0 may mean never, and less does."""
    try:
        return UNIX_EPOCH + timedelta(days=number) if number is not None and number > 0 else None
    except OverflowError:
        return None


def _generalized(data):
    """GeneralizedTime in UTC, as these servers write it: 20261231235959Z, with or without seconds and their parts."""
    try:
        digits = data.decode('ascii').removesuffix('Z').partition('.')[0]
        return datetime.strptime(digits, GENERALIZED[len(digits)]).replace(tzinfo=UTC)
    except (ValueError, KeyError):
        return None
