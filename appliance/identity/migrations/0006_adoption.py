"""Adoption: proposals with their ticks, and the ties that were put away."""

from peewee import CompositeKey, Model

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

    class SyncStep(Frozen):
        id = Id()

    class Adoption(Frozen):
        step = Link(SyncStep, primary_key=True)
        directory = Link(Directory, index=False)
        person = Link(Person)
        sign = Text()
        is_open = Flag()
        ticked_by = Integer(null=True)
        ticked_at = Moment(null=True)
        password_hash = Text(null=True)
        password_set_at = Moment(null=True)
        blocks = Json()

        class Meta:
            indexes = ((('directory', 'is_open', 'step'), False),)

    class FormerTie(Frozen):
        directory = Link(Directory)
        uuid = Uuid()
        person = Link(Person)
        dn = Text()
        seen_at = Moment()
        run = Integer()
        at = Moment()

        class Meta:
            primary_key = CompositeKey('directory', 'uuid')

    db.create_tables([Adoption, FormerTie])
