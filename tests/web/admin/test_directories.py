"""/admin/directories: add, edit and test a directory; its secret goes in and never comes out."""
import re

import pytest

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.demo import company
from appliance.demo import directory as slapd
from appliance.identity.directory import directories, servers
from appliance.identity.models import Directory
from tests.loaded import PASSWORD
from tests.postgresql import free_port

SECRET = 'the secret of the account'
NEW = {'name': 'Company', 'preset': 'openldap', 'url': 'ldap://127.0.0.1:18148', 'tls': 'none', 'base_dn': 'ou=people,dc=company,dc=example',
       'bind_dn': 'cn=portal,dc=company,dc=example', 'secret': SECRET, 'is_active': 'y', 'sync': 'known'}


@pytest.fixture(scope='session')
def demo_slapd(tmp_path_factory):
    """The demo company's directory, running."""
    with slapd.start(tmp_path_factory.mktemp('slapd'), free_port(), company.PEOPLE, PASSWORD) as running:
        yield running


def add(administrator, **values):
    return administrator.post('/admin/directories/new', NEW | values, page='/admin/directories/new')


def edit(administrator, directory_id=1, **values):
    path = f'/admin/directories/{directory_id}'
    known = NEW | {'secret': '', 'ca_pem': ''}      # as a browser sends fields that were left empty
    return administrator.post(path, known | values, page=path)


def test_a_new_directory_is_kept_and_listed(lumbreras, administrator):
    assert 'No directory yet' in administrator.get('/admin/directories').text
    answer = add(administrator)
    assert (answer.status_code, answer.location) == (303, f'/admin/directories/{Directory.get().id}#test')
    kept = directories.load_active()
    assert (kept.url, kept.base_dn, kept.bind_password) == (NEW['url'], NEW['base_dn'], SECRET)
    assert kept.login_attributes == ('uid', 'mail')
    assert 'In use' in administrator.get('/admin/directories').text


def test_the_secret_never_comes_back(lumbreras, administrator):
    add(administrator)
    for path in ('/admin/directories', f'/admin/directories/{Directory.get().id}'):
        assert SECRET not in administrator.get(path).text
    refused = add(administrator, url='nonsense')
    assert refused.status_code == 422 and SECRET not in refused.text


def test_wrong_values_are_refused_at_their_fields(lumbreras, administrator):
    wrong = {'name': '', 'url': 'https://company.example', 'base_dn': 'not a name', 'tls': 'starttls!', 'ca_pem': 'no certificate', 'bind_dn': 'x' * 1001,
             'person_filter': 'uid=*', 'login_attributes': 'uid, (x=y)', 'map_name': 'a b c', 'preset': 'novell', 'sync': 'everybody', 'secret': 'x' * 10_000}
    for field, value in wrong.items():
        answer = add(administrator, **{field: value})
        assert answer.status_code == 422, field
        shown = 'mapping' if field.startswith('map_') else field
        assert f'id="{field}-error"' in answer.text or shown == 'mapping' and 'role="alert"' in answer.text, field
    assert add(administrator, url='ldap://directory.example').status_code == 422
    assert add(administrator, unheard_of='x').status_code == 422
    assert not Directory.select().exists()


def test_a_name_is_taken_once_and_several_are_active(lumbreras, administrator):
    add(administrator)
    assert 'There is a directory Company already' in add(administrator, is_active='').text
    another = {name: value for name, value in (NEW | {'name': 'Another'}).items() if name != 'is_active'}
    assert administrator.post('/admin/directories/new', another, page='/admin/directories/new').status_code == 303
    assert add(administrator, name='A third').status_code == 303
    text = administrator.get('/admin/directories').text
    assert text.count('>Off</span>') == 1 and text.count('>In use</span>') == 2


def test_editing_keeps_the_secret_until_it_is_worth_nothing(lumbreras, administrator):
    add(administrator)
    number = Directory.get().id
    assert edit(administrator, number, base_dn='dc=company,dc=example').status_code == 303
    assert directories.load_active().bind_password == SECRET
    moved = edit(administrator, number, url='ldap://127.0.0.2:389')
    assert moved.status_code == 422 and 'Give the secret of the account again' in moved.text
    assert edit(administrator, number, url='ldap://127.0.0.2:389', secret='another').status_code == 303
    assert directories.load_active().bind_password == 'another'


def test_servers_and_bases_stand_one_a_line(lumbreras, administrator):
    add(administrator, url='ldap://127.0.0.1\r\n\r\n  ldap://127.0.0.2:3389 \r\nldap://127.0.0.1\r\n', base_dn='ou=a,dc=x\r\nou=b,dc=x')
    kept = Directory.get()
    assert (kept.url, kept.more_servers, kept.base_dn, kept.more_bases) == ('ldap://127.0.0.1', ['ldap://127.0.0.2:3389'], 'ou=a,dc=x', ['ou=b,dc=x'])
    shown = administrator.get(f'/admin/directories/{kept.id}').text
    assert re.search(r'<textarea[^>]*name="url"[^>]*>\s*ldap://127.0.0.1\nldap://127.0.0.2:3389</textarea>', shown), shown
    assert 'ldap://127.0.0.2:3389' in administrator.get('/admin/directories').text
    refused = edit(administrator, kept.id, url='ldap://127.0.0.1\nldap://127.0.0.2:3389\nldap://127.0.0.3', base_dn='ou=a,dc=x')
    assert refused.status_code == 422 and 'Give the secret of the account again' in refused.text
    wrong = edit(administrator, kept.id, url='ldap://127.0.0.1\nhttp://127.0.0.2')
    assert wrong.status_code == 422 and 'id="url-error"' in wrong.text
    assert edit(administrator, kept.id, url='ldap://127.0.0.1', base_dn='ou=b,dc=x').status_code == 303
    assert (Directory.get().more_servers, Directory.get().more_bases) == ([], [])


def test_a_server_that_failed_is_named(lumbreras, administrator):
    add(administrator, url='ldap://127.0.0.1\nldap://127.0.0.2')
    servers.note(SYSTEM, Directory.get().id, 'ldap://127.0.0.2', 'silent')
    text = administrator.get('/admin/directories').text
    assert 'Answers in part' in text and 'The directory does not answer in time.' in text


def test_another_kind_brings_its_own_filter(lumbreras, administrator):
    add(administrator)
    number = Directory.get().id
    shown = administrator.get(f'/admin/directories/{number}').text
    assert '(objectClass=inetOrgPerson)' in shown and 'value="uid, mail"' in shown
    edit(administrator, number, preset='active-directory', person_filter='(objectClass=inetOrgPerson)', login_attributes='uid, mail')
    assert Directory.get().login_attributes[0] == 'sAMAccountName'
    edit(administrator, number, preset='openldap', person_filter='(uid=*)', map_title='employeeType', map_phone='-')
    kept = Directory.get()
    assert (kept.person_filter, kept.mapping) == ('(uid=*)', {'title': ['employeeType'], 'phone': []})
    text = administrator.get(f'/admin/directories/{number}').text
    assert re.search(r'name="map_phone"[^>]*value="-"', text) and 'value="employeeType"' in text


def test_a_failure_is_remembered_in_words(lumbreras, administrator):
    add(administrator)
    Directory.update(failed_at=clock.now(), failure='silent').execute()
    text = administrator.get('/admin/directories').text
    assert 'Does not answer' in text and 'The directory does not answer in time.' in text
    assert 'Does not answer' in administrator.get('/admin').text


def test_testing_stops_at_the_step_that_fails(lumbreras, administrator):
    add(administrator, url=f'ldap://127.0.0.1:{free_port()}')
    path = f'/admin/directories/{Directory.get().id}'
    report = administrator.post(f'{path}/test', {'name': '', 'password': ''}, page=path).text
    assert re.findall(r'<span class="tag[^"]*">(Well|Failed|Not tried)</span>', report) == ['Failed'] + ['Not tried'] * 5
    assert 'Nothing listens at this address' in report and 'Check address and port' in report


def test_testing_shows_every_step_and_a_login(lumbreras, administrator, demo_slapd):
    add(administrator, url=demo_slapd.url, base_dn=slapd.BASE, bind_dn=slapd.BIND_DN, secret=PASSWORD)
    path = f'/admin/directories/{Directory.get().id}'
    words = re.compile(r'<span class="tag[^"]*">(Well|Failed|Not tried)</span>')
    report = administrator.post(f'{path}/test', {'name': 'employee', 'password': PASSWORD}, page=path).text
    assert words.findall(report) == ['Well'] * 6
    assert 'employee@lumbreras.example' in report and PASSWORD not in report
    report = administrator.post(f'{path}/test', {'name': 'employee', 'password': 'wrong'}, page=path).text
    assert words.findall(report) == ['Well'] * 5 + ['Failed']


def test_absent_directories_are_not_found(lumbreras, administrator):
    for path in ('/admin/directories/999', '/admin/directories/0', '/admin/directories/' + '9' * 30, '/admin/directories/x'):
        assert administrator.get(path).status_code == 404
        assert administrator.post(path, NEW, page='/admin/directories/new').status_code == 404
        assert administrator.post(f'{path}/test', page='/admin/directories/new').status_code == 404
