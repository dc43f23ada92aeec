"""The sync with directories: how far it goes for each, its runs and their steps."""

from peewee import Model

from appliance.core.fields import Flag, Id, Integer, Json, Link, Moment, Text, Uuid


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Person(Frozen):
        id = Id()

    class Directory(Frozen):
        id = Id()
        sync = Text(default='known')

    class SyncRun(Frozen):
        id = Id()
        directory = Link(Directory)
        state = Text()
        is_dry = Flag()
        creates = Flag()
        counts = Json()
        brake = Text()
        absent = Integer()
        known = Integer()
        failure = Text()
        by = Integer(null=True)
        started_at = Moment()
        planned_at = Moment(null=True)
        ended_at = Moment(null=True)

        class Meta:
            indexes = ((('directory', 'id'), False), (('state', 'id'), False))

    class SyncStep(Frozen):
        id = Id()
        run = Link(SyncRun)
        kind = Text()
        reason = Text()
        uuid = Uuid()
        person = Link(Person, null=True)
        name = Text()
        dn = Text()
        before = Json()
        after = Json()
        is_held = Flag()
        state = Text()
        note = Text()

        class Meta:
            indexes = ((('run', 'state', 'id'), False),)

    db.create_tables([SyncRun, SyncStep])
    migrator.migrate(migrator.add_column('directory', 'sync', Directory.sync))
