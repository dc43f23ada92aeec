"""A ticket by itself: what is taken, what is refused and why, and that nothing but a ticket is opened."""
import base64
import dataclasses
import os
import shutil
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core.config import Sso
from appliance.core.limits import TICKET_BYTES
from appliance.identity.kerberos import sids, spnego, tickets
from appliance.identity.kerberos.errors import KerberosMisconfigured, TicketRefused
from tests.kerberos.conftest import KERBEROS, SERVICE, with_offset

NTLM = b'NTLMSSP\0\1\0\0\0\x07\x82\x08\xa2' + bytes(24)
OIDS = {'kerberos': spnego.KERBEROS[0], 'microsoft': spnego.KERBEROS[1], 'ntlm': spnego.NTLM,
        'negoex': bytes.fromhex('060a2b06010401823702021e')}


def der(tag, data):
    """One element of DER."""
    size = len(data)
    length = bytes([size]) if size < 0x80 else bytes([0x82]) + size.to_bytes(2)
    return bytes([tag]) + length + data


def negotiation(mechanisms, token=b''):
    """What a browser sends that offers mechanisms (names in OIDS), and a token of the first."""
    inside = der(0xa0, der(0x30, b''.join(OIDS[one] for one in mechanisms))) + (der(0xa2, der(0x04, token)) if token else b'')
    return der(0x60, spnego.SPNEGO + der(0xa0, der(0x30, inside)))


def text(token):
    return base64.b64encode(token).decode()


@pytest.fixture
def engine():
    return 'sqlite'


@pytest.fixture
def refused(config):
    """A function: why a token (bytes) is refused."""
    def reason(token, configuration=config):
        with pytest.raises(TicketRefused) as caught:
            tickets.accept(configuration, text(token))
        return caught.value.reason
    return reason


def test_a_ticket_says_who_it_is(config, shown):
    name, sid, answer = tickets.accept(config, shown('employee'))
    assert (name, sid) == ('employee@COMPANY.TEST', b'')
    assert len(base64.b64decode(answer)) > 50       # by which the browser knows that it was us


def test_a_ticket_is_taken_once(config, ticket, refused):
    token = ticket('employee')
    tickets.accept(config, text(token))
    assert refused(token) == 'replay'


def test_of_the_same_ticket_at_once_in_several_threads_one_is_taken(config, ticket):
    token, taken = ticket('employee'), []

    def come():
        try:
            taken.append(tickets.accept(config, text(token))[0])
        except TicketRefused as error:
            taken.append(error.reason)
    threads = [threading.Thread(target=come) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == ['employee@COMPANY.TEST', *['replay'] * 7]


def test_clocks_that_differ_are_named(kdc, ticket, refused):
    cache = kdc.ticket('employee')
    ticket('employee', cache=cache)     # the KDC would refuse a wrong clock: what it gives is taken before
    assert refused(ticket('employee', cache=with_offset(cache, 600))) == 'skew'


def test_a_ticket_that_has_expired_says_so(config, kdc, ticket, refused, monkeypatch, tmp_path):
    (tmp_path / 'strict.conf').write_text('[libdefaults]\nclockskew = 1\n')
    token = ticket('employee', cache=kdc.ticket('employee', '-l', '3s'))
    monkeypatch.setenv('KRB5_CONFIG', str(tmp_path / 'strict.conf'))
    threading.Event().wait(5)
    assert refused(token) == 'expired'


def test_a_key_of_before_and_one_of_another_service_open_nothing(config, kdc, ticket, refused):
    token = ticket('employee')
    renewed = dataclasses.replace(config, sso=Sso(str(kdc.keytab('HTTP/renewed', 'host/127.0.0.1')), f'HTTP/renewed@{kdc.realm}'))
    assert refused(token, renewed) == 'key'
    # The keytab has the key of this one too; it is not the portal's.
    assert refused(ticket('employee', 'host/127.0.0.1')) == 'key'


def test_a_new_keytab_counts_at_once(config, kdc, shown, tmp_path):
    service = 'HTTP/rolled'
    path = tmp_path / 'rolled.keytab'
    rolled = dataclasses.replace(config, sso=Sso(str(path), f'{service}@{kdc.realm}'))
    shutil.copyfile(kdc.keytab(service), path)
    assert tickets.accept(rolled, shown('employee', service))
    newer = kdc.keytab(service)
    with pytest.raises(TicketRefused):
        tickets.accept(rolled, shown('head', service))
    shutil.copyfile(newer, path)
    assert tickets.accept(rolled, shown('third', service))


def test_old_windows_calls_kerberos_otherwise_and_lists_ntlm_behind_it(config, ticket):
    token = negotiation(['microsoft', 'kerberos', 'negoex', 'ntlm'], ticket('employee', mech=KERBEROS))
    assert tickets.accept(config, text(token))[0] == 'employee@COMPANY.TEST'


@pytest.mark.parametrize(('token', 'reason'), [
    (NTLM, 'ntlm'), (negotiation(['ntlm'], NTLM), 'ntlm'), (negotiation(['ntlm', 'kerberos'], NTLM), 'ntlm'),
    (negotiation(['negoex', 'ntlm', 'kerberos']), 'ntlm'), (negotiation(['kerberos'], NTLM), 'unreadable'),
    (negotiation(['negoex']), 'unreadable'), (negotiation([]), 'unreadable'),
    (der(0xa1, b'x' * 40), 'unreadable'), (b'', 'unreadable'), (b'\x60', 'unreadable'), (b'\x60\x84\xff\xff\xff\xff', 'unreadable'), (b'garbage', 'unreadable')])
def test_what_is_not_kerberos_never_reaches_the_library(refused, token, reason, monkeypatch):
    monkeypatch.setattr(tickets, 'library', lambda: pytest.fail('the library was asked'))
    assert refused(token) == reason


def test_a_bare_ticket_is_no_negotiation(ticket, refused):
    assert refused(ticket('employee', mech=KERBEROS)) == 'unreadable'


def test_kerberos_without_a_ticket_is_not_talked_on_with(refused):
    assert refused(negotiation(['kerberos'])) == 'unreadable'


@pytest.mark.parametrize('cut', [40, 100, 500, -1])
def test_a_part_of_a_ticket_is_none(ticket, refused, cut):
    assert refused(ticket('employee')[:cut]) in ('unreadable', 'refused')


def test_a_changed_ticket_is_none_or_says_the_same(config, ticket):
    """The name of the service and the ends of the envelope are not sealed; whose ticket it is is."""
    counts = {True: 0, False: 0}
    for place in range(0, len(ticket('employee')), 17):
        token = ticket('employee')
        try:
            proof = tickets.accept(config, text(token[:place] + bytes([token[place] ^ 0x55]) + token[place + 1:]))
            assert proof.principal == 'employee@COMPANY.TEST'
            counts[True] += 1
        except TicketRefused:
            counts[False] += 1
    assert counts[False] > 10 * counts[True]


@pytest.mark.parametrize('words', ['', 'ü', '====', 'AAA', 'AAAA AAAA', 'AAAA\x00', 'A' * (TICKET_BYTES + 1)])
def test_what_is_no_base64_or_too_long_is_refused(config, words):
    with pytest.raises(TicketRefused) as caught:
        tickets.accept(config, words)
    assert caught.value.reason == ('too_long' if len(words) > TICKET_BYTES else 'unreadable')


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.builds(lambda data, place, byte: data[:place] + bytes([byte]) + data[place + 1:],
                                            st.just(negotiation(['kerberos', 'ntlm'], b'x' * 200)), st.integers(0, 60), st.integers(0, 255)))
def test_whatever_comes_is_kerberos_or_refused(token):
    try:
        spnego.require_kerberos(token)
    except TicketRefused:
        pass


SID = bytes.fromhex('0105000000000005150000009878a222f0802cecf4b9c22e50040000')


@pytest.mark.parametrize(('data', 'sid'), [
    (sids.HEAD.pack(0, 0, 0, 0, 2, 0, 0, len(SID), 24) + bytes(4) + SID, SID), (sids.HEAD.pack(0, 0, 0, 0, 0, 0, 0, len(SID), 24) + bytes(4) + SID, b''),
    (sids.HEAD.pack(0, 0, 0, 0, 2, 0, 0, len(SID), 60000) + SID, b''), (bytes(12), b''), (b'', b'')])
def test_the_number_of_an_account_is_read_or_none(data, sid):
    assert sids.read_sid(data) == sid


def test_where_used_tickets_cannot_be_remembered_none_is_taken(config, shown):
    shutil.rmtree(config.data.folder)
    with pytest.raises(KerberosMisconfigured) as caught:
        tickets.accept(config, shown('employee'))
    assert caught.value.reason == 'replays'


def test_a_missing_keytab_says_so(config, shown, tmp_path):
    for path in (tmp_path / 'none', tmp_path):
        with pytest.raises(KerberosMisconfigured) as caught:
            tickets.accept(dataclasses.replace(config, sso=Sso(str(path))), shown('employee'))
        assert caught.value.reason == 'unreadable'


def test_the_library_is_not_loaded_before_a_ticket_comes():
    code = '''
import sys
import appliance.web.app, appliance.cli.check
from appliance.identity.kerberos import tickets
assert not {name for name in sys.modules if name.startswith(('gssapi', 'decorator'))}
tickets.library()
assert 'gssapi' in sys.modules
'''
    subprocess.run([sys.executable, '-B', '-c', code], check=True, env=os.environ)


def test_the_list_of_used_tickets_is_the_portal_s_own(config, shown):
    tickets.accept(config, shown('employee'))
    assert (config.data.folder / tickets.REPLAYS).stat().st_mode & 0o777 == 0o600


def test_the_service_is_the_one_of_the_tests(config):
    assert SERVICE in (tickets.keytab.own_principal(config.sso, config.server.public_address))
