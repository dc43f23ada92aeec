"""Roles and what they may; who sees whom; which derived tables were made."""

from peewee import CompositeKey, Model, SqliteDatabase

from appliance.core.fields import Flag, Integer, Moment, Text


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Role(Frozen):
        name = Text(primary_key=True)
        title = Text()
        by = Text()
        at = Moment()

    class RolePermission(Frozen):
        role = Text()
        permission = Text()
        is_granted = Flag()
        by = Text()
        at = Moment()

        class Meta:
            primary_key = CompositeKey('role', 'permission')

    class PersonAccess(Frozen):
        subject = Text()
        key = Text()
        object_id = Integer()
        level = Integer()

        class Meta:
            primary_key = CompositeKey('subject', 'key', 'object_id')
            indexes = ((('object_id', 'subject'), True),)
            without_rowid = isinstance(db, SqliteDatabase)

    class DerivedState(Frozen):
        name = Text(primary_key=True)
        version = Integer()
        at = Moment()

    db.create_tables([Role, RolePermission, PersonAccess, DerivedState])
