"""A real Active Directory by several servers and bases, by its domain's names, and what else it says of people."""
import io

import pytest
from PIL import Image

from appliance.core.people import Person
from appliance.identity import accounts
from appliance.identity.directory import directories
from appliance.identity.directory.sync import following
from appliance.identity.models import Directory
from tests.postgresql import free_port
from tests.samba.conftest import PASSWORD
from tests.samba.server import BASE, PEOPLE


@pytest.fixture
def engine():
    """One engine is enough: what is tried here is the directory."""
    return 'sqlite'


def test_a_dead_controller_is_passed_over_and_a_domain_may_be_typed(domain, followed):
    login = domain.login()
    domain.person(login)
    dead = f'ldaps://127.0.0.1:{free_port()}'
    number = followed(f'(sAMAccountName={login})', more_bases=[BASE])
    Directory.update(url=dead, more_servers=[domain.server.url]).execute()
    people = {accounts.log_in(typed, PASSWORD, '192.0.2.1')[1] for typed in (login, f'CORP\\{login}', f'corp.test\\{login}', f'{login}@CORP.TEST')}
    assert len(people) == 1 and [*Directory.get().failures] == [dead]
    assert following.follow(number) is None, 'below two bases he is one person'


def test_number_and_photo_come_from_the_domain(domain, followed, follow):
    with io.BytesIO() as file:
        Image.new('RGB', (96, 96), 'red').save(file, 'JPEG')
        picture = file.getvalue()
    login = domain.login()
    dn = domain.person(login, employeeID='00417')
    domain.set(dn, thumbnailPhoto=picture)
    number = followed(f'(sAMAccountName={login})')
    assert directories.load(number).bases == (PEOPLE,)
    following.follow_all()
    person = Person.get(Person.login == login)
    assert person.employee_number == '00417' and person.photo
