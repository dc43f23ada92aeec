"""The content origin: another host that gives files of people to whom their address names, while he may see them, and nothing else."""
import re
from datetime import timedelta

import pytest
import time_machine

from appliance.core import attachments, checks, clock, content
from appliance.core.actor import SYSTEM
from appliance.core.attachments import attach, remove
from appliance.core.people import Person, block, give_role
from appliance.core.storage import keep_bytes
from appliance.tools.worktime import rules
from appliance.web.app import create_app
from appliance.web.files import disposition
from appliance.web.hosts import is_host
from appliance.web.masking import masked
from appliance.web.proxies import SENDS_FILES, TrustedProxies
from tests.visitors import Company

CONTENT = 'http://localhost:18100'
TEXT = b'0123456789'


class Files:
    """The demo company with a content origin; `day` is a working day of the employee, which the head may see."""

    def __init__(self, box):
        self.company = Company(box, CONTENT)
        self.employee = self.company.actor('employee')
        rules.start_day(self.employee)
        self.day = rules.day_of(self.employee)['id']
        self.company.browser('employee')
        self.client = self.company._app.test_client()

    def attach(self, name='notes.txt', data=TEXT):
        return attach(self.employee, 'worktime.day', self.day, [(keep_bytes(data).hash, name)])[0]

    def url(self, attachment_id, login='employee', name='notes.txt'):
        return content.url(CONTENT, self.company.actor(login), attachment_id, name)

    def get(self, url, method='GET', base=CONTENT, **options):
        """The answer, read and closed."""
        with self.client.open(url.removeprefix(CONTENT), method=method, base_url=base, **options) as answer:
            answer.get_data()
            return answer


@pytest.fixture
def files(box):
    return Files(box)


def test_from_the_page_to_the_file(files):
    one = files.attach()
    browser = files.company.browser('head')
    answer = browser.get(f'/attachments/{one}')
    assert answer.status_code == 303 and answer.location.startswith(f'{CONTENT}/f/{one}-') and answer.location.endswith('/notes.txt')
    shown = files.get(answer.location)
    assert (shown.status_code, shown.data, shown.content_type) == (200, TEXT, 'text/plain; charset=utf-8')


def test_every_answer_carries_what_makes_it_harmless(files):
    for url in (files.url(files.attach()), '/f/no/x', '/', '/login', '/static/mark.svg'):
        headers = files.get(url).headers
        policy = headers['Content-Security-Policy']
        assert policy.startswith("sandbox; default-src 'none'; ") and 'allow' not in policy and "'unsafe-eval'" not in policy
        assert 'frame-ancestors http://127.0.0.1:18100;' in policy
        assert headers['X-Content-Type-Options'] == 'nosniff' and headers['Cache-Control'] == 'no-store'
        assert 'Set-Cookie' not in headers and headers['Referrer-Policy'] == 'no-referrer'


def test_pages_may_show_what_comes_from_there_and_run_nothing_of_it(files):
    policy = files.company.browser('employee').get('/').headers['Content-Security-Policy']
    parts = dict(part.strip().partition(' ')[::2] for part in policy.split(';'))
    assert {name for name, value in parts.items() if CONTENT in value} == {'img-src', 'media-src', 'frame-src'}
    assert parts['default-src'] == "'self'" and 'script-src' not in parts


def test_there_is_nothing_of_the_portal_there(files):
    for path in ('/', '/login', '/people', '/static/mark.svg', '/healthz', '/admin', '/settings', f'/attachments/{files.attach()}', '/f/', '/f/x', '/robots.txt'):
        answer = files.get(path)
        assert answer.status_code == 404 and len(answer.data) < 200, path


def test_the_portal_has_nothing_of_it_and_no_third_name(files):
    url = files.url(files.attach()).removeprefix(CONTENT)
    assert files.get(url, base='http://127.0.0.1:18100').status_code == 404
    for host in ('evil.example', 'localhost', 'localhost:18101', 'localhost:18100.evil.example', ''):
        assert files.get(url, headers={'Host': host}).status_code == 421


def test_only_reading(files):
    url = files.url(files.attach())
    for method in ('POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'):
        assert files.get(url, method).status_code == 405, method
        assert files.get('/', method).status_code == 404, method


def test_head_is_get_without_bytes(files):
    answer = files.get(files.url(files.attach()), 'HEAD')
    assert (answer.status_code, answer.data, answer.content_length) == (200, b'', len(TEXT))


def test_no_cookie_opens_anything_or_is_asked_for(files):
    one = files.attach()
    browser = files.company.browser('employee')
    session = browser._client.get_cookie('appliance_session', domain='127.0.0.1').value
    files.client.set_cookie('appliance_session', session, domain='localhost')
    assert files.get(f'/f/{one}/notes.txt').status_code == 404
    answer = files.get(files.url(one))
    assert answer.status_code == 200 and 'Cookie' not in answer.headers.get('Vary', '')


# Whose address it is.

def test_it_asks_the_owner_each_time(files):
    one = files.attach()
    urls = {role: files.url(one, role) for role in ('employee', 'head', 'outsider', 'administrator', 'guest')}
    met = {role: files.get(url).status_code for role, url in urls.items()}
    assert met == {'employee': 200, 'head': 200, 'outsider': 404, 'administrator': 404, 'guest': 404}
    remove(files.employee, one)
    assert files.get(urls['employee']).status_code == 404


def test_it_ends_with_the_trust_of_its_person(files):
    one = files.attach()
    url = files.url(one, 'head')
    assert files.get(url).status_code == 200
    give_role(SYSTEM, files.company.ids['head'], 'administrator')       # the epoch rises
    assert files.get(url).status_code == 404
    url = files.url(one, 'head')
    assert files.get(url).status_code == 200
    block(SYSTEM, files.company.ids['head'], 'portal')
    assert files.get(url).status_code == 404
    Person.update(epoch=Person.epoch - 1).where(Person.id == files.company.ids['head']).execute()     # blocked, whatever the epoch
    assert files.get(url).status_code == 404


def test_it_ends_after_an_hour(files):
    url = files.url(files.attach())
    with time_machine.travel(clock.now() + timedelta(minutes=59), tick=False):
        assert files.get(url).status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=61), tick=False):
        answer = files.get(url)
    assert answer.status_code == 404 and b'good for an hour' in answer.data


def test_no_part_of_an_address_can_be_changed(files):
    one, other = files.attach(), files.attach('other.txt')
    token = files.url(one).split('/')[4]
    attachment, person, epoch, expires, mac = token.split('-')
    assert files.get(f'/f/{token}/any other name').status_code == 200
    for changed in ((other, person, epoch, expires, mac), (attachment, files.company.ids['head'], epoch, expires, mac), (attachment, person, int(epoch) + 1, expires, mac),
                    (attachment, person, epoch, int(expires) + 1, mac), (attachment, person, epoch, expires, mac[:-1] + ('0' if mac[-1] != '0' else '1')),
                    (attachment, person, epoch, expires, ''), (attachment, person, epoch, expires, '0' * 32), (f'0{attachment}', person, epoch, expires, mac),
                    (f'{attachment}-1', person, epoch, expires, mac), ('٧', person, epoch, expires, mac), ('9' * 30, person, epoch, expires, mac), (attachment, person, epoch, '9' * 18, mac)):
        assert files.get(f'/f/{"-".join(map(str, changed))}/x').status_code == 404, changed


def test_hostile_addresses_are_absent(files):
    for path in ('/f/%00/x', '/f/' + 'x' * 5000 + '/x', '/f/1-2-3-4-' + 'a' * 32 + '/x', '/f/../../etc/passwd', '/f//x', '//f/a/b', '/f/%ff%fe/x'):
        assert files.get(path).status_code in (404, 308), path


def test_it_speaks_the_browser_s_language(files):
    assert 'Esta dirección vale una hora' in files.get('/f/no/x', headers={'Accept-Language': 'es'}).text


# What is shown and what is saved.

def test_only_what_runs_nothing_is_shown(files):
    shown = {'a.png': 'image/png', 'a.JPG': 'image/jpeg', 'a.txt': 'text/plain; charset=utf-8', 'a.mp4': 'video/mp4'}
    for name in (*shown, 'a.html', 'a.svg', 'a.js', 'a.pdf', 'a.xml', 'a', 'a.css', 'a.xhtml', 'a.swf'):
        answer = files.get(files.url(files.attach(name, b'<script>alert(1)</script>')))
        assert answer.content_type == shown.get(name, 'application/octet-stream'), name
        assert answer.headers['Content-Disposition'].startswith('inline;' if name in shown else 'attachment;'), name


@pytest.mark.parametrize(('name', 'header'), [
    ('plain.txt', "attachment; filename=\"plain.txt\"; filename*=UTF-8''plain.txt"),
    ('ñ "x";\\.txt', "attachment; filename=\"_ _x_;_.txt\"; filename*=UTF-8''%C3%B1%20%22x%22%3B%5C.txt"),
    ('100%41.txt', "attachment; filename=\"100_41.txt\"; filename*=UTF-8''100%2541.txt"),
    ('田中.txt', "attachment; filename=\"__.txt\"; filename*=UTF-8''%E7%94%B0%E4%B8%AD.txt")])
def test_names_in_headers(name, header):
    assert disposition(name, is_shown=False) == header and re.fullmatch(r'[ -~]+', header)


def test_a_name_survives_the_whole_way(files):
    name = 'Año "uno"; 100% 🦤.txt'
    one = files.attach(name)
    answer = files.company.browser('employee').get(f'/attachments/{one}')
    assert "filename*=UTF-8''A%C3%B1o%20%22uno%22%3B%20100%25%20%F0%9F%A6%A4.txt" in files.get(answer.location).headers['Content-Disposition']


def test_parts_of_a_file(files):
    url = files.url(files.attach())
    for asked, data in {'0-3': b'0123', '4-': b'456789', '-2': b'89', '5-5': b'5', '0-999': TEXT}.items():
        answer = files.get(url, headers={'Range': f'bytes={asked}'})
        assert (answer.status_code, answer.data) == (206, data) and answer.headers['Content-Range'].endswith('/10')
    for asked in ('bytes=20-30', 'bytes=3-1', 'bytes=x', 'lines=1-2'):
        assert files.get(url, headers={'Range': asked}).status_code == 416, asked


def test_a_part_only_while_it_is_the_same_file(files):
    url = files.url(files.attach())
    tag = files.get(url).headers['ETag']
    assert files.get(url, headers={'Range': 'bytes=0-1', 'If-Range': tag}).status_code == 206
    assert files.get(url, headers={'Range': 'bytes=0-1', 'If-Range': '"other"'}).data == TEXT
    assert files.get(url, headers={'If-None-Match': tag}).status_code == 304


# Behind a proxy, in logs, in checks.

def test_a_trusted_proxy_may_send_the_file_itself(files):
    one = files.attach('ñ.txt')
    blob = attachments.access_attachment(files.employee, one)['blob']
    asked = {'REMOTE_ADDR': '', 'HTTP_X_SENDFILE_TYPE': 'X-Accel-Redirect'}
    app = create_app(files.company.config)
    app.wsgi_app.has_unix = True
    client = app.test_client()
    answer = client.get(files.url(one).removeprefix(CONTENT), base_url=CONTENT, environ_overrides=asked)
    assert answer.data == b'' and answer.headers['X-Accel-Redirect'] == f'/blobs/{blob[:2]}/{blob}'
    assert answer.content_type == 'text/plain; charset=utf-8' and 'UTF-8' in answer.headers['Content-Disposition']
    # Nobody else gets a place instead of a file.
    assert 'X-Accel-Redirect' not in files.get(files.url(one), environ_overrides=asked | {'REMOTE_ADDR': '192.0.2.1'}).headers


def test_only_a_configured_proxy_is_believed_to_send_files():
    def application(environ, start_response):
        return environ[SENDS_FILES]
    asked = {'HTTP_X_SENDFILE_TYPE': 'X-Accel-Redirect'}
    trusted = TrustedProxies(application, ('10.0.0.0/8',))
    assert trusted({'REMOTE_ADDR': '10.0.0.1', **asked}, None) is True
    assert trusted({'REMOTE_ADDR': '192.0.2.1', **asked}, None) is False
    assert trusted({'REMOTE_ADDR': '10.0.0.1'}, None) is False and TrustedProxies(application, ())({'REMOTE_ADDR': '', **asked}, None) is False


def test_no_log_names_an_address(files, caplog):
    url = files.url(files.attach('SECRET-NAME.txt'), name='SECRET-NAME.txt')
    caplog.set_level('DEBUG', logger='appliance')
    files.get(url)
    files.company.browser('employee').get('/attachments/1')
    token = url.split('/')[4]
    assert token not in caplog.text and token[-32:] not in caplog.text and 'SECRET-NAME' not in caplog.text and "'/f/***' 200" in caplog.text
    for path in (f'/f/{token}/x', f'//f//{token}', f'/x/../f/{token}/x', f'/f/a\n{token}'):
        assert token not in masked(path)


def test_the_scheme_s_own_port_may_be_said():
    assert is_host({'HTTP_HOST': 'Files.example:443'}, 'https://files.example') and is_host({'HTTP_HOST': 'files.example'}, 'https://files.example:443')
    assert not is_host({'HTTP_HOST': 'files.example:80'}, 'https://files.example') and not is_host({}, 'https://files.example')


def test_check_says_what_it_costs_to_have_none(files, box):
    def found(config):
        return next(one for one in checks.run(config) if one['name'] == 'content')
    assert found(files.company.config)['state'] == 'ok'
    without = found(box.config)
    assert without['state'] == 'warning' and 'downloaded' in without['message'] and 'config.example.ini' in without['action']
