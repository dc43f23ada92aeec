"""Events and their deliveries; the audit log with its seals."""

from peewee import SQL, CompositeKey, Model

from appliance.core.fields import Bytes, Id, Integer, Json, Link, Moment, Text


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Event(Frozen):
        id = Id()
        name = Text()
        version = Integer()
        object = Text()
        data = Json()
        at = Moment(index=True)
        actor_id = Integer(null=True)

    class Delivery(Frozen):
        event = Link(Event, on_delete='CASCADE')
        listener = Text()
        object = Text()
        state = Text()
        attempts = Integer()
        next_at = Moment()
        ended_at = Moment(null=True)
        error = Text()

        class Meta:
            primary_key = CompositeKey('event', 'listener')
            indexes = ((('state', 'next_at'), False),)

    Delivery.add_index(SQL("CREATE INDEX delivery_waiting ON delivery (listener, object, event_id) WHERE state = 'waiting'"))

    class Audit(Frozen):
        id = Id()
        at = Moment()
        person_id = Integer(null=True, index=True)
        via = Text()
        what = Text(index=True)
        object = Text(index=True)
        data = Json()
        address = Text()
        seal_no = Integer(null=True, unique=True)
        seal = Bytes(null=True)

    class AuditCount(Frozen):
        key = Text(primary_key=True)
        person_id = Integer(null=True)
        via = Text()
        what = Text()
        object = Text()
        data = Json()
        address = Text()
        count = Integer()
        first_at = Moment()

    class AuditMark(Frozen):
        name = Text(primary_key=True)
        seal_no = Integer()
        at = Moment()

    db.create_tables([Event, Delivery, Audit, AuditCount, AuditMark])
