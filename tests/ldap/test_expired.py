"""A password that has expired with no login left, on a real slapd: changed by the portal's account where it may, and never without proof."""
import ldap
import pytest

from appliance.core.actor import SYSTEM
from appliance.core.errors import Invalid, TooMany
from appliance.identity import accounts, password_changes, sessions, throttle
from appliance.identity.directory import directories, expired, grants, password
from appliance.identity.directory.errors import WrongPair
from appliance.identity.models import LoginFailure
from appliance.identity.owed_steps import StepOwed
from appliance.web.app import create_app
from tests.ldap import policies
from tests.ldap.lying import BIND, EXTENDED, MODIFY, Liar, done, entry, lying_server, person, text, tlv
from tests.ldap.people import PASSWORD, PEOPLE, PORTAL, SECRET
from tests.visitors import Browser

HERE, NEW = '192.0.2.1', 'battery staple'
MANAGED = f'access to attrs=userPassword by dn.exact="{PORTAL}" manage by * break'
INVALID_CREDENTIALS = 49


def granted():
    """The rule that the portal tells administrators to give, as slapd.conf writes it."""
    from appliance.identity.directory.client import Directory
    text_ = grants.what_to_grant(Directory(0, 'x', 'ldap://127.0.0.1', 'none', '', PEOPLE, PORTAL, 'openldap', '(objectClass=person)', ('uid',), {}, SECRET))
    rule, = [line for line in text_.replace('\n  ', ' ').splitlines() if 'attrs=userPassword' in line]
    return 'access ' + rule.partition('}')[2]


@pytest.fixture(autouse=True)
def forgetful():
    """As in a process that has asked nobody yet."""
    for moments in (expired._proven, expired._refused, expired._worked):
        moments.clear()


@pytest.fixture
def follow(box, authority):
    """A function (server) that makes it the active directory of the box; returns its id."""
    def add(server):
        return directories.add_directory(SYSTEM, 'company', server.tls_url, PEOPLE, SECRET, bind_dn=PORTAL, ca_pem=authority.pem)
    return add


@pytest.fixture
def allowed(follow, authority):
    """A server whose portal has what grants.py says."""
    with policies.start(authority, policies.with_access(granted())) as running:
        follow(running)
        yield running


def owed(login, typed=PASSWORD, **values):
    with pytest.raises(StepOwed) as caught:
        accounts.log_in(login, typed, HERE, **values)
    return caught.value.token


def refused(call):
    """(reason, what is told) of a WrongPair."""
    with pytest.raises(WrongPair) as caught:
        call()
    return caught.value.reason, str(caught.value.message) if caught.value.may_tell else ''


def there(server, login, *attributes):
    """Attributes of an entry as the server has them."""
    connection = ldap.initialize(server.url)
    connection.simple_bind_s(PORTAL, SECRET)
    (_dn, values), = connection.search_s(PEOPLE, ldap.SCOPE_SUBTREE, f'(uid={login})', list(attributes))
    return values


@pytest.mark.parametrize('login', ['expired', 'loose'])
def test_who_can_log_in_no_more_changes_it_here_and_is_in(allowed, login):
    """With and without pwdSafeModify and a history."""
    session, is_remembered = password_changes.change_owed(owed(login, is_remembered=True), PASSWORD, NEW, HERE)
    assert is_remembered and sessions.load(session).person_name == login.title()
    assert accounts.log_in(login, NEW, HERE)
    assert refused(lambda: accounts.log_in(login, PASSWORD, HERE)) == ('password', '')
    assert 'pwdFailureTime' not in there(allowed, 'fresh', 'pwdFailureTime')
    assert LoginFailure.select().where(LoginFailure.bucket.startswith('directory:')).count() == 1, 'only the wrong one of above: the proof is forgiven with the change'


def test_a_wrong_password_says_nothing_and_changes_nothing(allowed):
    assert refused(lambda: accounts.log_in('expired', 'wrong', HERE)) == ('password', '')
    token = owed('expired')
    with pytest.raises(Invalid) as caught:
        password_changes.change_owed(token, 'wrong', NEW, HERE)
    assert caught.value.field == 'old' and expired._proven == {}
    assert password_changes.change_owed(token, PASSWORD, NEW, HERE)


def test_what_the_policy_refuses_is_said_and_the_proof_is_asked_for_once(allowed):
    """The proof is a failure there, which the portal counts: the person may try many new passwords all the same."""
    token, proofs = owed('expired'), []
    for new, reason in (('elevenchars', 'short'), ('elevenchar2', 'short'), ('elevenchar3', 'short'), ('elevenchar4', 'short')):
        with pytest.raises(password.PasswordRefused) as caught:
            password_changes.change_owed(token, PASSWORD, new, HERE)
        proofs.append(tuple(expired._proven.values()))
        assert (caught.value.reason, caught.value.field) == (reason, 'new')
    assert len(set(proofs)) == 1
    assert LoginFailure.select().where(LoginFailure.bucket.startswith('directory:')).count() == 1
    assert password_changes.change_owed(token, PASSWORD, NEW, HERE)
    assert 'pwdFailureTime' not in there(allowed, 'expired', 'pwdFailureTime') and not LoginFailure.select().exists()


def test_one_of_the_history_is_refused(allowed, follow):
    person_id, = [one.id for one in directories.all_active()]
    password_changes.change_owed(owed('expired'), PASSWORD, NEW, HERE)
    known_by = str(there(allowed, 'expired', 'entryUUID')['entryUUID'][0], 'ascii')
    directory = directories.load(person_id)
    with pytest.raises(password.PasswordRefused) as caught:
        expired_change(directory, f'uid=expired,{PEOPLE}', NEW, PASSWORD)
    assert caught.value.reason == 'used' and known_by


def expired_change(directory, dn, old, new):
    """The portal's own change, with its errors in the portal's words."""
    import time
    try:
        return expired.change(directory, dn, old, new, time.monotonic() + 4)
    except ldap.LDAPError as error:
        raise password._refused(directory, error) from None


def test_the_server_compares_the_old_one_too(allowed):
    directory, = directories.all_active()
    assert expired_change(directory, f'uid=expired,{PEOPLE}', 'wrong', NEW) == 'password_expired'
    assert refused(lambda: accounts.log_in('expired', NEW, HERE)) == ('password', '')


def test_who_is_locked_is_told_nothing_and_nothing_is_changed(allowed):
    assert refused(lambda: accounts.log_in('both', PASSWORD, HERE)) == ('locked', '')
    directory, = directories.all_active()
    known_by = str(there(allowed, 'both', 'entryUUID')['entryUUID'][0], 'ascii')
    assert refused(lambda: password.change(directory, known_by, PASSWORD, NEW, lambda entry, key, is_sure_to_fail=False: None)) == ('locked', '')


def test_where_the_account_may_not_he_reads_what_to_do_and_others_are_not_asked_for_one_in_vain(follow, authority, caplog):
    with policies.start(authority) as running:
        follow(running)
        told = ('password_expired', 'Your password has expired: have your administrator give you a new one, then log in here.')
        token = owed('expired')
        assert refused(lambda: password_changes.change_owed(token, PASSWORD, NEW, HERE)) == told
        assert "the portal's account may not change it" in caplog.text and PASSWORD not in caplog.text and NEW not in caplog.text
        assert refused(lambda: accounts.log_in('expired', PASSWORD, HERE)) == told
        assert refused(lambda: accounts.log_in('loose', PASSWORD, HERE)) == told
        expired._refused.clear()        # an hour later
        assert owed('loose')


def test_who_is_kept_from_the_account_on_purpose_keeps_nobody_else_from_changing_his(follow, authority):
    rule = granted().replace(f'dn.subtree="{PEOPLE}"', f'dn.exact="uid=loose,{PEOPLE}"')
    with policies.start(authority, policies.with_access(rule)) as running:
        follow(running)
        assert password_changes.change_owed(owed('loose'), PASSWORD, NEW, HERE)
        assert refused(lambda: password_changes.change_owed(owed('expired'), PASSWORD, NEW, HERE))[0] == 'password_expired'
        assert owed('expired')


@pytest.mark.parametrize('change', [{'changes_passwords': False}, {'bind_dn': ''}, {'preset': 'freeipa'}])
def test_where_it_cannot_be_nobody_is_asked_for_one(allowed, change):
    directory, = directories.all_active()
    from dataclasses import replace
    assert password.is_owed(directory, 'password_expired')
    assert not password.is_owed(replace(directory, **change), 'password_expired')
    assert not password.is_owed(directory, 'expired_to_anybody') and not password.is_owed(directory, 'password')


def test_tries_are_counted_and_the_proof_among_them(allowed):
    """What the portal counts is what the server counts."""
    token = owed('expired')
    for _time in range(throttle.DIRECTORY_TRIES - 1):
        with pytest.raises(Invalid):
            password_changes.change_owed(token, 'wrong', NEW, HERE)
    with pytest.raises(password.PasswordRefused):       # the last try: a right bind, and the proof
        password_changes.change_owed(token, PASSWORD, 'elevenchars', HERE)
    assert len(there(allowed, 'expired', 'pwdFailureTime')['pwdFailureTime']) == 1, 'the right one ended those before, the proof is the first after it'
    with pytest.raises(TooMany):
        password_changes.change_owed(token, PASSWORD, NEW, HERE)


def test_an_account_that_manages_passwords_leaves_no_mark_that_it_did(follow, authority):
    """OpenLDAP sets pwdReset then, and would want another change at once."""
    with policies.start(authority, policies.with_access(MANAGED, f'access to attrs=pwdReset by dn.exact="{PORTAL}" write by * read')) as running:
        follow(running)
        session, _is_remembered = password_changes.change_owed(owed('expired'), PASSWORD, NEW, HERE)
        assert sessions.load(session) and 'pwdReset' not in there(running, 'expired', 'pwdReset')


def test_where_the_mark_stays_he_changes_it_once_more_at_once(follow, authority, box):
    with policies.start(authority, policies.with_access(MANAGED)) as running:
        follow(running)
        browser = Browser(create_app(box.config), 'no such session')
        browser.post('/login', {'login': 'expired', 'password': PASSWORD, 'next': '/settings'}, page='/login')
        once = browser.post('/login/password', {'old': PASSWORD, 'new': NEW, 'next': '/settings'}, page='/login/password')
        assert once.status_code == 401 and 'The new password is set' in once.text and 'value="/settings"' in once.text and NEW not in once.text
        assert there(running, 'expired', 'pwdReset') == {'pwdReset': [b'TRUE']}
        answer = browser.post('/login/password', {'old': NEW, 'new': 'another battery staple', 'next': '/settings'}, page='/login/password')
        assert answer.status_code == 303 and answer.headers['Location'] == '/settings'
        assert accounts.log_in('expired', 'another battery staple', HERE)


def test_the_pages_bring_him_in(allowed, box):
    browser = Browser(create_app(box.config), 'no such session')
    answer = browser.post('/login', {'login': 'expired', 'password': PASSWORD}, page='/login')
    assert answer.status_code == 401 and 'action="/login/password"' in answer.text
    assert 'action="/login/password"' not in browser.post('/login', {'login': 'loose', 'password': 'wrong'}, page='/login').text
    assert browser.post('/login/password', {'old': PASSWORD, 'new': NEW}, page='/login/password').status_code == 303


# What FreeIPA does: «expired» before it looks at the password, and a change by another without looking at the old one.
def policy_control(error):
    """Bytes of the controls of an answer with an error of the policy."""
    return tlv(0xa0, tlv(0x30, text('1.3.6.1.4.1.42.2.27.8.5.1'), text(tlv(0x30, tlv(0x81, bytes([error]))))))


class Hasty(Liar):
    """shows: whether its root DSE gives away that it is FreeIPA; else it looks like OpenLDAP, as a proxy before FreeIPA would."""

    def __init__(self, shows):
        super().__init__(bind=lambda dn, typed: 0 if dn == PORTAL else (INVALID_CREDENTIALS, policy_control(0)))
        self._shows, self.search = shows, self._answer

    def _answer(self, _count):
        # A liar cannot tell the searches apart: after a bind as the portal it is one for the person, else for what the server says of itself.
        if next(what[0] for tag, what in reversed(self.asked) if tag == BIND) == PORTAL:
            yield person('ana'), b''
        elif self._shows:
            yield entry('', {'supportedExtension': ['2.16.840.1.113730.3.8.10.1']}), b''
        yield done()


@pytest.fixture
def hasty(box, monkeypatch):
    """A function (shows) to a server that says «expired» to anybody, in use over loopback without encryption."""
    monkeypatch.setattr(password, 'is_offered', lambda directory: True)     # it speaks no TLS
    import contextlib
    with contextlib.ExitStack() as stack:
        def start(shows):
            liar = Hasty(shows)
            url = stack.enter_context(lying_server(liar))
            directories.add_directory(SYSTEM, 'company', url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none')
            return liar
        yield start


def test_a_server_that_shows_to_be_freeipa_proves_nothing_and_tells_nobody(hasty):
    liar = hasty(True)
    for _time in range(throttle.DIRECTORY_TRIES + 1):       # nothing is counted there, so nothing is here
        assert refused(lambda: accounts.log_in('ana', 'any', HERE)) == ('expired_to_anybody', '')
    assert not [tag for tag, _what in liar.asked if tag in (EXTENDED, MODIFY)]


def test_one_that_says_expired_to_anybody_is_never_asked_for_a_change(hasty):
    """Even where it looks like OpenLDAP: whoever knows a login would get the account."""
    liar = hasty(False)
    token = owed('ana', 'any')
    assert refused(lambda: password_changes.change_owed(token, 'any', NEW, HERE)) == ('expired_to_anybody', '')
    assert not [tag for tag, _what in liar.asked if tag in (EXTENDED, MODIFY)]
    assert [what[0] for tag, what in liar.asked if tag == BIND].count(f'uid=ana,{PEOPLE}') == 3, 'the login, the change, and the proof'
