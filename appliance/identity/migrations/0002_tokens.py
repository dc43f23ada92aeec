"""Tokens: what a program comes with instead of a cookie."""

from peewee import Model

from appliance.core.fields import Bytes, Flag, Id, Integer, Json, Link, Moment, Text


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Person(Frozen):
        id = Id()

    class Token(Frozen):
        id = Id()
        kind = Text()
        person = Link(Person)
        owner = Link(Person)
        name = Text()
        scopes = Json()
        token_hash = Bytes(unique=True)
        epoch = Integer()
        created_at = Moment()
        expires_at = Moment(null=True)
        last_used_at = Moment(null=True)
        address = Text()
        is_held = Flag()

    db.create_tables([Token])
