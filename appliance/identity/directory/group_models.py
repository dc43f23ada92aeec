"""Tables of what a directory's groups and branches give. No rules here."""

from peewee import CompositeKey

from appliance.core import clock
from appliance.core.db import Base
from appliance.core.departments import Department
from appliance.core.fields import Id, Link, Moment, Text, Uuid
from appliance.core.i18n import texts
from appliance.core.people import Person
from appliance.core.personal.declarations import WITH_PERSON, Nothing, Personal
from appliance.identity.models import Directory

_ = texts(__name__)
KINDS = ROLE, DEPARTMENT = ('role', 'department')
HEAD = 'head'       # of a department: given by the people's `manager`, by no rule


class DirectoryGroupRule(Base):
    """Who is in this group has this: `what` is the name of a role, or the id of a department. The UUID decides; name and DN are labels.

    `gone_at`: since when the directory does not show the group.
    """

    id = Id()
    directory = Link(Directory)
    uuid = Uuid()
    name = Text()
    dn = Text()
    kind = Text()
    what = Text()
    created_at = Moment(default=clock.now)
    gone_at = Moment(null=True)

    class Meta:
        personal = Nothing(_.lazy('Which group of a directory gives which role or department.'))
        table_name = 'directory_group_rule'
        indexes = ((('directory', 'uuid', 'kind', 'what'), True),)


class DirectoryGiven(Base):
    """What a directory gave a person, so that it alone is taken back: a role, a department, or (`head`) a department to lead.

    `name` is the group's, `at` the moment at which a role was given: one that was given again since is somebody else's word.
    """

    directory = Link(Directory)
    person = Link(Person)
    kind = Text()
    what = Text()
    name = Text(default='')
    at = Moment(default=clock.now)

    class Meta:
        personal = Personal(_.lazy('Which roles and departments a person has by a directory'), person='person', kept=WITH_PERSON)
        table_name = 'directory_given'
        primary_key = CompositeKey('directory', 'person', 'kind', 'what')


class DirectoryDepartment(Base):
    """The tie between a department and the organizational unit that it is. The UUID decides; the DN is a label."""

    directory = Link(Directory)
    uuid = Uuid()
    department = Link(Department)
    dn = Text()

    class Meta:
        personal = Nothing(_.lazy('Which branch of a directory is which department.'))
        table_name = 'directory_department'
        primary_key = CompositeKey('directory', 'uuid')
