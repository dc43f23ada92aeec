"""Roles and permissions: two kinds of administrators, nobody grants what he lacks, nobody locks everybody out."""
import pytest

from appliance.core import departments, jobs, outbox, people, permissions, settings, switch
from appliance.core.actor import SYSTEM
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.identity.directory import directories
from appliance.jobs import own

# What each permission lets do: a rule that needs nothing else.
DEEDS = {
    'core.people.manage': lambda actor: people.add_person(actor, 'new', 'New'),
    'core.roles.manage': lambda actor: permissions.add_role(actor, 'clerk', 'Clerk'),
    'core.settings.manage': lambda actor: settings.set_setting(actor, 'company.name', 'x'),
    'core.tools.switch': lambda actor: switch.turn(actor, 'planted', True),
    'core.mail.manage': lambda actor: (settings.set_setting(actor, 'mail.host', 'mail.example'), outbox.counts(actor)),
    'core.jobs.manage': lambda actor: (own.load(), jobs.request(actor, 'core.outbox')),
    'identity.directories.manage': lambda actor: directories.list_directories(actor),
}


@pytest.fixture
def who(box):
    """A function: the Actor of a new person with these roles."""
    def make(*roles):
        person = people.add_person(SYSTEM, f'p{people.Person.select().count()}', 'Somebody')
        for role in roles:
            people.give_role(SYSTEM, person, role)
        return people.actor_for(person, 'test')
    return make


@pytest.mark.parametrize('name', DEEDS)
def test_a_permission_lets_do_its_deed_and_nothing_else_does(who, name):
    for role in ('administrator', 'portal_admin', 'system_admin', None):
        actor = who(*([role] if role else []))
        if permissions.may(actor, name):
            DEEDS[name](actor)
            return
    raise AssertionError('no role may do it')


@pytest.mark.parametrize('name', DEEDS)
@pytest.mark.parametrize('role', ['portal_admin', 'system_admin', None])
def test_without_the_permission_it_is_refused(who, role, name):
    actor = who(*([role] if role else []))
    if not permissions.may(actor, name):
        with pytest.raises(NotAllowed):
            DEEDS[name](actor)


def test_the_two_kinds_of_administrators_differ(who):
    portal, system = permissions.of(who('portal_admin')), permissions.of(who('system_admin'))
    assert 'core.people.manage' in portal - system and 'core.backups.read' in system - portal
    assert permissions.of(who('administrator')) == set(permissions.declared()) == permissions.of(SYSTEM)
    assert portal | system == permissions.of(who('portal_admin', 'system_admin'))


def test_every_permission_has_somebody_and_a_name_of_its_owner(box):
    for name, one in permissions.declared().items():
        assert str(one.label) and name.count('.') == 2 and set(one.roles) <= set(permissions.BUILT_IN)


def test_a_changed_permission_counts_at_once_and_for_that_role_only(who):
    portal = who('portal_admin')
    permissions.set_permission(SYSTEM, 'portal_admin', 'core.tools.switch', False)
    permissions.set_permission(SYSTEM, 'employee', 'core.audit.read', True)
    assert not permissions.may(portal, 'core.tools.switch') and permissions.may(who(), 'core.audit.read')
    assert permissions.may(who('system_admin'), 'core.tools.switch')
    permissions.set_permission(SYSTEM, 'portal_admin', 'core.tools.switch', True)
    assert permissions.may(portal, 'core.tools.switch')


def test_nobody_grants_what_he_lacks(who):
    portal, other = who('portal_admin'), who()
    for role in ('administrator', 'system_admin'):
        with pytest.raises(NotAllowed, match='more than they may'):
            people.give_role(portal, other.person_id, role)
    with pytest.raises(NotAllowed):
        permissions.set_permission(portal, 'employee', 'core.backups.read', True)
    people.give_role(portal, other.person_id, 'portal_admin')
    with pytest.raises(NotAllowed):
        people.give_role(other, other.person_id, 'portal_admin')      # an Actor of before: he may not yet


def test_the_last_administrator_stays(who):
    ana = who('administrator')
    with pytest.raises(Conflict, match='another active administrator'):
        people.take_role(SYSTEM, ana.person_id, 'administrator')
    ben = who('administrator')
    people.block(SYSTEM, ben.person_id, 'portal')
    with pytest.raises(Conflict):
        people.take_role(SYSTEM, ana.person_id, 'administrator')
    people.unblock(SYSTEM, ben.person_id, 'portal')
    epoch = people.Person.get_by_id(ana.person_id).epoch
    people.take_role(SYSTEM, ana.person_id, 'administrator')
    assert people.Person.get_by_id(ana.person_id).epoch == epoch + 1
    with pytest.raises(Conflict, match='may do everything'):
        permissions.set_permission(SYSTEM, 'administrator', 'core.audit.read', False)


def test_a_role_of_ones_own(who):
    permissions.add_role(SYSTEM, 'auditor', 'Auditor of the year')
    permissions.set_permission(SYSTEM, 'auditor', 'core.audit.read', True)
    auditor = who('auditor')
    assert permissions.of(auditor) == {'core.audit.read'} and permissions.roles()['auditor'] == 'Auditor of the year'
    with pytest.raises(Conflict):
        permissions.add_role(SYSTEM, 'auditor', 'Again')


@pytest.mark.parametrize('name', ['', 'Two words', 'Big', 'ñ', '1x', 'x' * 41, "x'"])
def test_a_role_has_a_plain_name(box, name):
    with pytest.raises(Invalid):
        permissions.add_role(SYSTEM, name, 'Title')


@pytest.mark.parametrize(('role', 'name'), [('nobody', 'core.audit.read'), ('employee', 'core.nothing.read')])
def test_unknown_roles_and_permissions_are_not_found(box, role, name):
    with pytest.raises(NotFound):
        permissions.set_permission(SYSTEM, role, name, True)


def test_departments_are_of_those_who_manage_people(who):
    assert departments.add_department(who('portal_admin'), 'Sales')
    with pytest.raises(NotAllowed):
        departments.add_department(who('system_admin'), 'More')
