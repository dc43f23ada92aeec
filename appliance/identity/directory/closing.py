"""What an entry says of being shut: the flag or the date by which each kind of directory lets nobody in any more.

All are asked for whatever the preset: a server leaves out what it does not know, and companies mix them.
"""

from datetime import UTC, datetime, timedelta

ACCOUNT_DISABLED = 2                    # userAccountControl, [MS-ADTS] 2.2.16
NEVER = (0, 0x7FFFFFFFFFFFFFFF)         # accountExpires, [MS-ADA1] 2.1
FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOCKED_FOR_GOOD = b'000001010000Z'      # pwdAccountLockedTime, draft-behera-ldap-password-policy-10, 5.3.3
ATTRIBUTES = ('userAccountControl', 'accountExpires', 'nsAccountLock', 'krbPrincipalExpiration', 'pwdAccountLockedTime', 'pwdEndTime', 'shadowExpire')


def closing(values):
    """(whether the entry is disabled, the moment from which it has expired or None), from {attribute in lower case: [bytes, ...]}.

    What is not a number or a date says nothing: a broken attribute must not shut a company out.
    """
    is_disabled = (bool((_number(values, 'useraccountcontrol') or 0) & ACCOUNT_DISABLED)
                   or _first(values, 'nsaccountlock').lower() == b'true' or _first(values, 'pwdaccountlockedtime') == LOCKED_FOR_GOOD)
    ends = [_filetime(_number(values, 'accountexpires')), _days(_number(values, 'shadowexpire')),
            _generalized(_first(values, 'krbprincipalexpiration')), _generalized(_first(values, 'pwdendtime'))]
    return is_disabled, min((end for end in ends if end), default=None)


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
    """Days since 1970 (RFC 2307, shadowExpire): the account is shut from that day on; less than 0 is never."""
    try:
        return UNIX_EPOCH + timedelta(days=number) if number is not None and number >= 0 else None
    except OverflowError:
        return None


def _generalized(data):
    """GeneralizedTime (RFC 4517, 3.3.13) in UTC, as these servers write it: 20261231235959Z."""
    try:
        return datetime.strptime(data.decode('ascii').partition('.')[0].rstrip('Z'), '%Y%m%d%H%M%S').replace(tzinfo=UTC)
    except ValueError:
        return None
