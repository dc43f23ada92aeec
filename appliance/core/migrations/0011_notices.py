"""What people should know, and where they want to know it."""

from peewee import SQL, CompositeKey, Model

from appliance.core.fields import Flag, Id, Integer, Json, Link, Moment, Text


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Person(Frozen):
        id = Id()

    class Notice(Frozen):
        id = Id()
        person = Link(Person, index=False)
        kind = Text()
        object = Text()
        data = Json()
        count = Integer()
        at = Moment()
        is_shown = Flag()
        is_mailed = Flag()
        read_at = Moment(null=True)
        mailed_at = Moment(null=True)

        class Meta:
            indexes = ((('person', 'id'), False),)

    Notice.add_index(SQL('CREATE INDEX notice_unread ON notice (person_id, kind, object) WHERE read_at IS NULL'))

    class NoticeChoice(Frozen):
        person = Link(Person)
        kind = Text()
        is_shown = Flag()
        is_mailed = Flag()

        class Meta:
            primary_key = CompositeKey('person', 'kind')

    db.create_tables([Notice, NoticeChoice])
