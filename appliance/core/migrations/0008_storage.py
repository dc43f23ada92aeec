"""Files by their content and who uses them; attachments; photos of people."""

from peewee import CompositeKey, Model

from appliance.core.fields import Id, Integer, Link, Moment, Text


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Person(Frozen):
        id = Id()
        photo = Text(null=True)

    class Blob(Frozen):
        hash = Text(primary_key=True)
        size = Integer()
        created_at = Moment()
        unused_at = Moment(null=True, index=True)

    class BlobUse(Frozen):
        blob = Link(Blob)
        kind = Text()
        object_id = Integer()

        class Meta:
            primary_key = CompositeKey('blob', 'kind', 'object_id')
            indexes = ((('kind', 'object_id'), False),)

    class Attachment(Frozen):
        id = Id()
        kind = Text()
        object_id = Integer()
        blob = Link(Blob)
        name = Text()
        media_type = Text()
        size_bytes = Integer()
        person = Link(Person, null=True)
        created_at = Moment()

        class Meta:
            indexes = ((('kind', 'object_id', 'id'), False),)

    class PersonPhoto(Frozen):
        person = Link(Person, primary_key=True)
        large = Link(Blob)
        small = Link(Blob)
        by = Integer(null=True)
        at = Moment()

    db.create_tables([Blob, BlobUse, Attachment, PersonPhoto])
    migrator.migrate(migrator.add_column('person', 'photo', Person.photo))
