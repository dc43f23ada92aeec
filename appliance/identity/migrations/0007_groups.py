"""What groups and branches of a directory give: rules, what was given by them, departments that are branches, and how far a directory goes."""

from peewee import CompositeKey, Model

from appliance.core.fields import Flag, Id, Link, Moment, Text, Uuid


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Person(Frozen):
        id = Id()

    class Department(Frozen):
        id = Id()

    class Directory(Frozen):
        id = Id()
        tree = Text(default='attribute')
        heads = Flag(default=False)

    class DirectoryGroupRule(Frozen):
        id = Id()
        directory = Link(Directory)
        uuid = Uuid()
        name = Text()
        dn = Text()
        kind = Text()
        what = Text()
        created_at = Moment()
        gone_at = Moment(null=True)

        class Meta:
            indexes = ((('directory', 'uuid', 'kind', 'what'), True),)

    class DirectoryGiven(Frozen):
        directory = Link(Directory)
        person = Link(Person)
        kind = Text()
        what = Text()
        name = Text()
        at = Moment()

        class Meta:
            primary_key = CompositeKey('directory', 'person', 'kind', 'what')

    class DirectoryDepartment(Frozen):
        directory = Link(Directory)
        uuid = Uuid()
        department = Link(Department)
        dn = Text()

        class Meta:
            primary_key = CompositeKey('directory', 'uuid')

    db.create_tables([DirectoryGroupRule, DirectoryGiven, DirectoryDepartment])
    migrator.migrate(migrator.add_column('directory', 'tree', Directory.tree), migrator.add_column('directory', 'heads', Directory.heads))
