"""Fill an empty portal with the demo company. Refused on an installed box and where people are already."""

from appliance.core import clock, tool
from appliance.core.actions import action
from appliance.core.actor import ADMINISTRATOR
from appliance.core.departments import add_department, set_head
from appliance.core.errors import StartError
from appliance.core.people import Person, give_role, update_person
from appliance.core.settings import set_setting
from appliance.demo import company, directory
from appliance.identity import accounts, passwords
from appliance.identity.directory import directories
from appliance.identity.models import DirectoryPerson


def refuse_installed(config):
    """StartError on a box that was installed: demo people and their one password must never stand in a real portal."""
    refuse_public(config)
    if Person.select().exists():
        raise StartError('there are people already; the demo company fills an empty portal only')


def refuse_public(config):
    """StartError where the portal is more than a demo on this machine."""
    if config.path.is_relative_to('/etc') or not config.server.public_address.startswith('http://'):
        raise StartError('this is an installed box; the demo company is for bin/run and for tests only')


def load(actor, password, directory_url=''):
    """Make departments and people, all with one password. With a directory its people live there, else all are local."""
    password_hash = passwords.hash_password(password)
    _load(actor, password, password_hash, directory_url)
    for _tool, module in tool.registry.load('demo'):
        module.load(actor)


@action
def _load(actor, password, password_hash, directory_url):
    set_setting(actor, 'company.name', company.COMPANY)
    set_setting(actor, 'company.zone', company.ZONE)
    directory_id = None
    if directory_url:
        directory_id = directories.add_directory(actor, company.DIRECTORY, directory_url, directory.BASE, secret=password,
                                                 bind_dn=directory.BIND_DN, tls='none', preset='openldap')
    departments = {}
    for department in company.DEPARTMENTS:
        departments[department.name] = add_department(actor, department.name, departments.get(department.parent))
    ids = {person.login: _add(actor, person, departments, directory_id, password_hash) for person in company.PEOPLE}
    for department in company.DEPARTMENTS:
        set_head(actor, departments[department.name], ids[department.head])
    update_person(actor, ids['guest'], contact_id=ids['employee'])
    give_role(actor, ids['administrator'], ADMINISTRATOR)


def _add(actor, person, departments, directory_id, password_hash):
    is_local = directory_id is None or person.source == 'local'
    person_id = accounts.add_local(
        actor, person.login, person.name, person.mail, person.kind, password_hash if is_local else None, phone=person.phone,
        title=person.title, birthday=person.birthday or None, department_id=departments.get(person.department))
    if not is_local:
        DirectoryPerson.create(directory=directory_id, uuid=directory.person_uuid(person.login), person=person_id,
                               dn=directory.person_dn(person.login), seen_at=clock.now())
    return person_id
