"""What an administrator reads when a directory says no: each failure, made by a real slapd where it can make it, else in the words of a real domain."""
from dataclasses import replace

import ldap
import pytest

from appliance.demo import directory as slapd
from appliance.identity.directory import advice, probe
from appliance.identity.directory.errors import WrongPair
from tests.ldap.authority import Authority
from tests.ldap.people import BASE, PEOPLE, company
from tests.ldap.silence import answer_bind, silent_server
from tests.ldap.test_active_directory import WINDOWS
from tests.postgresql import free_port

INVALID_CREDENTIALS = 49


@pytest.fixture
def engine():
    """One engine is enough: what is tried here is the directory."""
    return 'sqlite'


def first_failure(directory):
    """The step that failed, with its words."""
    return next(one for one in probe.try_out(directory) if one['state'] == 'failed')


@pytest.fixture
def served(directory):
    """A function: the directory at a slapd with these further lines; `bottom` within the database."""
    running = []

    def serve(**lines):
        running.append(slapd.Slapd(company(), base=BASE, port=free_port(), **lines))
        return replace(directory, url=running[-1].url)
    yield serve
    for one in running:
        one.stop()


@pytest.mark.parametrize('lines', ['disallow bind_anon\nrequire authc', 'require authc', ''])
def test_who_has_no_account_is_told_to_take_one(served, lines):
    failure = first_failure(replace(served(top=lines), bind_dn='', bind_password=''))
    assert failure['step'] == 'base'
    if lines:
        assert 'Give the portal an account' in failure['action']


def test_a_name_that_is_none_and_a_wrong_secret(directory):
    assert 'take a whole DN' in first_failure(replace(directory, bind_dn='portal'))['action']
    wrong = first_failure(replace(directory, bind_password='wrong'))
    assert (wrong['step'], 'the whole DN' in wrong['action']) == ('bind', True)


def test_a_missing_base_names_what_is_there(directory):
    failure = first_failure(replace(directory, base_dn=f'ou=nowhere,{BASE}'))
    assert failure['step'] == 'base'
    assert f'ou=nowhere,{BASE} does not exist' in failure['action'] and failure['action'].endswith(f'What is there: {BASE}.')
    assert [one['dn'] for one in failure['details']['bases']] == [BASE, PEOPLE]


def test_windows_names_what_is_there_in_its_own_words(directory):
    error = probe.DirectoryMisconfigured('base')
    error.__cause__ = ldap.NO_SUCH_OBJECT({'desc': 'No such object', 'info': "0000208D: NameErr: DSID-0310028C, problem 2001 (NO_OBJECT), data 0, best match of:\n\t'DC=corp,DC=test'\n"})
    assert advice.advise('base', error, directory).endswith('What is there: DC=corp,DC=test.')


def test_a_base_of_another_server_is_no_way_there(served):
    failure = first_failure(replace(served(top='referral ldap://elsewhere.test'), base_dn='dc=another,dc=test'))
    assert 'Another server has this base' in failure['action']


def test_an_account_that_sees_nothing_is_told_what_to_grant(served):
    hidden = served(bottom='access to attrs=userPassword by anonymous auth by * none\naccess to * by * none')
    failure = first_failure(hidden)
    assert failure['step'] == 'base' and failure['action']
    some = served(bottom=f'access to attrs=userPassword by anonymous auth by * none\naccess to dn.base="{PEOPLE}" by users read\naccess to * by * none')
    failure = first_failure(some)
    assert (failure['step'], failure['message']) == ('people', 'The filter finds nobody below the base.')


def test_a_server_that_wants_encryption_says_signing(served):
    failure = first_failure(served(top='security simple_bind=128'))
    assert (failure['step'], 'use ldaps or starttls' in failure['message'], 'LDAP signing' in failure['action']) == ('bind', True, True)


@pytest.mark.parametrize(('code', 'words'), [
    ('52e', 'name@domain'), ('525', 'no such account'), ('530', 'hour'), ('531', 'workstations'), ('532', 'expired: give it a new one'), ('533', 'enable it'), ('701', 'expiry date'),
    ('773', 'change its password'), ('775', 'unlock it'), ('80090346', 'channel binding'), ('7fff', 'does not say which')])
def test_each_code_of_a_domain_has_its_words(directory, code, words):
    """Windows says them; the connection that asks is refused once, so that the codes are read from the error itself."""
    with silent_server(answer_bind(INVALID_CREDENTIALS, WINDOWS.format(code))) as port, pytest.raises(Exception) as caught:
        asked = replace(directory, url=f'ldap://127.0.0.1:{port}')
        with probe.connect(asked, probe.time.monotonic() + 2) as connection:
            probe.login.bind_own_account(connection, asked)
    assert words in advice.advise('bind', caught.value, directory)


def test_an_unsigned_bind_to_a_domain_is_explained(directory):
    with silent_server(answer_bind(8, '00002028: LdapErr: DSID-0C090259, comment: The server requires binds to turn on integrity checking')) as port, pytest.raises(Exception) as caught:
        asked = replace(directory, url=f'ldap://127.0.0.1:{port}')
        with probe.connect(asked, probe.time.monotonic() + 2) as connection:
            probe.login.bind_own_account(connection, asked)
    assert 'LDAP signing is enforced' in advice.advise('bind', caught.value, directory)


def test_a_search_without_a_bind_at_a_domain_is_explained(directory):
    """What a domain controller answers to a search before any bind, in its own words."""
    error = probe.DirectoryMisconfigured('base')
    error.__cause__ = ldap.OPERATIONS_ERROR({'desc': 'Operations error', 'info': '000004DC: LdapErr: DSID-0C090CF8, comment: In order to perform this operation a successful bind must be completed'})
    assert 'Give the portal an account' in advice.advise('base', error, replace(directory, bind_dn=''))


@pytest.mark.parametrize(('url', 'tls', 'words'), [
    ('ldaps://127.0.0.1:636', 'ldaps', 'ldap://127.0.0.1 (StartTLS)'), ('ldap://127.0.0.1:389', 'starttls', 'ldaps://127.0.0.1'), ('ldaps://127.0.0.1:3269', 'ldaps', 'ldap://127.0.0.1:3268'),
    ('ldaps://127.0.0.1:1', 'ldaps', 'Check address and port')])
def test_the_other_port_is_named(directory, url, tls, words):
    assert words in first_failure(replace(directory, url=url, tls=tls))['action']


def test_a_certificate_that_is_not_trusted_is_shown(directory, server, authority):
    failure = first_failure(replace(directory, url=server.tls_url, tls='ldaps', ca_pem=Authority('Stranger').pem))
    shown = failure['details']['certificate']
    assert (shown['subject'], shown['issuer'], shown['names'], shown['pem']) == ('CN=127.0.0.1', 'CN=Test CA', ['127.0.0.1'], '')
    assert len(shown['sha256']) == 32 * 3 - 1 and shown['ends_at'].tzinfo


def test_one_that_signed_itself_is_offered_as_it_is(box, directory):
    """As a fresh server has it; given as CA, it is trusted."""
    certificate, key = Authority.self_signed('127.0.0.1')
    with slapd.Slapd(company(), base=BASE, port=free_port(), tls_port=free_port(), tls=(certificate, key)) as running:
        for url, tls in ((running.tls_url, 'ldaps'), (running.url, 'starttls')):
            failure = first_failure(replace(directory, url=url, tls=tls))
            offered = failure['details']['certificate']['pem']
            assert offered.encode().split() == certificate.split() and 'signed by itself' in failure['message']
            report = probe.try_out(replace(directory, url=url, tls=tls, ca_pem=offered), until='people')
            assert {one['state'] for one in report} == {'ok'}, report


def test_one_that_ends_soon_is_told(directory):
    soon = Authority()
    with slapd.Slapd(company(), base=BASE, port=free_port(), tls_port=free_port(), tls=soon.issue('127.0.0.1', days=5)) as running:
        report = probe.try_out(replace(directory, url=running.tls_url, tls='ldaps', ca_pem=soon.pem), until='encryption')
    assert 'It ends in 4 days.' in report[1]['message'] or 'It ends in 5 days.' in report[1]['message']


def test_no_failure_is_without_words(directory):
    for step in (*probe.STEPS, probe.AS):
        for error in (probe.DirectoryDown('silent'), probe.DirectoryMisconfigured('base'), WrongPair('refused')):
            assert advice.advise(step, error, directory)
