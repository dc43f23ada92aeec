"""A look at what changed: from where it goes on, and when the entries of known people expire."""

from peewee import Model

from appliance.core.fields import Id, Json, Link, Moment, Text


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Directory(Frozen):
        id = Id()

    class DirectoryPerson(Frozen):
        expires_at = Moment(null=True)

    class SyncMark(Frozen):
        id = Id()
        directory = Link(Directory, unique=True)
        sign = Text()
        server = Text()
        high = Json()
        full_at = Moment()
        checked_at = Moment(null=True)
        kept_at = Moment()

    db.create_tables([SyncMark])
    migrator.migrate(migrator.add_column('directory_person', 'expires_at', DirectoryPerson.expires_at))
