"""What an entry says of being shut, in the words of each kind of directory."""
from datetime import UTC, datetime

import pytest

from appliance.identity.directory.closing import ATTRIBUTES, closing

OPEN = (False, None)
NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
FILETIME = str(int((NEW_YEAR - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000).encode()
DAYS = str((NEW_YEAR - datetime(1970, 1, 1, tzinfo=UTC)).days).encode()


@pytest.mark.parametrize('preset, attribute, value, said', [
    ('active-directory', 'useraccountcontrol', b'512', OPEN), ('active-directory', 'useraccountcontrol', b'514', (True, None)),
    ('active-directory', 'useraccountcontrol', b'66050', (True, None)),
    # Not shown, or not to be read: nobody knows.
    ('active-directory', 'title', b'x', (None, None)), ('active-directory', 'useraccountcontrol', b'x', (None, None)),
    ('389', 'nsaccountlock', b'TRUE', (True, None)), ('freeipa', 'nsaccountlock', b'true', (True, None)), ('freeipa', 'nsaccountlock', b'FALSE', OPEN),
    ('freeipa', 'krbprincipalexpiration', b'20270101000000Z', (False, NEW_YEAR)), ('freeipa', 'krbprincipalexpiration', b'2027010100Z', (False, NEW_YEAR)),
    # A time of locking after wrong passwords passes; this one is an administrator's.
    ('openldap', 'pwdaccountlockedtime', b'000001010000Z', (True, None)), ('openldap', 'pwdaccountlockedtime', b'20261126120000Z', OPEN),
    ('openldap', 'pwdendtime', b'20270101000000.5Z', (False, NEW_YEAR)), ('openldap', 'pwdendtime', b'202701010000Z', (False, NEW_YEAR)),
    ('openldap', 'shadowexpire', b'-1', OPEN), ('openldap', 'shadowexpire', b'0', OPEN), ('openldap', 'shadowexpire', DAYS, (False, NEW_YEAR)),
    # What another system left there.
    ('active-directory', 'shadowexpire', b'1', (None, None)), ('freeipa', 'shadowexpire', b'1', OPEN), ('openldap', 'useraccountcontrol', b'514', OPEN),
])
def test_each_kind_has_its_words(preset, attribute, value, said):
    assert closing(preset, {attribute: [value]}) == said


@pytest.mark.parametrize('value, said', [(b'0', None), (b'9223372036854775807', None), (FILETIME, NEW_YEAR), (b'x', None), (b'9' * 400, None)])
def test_accounts_of_a_domain_end(value, said):
    assert closing('active-directory', {'useraccountcontrol': [b'512'], 'accountexpires': [value]}) == (False, said)


@pytest.mark.parametrize('value', [b'', b'x', b'\xff', b'-5', b'1e9', b'9' * 400, b'99999999999999Z', b'20x27', b'2026123Z', '٣'.encode()])
@pytest.mark.parametrize('preset', [name for name in ATTRIBUTES if name != 'active-directory'])
def test_what_is_broken_shuts_nobody_out(preset, value):
    for attribute in ATTRIBUTES[preset]:
        assert closing(preset, {attribute.lower(): [value]}) == OPEN


def test_the_first_end_counts():
    assert closing('openldap', {'shadowexpire': [DAYS], 'pwdendtime': [b'20300101000000Z']}) == (False, NEW_YEAR)
    assert closing('openldap', {}) == OPEN
