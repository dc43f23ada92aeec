"""POST /login with a directory behind it: the status and the page for each thing that can happen."""

import time

import pytest

from appliance.core.actor import SYSTEM
from appliance.identity import accounts, passwords
from appliance.identity.directory import directories
from appliance.identity.directory import login as login_module
from appliance.web.app import create_app
from tests.ldap.people import PASSWORD, PEOPLE, PORTAL, SECRET
from tests.ldap.silence import never_answer, silent_server
from tests.visitors import Browser


@pytest.fixture
def active(box, server):
    """The id of the one active directory of the box: the test server."""
    return directories.add_directory(SYSTEM, 'company', server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none')


@pytest.fixture
def log_in(box, active):
    """A function: the answer to this login from a browser of its own."""
    app = create_app(box.config)

    def post(login, password):
        return Browser(app, 'no such session').post('/login', {'login': login, 'password': password}, page='/login')
    return post


def test_a_person_of_the_directory_gets_in(log_in):
    answer = log_in('employee@company.test', PASSWORD)
    assert answer.status_code == 303
    assert 'appliance_session=' in answer.headers['Set-Cookie']


@pytest.mark.parametrize(('login', 'password'), [
    ('employee', 'wrong'), ('nobody', PASSWORD), ('shared@company.test', PASSWORD), ('*', PASSWORD), ('employee)(uid=*', PASSWORD)])
def test_every_wrong_pair_is_the_same_page(log_in, login, password):
    answer = log_in(login, password)
    assert answer.status_code == 401
    assert 'do not belong together' in answer.text


@pytest.mark.parametrize('password', ['', ' ', '\0'])
def test_without_a_password_nobody_gets_in(log_in, password):
    assert log_in('employee', password).status_code in (401, 422)


def test_a_silent_directory_is_503_in_three_seconds_and_local_people_get_in(log_in, active):
    accounts.add_local(SYSTEM, 'administrator', 'Admin', password_hash=passwords.hash_password('a local secret'))
    with silent_server(never_answer) as port:
        directories.edit_directory(SYSTEM, active, SECRET, url=f'ldap://127.0.0.1:{port}')
        begun = time.monotonic()
        answer = log_in('employee', PASSWORD)
        assert time.monotonic() - begun < 3
        assert (answer.status_code, 'directory does not answer' in answer.text) == (503, True)
        assert log_in('administrator', 'a local secret').status_code == 303


def test_who_finds_no_turn_is_told_to_come_again(log_in):
    with login_module.GATE.turn():
        answer = log_in('employee', PASSWORD)
    assert (answer.status_code, answer.headers['Retry-After']) == (503, '1')


def test_who_must_change_his_password_is_told(log_in, monkeypatch):
    monkeypatch.setattr(login_module, 'bind_as', lambda *args: 'must_change')
    answer = log_in('employee', PASSWORD)
    assert (answer.status_code, 'must be changed first' in answer.text) == (401, True)
