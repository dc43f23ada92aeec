"""Holds on people, people who were forgotten, and who asked to read what is a person's alone."""

from peewee import Model

from appliance.core.fields import Day, Id, Integer, Json, Link, Moment, Text


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Person(Frozen):
        id = Id()

    class PersonHold(Frozen):
        id = Id()
        person = Link(Person)
        reason = Text()
        by = Text()
        at = Moment()
        until = Day(null=True)
        ended_at = Moment(null=True)
        ended_by = Text()

    class PersonForgotten(Frozen):
        person = Link(Person, primary_key=True)
        by = Text()
        at = Moment()
        counts = Json()

    class Insight(Frozen):
        id = Id()
        person = Link(Person)
        kind = Text()
        asked_by = Link(Person, index=False)
        reason = Text()
        hours = Integer()
        asked_at = Moment()
        state = Text()
        decided_by = Link(Person, null=True)
        decided_at = Moment(null=True)
        ends_at = Moment(null=True)
        ended_by = Link(Person, null=True)

        class Meta:
            indexes = ((('asked_by', 'state', 'person', 'kind'), False),)

    db.create_tables([PersonHold, PersonForgotten, Insight])
