"""What a keytab says of itself, and which of its keys is the portal's."""
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core.config import Sso
from appliance.identity.kerberos import keytab
from appliance.identity.kerberos.errors import KerberosMisconfigured

HERE = 'http://127.0.0.1:18100'


@pytest.fixture(scope='module')
def path(kdc):
    return kdc.keytab('HTTP/127.0.0.1', 'HTTP/Portal.Company.Test', 'host/127.0.0.1', kinds='aes256-cts:normal,aes128-cts:normal')


def test_a_real_one_is_read(path):
    found = keytab.read(path)
    assert [(key.principal, key.kind) for key in found][:2] == [('HTTP/127.0.0.1@COMPANY.TEST', 18), ('HTTP/127.0.0.1@COMPANY.TEST', 17)]
    assert len(found) == 6 and all(key.number >= 2 for key in found)
    assert not any(word in repr(found) for word in ('secret', 'key='))


def test_holes_of_deleted_keys_are_passed_over(path, tmp_path):
    data = path.read_bytes()
    size = int.from_bytes(data[2:6], signed=True)
    changed = data[:2] + (-size).to_bytes(4, signed=True) + bytes(size) + data[6 + size:]
    (tmp_path / 'holes').write_bytes(changed)
    assert len(keytab.read(tmp_path / 'holes')) == 5


@pytest.mark.parametrize(('address', 'principal', 'found'), [
    (HERE, '', 'HTTP/127.0.0.1@COMPANY.TEST'), ('https://portal.company.test', '', 'HTTP/Portal.Company.Test@COMPANY.TEST'),
    ('https://PORTAL.company.test:8443', '', 'HTTP/Portal.Company.Test@COMPANY.TEST'),
    ('https://alias.company.test', 'HTTP/127.0.0.1@COMPANY.TEST', 'HTTP/127.0.0.1@COMPANY.TEST')])
def test_the_portal_s_own_is_found(path, address, principal, found):
    assert keytab.own_principal(Sso(str(path), principal), address) == found


@pytest.mark.parametrize(('address', 'principal'), [('https://other.company.test', ''), (HERE, 'HTTP/127.0.0.1@OTHER.TEST'), (HERE, 'http/127.0.0.1@COMPANY.TEST')])
def test_what_is_not_there_is_named_with_what_is(path, address, principal):
    with pytest.raises(KerberosMisconfigured) as caught:
        keytab.own_principal(Sso(str(path), principal), address)
    assert caught.value.reason == 'no_principal' and 'host/127.0.0.1@COMPANY.TEST' in str(caught.value.message)


def test_of_two_realms_one_has_to_be_said(kdc, tmp_path):
    (tmp_path / 'two').write_bytes(kdc.keytab('HTTP/127.0.0.1').read_bytes() + kdc.other.keytab('HTTP/127.0.0.1').read_bytes()[2:])
    with pytest.raises(KerberosMisconfigured) as caught:
        keytab.own_principal(Sso(str(tmp_path / 'two')), HERE)
    assert caught.value.reason == 'several'
    assert keytab.own_principal(Sso(str(tmp_path / 'two'), 'HTTP/127.0.0.1@OTHER.TEST'), HERE) == 'HTTP/127.0.0.1@OTHER.TEST'


@pytest.mark.parametrize('data', [b'', b'\5', b'\5\1\0\0\0\1x', b'junk', b'\5\2\0\0\0\xff', b'\5\2\0\0\0\4\0\1\0\xff'])
def test_what_is_no_keytab_says_so(tmp_path, data):
    (tmp_path / 'junk').write_bytes(data)
    with pytest.raises(KerberosMisconfigured) as caught:
        keytab.read(tmp_path / 'junk')
    assert caught.value.reason == 'unreadable'


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_whatever_stands_there_is_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / 'any'
    path.write_bytes(b'\5\2' + data)
    try:
        keytab.read(path)
    except KerberosMisconfigured:
        pass
