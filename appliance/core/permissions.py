"""Who may do what: roles have permissions. What each role has from the start, core and tools declare; administrators change it.

The role `administrator` has every permission for ever, so that nobody locks himself out. `portal_admin` runs the portal (people,
settings, tools), `system_admin` the server under it (mail, directories, jobs, backups): two people may share the work, and neither
can do the other's. Nobody gives a role that can more than they may.
"""

import functools

from peewee import CompositeKey

from appliance.core import audit, clock, revisions, tool
from appliance.core.actions import action
from appliance.core.actor import ADMINISTRATOR, EMPLOYEE, GUEST, SERVICE
from appliance.core.db import Base, rows
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.fields import Flag, Moment, Text
from appliance.core.i18n import texts
from appliance.core.limits import NAME_LENGTH
from appliance.core.personal.declarations import CURRENT, Keep, Kept, Personal
from appliance.core.tool import Permission

_ = texts(__name__)
PORTAL, SYSTEM_ROLE = 'portal_admin', 'system_admin'
BUILT_IN = {
    ADMINISTRATOR: _.lazy('Administrator'), PORTAL: _.lazy('Administrator of the portal'), SYSTEM_ROLE: _.lazy('Administrator of the system'),
    EMPLOYEE: _.lazy('Employee'), GUEST: _.lazy('Guest'), SERVICE: _.lazy('Service account'),
}
KINDS = (EMPLOYEE, GUEST, SERVICE)      # roles that a person has by his kind; the others are given
CORE = (
    Permission('core.people.manage', _.lazy('Add, change and block people, and see those who are blocked'), (PORTAL,)),
    Permission('core.roles.manage', _.lazy('Give roles, and change what they may'), (PORTAL,)),
    Permission('core.settings.manage', _.lazy('Change the settings of the company'), (PORTAL,)),
    Permission('core.fields.manage', _.lazy('Define fields of the company’s own'), (PORTAL,)),
    Permission('core.programs.manage', _.lazy('Give programs service accounts, and see what all programs may do and are told'), (PORTAL,)),
    Permission('core.tools.switch', _.lazy('Switch tools on and off'), (PORTAL, SYSTEM_ROLE)),
    Permission('core.audit.read', _.lazy('Read the audit log, and ask why somebody sees something'), (PORTAL, SYSTEM_ROLE)),
    Permission('core.personal.manage', _.lazy('Answer for personal data: see what is kept, export, hold and forget')),
    Permission('core.insight.decide', _.lazy('Ask to read what is a person’s alone, and let another administrator')),
    Permission('core.mail.manage', _.lazy('Set up the mail server, see the outbox and send again'), (SYSTEM_ROLE,)),
    Permission('core.jobs.manage', _.lazy('See jobs and run them'), (SYSTEM_ROLE,)),
    Permission('core.backups.read', _.lazy('See the backups'), (SYSTEM_ROLE,)),
    Permission('identity.directories.manage', _.lazy('Set up directories, which say who is an employee and in which department'), (SYSTEM_ROLE,)),
)


class Role(Base):
    """A role of the company's own."""

    name = Text(primary_key=True)
    title = Text(limit=NAME_LENGTH)
    by = Text()
    at = Moment(default=clock.now)

    class Meta:
        personal = Personal(
            _.lazy('Which session or name at the console made a role'), words=('by',), kept=Kept(_.lazy('as long as the role')),
            forget=Keep(_.lazy('The number of a session stays, which leads to nobody’s name then.')))


class RolePermission(Base):
    """Where a role differs from what was declared: it has a permission, or has it not."""

    role = Text()
    permission = Text()
    is_granted = Flag()
    by = Text()
    at = Moment(default=clock.now)

    class Meta:
        personal = Personal(
            _.lazy('Which session or name at the console changed a permission'), words=('by',), kept=CURRENT,
            forget=Keep(_.lazy('The number of a session stays, which leads to nobody’s name then.')))
        table_name = 'role_permission'
        primary_key = CompositeKey('role', 'permission')


@functools.cache
def declared():
    """{name: Permission} of the core and of all tools, on or off."""
    return {one.name: one for owner in ((), *(tool.declarations()[name].permissions for name in tool.names_in_order()))
            for one in (owner or CORE)}


def _differences():
    return revisions.kept('role_permission', lambda: frozenset(rows('SELECT role, permission, is_granted FROM role_permission')))


@functools.lru_cache(maxsize=256)
def _of(roles, differences):
    """The names of the permissions that these roles have together."""
    changed = {(role, name): bool(is_granted) for role, name, is_granted in differences}
    return frozenset(name for name, one in declared().items()
                     if any(role == ADMINISTRATOR or changed.get((role, name), role in one.roles) for role in roles))


def of(actor):
    """The names of all permissions that an actor has."""
    return frozenset(declared()) if actor.is_system else _of(actor.roles, _differences())


def may(actor, name):
    """Whether an actor has a permission; KeyError for one that nobody declared."""
    declared()[name]
    return name in of(actor)


def require(actor, name):
    """NotAllowed unless the actor has the permission."""
    if not may(actor, name):
        raise NotAllowed()


def permitted(name):
    """The right of actions that need a permission: `@action(rights=permitted('core.people.manage'))`."""
    def right(actor, *args, **kwargs):
        require(actor, name)
    return right


def holders(name):
    """The ids of the people who have a permission by a role that was given, and are not blocked."""
    differences = _differences()
    return sorted({person_id for person_id, role in rows('''SELECT r.person_id, r.role FROM person_role r
                   WHERE NOT EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = r.person_id)''')
                   if name in _of(frozenset({role}), differences)})


def roles():
    """{name: title} of all roles, those of the company's own last."""
    return {name: str(title) for name, title in BUILT_IN.items()} | dict(rows('SELECT name, title FROM role ORDER BY title, name'))


def matrix():
    """{role: {permission: True or False}} of every role."""
    differences = _differences()
    return {role: {name: name in _of(frozenset({role}), differences) for name in declared()} for role in roles()}


def require_grantable(actor, role):
    """NotFound for an unknown role, Invalid for one that comes with the kind, NotAllowed when it can more than the actor."""
    if role not in roles():
        raise NotFound(_('There is no role %(role)s.', role=role))
    if role in KINDS:
        raise Invalid(_('This role comes with the kind of person; it is not given.'), field='role')
    if not _of(frozenset({role}), _differences()) <= of(actor):
        raise NotAllowed(_('Nobody can give a role that may do more than they may themselves.'))


@action(rights=permitted('core.roles.manage'))
def set_permission(actor, role, name, is_granted):
    """Let a role have a permission or not. NotAllowed for what the actor lacks himself; Conflict for the role administrator."""
    if role not in roles() or name not in declared():
        raise NotFound()
    if role == ADMINISTRATOR:
        raise Conflict(_('An administrator may do everything; that cannot be changed.'))
    require(actor, name)
    values = {'is_granted': is_granted, 'by': actor.via, 'at': clock.now()}
    (RolePermission.insert(role=role, permission=name, **values)
     .on_conflict(conflict_target=(RolePermission.role, RolePermission.permission), update=values).execute())
    _note(actor, 'core.permission.changed', f'core.role:{role}', permission=name, to=is_granted)


@action(rights=permitted('core.roles.manage'))
def set_permissions(actor, role, changes):
    """Set several ({name: True or False}), all of them or none."""
    for name, is_granted in changes.items():
        set_permission(actor, role, name, is_granted)


@action(rights=permitted('core.roles.manage'))
def add_role(actor, name, title):
    """A role of the company's own, without permissions. Invalid for a name that is not a word; Conflict when it is taken."""
    if not (name.isascii() and name.isidentifier() and name.islower() and len(name) <= 40):
        raise Invalid(_('A name is one word of small letters, digits and _.'), field='name')
    title = ' '.join(title.split())
    if not 0 < len(title) <= NAME_LENGTH:
        raise Invalid(_('A name has 1 to %(most)s characters.', most=NAME_LENGTH), field='title')
    if name in roles():
        raise Conflict(_('There is a role %(role)s already.', role=name))
    Role.create(name=name, title=title, by=actor.via)
    _note(actor, 'core.role.added', f'core.role:{name}', title=title)


def _note(actor, what, object, **data):
    revisions.bump('role_permission')
    audit.record(actor, what, object, **data)
