"""What hangs on objects of every kind: comments, who follows them, likes, history; and the trash."""

from peewee import SQL, CompositeKey, Model

from appliance.core.fields import Flag, Id, Integer, Json, Link, Moment, Text


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Person(Frozen):
        id = Id()

    class Comment(Frozen):
        id = Id()
        kind = Text()
        object_id = Integer()
        person = Link(Person)
        text = Text()
        quote = Link('self', null=True, on_delete='SET NULL')
        at = Moment()
        edited_at = Moment(null=True)
        deleted_at = Moment(null=True)

        class Meta:
            indexes = ((('kind', 'object_id', 'id'), False),)

    class CommentMention(Frozen):
        comment = Link(Comment, on_delete='CASCADE')
        person = Link(Person)

        class Meta:
            primary_key = CompositeKey('comment', 'person')

    class Follow(Frozen):
        kind = Text()
        object_id = Integer()
        person = Link(Person)
        is_on = Flag()
        at = Moment()

        class Meta:
            primary_key = CompositeKey('kind', 'object_id', 'person')

    class Liking(Frozen):
        id = Id()
        kind = Text()
        object_id = Integer()
        person = Link(Person)
        at = Moment()

        class Meta:
            indexes = ((('kind', 'object_id', 'person'), True),)

    Liking.add_index(SQL('CREATE INDEX liking_newest ON liking (kind, object_id, id)'))

    class History(Frozen):
        id = Id()
        kind = Text()
        object_id = Integer()
        field = Text()
        old = Json(null=True)
        new = Json(null=True)
        person_id = Integer(null=True)
        at = Moment()

        class Meta:
            indexes = ((('kind', 'object_id', 'id'), False),)

    class Trash(Frozen):
        id = Id()
        kind = Text()
        object_id = Integer()
        person_id = Integer(null=True)
        at = Moment()
        gone_at = Moment(index=True)

        class Meta:
            indexes = ((('kind', 'object_id'), True), (('person_id', 'id'), False))

    db.create_tables([Comment, CommentMention, Follow, Liking, History, Trash])
