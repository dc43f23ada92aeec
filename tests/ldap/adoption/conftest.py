"""The slapd of the sync's tests, people who were here before it, and an administrator who ticks."""
import pytest

from appliance.core.actor import ADMINISTRATOR, SYSTEM
from appliance.core.people import actor_for, add_person, give_role
from appliance.identity import passwords
from appliance.identity.directory import directories
from appliance.identity.directory.adoption import proposals, ticking
from appliance.identity.directory.sync import following, marks
from appliance.identity.models import Directory, Password
from tests.ldap.people import PEOPLE, PORTAL, SECRET
from tests.ldap.sync.conftest import company, overlays  # noqa: F401 - fixtures

OWN_PASSWORD = 'a password of the portal'


@pytest.fixture
def directory_id(box, company):  # noqa: F811
    """The directory of `company`, of which nobody was read yet; followed to its last person as soon as somebody looks."""
    found = directories.add_directory(SYSTEM, 'Company', company.server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none')
    Directory.update(sync='all').execute()
    return found


@pytest.fixture
def boss(box):
    """An administrator with a password of the portal's own, who is in no directory."""
    person_id = local('boss', name='The Boss', password=OWN_PASSWORD)
    give_role(SYSTEM, person_id, ADMINISTRATOR)
    return actor_for(person_id, 'test')


def local(login, password=None, **fields):
    """A person with a local account; returns the id. With a password where a test logs in by it; else its hash is of nothing."""
    person_id = add_person(SYSTEM, login, fields.pop('name', login.title()), **fields)
    if password:
        passwords.set_password(SYSTEM, person_id, password)
    else:
        Password.create(person=person_id, hash='$argon2id$of-nothing')
    return person_id


def look(directory_id):
    """{(login here, certainty): proposal} of what is open after one look at everybody."""
    marks.drop(directory_id)
    following.follow(directory_id)
    return opened(SYSTEM, directory_id)


def opened(actor, directory_id):
    return {(one['here']['login'], one['by']): one for one in proposals.listed(actor, directory_id, limit=1000)}


def join(actor, directory_id, *step_ids):
    """Tick and join; returns the id of the run, which is done."""
    ticking.tick(actor, directory_id, step_ids, step_ids)
    run_id = ticking.join(actor, directory_id)
    following.follow_all()
    return run_id
