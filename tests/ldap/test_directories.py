"""The rows of directories: what may be stored, and that the secret never comes out or goes to another server."""
import uuid

import pytest

from appliance.core.actor import ADMINISTRATOR, ANONYMOUS, SYSTEM, Actor
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.people import actor_for, add_person, give_role
from appliance.identity.directory import directories
from appliance.identity.models import Directory as Row
from appliance.identity.models import DirectoryPerson
from tests.ldap.authority import Authority

URL, BASE = 'ldaps://directory.company.test', 'dc=company,dc=test'


@pytest.fixture
def added(box):
    """The id of a directory."""
    return directories.add_directory(SYSTEM, 'company', URL, BASE, 'the secret', bind_dn=f'cn=portal,{BASE}')


def test_the_preset_fills_what_is_not_said(added):
    loaded = directories.all_active()[0]
    assert (loaded.tls, loaded.person_filter, loaded.login_attributes) == ('ldaps', '(objectClass=inetOrgPerson)', ('uid', 'mail'))
    assert loaded.bind_password == 'the secret'
    directories.edit_directory(SYSTEM, added, preset='active-directory')
    assert directories.all_active()[0].login_attributes == ('sAMAccountName', 'userPrincipalName', 'mail')


def test_the_secret_is_sealed_and_never_listed(added):
    assert b'the secret' not in bytes(Row.get_by_id(added).bind_secret)
    listed = directories.list_directories(SYSTEM)
    assert listed[0]['has_secret'] is True
    assert 'the secret' not in str(listed) + repr(directories.all_active()[0])


@pytest.mark.parametrize('change', [
    {'url': 'ldaps://elsewhere.company.test'}, {'url': f'{URL}:3269'}, {'url': 'ldap://directory.company.test', 'tls': 'starttls'}])
def test_another_host_port_or_encryption_needs_the_secret_again(added, change):
    with pytest.raises(Invalid) as caught:
        directories.edit_directory(SYSTEM, added, **change)
    assert caught.value.field == 'secret'
    directories.edit_directory(SYSTEM, added, 'another secret', **change)
    assert directories.load(added).bind_password == 'another secret'


def test_other_changes_keep_the_secret(added):
    directories.edit_directory(SYSTEM, added, name='firm', base_dn=f'ou=people,{BASE}', url=f'{URL}:636')
    assert directories.load(added).bind_password == 'the secret'
    directories.edit_directory(SYSTEM, added, bind_dn='')
    assert directories.load(added).bind_password == ''
    assert not directories.list_directories(SYSTEM)[0]['has_secret']


@pytest.mark.parametrize(('field', 'value'), [
    ('name', ''), ('name', 'a\u202eb'), ('name', 'x' * 201), ('url', 'http://x'), ('url', 'ldaps://'), ('url', f'{URL}/o=x?uid'),
    ('url', 'ldaps://user@host'), ('url', 'ldaps://host:99999'), ('url', 'ldaps://a ldaps://b'), ('url', 7), ('tls', 'maybe'), ('tls', 'none'),
    ('tls', 'starttls'), ('base_dn', ''), ('base_dn', 'people'), ('bind_dn', 'a\nb'), ('ca_pem', 'garbage'), ('preset', 'novell'),
    ('person_filter', 'objectClass=x'), ('person_filter', '((x=y)'), ('login_attributes', []), ('login_attributes', ['uid)(x=*']),
    ('login_attributes', 'uid'), ('mapping', {'role': ['x']}), ('mapping', {'name': []}), ('mapping', {'mail': ['a b']}), ('mapping', []),
    ('is_active', 'yes'), ('shoe_size', 43), ('failed_at', None), ('bind_secret', b'x')])
def test_a_wrong_value_is_named(box, field, value):
    with pytest.raises(Invalid) as caught:
        directories.add_directory(SYSTEM, **{'name': 'company', 'url': URL, 'base_dn': BASE, 'secret': 'x', field: value})
    assert caught.value.field == field
    assert Row.select().count() == 0


@pytest.mark.parametrize('url', ['ldap://192.0.2.1', 'ldap://localhost.company.test', 'ldap://[2001:db8::1]'])
def test_without_encryption_only_this_machine_may_be_asked(box, url):
    with pytest.raises(Invalid) as caught:
        directories.add_directory(SYSTEM, 'company', url, BASE, tls='none')
    assert caught.value.field == 'tls'


@pytest.mark.parametrize('url', ['ldap://127.0.0.1:3389', 'ldap://localhost', 'ldap://[::1]:3389'])
def test_on_this_machine_it_may(box, url):
    directories.add_directory(SYSTEM, 'company', url, BASE, tls='none')


@pytest.mark.parametrize('secret', ['', '  ', '\0', 'x' * 257, 'a\ud800'])
def test_an_account_needs_its_secret(box, secret):
    with pytest.raises(Invalid) as caught:
        directories.add_directory(SYSTEM, 'company', URL, BASE, secret, bind_dn=f'cn=portal,{BASE}')
    assert caught.value.field == 'secret'


def test_of_a_file_with_certificate_and_key_only_the_certificate_is_kept(box):
    authority = Authority()
    certificate, key = authority.issue('directory.company.test')
    directories.add_directory(SYSTEM, 'company', URL, BASE, ca_pem=authority.pem + key.decode() + certificate.decode())
    kept = directories.all_active()[0].ca_pem
    assert kept.count('BEGIN CERTIFICATE') == 2
    assert 'PRIVATE' not in kept


def test_several_may_be_active(added):
    with pytest.raises(Conflict):
        directories.add_directory(SYSTEM, 'company', URL, BASE)
    second = directories.add_directory(SYSTEM, 'second', URL, BASE)
    assert [one.name for one in directories.all_active()] == ['company', 'second']
    directories.edit_directory(SYSTEM, added, is_active=False)
    assert directories.all_active()[0].name == 'second'
    directories.edit_directory(SYSTEM, second, is_active=False)
    assert directories.all_active() == []


def test_what_is_absent_is_not_found(box):
    for call in (lambda: directories.load(7), lambda: directories.edit_directory(SYSTEM, 7, name='x'), lambda: directories.id_of(SYSTEM, 'x')):
        with pytest.raises(NotFound):
            call()


@pytest.mark.parametrize('actor', [ANONYMOUS, Actor(1, 'employee', frozenset({'employee'}))])
def test_only_administrators_see_or_change_directories(box, actor):
    for call in (lambda: directories.list_directories(actor), lambda: directories.id_of(actor, 'x'),
                 lambda: directories.add_directory(actor, 'x', URL, BASE), lambda: directories.edit_directory(actor, 1)):
        with pytest.raises(NotAllowed):
            call()


def test_who_comes_in_by_a_directory_and_may_more_keeps_it_as_it_is(added):
    """Who says which server it is says who people are, and who switches it off shuts them out."""
    person_id = add_person(SYSTEM, 'boss', 'Boss')
    DirectoryPerson.create(directory=added, uuid=uuid.uuid4(), person=person_id, dn='uid=boss')
    give_role(SYSTEM, person_id, ADMINISTRATOR)
    admin_id = add_person(SYSTEM, 'admin', 'Admin')
    give_role(SYSTEM, admin_id, 'system_admin')
    actor = actor_for(admin_id, 'test')
    for changed in ({'url': 'ldaps://evil.example', 'secret': 'x'}, {'base_dn': 'dc=evil'}, {'person_filter': '(uid=x)'}, {'realm': 'EVIL'}, {'is_active': False}):
        with pytest.raises(NotAllowed):
            directories.edit_directory(actor, added, **changed)
    directories.edit_directory(actor, added, name='Renamed')
    assert directories.all_active()[0].name == 'Renamed'


def test_a_secret_sealed_with_another_key_is_none(added):
    Row.update(bind_secret=b'x' * 40).where(Row.id == added).execute()
    assert directories.all_active()[0].bind_password == ''


def test_who_heads_a_department_is_said_by_one_who_may_manage_people(box):
    """Else whoever sets up a directory of his own would head any department, and read its working days."""
    admin_id = add_person(SYSTEM, 'clerk', 'Clerk')
    give_role(SYSTEM, admin_id, 'system_admin')
    clerk = actor_for(admin_id, 'test')
    for wrong in ({'heads': True}, {'tree': 'ou'}):
        with pytest.raises(NotAllowed):
            directories.add_directory(clerk, 'company', URL, BASE, **wrong)
    own = directories.add_directory(clerk, 'company', URL, BASE)
    for wrong in ({'heads': True}, {'tree': 'ou'}):
        with pytest.raises(NotAllowed):
            directories.edit_directory(clerk, own, **wrong)
    directories.edit_directory(clerk, own, tree='groups', mapping={'title': []})
    directories.edit_directory(SYSTEM, own, heads=True)
    with pytest.raises(NotAllowed):
        directories.edit_directory(clerk, own, base_dn=f'ou=mine,{BASE}')
    directories.edit_directory(clerk, own, name='firm')
    directories.edit_directory(SYSTEM, own, heads=False)
    directories.edit_directory(clerk, own, base_dn=f'ou=mine,{BASE}')
