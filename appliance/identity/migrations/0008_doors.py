"""Passwords of directories changed from here: whether, and the logins that wait for it. Since when a directory cannot be followed."""

from peewee import Model

from appliance.core.fields import Bytes, Flag, Id, Link, Moment, Text, Uuid


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Directory(Frozen):
        id = Id()
        changes_passwords = Flag(default=True)

    class DirectoryGap(Frozen):
        directory = Link(Directory, primary_key=True)
        since_at = Moment()
        reason = Text()
        told_at = Moment(null=True)

    class OwedStep(Frozen):
        id = Id()
        kind = Text()
        token_hash = Bytes(unique=True)
        directory = Link(Directory)
        uuid = Uuid()
        is_remembered = Flag()
        created_at = Moment()
        expires_at = Moment()

    db.create_tables([DirectoryGap, OwedStep])
    migrator.migrate(migrator.add_column('directory', 'changes_passwords', Directory.changes_passwords))
