"""Fifty people log in while the directory says nothing; those who are in already do not notice."""
import collections
import http.client
import re
import threading
import urllib.parse

from appliance.core.actor import SYSTEM
from appliance.identity.directory import directories
from tests.bench.load import ask, p99, together
from tests.boxes import opened
from tests.ldap.silence import never_answer, silent_server

LOGINS, PAGES = 50, 400


def log_in(port, answers, number):
    """One stranger's login from its own browser; notes the status."""
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
    connection.request('GET', '/login')
    page = connection.getresponse()
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.read().decode())[1]
    form = {'login': f'somebody{number}', 'password': 'a password', 'csrf_token': token}
    connection.request('POST', '/login', urllib.parse.urlencode(form), {
        'Cookie': page.headers['Set-Cookie'].partition(';')[0], 'Content-Type': 'application/x-www-form-urlencoded'})
    answers.append(connection.getresponse().status)
    connection.close()


def test_fifty_logins_against_a_silent_directory(crowd, portal, table):
    ask(portal.port, '/', 60, headers=crowd.headers)
    calm, _statuses = ask(portal.port, '/', PAGES, headers=crowd.headers)
    answers, numbers = [], iter(range(LOGINS))
    with silent_server(never_answer) as port:
        with opened(crowd.box):
            directories.add_directory(SYSTEM, 'silent', f'ldap://127.0.0.1:{port}', 'dc=company,dc=example', tls='none')
        strangers = threading.Thread(target=together, args=(lambda: log_in(portal.port, answers, next(numbers)), LOGINS))
        strangers.start()
        busy, statuses = [], []
        while strangers.is_alive() or len(busy) < PAGES:
            times, met = ask(portal.port, '/', 50, headers=crowd.headers)
            busy, statuses = busy + times, statuses + met
        strangers.join()
    assert set(statuses) == {200}
    answered = ', '.join(f'{count} x {status}' for status, count in sorted(collections.Counter(answers).items()))
    table('/ in quiet, p99', p99(calm) * 1000, None, 'ms')
    table(f'/ while 50 log in at a silent directory ({answered}), p99', p99(busy) * 1000, None, 'ms')
    table('the second by the first', p99(busy) / p99(calm), 5, 'x')
    assert set(answers) <= {503, 429}, answered
