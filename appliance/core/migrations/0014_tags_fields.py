"""Fields of the company's own, with their choices and values; and tags on objects of every kind."""

from peewee import SQL, CompositeKey, Model

from appliance.core.fields import Day, Flag, Id, Integer, Link, Moment, Quantity, Text


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Person(Frozen):
        id = Id()

    class CustomField(Frozen):
        id = Id()
        kind = Text()
        code = Text()
        title = Text()
        type = Text()
        is_required = Flag()
        edited_by = Text()
        seen_by = Text()
        position = Integer()
        is_on = Flag()

        class Meta:
            indexes = ((('kind', 'code'), True),)

    class CustomChoice(Frozen):
        id = Id()
        field = Link(CustomField)
        title = Text()
        position = Integer()

    class CustomValue(Frozen):
        kind = Text()
        object_id = Integer()
        field = Link(CustomField)
        text = Text(null=True)
        number = Integer(null=True)
        quantity = Quantity(4, null=True)
        day = Day(null=True)
        flag = Flag(null=True)
        choice = Link(CustomChoice, null=True)

        class Meta:
            primary_key = CompositeKey('kind', 'object_id', 'field')

    class Tagging(Frozen):
        id = Id()
        kind = Text()
        object_id = Integer()
        text = Text()
        folded = Text()
        person = Link(Person, null=True)
        at = Moment()

        class Meta:
            indexes = ((('kind', 'object_id', 'folded'), True), (('folded', 'id'), False))

    Tagging.add_index(SQL('CREATE INDEX tagging_newest ON tagging (kind, id)'))

    db.create_tables([CustomField, CustomChoice, CustomValue, Tagging])
