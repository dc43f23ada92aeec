"""Setting an Active Directory up, with the domain's defaults: what the portal finds by itself, and what it says where something is wrong."""
from dataclasses import replace
from datetime import timedelta

import ldap
import pytest

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.identity.directory import advice, directories, probe, wizard
from appliance.identity.directory.client import Directory
from appliance.identity.directory.errors import DirectoryMisconfigured
from tests.ldap.authority import Authority
from tests.samba.conftest import DISABLED, PASSWORD, SECRET
from tests.samba.server import BASE, PEOPLE


@pytest.fixture
def values(domain):
    """What a form holds of the domain, before anybody chose a kind or a base."""
    return {'name': 'Domain', 'url': domain.server.url, 'tls': 'ldaps', 'ca_pem': domain.authority.pem, 'bind_dn': 'portal@corp.test', 'preset': 'active-directory', 'base_dn': PEOPLE,
            'mapping': {}}


@pytest.fixture
def tried(box):
    """A function: (the answer of the wizard, its steps by name)."""
    def check(values, part='people', secret=SECRET, **more):
        found = wizard.check(SYSTEM, box.config, part, values, secret=secret, **more)
        return found, {one['step']: one for one in found['steps']}
    return check


@pytest.fixture
def one(domain):
    """(login, DN) of a new person."""
    login = domain.login()
    return login, domain.person(login, displayName=f'Ana {login}', mail=f'{login}@corp.test', department='Hall', physicalDeliveryOfficeName='Room 1')


def test_the_kind_and_the_bases_are_found(tried, values, one):
    found, steps = tried(values | {'preset': 'openldap', 'base_dn': ''}, 'server')
    assert (found['kind'], found['kind_differs'], 'Samba' in found['product']) == ('active-directory', True, True)
    assert steps['encryption']['details']['server']['contexts'][0] == BASE
    _found, steps = tried(values | {'base_dn': ''}, 'account')
    bases = {base['dn']: base['people'] for base in steps['base']['details']['bases']}
    assert bases[BASE] > bases[PEOPLE] > 0 and f'CN=Users,{BASE}' in bases
    assert not [dn for dn in bases if 'Configuration' in dn or 'DnsZones' in dn]


def test_people_are_shown_with_their_groups(domain, tried, values, one):
    login, dn = one
    group = domain.group(dn)
    person_filter = f'(&(objectCategory=person)(objectClass=user)(sAMAccountName={login}))'
    shown = tried(values | {'person_filter': person_filter})[1]['people']['details']
    assert shown['people'][0]['fields']['name'] == f'Ana {login}' and {'group': group.partition(',')[0].removeprefix('CN='), 'gives': []} in shown['people'][0]['groups']
    assert [warning['code'] for warning in shown['warnings']] == []


def test_what_a_person_may_write_himself_is_found_by_his_login(tried, values, one):
    """The domain lets everybody write his own office: where that is the department, it would be his to choose."""
    _found, steps = tried(values | {'mapping': {'department': ['physicalDeliveryOfficeName']}}, 'login', login=one[0], password=PASSWORD)
    assert (steps['as']['state'], steps['login']['state']) == ('ok', 'ok')
    found = steps['login']['details']['warnings']
    assert [(warning['code'], warning['field']) for warning in found] == [('self_written', 'department')] and 'himself' in found[0]['message']
    assert {warning['field'] for warning in steps['people']['details']['warnings'] if warning['code'] == 'self_written'} == {'department'}
    assert tried(values, 'login', login=one[0], password=PASSWORD)[1]['login']['details']['warnings'] == []


@pytest.mark.parametrize(('change', 'secret', 'words'), [
    ({}, 'Passw0rd!another', 'Name or secret is wrong'), ({'bind_dn': 'portal'}, SECRET, 'a name without its domain is not enough'),
    ({'bind_dn': 'nobody@corp.test'}, 'x', 'Name or secret is wrong'), ({'bind_dn': f'CN=portal,CN=Users,{BASE}'}, 'x', 'Name or secret is wrong')])
def test_a_wrong_account_says_what_a_domain_takes(tried, values, change, secret, words):
    step = tried(values | change, 'account', secret)[1]['bind']
    assert (step['state'], words in step['action']) == ('failed', True), step


@pytest.mark.parametrize('bind_dn', ['portal@corp.test', 'CORP\\portal', f'CN=portal,CN=Users,{BASE}'])
def test_each_way_to_name_the_account_is_taken(tried, values, bind_dn):
    assert tried(values | {'bind_dn': bind_dn}, 'account')[1]['base']['state'] == 'ok'


def test_an_account_that_is_disabled_says_so(domain, tried, values):
    login = domain.login()
    domain.set(domain.person(login), userAccountControl=DISABLED)
    assert 'enable it' in tried(values | {'bind_dn': f'{login}@corp.test'}, 'account', PASSWORD)[1]['bind']['action']


def test_nobody_without_an_account_sees_anything(tried, values):
    step = tried(values | {'bind_dn': ''}, secret='')[1]['base']
    assert (step['state'], 'Give the portal an account' in step['action']) == ('failed', True), step


def test_a_base_that_is_none_of_the_domain(tried, values):
    step = tried(values | {'base_dn': f'OU=Nowhere,{BASE}'})[1]['base']
    assert step['state'] == 'failed' and 'does not exist' in step['action'] and BASE in [one['dn'] for one in step['details']['bases']]
    step = tried(values | {'base_dn': 'DC=elsewhere,DC=test'})[1]['base']
    assert (step['state'], 'Another server has this base' in step['action'] or 'does not exist' in step['action']) == ('failed', True), step


def test_a_login_without_encryption_is_refused_here_and_explained_there(domain, tried, values):
    """The domain demands signing (`ldap server require strong auth = yes`); its answer has its words, though the portal does not ask that way."""
    with pytest.raises(Exception, match='starttls or ldaps'):
        tried(values | {'url': domain.server.url.replace('ldaps', 'ldap'), 'tls': 'none'}, 'server')
    connection = ldap.initialize(domain.server.url.replace('ldaps', 'ldap'))
    with pytest.raises(ldap.STRONG_AUTH_REQUIRED) as caught:
        connection.simple_bind_s('portal@corp.test', SECRET)
    error = DirectoryMisconfigured('encryption')
    error.__cause__ = caught.value
    directory = replace(Directory(0, '', '', '', '', '', 'portal', '', '', (), {}, ''), bind_dn='portal@corp.test')
    assert 'LDAP signing is enforced' in advice.advise('bind', error, directory)


def test_starttls_counts_as_signed(domain, tried, values):
    assert tried(values | {'url': domain.server.url.replace('ldaps', 'ldap'), 'tls': 'starttls'})[1]['people']['state'] == 'ok'


def test_a_ca_that_is_not_the_domain_s_is_told_with_the_certificate(tried, values):
    found, steps = tried(values | {'ca_pem': Authority('Stranger').pem}, 'server')
    assert steps['encryption']['state'] == 'failed' and steps['encryption']['details']['certificate']['issuer'] == 'CN=Test CA'
    assert 'certutil' in found['ca_hint']


def test_why_somebody_is_kept_out(domain, followed, one, follow):
    login, dn = one
    directory_id = followed(f'(|(sAMAccountName={login})(sAMAccountName=none))')

    def why(name=login):
        step = next(step for step in probe.test_directory(SYSTEM, directory_id, as_name=name) if step['step'] == 'as')
        return [reason['code'] for reason in step['details']['why']]
    assert why() == [] and why(f'{login}@corp.test') == [] and why(login.upper()) == []
    follow(directory_id)
    domain.set(dn, userAccountControl=DISABLED)
    assert why() == ['disabled']
    domain.set(dn, userAccountControl=b'512')
    domain.expires(dn, clock.now() - timedelta(days=1))
    assert why() == ['expired']
    domain.set(dn, accountExpires=b'0')
    domain.connection.rename_s(dn, f'CN={login}', newsuperior=f'OU=Former,{BASE}')
    assert why() == ['outside']
    domain.connection.rename_s(f'CN={login},OU=Former,{BASE}', f'CN={login}', newsuperior=PEOPLE)
    directories.edit_directory(SYSTEM, directory_id, person_filter='(&(objectCategory=person)(objectClass=user)(memberOf=CN=None,DC=corp,DC=test))')
    assert why() == ['filtered']
    domain.connection.delete_s(dn)
    assert why() == ['unknown']
