"""Notes, and who sees them."""

from peewee import CompositeKey, Model, SqliteDatabase

from appliance.core.fields import Id, Integer, Link, Moment, Text


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Person(Frozen):
        id = Id()

    class PlantedNote(Frozen):
        id = Id()
        person = Link(Person)
        title = Text()
        shared = Text()
        created_at = Moment()

        class Meta:
            indexes = ((('created_at', 'id'), False), (('title', 'id'), False))

    class PlantedNoteAccess(Frozen):
        subject = Text()
        key = Integer()
        object_id = Integer()
        level = Integer()

        class Meta:
            primary_key = CompositeKey('subject', 'key', 'object_id')
            indexes = ((('object_id', 'subject'), True),)
            without_rowid = isinstance(db, SqliteDatabase)

    db.create_tables([PlantedNote, PlantedNoteAccess])
