"""The one way out: which addresses are asked, that the judged one is the asked one, and that nothing holds the portal up."""
import ipaddress
import socket
import ssl
import threading
import time

import pytest

from appliance.core import config as configuration
from appliance.core import http_client
from appliance.core.http_client import Client, Failed, Refused
from appliance.core.limits import REPLY_BYTES, REPLY_S
from tests.ldap.authority import Authority
from tests.postgresql import free_port

CONFIG = configuration.Config(path='none', server=configuration.Server(
    address='127.0.0.1:18100', admin_address='127.0.0.1:18101', public_address='https://portal.company.example'),
    database=configuration.Database(url='postgresql://db.company.example:15432/portal'))


@pytest.fixture
def names(monkeypatch):
    """{name: [addresses]} that stand in for the DNS, which a test cannot have."""
    known = {}

    def look_up(host, port, *args, **kwargs):
        if host not in known:
            raise socket.gaierror(-2, 'Name or service not known')
        return [(socket.AF_INET6 if ':' in one else socket.AF_INET, socket.SOCK_STREAM, 6, '', (one, port)) for one in known[host]]
    monkeypatch.setattr(http_client.socket, 'getaddrinfo', look_up)
    return known


def client(*private):
    return Client(CONFIG, private)


@pytest.mark.parametrize('address', [
    '', 'x', 'ftp://a.example/', 'file:///etc/passwd', 'http://', 'http:///x', 'https://user@a.example/', 'https://user:pass@a.example/', 'http://a.example:0x50/',
    'http://a.example:99999/', 'http://a b.example/', 'http://a.example/\r\nX: y', 'http://a.example/ x', 'http://a.example\\@b.example/', '//a.example/',
    'javascript:alert(1)', 'http://[::1', 'http://a.example/\x00', 'gopher://a.example/', 'HTTP://' + 'a' * 300 + '.example/'])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(Refused) as refused:
        client().judge(address)
    assert refused.value.reason in ('address', 'name')


@pytest.mark.parametrize('host', [
    '127.0.0.1', '127.1.2.3', '0.0.0.0', '10.0.0.1', '172.16.5.5', '192.168.1.1', '169.254.169.254', '100.64.0.1', '224.0.0.1', '255.255.255.255', '198.18.0.1',
    '192.0.2.1', '240.0.0.1', '[::1]', '[::]', '[fe80::1]', '[fc00::1]', '[ff02::1]', '[::ffff:10.0.0.1]', '[::ffff:127.0.0.1]', '[64:ff9b::a00:1]',
    '[2002:a00:1::]', '[2001:0:a00:1::1]', 'localhost'])
def test_an_address_that_is_not_public_is_refused(host):
    with pytest.raises(Refused) as refused:
        client().judge(f'http://{host}/')
    assert refused.value.reason in ('private', 'own')


@pytest.mark.parametrize('host', ['0x7f000001', '2130706433', '0177.0.0.1', '127.1', 'a.example', 'intranet'])
def test_a_name_is_judged_by_what_it_resolves_to(names, host):
    names[host] = ['127.0.0.1']
    with pytest.raises(Refused) as refused:
        client().post(f'http://{host}/', b'', {})
    assert refused.value.reason == 'private'


@pytest.mark.parametrize('found', [['10.0.0.5'], ['93.184.216.34', '10.0.0.5'], ['::1'], ['93.184.216.34', '::ffff:192.168.0.1']], ids=str)
def test_a_name_with_one_private_address_is_not_asked_at_all(names, found):
    names['two-faced.example'] = found
    with pytest.raises(Refused) as refused:
        client().post('https://two-faced.example:8443/', b'', {})
    assert refused.value.reason == 'private'


def test_a_private_server_is_asked_where_an_administrator_lists_its_door(receiver):
    with pytest.raises(Refused):
        client('127.0.0.1:1', f'localhost:{receiver.port}').post(receiver.url, b'x', {})
    assert client(receiver.door).post(receiver.url, b'a=1', {'X-Test': 'y'}).status == 200
    told, = receiver.received
    assert (told.path, told.body, told.headers['X-Test'], told.headers['Host']) == ('/told?key=1', b'a=1', 'y', receiver.door)


@pytest.mark.parametrize('address', ['http://127.0.0.1:18100/', 'http://127.0.0.1:18101/', 'http://localhost:18100/', 'http://127.0.0.1:15432/',
                                     'https://portal.company.example/', 'https://PORTAL.company.example:443/x', 'http://[::1]:18100/', 'http://127.9.9.9:18101/'])
def test_the_portals_own_doors_are_never_asked(address):
    door = http_client.parse(address).door
    with pytest.raises(Refused) as refused:
        client(door).judge(address)
    assert refused.value.reason == 'own'


def test_an_own_public_address_counts_as_own(names, monkeypatch):
    monkeypatch.setattr(http_client, '_is_own', lambda address: str(address) == '93.184.216.34')
    names['we.example'] = ['93.184.216.34']
    with pytest.raises(Refused) as refused:
        client().post('http://we.example/', b'', {})
    assert refused.value.reason == 'private'
    with pytest.raises(Refused) as refused:
        client('we.example:18100').post('http://we.example:18100/', b'', {})
    assert refused.value.reason == 'own'


def test_the_connection_goes_to_the_address_that_was_judged(names, receiver, monkeypatch):
    names['moving.example'] = ['127.0.0.1']
    asked = []
    original = http_client.socket.getaddrinfo

    def once(host, *args, **kwargs):
        if host == 'moving.example':
            asked.append(host)
            if len(asked) > 1:
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, '', ('10.0.0.1', 80))]
        return original(host, *args, **kwargs) if host in names else [(socket.AF_INET, socket.SOCK_STREAM, 6, '', (host, args[0] if args else 0))]
    monkeypatch.setattr(http_client.socket, 'getaddrinfo', once)
    assert client(f'moving.example:{receiver.port}').post(f'http://moving.example:{receiver.port}/', b'', {}).status == 200
    assert asked == ['moving.example'] and receiver.received[0].headers['Host'] == f'moving.example:{receiver.port}'


def test_a_redirect_is_an_answer_and_not_followed(receiver):
    receiver.status, receiver.headers = 307, {'Location': 'http://127.0.0.1:18100/'}
    assert client(receiver.door).post(receiver.url, b'', {}).status == 307 and len(receiver.received) == 1


def test_no_proxy_of_the_environment_is_used(receiver, monkeypatch):
    for name in ('http_proxy', 'HTTP_PROXY', 'all_proxy'):
        monkeypatch.setenv(name, 'http://127.0.0.1:9')
    assert client(receiver.door).post(receiver.url, b'', {}).status == 200


def test_a_large_answer_is_cut(receiver):
    receiver.body = b'x' * (3 * REPLY_BYTES)
    assert len(client(receiver.door).post(receiver.url, b'', {}).body) == REPLY_BYTES


@pytest.mark.slow
@pytest.mark.parametrize('kind', ['silent', 'dripping', 'headers'])
def test_a_slow_server_is_left_after_five_seconds(receiver, kind):
    if kind == 'silent':
        receiver.wait_s = 20
    elif kind == 'dripping':
        receiver.body, receiver.drip_s = b'x' * 100, 0.5
    else:
        receiver.body, receiver.headers = b'', {f'X-{number}': 'y' for number in range(5)}
        receiver.wait_s = 20
    begun = time.monotonic()
    with pytest.raises(Failed) as failed:
        client(receiver.door).post(receiver.url, b'', {})
    assert failed.value.reason == 'slow' and REPLY_S - 1 < time.monotonic() - begun < REPLY_S + 1.5


def test_no_such_name(names):
    with pytest.raises(Failed) as failed:
        client().post('http://nowhere.example/', b'', {})
    assert failed.value.reason == 'name'


def test_a_closed_port_is_told(receiver):
    port = free_port()
    with pytest.raises(Failed) as failed:
        client(f'127.0.0.1:{port}').post(f'http://127.0.0.1:{port}/', b'', {})
    assert failed.value.reason == 'unreachable'


def test_what_is_no_http_is_told():
    listener = socket.create_server(('127.0.0.1', 0))
    port = listener.getsockname()[1]

    def babble():
        connection, _peer = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b'SSH-2.0-OpenSSH\r\n' * 10)
    threading.Thread(target=babble, daemon=True).start()
    with listener, pytest.raises(Failed) as failed:
        client(f'127.0.0.1:{port}').post(f'http://127.0.0.1:{port}/', b'', {})
    assert failed.value.reason == 'unreachable'


def test_a_certificate_must_be_trusted_for_the_name(tmp_path, monkeypatch):
    authority = Authority('Somebody')
    listener = socket.create_server(('127.0.0.1', 0))
    port = listener.getsockname()[1]
    certificate, key = authority.issue('127.0.0.1')
    (tmp_path / 'c').write_bytes(certificate)
    (tmp_path / 'k').write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / 'c', tmp_path / 'k')

    def serve():
        while True:
            try:
                connection, _peer = listener.accept()
                with connection, context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(4096)
                    secure.sendall(b'HTTP/1.0 204 No\r\n\r\n')
            except (OSError, ssl.SSLError):
                if listener.fileno() < 0:
                    return
    threading.Thread(target=serve, daemon=True).start()
    address, door = f'https://127.0.0.1:{port}/', f'127.0.0.1:{port}'
    with listener:
        with pytest.raises(Failed) as failed:
            client(door).post(address, b'', {})
        assert failed.value.reason == 'certificate'
        (tmp_path / 'ca').write_text(authority.pem)
        monkeypatch.setenv('SSL_CERT_FILE', str(tmp_path / 'ca'))
        assert client(door).post(address, b'', {}).status == 204


def test_whose_addresses_are_ours():
    assert http_client._is_own(ipaddress.ip_address('127.0.0.1')) and http_client._is_own(ipaddress.ip_address('::'))
    assert not http_client._is_own(ipaddress.ip_address('93.184.216.34'))
