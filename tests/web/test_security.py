"""What each request passes and each answer carries: host, site, size, token, right, headers."""
import pytest

from appliance.core import sealing
from appliance.web.proxies import TrustedProxies
from appliance.web.rights import Allowed, ByToken, Permitted, Public, allowed, by_token, public
from appliance.web.app import create_app
from appliance.web.masking import masked
from tests.switches import off_at_first, switch_on

POLICY = ("default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; frame-src 'self'; object-src 'none'; "
          "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; connect-src 'self' http://127.0.0.1:18102/live")


def without_right(app):
    """What the routes lack of a right, as `<rule>: <what>`."""
    found = []
    for rule in app.url_map.iter_rules():
        right = getattr(app.view_functions[rule.endpoint], 'right', None)
        if rule.endpoint == 'static':
            continue
        if not isinstance(right, Allowed | ByToken | Permitted | Public):
            found.append(f'{rule}: states no right: @allowed(...), @permitted(...), @by_token(why) or @public(why)')
        elif isinstance(right, ByToken | Public) and not right.why.strip():
            found.append(f'{rule}: is open without a reason')
        if isinstance(right, ByToken) != str(rule).startswith('/rest/'):
            found.append(f'{rule}: tokens open /rest alone')
    return found


def test_every_route_states_a_right(box):
    switch_on(*off_at_first())
    assert without_right(create_app(box.config)) == []


@pytest.mark.parametrize(('path', 'right', 'words'), [
    ('/planted', None, 'states no right'), ('/planted', public(' '), 'open without a reason'), ('/planted', by_token('a program'), 'tokens open /rest alone'),
    ('/rest/planted', allowed('employee'), 'tokens open /rest alone')])
def test_a_planted_route_is_found(app, path, right, words):
    def view():
        """Planted."""
    app.add_url_rule(path, 'planted', right(view) if right else view)
    assert len(found := without_right(app)) == 1 and words in found[0]


def test_view_without_a_right_answers_nobody(company):
    browser = company.browser('administrator')
    company._app.view_functions['home.index'] = lambda: 'open'
    assert browser.get('/').status_code == 403


@pytest.mark.parametrize('path', ['/login', '/', '/no-such-page', '/healthz', '/static/mark.svg'])
def test_every_answer_carries_the_headers(stranger, path):
    with stranger.get(path) as answer:
        headers = answer.headers
    assert headers['Content-Security-Policy'] == POLICY
    assert headers['X-Content-Type-Options'] == 'nosniff'
    assert headers['Referrer-Policy'] == 'same-origin'
    assert 'Strict-Transport-Security' not in headers     # plain http on loopback


@pytest.mark.parametrize('path', ['/', '/settings', '/settings/sessions'])
def test_pages_are_not_stored(company, path):
    headers = company.browser('employee').get(path).headers
    assert headers['Cache-Control'] == 'no-store'
    assert 'Cookie' in headers['Vary']


def test_no_cookie_is_flasks(company):
    browser = company.browser('employee')
    lines = browser.post('/settings/theme', {'theme': 'dark', 'next': '/'}).headers.getlist('Set-Cookie')
    assert {line.partition('=')[0] for line in lines} == {'appliance_theme'}


@pytest.mark.parametrize('host', ['evil.example', 'localhost:18100', '127.0.0.1', '127.0.0.1:18101', ''])
def test_another_host_is_misdirected(stranger, app, host):
    answer = app.test_client().get('/login', base_url='http://127.0.0.1:18100', headers={'Host': host})
    assert answer.status_code == 421
    assert 'http://127.0.0.1:18100' in answer.text
    assert 'Set-Cookie' not in answer.headers


@pytest.mark.parametrize(('headers', 'status'), [
    ({}, 303), ({'Sec-Fetch-Site': 'same-origin', 'Origin': 'http://127.0.0.1:18100'}, 303),
    ({'Sec-Fetch-Site': 'cross-site'}, 403), ({'Sec-Fetch-Site': 'same-site'}, 403), ({'Origin': 'http://evil.example'}, 403),
    ({'Origin': 'null'}, 403), ({'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document'}, 403)])
def test_post_from_another_site_is_refused(company, headers, status):
    assert company.browser('employee').post('/settings/theme', {'theme': 'dark', 'next': '/'}, headers=headers).status_code == status


@pytest.mark.parametrize(('headers', 'status'), [
    ({'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document'}, 200),      # a link in a mail
    ({'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe'}, 403),
    ({'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image'}, 403)])
def test_another_site_may_open_a_page_only(company, headers, status):
    assert company.browser('employee').get('/settings', headers=headers).status_code == status


@pytest.mark.parametrize('token', ['', 'wrong', '0123456789abcdef.' + '0' * 32, 'a.b.c', 'é.ü'])
def test_post_without_a_good_token_is_refused(company, token):
    browser = company.browser('employee')
    assert browser.post('/settings/theme', {'theme': 'dark', 'next': '/', 'csrf_token': token}).status_code == 403


def test_token_of_another_session_is_refused(company):
    theirs = company.browser('outsider').get('/').text.split('name="csrf_token" value="')[1].split('"')[0]
    assert company.browser('employee').post('/logout', {'csrf_token': theirs}).status_code == 403


def test_anonymous_token_is_bound_to_the_browser(app, stranger):
    theirs = stranger.get('/login').text.split('name="csrf_token" value="')[1].split('"')[0]
    other = type(stranger)(app, 'none')
    assert other.post('/settings/theme', {'theme': 'dark', 'next': '/', 'csrf_token': theirs}, page='/login').status_code == 403


def test_token_in_a_header_is_taken(company):
    browser = company.browser('employee')
    token = browser.get('/').text.split('"X-CSRF-Token": "')[1].split('"')[0]
    answer = browser._client.post('/settings/theme', base_url=browser._base, data={'theme': 'dark', 'next': '/'},
                                  headers={'X-CSRF-Token': token})
    assert answer.status_code == 303


@pytest.mark.parametrize('path', ['/login', '/settings/language', '/no-such-page'])
def test_large_body_is_refused_before_parsing(stranger, path):
    answer = stranger.post(path, {'login': 'x' * (1 << 20)}, page='/login')
    assert answer.status_code == 413


def test_body_without_a_length_is_not_read(stranger):
    answer = stranger._client.post('/login', base_url=stranger._base, content_type='application/x-www-form-urlencoded', environ_overrides={
        'wsgi.input': None, 'wsgi.input_terminated': True, 'CONTENT_LENGTH': '', 'HTTP_TRANSFER_ENCODING': 'chunked'})
    assert answer.status_code == 411


def test_forwarded_address_is_believed_from_configured_proxies_only(box):

    def application(environ, start_response):
        return environ['REMOTE_ADDR'], environ['wsgi.url_scheme']
    trusted = TrustedProxies(application, ('10.0.0.0/8',))
    headers = {'HTTP_X_FORWARDED_FOR': '192.0.2.7', 'HTTP_X_FORWARDED_PROTO': 'https', 'wsgi.url_scheme': 'http'}
    assert trusted({'REMOTE_ADDR': '10.1.2.3', **headers}, None) == ('192.0.2.7', 'https')
    assert trusted({'REMOTE_ADDR': '192.0.2.1', **headers}, None) == ('192.0.2.1', 'http')
    assert trusted({'REMOTE_ADDR': '', **headers}, None) == ('', 'http')
    assert TrustedProxies(application, ('unix',))({'REMOTE_ADDR': '', **headers}, None) == ('192.0.2.7', 'https')


@pytest.mark.parametrize('path', ['/setup/abcDEF-_1', '/rescue/abcDEF-_1', '//rescue//abcDEF-_1'])
def test_log_masks_tokens(path):
    assert 'abcDEF' not in masked(path)
    assert masked('/people/7') == '/people/7'


TOKEN = 'ab3' * 13 + 'c'


@pytest.mark.parametrize(('path', 'shown'), [
    (f'/rest/7/{TOKEN}/user.get', '/rest/7/***/user.get'), (f'/rest/7/{TOKEN}/user.get.json', '/rest/7/***/user.get.json'), (f'/rest/7/{TOKEN}', '/rest/7/***'),
    (f'/rest/7/{TOKEN}/', '/rest/7/***'), (f'/rest/{TOKEN}/user.get', '/rest/***/***'), (f'/rest/{TOKEN}', '/rest/***'), ('/rest/user.get', '/rest/user.get'),
    (f'//rest//7//{TOKEN}//user.get', '/rest/7/***/user.get'), (f'/x/../rest/7/{TOKEN}/a', '/x/../rest/7/***/a'), (f'/rest/7/short/{TOKEN}', '/rest/7/***/***'),
    (f'/rest/7/{TOKEN}/a/b/{TOKEN}', '/rest/7/***/***/***/***'), (f'/people/{TOKEN}', '/people/***'), ('/rest-docs', '/rest-docs'), ('/people/7', '/people/7')])
def test_log_masks_webhooks(path, shown):
    assert masked(path) == shown


def test_log_of_a_request_names_no_secret(stranger, caplog):
    caplog.set_level('DEBUG')
    stranger.get('/rescue/SECRET-TOKEN')
    stranger.post('/login', {'login': 'employee', 'password': 'SECRET-WORD'}, page='/login')
    assert 'SECRET' not in caplog.text
    assert "GET '/rescue/***' 404" in caplog.text


def test_health_tells_reasons_on_the_admin_address_only(app, stranger, monkeypatch):
    class Listener:
        def __init__(self, *name):
            self.name = name

        def getsockname(self):
            return self.name
    client = app.test_client()

    def ask(*listener, **headers):
        return client.get('/healthz', base_url='http://127.0.0.1', headers=headers, environ_overrides={'gunicorn.socket': Listener(*listener)})
    assert (ask('127.0.0.1', 18100).status_code, ask('127.0.0.1', 18100).text) == (200, 'ok\n')
    assert ask('127.0.0.1', 18101).status_code == 404
    assert ask('127.0.0.1', 18101, Authorization='Bearer wrong').status_code == 404
    token = sealing.mac('admin-address', b'token').hex()
    assert ask('127.0.0.1', 18101, Authorization=f'Bearer {token}').json == {'state': 'ok', 'reasons': {}}

    def broken(*_sql):
        raise OSError('the secret path of the database')
    monkeypatch.setattr('appliance.web.health.row', broken)
    assert (ask('127.0.0.1', 18100).status_code, ask('127.0.0.1', 18100).text) == (503, 'not fit to serve\n')
    assert 'secret path' in ask('127.0.0.1', 18101, Authorization=f'Bearer {token}').text
