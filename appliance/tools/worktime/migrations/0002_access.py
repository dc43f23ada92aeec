"""Who sees which working day."""

from peewee import CompositeKey, Model, SqliteDatabase

from appliance.core.fields import Integer, Text


def up(migrator, db):
    class WorktimeDayAccess(Model):
        subject = Text()
        key = Text()
        object_id = Integer()
        level = Integer()

        class Meta:
            database = db
            legacy_table_names = False
            primary_key = CompositeKey('subject', 'key', 'object_id')
            indexes = ((('object_id', 'subject'), True),)
            without_rowid = isinstance(db, SqliteDatabase)

    db.create_tables([WorktimeDayAccess])
