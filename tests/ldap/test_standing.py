"""`appliance directory test NAME --as LOGIN`: what a login is here without its password, and each reason that keeps it out."""
import pytest

from appliance.core.actor import SYSTEM
from appliance.core.people import Person, block
from appliance.demo import directory as slapd
from appliance.identity import accounts, passwords
from appliance.identity.directory import directories, probe, standing
from appliance.identity.models import Directory
from tests.cli.console import console
from tests.ldap.people import BASE, EMPLOYEE, PASSWORD, PEOPLE, PORTAL, SECRET, company, person
from tests.postgresql import free_port

KEYS = {'login', 'may_log_in', 'why', 'dns', 'dn', 'uuid', 'fields', 'head_dn', 'photo_bytes', 'closed', 'groups', 'person', 'becomes', 'blocks'}
FILTER = '(&(objectClass=inetOrgPerson)(!(employeeType=robot)))'


@pytest.fixture(scope='module')
def odd():
    """A slapd with people whom something keeps out, and a group."""
    ldif = '\n'.join((
        company(), slapd.ldif_entry(f'ou=former,{BASE}', {'objectClass': 'organizationalUnit', 'ou': 'former'}),
        person('robot', employeeType='robot'), person('expired', objectClass=['inetOrgPerson', 'shadowAccount'], shadowExpire='100'),
        slapd.ldif_entry(f'uid=leaver,ou=former,{BASE}', {'objectClass': 'inetOrgPerson', 'uid': 'leaver', 'cn': 'Leaver', 'sn': 'Leaver'}),
        slapd.ldif_entry(f'cn=opticians,{BASE}', {'objectClass': 'groupOfNames', 'cn': 'opticians', 'member': f'uid=employee,{PEOPLE}'})))
    with slapd.Slapd(ldif, base=BASE, port=free_port(), top='include /etc/ldap/schema/nis.schema') as running:
        yield running


@pytest.fixture
def kept(box, odd):
    """The id of the directory, as a portal has it."""
    return directories.add_directory(SYSTEM, 'company', odd.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none', person_filter=FILTER)


@pytest.fixture
def look(kept):
    """A function: what the step `as` says of a login."""
    def at(login):
        report = {one['step']: one for one in probe.test_directory(SYSTEM, kept, as_name=login)}
        assert report['login']['state'] == 'skipped'
        return report['as']
    return at


def test_somebody_new_is_shown_as_he_would_look(look):
    found = look('employee@company.test')
    assert found['state'] == 'ok' and set(found['details']) == KEYS
    shown = found['details']
    assert (shown['may_log_in'], shown['becomes'], shown['person'], shown['uuid']) == (True, 'new', None, EMPLOYEE)
    assert (shown['fields']['name'], shown['fields']['department']) == ('Ana Ñúñez', 'Sales')
    assert shown['groups'] == [{'group': 'opticians', 'gives': []}]
    assert not Person.select().exists()


def test_who_is_here_is_named(look, kept):
    person_id = accounts.person_of_entry(SYSTEM, kept, probe.login.ask(directories.load(kept), 'employee', PASSWORD))
    shown = look('employee')['details']
    assert (shown['becomes'], shown['person']) == ('known', {'id': person_id, 'login': 'employee', 'name': 'Ana Ñúñez'})


@pytest.mark.parametrize(('login', 'code', 'dns', 'words'), [
    ('nobody', 'unknown', [], 'uid, mail'), ('robot', 'filtered', [f'uid=robot,{PEOPLE}'], '(!(employeeType=robot))'), ('leaver', 'outside', [f'uid=leaver,ou=former,{BASE}'], PEOPLE),
    ('shared@company.test', 'ambiguous', [f'uid=other,{PEOPLE}', f'uid=twin,{PEOPLE}'], 'Several'), ('has space', 'no_login', [f'cn=has space,{PEOPLE}'], 'uid'),
    ('expired', 'expired', [], 'since'), ('*', 'unknown', [], ''), ('x)(uid=*', 'unknown', [], '')])
def test_each_reason_is_told(look, login, code, dns, words):
    found = look(login)
    assert found['state'] == 'failed' and set(found['details']) == KEYS
    assert [one['code'] for one in found['details']['why']] == [code]
    assert sorted(found['details']['dns']) == dns
    assert words in found['message'] and found['action']
    assert found['details']['may_log_in'] is False and found['details']['becomes'] == ''


@pytest.mark.parametrize('login', ['', ' ', 'x' * 300, '\0', '\ud800'])
def test_what_nobody_is_called_is_refused(look, kept, login):
    report = {one['step']: one for one in probe.test_directory(SYSTEM, kept, as_name=login)}
    assert report['as']['state'] == 'failed' if login else 'as' not in report


def test_more_than_can_be_shown_are_several(look, monkeypatch):
    monkeypatch.setattr(standing, 'MOST_FOUND', 1)
    assert look('shared@company.test')['details']['why'][0]['code'] == 'ambiguous'


def test_an_entry_without_its_number_is_told(box, odd):
    number = directories.add_directory(SYSTEM, 'company', odd.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none', preset='active-directory',
                                       person_filter='(objectClass=inetOrgPerson)', login_attributes=['uid'])
    report = {one['step']: one for one in probe.test_directory(SYSTEM, number, as_name='employee')}
    assert (report['people']['state'], [one['code'] for one in report['as']['details']['why']]) == ('failed', ['no_uuid'])


def test_a_block_here_is_told_with_who_set_it(look, kept):
    person_id = accounts.person_of_entry(SYSTEM, kept, probe.login.ask(directories.load(kept), 'employee', PASSWORD))
    block(SYSTEM, person_id, directories.source_of(kept), 'gone')
    assert look('employee')['details']['may_log_in'] is True      # the directory's own goes with the login
    block(SYSTEM, person_id, 'portal', 'lost his badge')
    found = look('employee')
    assert [one['code'] for one in found['details']['why']] == ['blocked'] and 'lost his badge' in found['message'] and 'the console' in found['message']
    assert [one['source'] for one in found['details']['blocks']] == [directories.source_of(kept), 'portal']


def test_a_name_that_another_has_joins_nobody(look):
    accounts.add_local(SYSTEM, 'employee', 'Another Employee')
    found = look('employee')
    assert [one['code'] for one in found['details']['why']] == ['taken'] and 'Another Employee' in found['message']


def test_an_account_of_the_portal_decides_before_the_directory(look):
    accounts.add_local(SYSTEM, 'local', 'Local', 'employee@company.test', password_hash=passwords.hash_password('a long secret'))
    found = look('employee@company.test')
    assert [one['code'] for one in found['details']['why']] == ['local']


def test_a_directory_that_is_off_lets_nobody_in(look, kept):
    Directory.update(is_active=False).where(Directory.id == kept).execute()
    assert [one['code'] for one in look('employee')['details']['why']] == ['off']


@pytest.mark.parametrize(('search_filter', 'parts'), [
    ('(a=1)', ['(a=1)']), ('(&(a=1)(b=2))', ['(a=1)', '(b=2)']), ('(&(a=1)(|(b=2)(c=3))(&(d=4)(!(e=5))))', ['(a=1)', '(|(b=2)(c=3))', '(d=4)', '(!(e=5))']), ('(|(a=1))', ['(|(a=1))'])])
def test_a_filter_is_taken_apart_where_all_must_match(search_filter, parts):
    assert standing.parts_of(search_filter) == parts


@pytest.mark.parametrize('engine', ['sqlite'])
def test_the_command_says_it_as_a_table_and_as_json(kept, closed_box, capsys, monkeypatch):
    def appliance(*arguments, text=''):
        return console(capsys, monkeypatch, closed_box.config.path, ('directory', 'test', 'company', *arguments), text)
    said = appliance('--as', 'employee', '--json')
    assert said.status == 0 and [set(one) for one in said.data] == [{'step', 'state', 'message', 'action', 'details'}] * 6
    assert set(said.data[5]['details']) == KEYS and [one['step'] for one in said.data] == ['reach', 'encryption', 'bind', 'base', 'people', 'as'], 'no login was asked for'
    said = appliance('--as', 'employee')
    for words in ('Ana Ñúñez', 'opticians', 'becomes a new person', 'here: nobody yet', f'people below {PEOPLE}', 'it is openldap'):
        assert words in said.out, said.out
    said = appliance('--as', 'shared@company.test')
    assert said.status == 1 and f'uid=twin,{PEOPLE}' in said.out and 'FAILED' in said.out
    said = appliance('--as', 'employee', '--login', 'employee', '--password-stdin', text=PASSWORD + '\n')
    assert said.status == 0 and PASSWORD not in said.out + said.err
