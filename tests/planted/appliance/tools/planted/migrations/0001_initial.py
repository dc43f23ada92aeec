"""Notes."""

from peewee import Model

from appliance.core.fields import Id, Link, Moment, Text


def up(migrator, db):
    class Person(Model):
        id = Id()

        class Meta:
            database = db
            table_name = 'person'

    class PlantedNote(Model):
        id = Id()
        person = Link(Person)
        title = Text()
        created_at = Moment()

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([PlantedNote])
