"""Whom the stream refuses, and with what: nothing that makes a browser try again at once, nothing that breaks the process."""
import http.client
import socket
import time

import pytest

from appliance.identity import sessions

pytestmark = pytest.mark.parametrize('engine', ['sqlite'], indirect=True)


@pytest.fixture
def process(office):
    return office.live()


def status(process, path='/live', method='GET', **headers):
    connection = http.client.HTTPConnection('127.0.0.1', process.port, timeout=10)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, dict(answer.headers)
    connection.close()
    return found


def test_nobody_gets_no_stream_and_no_wish_to_try_again(office, process):
    for cookie in ('', 'x', 'é', '"', 'x' * 4000, '\udce9', 'a; appliance_session=b'):
        ear = office.ear(process, 'employee', cookie=cookie, is_ready=False)
        assert ear.status == 401 and 'Retry-After' not in ear.answer, cookie
    assert office.ear(process, 'employee', cookie=office.session('employee')[0]).status == 200


@pytest.mark.parametrize(('headers', 'expected'), [
    ({}, 200), ({'Sec-Fetch-Site': 'same-origin'}, 200), ({'Sec-Fetch-Site': 'none'}, 200), ({'Sec-Fetch-Site': 'same-site'}, 403),
    ({'Sec-Fetch-Site': 'cross-site'}, 403), ({'Origin': 'http://evil.example'}, 403), ({'Origin': 'null'}, 403), ({'Origin': ''}, 403),
    ({'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document'}, 403),
    ({'Host': 'evil.example'}, 421), ({'Host': ''}, 421), ({'Host': '127.0.0.1'}, 421), ({'Host': 'localhost'}, 421)])
def test_another_site_and_another_name(office, process, headers, expected):
    ear = office.ear(process, 'employee', is_ready=False, headers=headers)
    assert ear.status == expected
    assert ear.answer['Cache-Control'] == 'no-store' and ear.answer['X-Content-Type-Options'] == 'nosniff'
    assert 'Access-Control-Allow-Origin' not in ear.answer


def test_our_own_pages_at_their_port_may_read_it(office, process):
    own = office.box.config.server.public_address
    ear = office.ear(process, 'employee', headers={'Origin': own, 'Sec-Fetch-Site': 'same-site'})
    assert ear.answer['Access-Control-Allow-Origin'] == own and ear.answer['Access-Control-Allow-Credentials'] == 'true'
    assert 'Origin' in ear.answer['Vary']
    refused = office.ear(process, 'employee', cookie='x', is_ready=False, headers={'Origin': own})
    assert refused.status == 401 and refused.answer['Access-Control-Allow-Origin'] == own


def test_a_stream_is_for_the_session_of_its_page(office, process):
    token, session_id = office.session('employee')
    assert office.ear(process, 'employee', tag=sessions.tag(session_id)).status == 200
    for tag in (sessions.tag(office.session('outsider')[1]), '', 'x', sessions.tag(session_id).upper()):
        assert office.ear(process, 'employee', tag=tag, is_ready=False).status == 409


def test_three_streams_a_session_and_a_browser_replaces_its_own(office, process):
    three = [office.ear(process, 'employee', worker=f'w{number}') for number in range(3)]
    assert office.ear(process, 'employee', is_ready=False, worker='w4').status == 429
    assert office.ear(process, 'employee', is_ready=False).status == 429
    again = office.ear(process, 'employee', worker='w1')
    assert three[1].wait(lambda ear: ear.is_over) and not three[0].is_over
    assert office.ear(process, 'employee', cookie=office.session('employee', is_new=True)[0]).status == 200
    three[0].close()
    time.sleep(0.3)
    assert office.ear(process, 'employee', worker='w4').status == 200
    office.tell(['employee'], 'x')
    assert again.wait(lambda ear: ear.heard) and again.types() == ['x']


def test_three_at_once_are_three(office, process):
    many = [office.ear(process, 'employee', is_ready=False) for _number in range(8)]
    assert sorted(ear.status for ear in many) == [200] * 3 + [429] * 5


@pytest.mark.parametrize('request_line', [
    b'GET /live HTTP/1.0\r\n\r\n', b'GET /live HTTP/1.1\r\n\r\n', b'\x16\x03\x01\x02\x00\x01\x00', b'GET ' + b'/' * 20_000 + b' HTTP/1.1\r\n\r\n',
    b'GET /live HTTP/1.1\r\nHost: ' + b'x' * 20_000 + b'\r\n\r\n', b'\r\n' * 100, b'POST /live HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n'])
def test_nonsense_is_answered_and_harms_nobody(office, process, request_line):
    ear = office.ear(process, 'employee')
    with socket.create_connection(('127.0.0.1', process.port), timeout=10) as raw:
        raw.sendall(request_line)
        raw.shutdown(socket.SHUT_WR)
        answer = b''
        while part := raw.recv(65536):
            answer += part
    assert not answer or answer[9:12] in (b'400', b'405', b'421', b'505'), answer[:100]
    office.tell(['employee'], 'x')
    assert ear.wait(lambda ear: ear.heard)


def test_other_addresses_and_methods(process):
    assert status(process, '/')[0] == 404 and status(process, '/live', 'POST')[0] == 405 and status(process, '/live/poll')[0] == 404
    assert status(process, '/healthz')[0] == 200
    assert 'aiohttp' not in str(status(process, '/live')[1]).lower()
