"""What an entry says of being shut, in the words of each kind of directory."""
from datetime import UTC, datetime

import pytest

from appliance.identity.directory.closing import closing

OPEN = (False, None)
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
FILETIME = str(int((NEW_YEAR - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000).encode()
DAYS = str((NEW_YEAR - datetime(1970, 1, 1, tzinfo=UTC)).days).encode()


@pytest.mark.parametrize('attribute, value, said', [
    ('useraccountcontrol', b'512', OPEN), ('useraccountcontrol', b'514', (True, None)), ('useraccountcontrol', b'66050', (True, None)),
    ('accountexpires', b'0', OPEN), ('accountexpires', b'9223372036854775807', OPEN), ('accountexpires', FILETIME, (False, NEW_YEAR)),
    ('nsaccountlock', b'TRUE', (True, None)), ('nsaccountlock', b'true', (True, None)), ('nsaccountlock', b'FALSE', OPEN),
    ('krbprincipalexpiration', b'20270101000000Z', (False, NEW_YEAR)),
    # A time of locking after wrong passwords passes; this one is an administrator's.
    ('pwdaccountlockedtime', b'000001010000Z', (True, None)), ('pwdaccountlockedtime', b'20261126120000Z', OPEN),
    ('pwdendtime', b'20270101000000.5Z', (False, NEW_YEAR)),
    ('shadowexpire', b'-1', OPEN), ('shadowexpire', DAYS, (False, NEW_YEAR)),
])
def test_each_kind_has_its_words(attribute, value, said):
    assert closing({attribute: [value]}) == said


@pytest.mark.parametrize('value', [b'', b'x', b'\xff', b'-5', b'1e9', b'9' * 400, b'99999999999999Z', b'20x27', '٣'.encode()])
def test_what_is_broken_shuts_nobody_out(value):
    for attribute in ('useraccountcontrol', 'accountexpires', 'nsaccountlock', 'krbprincipalexpiration', 'pwdaccountlockedtime', 'pwdendtime', 'shadowexpire'):
        is_disabled, expires_at = closing({attribute: [value]})
        assert not is_disabled or attribute == 'useraccountcontrol'
        assert expires_at is None or expires_at > datetime(1970, 1, 1, tzinfo=UTC)


def test_the_first_end_counts():
    assert closing({'shadowexpire': [DAYS], 'krbprincipalexpiration': [b'20300101000000Z']}) == (False, NEW_YEAR)
    assert closing({}) == OPEN
