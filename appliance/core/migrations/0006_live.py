"""Notes for open tabs, the versions of pages' rights, and who is here."""

from peewee import Model

from appliance.core.fields import Id, Integer, Json, Link, Moment, Text


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Person(Frozen):
        id = Id()

    class LiveEvent(Frozen):
        id = Id()
        channel = Text()
        type = Text()
        ref = Text()
        data = Json(null=True)
        at = Moment(index=True)

    class LivePage(Frozen):
        ref = Text(primary_key=True)
        version = Integer()

    class Presence(Frozen):
        person = Link(Person, primary_key=True)
        seen_at = Moment()

    db.create_tables([LiveEvent, LivePage, Presence])
