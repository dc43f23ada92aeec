"""What `appliance check` and the page of the directories say of single sign-on."""
import dataclasses
import shutil
import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine

from appliance.core import audit, clock
from appliance.core.actor import SYSTEM
from appliance.core.config import ConfigError, Sso, load
from appliance.core.db import write
from appliance.identity.directory import directories
from appliance.identity.kerberos import health, logins
from appliance.identity.kerberos.errors import TicketRefused
from tests.visitors import Company


@pytest.fixture
def kept(keytab, tmp_path):
    """A copy of the keytab that a test may spoil."""
    path = tmp_path / 'http.keytab'
    shutil.copyfile(keytab, path)
    path.chmod(0o640)
    return path


@pytest.fixture
def found(config, kept):
    """A function: the code of what is found, with another section [sso]."""
    def look(keytab=kept, principal=''):
        return health.look(dataclasses.replace(config, sso=Sso(str(keytab) if keytab else '', principal))).code
    return look


def test_well(found, directory_id):
    assert found() == 'kerberos.well'


def test_what_is_wrong_is_named(found, kept, kdc, tmp_path, directory_id, monkeypatch):
    assert found(keytab=None) == 'kerberos.none'
    assert found(keytab=tmp_path / 'no') == 'kerberos.unreadable'
    assert found(keytab=__file__) == 'kerberos.unreadable'
    assert found(principal='HTTP/other@COMPANY.TEST') == 'kerberos.no_principal'
    directories.edit_directory(SYSTEM, directory_id, realm='OTHER.TEST')
    assert found() == 'kerberos.other_realm'
    directories.edit_directory(SYSTEM, directory_id, realm='', base_dn='o=Company')
    assert found() == 'kerberos.no_realm'
    directories.edit_directory(SYSTEM, directory_id, is_active=False)
    assert found() == 'kerberos.no_directory'
    kept.chmod(0o644)
    assert found() == 'kerberos.everybody_reads'
    monkeypatch.setitem(sys.modules, 'gssapi', None)
    monkeypatch.setitem(sys.modules, 'gssapi.raw', None)
    assert found() == 'kerberos.no_library'


def test_old_kinds_of_keys_are_named(found, kept):
    data = kept.read_bytes()
    kept.write_bytes(data.replace(b'\x00\x12\x00\x20', b'\x00\x17\x00\x20'))        # 18 is AES-256, 23 RC4
    assert found() == 'kerberos.weak'


def test_tickets_for_another_key_than_the_keytabs_are_named(found, config, kdc, kept, shown, directory_id):
    """As after a new key in the domain, which the keytab does not show."""
    service = 'HTTP/renewed-there'
    principal = f'{service}@{kdc.realm}'
    old, new = kdc.keytab(service), kdc.keytab(service)

    def come(name, path):
        logins.log_in(dataclasses.replace(config, sso=Sso(str(path), principal)), shown(name, service), '10.0.0.7')
    shutil.copyfile(old, kept)
    assert found(principal=principal) == 'kerberos.well'
    with pytest.raises(TicketRefused, match='another key'):
        come('employee', kept)
    assert found(principal=principal) == 'kerberos.old_key'
    with time_machine.travel(clock.now() + timedelta(minutes=5)), write('test'):
        audit.seal()
    assert found(principal=principal) == 'kerberos.old_key', 'it stands in the log by now'
    come('head', new)
    assert found(principal=principal) == 'kerberos.well', 'somebody came in since'
    with pytest.raises(TicketRefused, match='another key'):
        come('third', kept)
    assert found(principal=principal) == 'kerberos.old_key'
    shutil.copyfile(new, kept)
    assert found(principal=principal) == 'kerberos.well', 'another one lies there now'


def test_two_realms_of_one_name_are_named(found, kdc, kept):
    kept.write_bytes(kept.read_bytes() + kdc.other.keytab('HTTP/127.0.0.1').read_bytes()[2:])
    assert found() == 'kerberos.several'


def test_the_command_says_it(closed_box, kept):
    path = closed_box.config.path
    path.write_text(path.read_text() + f'[sso]\nkeytab = {kept}\n')
    said = subprocess.run([sys.executable, '-B', '-m', 'appliance', '--config', str(path), 'check'], capture_output=True, text=True, check=False).stdout
    assert 'kerberos.no_directory' in said


def test_the_page_of_the_directories_says_it(box, kept):
    company = Company(box)
    assert 'Kerberos' not in company.browser('administrator').get('/admin/directories').text
    company = Company(box)
    company.config = dataclasses.replace(company.config, sso=Sso(str(kept)))
    text = company.browser('administrator').get('/admin/directories').text
    assert 'ticket of the computer (Kerberos)' in text and 'no directory is in use' in text


@pytest.mark.parametrize('principal', ['portal', 'HTTP/portal', 'host/portal@COMPANY.TEST', 'HTTP/a b@COMPANY.TEST', 'HTTP/a/b@COMPANY.TEST'])
def test_a_principal_of_another_form_stops_the_start(closed_box, principal):
    path = closed_box.config.path
    path.write_text(path.read_text() + f'[sso]\nprincipal = {principal}\n')
    with pytest.raises(ConfigError, match='sso.principal'):
        load(path)


def test_an_ordinary_portal_takes_no_larger_headers(box, kept):
    from appliance.cli.web import _for_tickets      # slow: Gunicorn
    assert _for_tickets(box.config) == {}
    assert _for_tickets(dataclasses.replace(box.config, sso=Sso(str(kept))))['limit_request_field_size'] > 64_000
