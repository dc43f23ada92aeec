"""The password of a real Active Directory: what its refusals say, and changing it from here."""
from datetime import timedelta

import ldap
import pytest

from appliance.core import clock
from appliance.core.errors import Invalid, TooMany
from appliance.identity import accounts, password_changes, sessions, throttle
from appliance.identity.directory import directories, password
from appliance.identity.directory.errors import WrongPair
from appliance.identity.directory.login import ask
from appliance.identity.owed_steps import StepOwed
from tests.samba.conftest import DISABLED, PASSWORD
from tests.samba.server import BASE

HERE, NEW = '192.0.2.1', 'Brand new one 77'


@pytest.fixture
def somebody(domain, followed):
    """(login, DN, directory id) of a new person whose password the domain lets change at once."""
    login = domain.login()
    dn = domain.person(login, mail=f'{login}@corp.test')
    domain.connection.modify_s(BASE, [(ldap.MOD_REPLACE, 'minPwdAge', [b'0'])])
    return login, dn, followed(f'(sAMAccountName={login})')


def reason(directory_id, login, typed=PASSWORD):
    with pytest.raises(WrongPair) as caught:
        ask(directories.load(directory_id), login, typed)
    return caught.value.reason, caught.value.may_tell


def test_a_wrong_password_learns_nothing_of_the_account(domain, somebody):
    login, dn, directory_id = somebody
    for values in ({'userAccountControl': DISABLED}, {'userAccountControl': b'512', 'accountExpires': b'1'}, {'accountExpires': b'0', 'pwdLastSet': b'0'}):
        domain.set(dn, **values)
        assert reason(directory_id, login, 'wrong') == ('password', False)
    assert reason(directory_id, login) == ('must_change', True)


def owed(login):
    with pytest.raises(StepOwed) as caught:
        accounts.log_in(login, PASSWORD, HERE)
    return caught.value.token


def test_who_must_change_his_password_changes_it_here(domain, somebody):
    """The person cannot bind; the portal's account, an ordinary one, brings the change."""
    login, dn, directory_id = somebody
    domain.set(dn, pwdLastSet=b'0')
    token = owed(login)
    for old, new, field, words in (('Wrong old 1!', NEW, 'old', 'current password'), (PASSWORD, 'alllowercaseletters', 'new', 'too short or too simple'), (PASSWORD, PASSWORD, 'new', '')):
        with pytest.raises(Invalid) as caught:
            password_changes.change_owed(token, old, new, HERE)
        assert caught.value.field == field and words in str(caught.value.message)
    session, _is_remembered = password_changes.change_owed(token, PASSWORD, NEW, HERE)
    assert sessions.load(session).person_name == login
    assert accounts.log_in(login, NEW, HERE)


def test_a_person_changes_his_own(domain, somebody):
    login, _dn, _directory_id = somebody
    from appliance.core.people import actor_for
    actor = actor_for(accounts.log_in(login, PASSWORD, HERE)[1], 'test')
    password_changes.change_own(actor, PASSWORD, 'Quoted "one" 77 ñ', HERE)
    assert accounts.log_in(login, 'Quoted "one" 77 ñ', HERE)


def test_the_portal_s_account_resets_nobody(domain, somebody):
    """A change wants the old password; what the account could do beyond that is the domain's to say, and it may nothing."""
    login, dn, directory_id = somebody
    with pytest.raises(WrongPair) as caught:
        password.change(directories.load(directory_id), ask(directories.load(directory_id), login, PASSWORD).uuid, 'Not the old one 1', NEW, lambda entry, key: None)
    assert caught.value.reason == 'password'
    assert ask(directories.load(directory_id), login, PASSWORD)


def test_the_domain_never_locks_an_account_for_the_portal(domain, somebody):
    """Lock-out at four: logins and changes together stay below, by whichever name."""
    login, dn, directory_id = somebody
    domain.connection.modify_s(BASE, [(ldap.MOD_REPLACE, 'lockoutThreshold', [b'4'])])
    try:
        for number, name in enumerate((login, login.upper(), f'{login}@corp.test') * 4):
            with pytest.raises((WrongPair, TooMany)):
                accounts.log_in(name, 'Wrong one 1!', f'192.0.2.{number + 1}')
        (_dn, values), = domain.connection.search_s(dn, ldap.SCOPE_BASE, '(objectClass=*)', ['badPwdCount', 'lockoutTime'])
        assert values['badPwdCount'] == [str(throttle.DIRECTORY_TRIES).encode()] and values.get('lockoutTime', [b'0']) == [b'0']
        for _more in range(2):
            with pytest.raises(ldap.INVALID_CREDENTIALS):
                _bind(domain, dn, 'Wrong one 1!')
        assert reason(directory_id, login) == ('locked', False), 'whoever locks it elsewhere is told nothing here, the log is'
    finally:
        domain.connection.modify_s(BASE, [(ldap.MOD_REPLACE, 'lockoutThreshold', [b'0'])])


def _bind(domain, dn, typed):
    connection = ldap.initialize(domain.server.url)
    for option, value in ((ldap.OPT_PROTOCOL_VERSION, ldap.VERSION3), (ldap.OPT_X_TLS_CACERTFILE, str(domain.server.folder / 'ca.pem')), (ldap.OPT_X_TLS_NEWCTX, 0)):
        connection.set_option(option, value)
    connection.simple_bind_s(dn, typed)


def test_an_account_that_has_expired_is_offered_no_change(domain, somebody):
    login, dn, directory_id = somebody
    domain.expires(dn, clock.now() - timedelta(days=1))
    domain.set(dn, pwdLastSet=b'0')
    with pytest.raises(WrongPair) as caught:
        accounts.log_in(login, PASSWORD, HERE)
    assert not caught.value.may_tell
