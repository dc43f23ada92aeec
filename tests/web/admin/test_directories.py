"""/admin/directories: add, edit and test a directory; its secret goes in and never comes out."""
import re
import uuid

import pytest

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.people import Person
from appliance.demo import company
from appliance.demo import directory as slapd
from appliance.identity.directory import directories, root, servers, wizard
from appliance.identity.models import Directory, DirectoryPerson
from tests.loaded import PASSWORD
from tests.postgresql import free_port

SECRET = 'the secret of the account'
NEW = {'name': 'Company', 'preset': 'openldap', 'url': 'ldap://127.0.0.1:18148', 'tls': 'none', 'base_dn': 'ou=people,dc=company,dc=example',
       'bind_dn': 'cn=portal,dc=company,dc=example', 'secret': SECRET, 'is_active': 'y', 'sync': 'known'}

MARKS = re.compile(r'<span class="tag[^"]*">(Well|Failed|Not tried|Comes in|Does not come in)</span>')


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
    kept = directories.all_active()[0]
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
    assert directories.all_active()[0].bind_password == SECRET
    moved = edit(administrator, number, url='ldap://127.0.0.2:389')
    assert moved.status_code == 422 and 'Give the secret of the account again' in moved.text
    assert edit(administrator, number, url='ldap://127.0.0.2:389', secret='another').status_code == 303
    assert directories.all_active()[0].bind_password == 'another'


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


def test_a_try_without_a_server_says_what_is_missing_and_does_not_scold(lumbreras, administrator):
    asked = {name: value for name, value in (NEW | {'url': '', 'check': 'server'}).items() if name != 'secret'}
    answer = administrator.post('/admin/directories/new', asked, page='/admin/directories/new')
    assert answer.status_code == 422 and 'Give a server first.' in answer.text and 'Right would be' not in answer.text


def test_how_many_come_in_by_each_is_listed(lumbreras, administrator):
    add(administrator)
    people = [row for row in Person.select().limit(3)]
    for number, person in enumerate(people):
        DirectoryPerson.create(directory=Directory.get().id, uuid=uuid.UUID(int=number), person=person, dn='uid=x')
    assert f'data-label="People">{len(people)}<' in administrator.get('/admin/directories').text


def test_names_of_entries_break_at_their_commas(lumbreras, administrator):
    add(administrator, base_dn='ou=lens & frame,dc=company')
    assert 'ou=lens &amp; frame,<wbr>dc=company</span>' in administrator.get('/admin/directories').text


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


def test_a_try_stops_at_the_step_that_fails_and_keeps_nothing(lumbreras, administrator):
    report = add(administrator, url=f'ldap://127.0.0.1:{free_port()}', check='people')
    assert report.status_code == 200
    assert MARKS.findall(report.text) == ['Failed'] + ['Not tried'] * 4
    assert 'Nothing listens at this address' in report.text and 'Check address and port' in report.text
    assert not Directory.select().exists()


def test_a_try_shows_every_step_and_a_login(lumbreras, administrator, demo_slapd):
    right = {'url': demo_slapd.url, 'base_dn': slapd.BASE, 'bind_dn': slapd.BIND_DN, 'secret': PASSWORD, 'check': 'login', 'tried_login': 'employee'}
    report = add(administrator, **right, tried_password=PASSWORD).text
    assert MARKS.findall(report) == ['Well'] * 5 + ['Does not come in', 'Well']     # the demo company has him already
    assert 'employee@lumbreras.example' in report and PASSWORD not in report
    report = add(administrator, **right, tried_password='wrong').text
    assert MARKS.findall(report)[6] == 'Failed' and 'the password is wrong' in report
    report = add(administrator, **right | {'tried_login': 'nobody'}).text
    assert MARKS.findall(report) == ['Well'] * 5 + ['Does not come in'] and 'No entry that the portal’s account is shown' in report


def test_a_script_gets_the_parts_alone_and_the_secret_stays_where_it_was_typed(lumbreras, administrator, demo_slapd):
    right = {'url': demo_slapd.url, 'base_dn': '', 'bind_dn': slapd.BIND_DN, 'secret': PASSWORD, 'name': '', 'check': 'account'}
    answer = administrator.post('/admin/directories/new', NEW | right, page='/admin/directories/new', headers={'HX-Request': 'true'})
    assert answer.status_code == 200 and '<html' not in answer.text and PASSWORD not in answer.text
    assert re.findall(r'id="found-(\w+)" aria-live="polite" hx-swap-oob="true"', answer.text) == ['server', 'people', 'login']
    assert re.findall(r'name="take_base_dn" value="([^"]+)"', answer.text) == ['dc=company,dc=test', 'ou=people,dc=company,dc=test']
    assert 'What this account must be allowed' in answer.text and 'olcAccess' in answer.text
    wrong = administrator.post('/admin/directories/new', NEW | right | {'tls': 'starttls!', 'url': 'x' * 2000}, page='/admin/directories/new', headers={'HX-Request': 'true'})
    assert wrong.status_code == 422 and 'role="alert"' in wrong.text and 'Encryption:' in wrong.text and 'id="found-' not in wrong.text


def test_what_a_button_offers_goes_into_its_field_and_is_tried(lumbreras, administrator, demo_slapd):
    right = {'url': demo_slapd.url, 'base_dn': 'dc=nowhere', 'bind_dn': slapd.BIND_DN, 'secret': PASSWORD, 'preset': 'active-directory'}
    offered = add(administrator, **right, check='server').text
    assert 'Set the kind to OpenLDAP' in offered
    taken = add(administrator, **right, take_preset='openldap').text
    assert '<option selected value="openldap">' in taken and 'Set the kind to' not in taken
    taken = add(administrator, **right | {'preset': 'openldap'}, take_base_dn=slapd.PEOPLE_BASE).text
    assert re.search(rf'name="base_dn"[^>]*>\s*{slapd.PEOPLE_BASE}</textarea>', taken) and 'As they would look here' in taken
    assert not Directory.select().exists()


@pytest.mark.parametrize('values', [{'check': 'everything'}, {'check': '<script>'}, {'take_preset': 'novell'}, {'take_base_dn': '<script>alert(1)</script>'}, {'take_ca_pem': 'x' * 200_001},
                                    {'check': 'server', 'url': 'https://x'}, {'check': 'server', 'name': 'x' * 300}, {'check': 'login', 'tried_login': 'x' * 200}])
def test_a_try_of_nonsense_is_refused_and_asks_nobody(lumbreras, administrator, values):
    for headers in ({}, {'HX-Request': 'true'}):
        answer = administrator.post('/admin/directories/new', NEW | values, page='/admin/directories/new', headers=headers)
        assert answer.status_code == 422 and '<script>' not in answer.text and '>Well<' not in answer.text


def test_what_a_server_says_of_itself_is_text(lumbreras, administrator, demo_slapd, monkeypatch):
    evil = '<img src=x onerror=alert(1)>'
    monkeypatch.setattr(root, 'read_root', lambda connection: root.Root('openldap', evil, (f'ou={evil}',)))
    answer = add(administrator, url=demo_slapd.url, bind_dn=slapd.BIND_DN, secret=PASSWORD, base_dn=slapd.PEOPLE_BASE, check='people')
    assert answer.status_code == 200 and evil not in answer.text and '&lt;img' in answer.text


def test_only_who_manages_directories_may_try_one(lumbreras, administrator):
    number = Directory.create(name='x', url='ldap://127.0.0.1:1', tls='none', base_dn='dc=x', preset='openldap', person_filter='(a=b)', login_attributes=['uid'], mapping={}).id
    for login in ('employee', 'head', 'guest'):
        for path in ('/admin/directories/new', f'/admin/directories/{number}'):
            assert lumbreras.browser(login).post(path, NEW | {'check': 'server'}).status_code in (403, 404)
    forged = administrator.post('/admin/directories/new', NEW | {'check': 'server', 'csrf_token': 'forged'}, page='/admin/directories/new')
    assert forged.status_code in (400, 403)


def test_the_portals_own_doors_are_no_directory(lumbreras, administrator):
    door = f'ldap://127.0.0.1:{lumbreras.config.server.address.rpartition(":")[2]}'
    for check in ({'check': 'server'}, {}):
        answer = add(administrator, url=door, **check)
        assert answer.status_code == 422 and 'That is a door of the portal itself' in answer.text
    assert not Directory.select().exists()


def test_an_edit_is_tried_with_the_kept_secret_and_changes_nothing(lumbreras, administrator, demo_slapd):
    right = {'url': demo_slapd.url, 'base_dn': slapd.PEOPLE_BASE, 'bind_dn': slapd.BIND_DN}
    add(administrator, **right, secret=PASSWORD)
    number = Directory.get().id
    shown = edit(administrator, number, **right, check='people', map_title='employeeType')
    assert shown.status_code == 200 and MARKS.findall(shown.text) == ['Well'] * 5 and 'Comparison' in shown.text
    assert Directory.get().mapping == {}
    moved = edit(administrator, number, **right | {'url': demo_slapd.url.replace('127.0.0.1', 'localhost')}, check='account')
    assert 'The secret of the portal' in moved.text and 'is missing' in moved.text


def test_a_second_click_and_a_lost_worker_do_no_harm(lumbreras, administrator, demo_slapd):
    right = {'url': demo_slapd.url, 'base_dn': slapd.PEOPLE_BASE, 'bind_dn': slapd.BIND_DN, 'secret': PASSWORD}
    with wizard._turn:
        answer = add(administrator, **right, check='server')
    assert (answer.status_code, answer.headers['Retry-After']) == (503, '1')
    hidden = administrator.hidden('/admin/directories/new')
    assert [add(administrator, **right, check='server', **hidden).status_code for _click in range(2)] == [200, 200]
    assert [add(administrator, **right, **hidden).status_code for _click in range(2)] == [303, 303]     # a try did not spend the key
    assert Directory.select().count() == 1


def test_absent_directories_are_not_found(lumbreras, administrator):
    for path in ('/admin/directories/999', '/admin/directories/0', '/admin/directories/' + '9' * 30, '/admin/directories/x'):
        assert administrator.get(path).status_code == 404
        assert administrator.post(path, NEW, page='/admin/directories/new').status_code == 404
        assert administrator.post(path, NEW | {'check': 'server'}, page='/admin/directories/new').status_code == 404
