"""/admin/directories: add, edit and test a directory; its secret goes in and never comes out."""
import re

import pytest

from appliance.core import clock
from appliance.demo import company
from appliance.demo import directory as slapd
from appliance.identity.directory import directories
from appliance.identity.models import Directory
from tests.loaded import PASSWORD
from tests.postgresql import free_port

SECRET = 'the secret of the account'
NEW = {'name': 'Company', 'preset': 'openldap', 'url': 'ldap://127.0.0.1:18148', 'tls': 'none', 'base_dn': 'ou=people,dc=company,dc=example',
       'bind_dn': 'cn=portal,dc=company,dc=example', 'secret': SECRET, 'is_active': 'y', 'sync': 'known'}

MARKS = re.compile(r'<span class="tag[^"]*">(Well|Failed|Not tried)</span>')


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
    assert (answer.status_code, answer.location) == (303, f'/admin/directories/{Directory.get().id}#comparison')
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


def test_name_is_taken_once_and_one_is_active(lumbreras, administrator):
    add(administrator)
    assert 'There is a directory Company already' in add(administrator, is_active='').text
    assert 'only one can be' in add(administrator, name='Another').text
    another = {name: value for name, value in (NEW | {'name': 'Another'}).items() if name != 'is_active'}
    assert administrator.post('/admin/directories/new', another, page='/admin/directories/new').status_code == 303
    text = administrator.get('/admin/directories').text
    assert '>Off</span>' in text and '>In use</span>' in text


def test_editing_keeps_the_secret_until_it_is_worth_nothing(lumbreras, administrator):
    add(administrator)
    number = Directory.get().id
    assert edit(administrator, number, base_dn='dc=company,dc=example').status_code == 303
    assert directories.load_active().bind_password == SECRET
    moved = edit(administrator, number, url='ldap://127.0.0.2:389')
    assert moved.status_code == 422 and 'Give the secret of the account again' in moved.text
    assert edit(administrator, number, url='ldap://127.0.0.2:389', secret='another').status_code == 303
    assert directories.load_active().bind_password == 'another'


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


def test_a_try_stops_at_the_step_that_fails_and_keeps_nothing(lumbreras, administrator):
    report = add(administrator, url=f'ldap://127.0.0.1:{free_port()}', check='people')
    assert report.status_code == 200
    assert MARKS.findall(report.text) == ['Failed'] + ['Not tried'] * 4
    assert 'Nothing listens at this address' in report.text and 'Check address and port' in report.text
    assert not Directory.select().exists()


def test_a_try_shows_every_step_and_a_login(lumbreras, administrator, demo_slapd):
    right = {'url': demo_slapd.url, 'base_dn': slapd.BASE, 'bind_dn': slapd.BIND_DN, 'secret': PASSWORD, 'check': 'login', 'tried_login': 'employee'}
    report = add(administrator, **right, tried_password=PASSWORD).text
    assert MARKS.findall(report) == ['Well'] * 7
    assert 'employee@lumbreras.example' in report and PASSWORD not in report
    report = add(administrator, **right, tried_password='wrong').text
    assert MARKS.findall(report) == ['Well'] * 6 + ['Failed'] and 'The password is wrong.' in report


def test_absent_directories_are_not_found(lumbreras, administrator):
    for path in ('/admin/directories/999', '/admin/directories/0', '/admin/directories/' + '9' * 30, '/admin/directories/x'):
        assert administrator.get(path).status_code == 404
        assert administrator.post(path, NEW, page='/admin/directories/new').status_code == 404
        assert administrator.post(path, NEW | {'check': 'server'}, page='/admin/directories/new').status_code == 404
