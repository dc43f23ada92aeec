"""Which guides a person was shown."""

from peewee import CompositeKey, Model

from appliance.core.fields import Id, Link, Moment, Text


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Person(Frozen):
        id = Id()

    class GuideSeen(Frozen):
        person = Link(Person)
        guide = Text()
        at = Moment()

        class Meta:
            table_name = 'guide_seen'
            primary_key = CompositeKey('person', 'guide')

    db.create_tables([GuideSeen])
