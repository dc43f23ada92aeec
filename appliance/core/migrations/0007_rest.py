"""Who is told of events elsewhere, each event on its way there, and the emulated limit of requests."""

from peewee import SQL, Model

from appliance.core.fields import Bytes, Id, Integer, Link, Moment, Text


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Person(Frozen):
        id = Id()

    class Event(Frozen):
        id = Id()

    class Subscription(Frozen):
        id = Id()
        person = Link(Person)
        epoch = Integer()
        token_id = Integer(null=True)
        name = Text()
        event = Text(index=True)
        address = Text()
        secret = Bytes()
        state = Text()
        reason = Text()
        failing_since = Moment(null=True)
        created_at = Moment()

    class SubscriptionCall(Frozen):
        id = Id()
        subscription = Link(Subscription, on_delete='CASCADE')
        event = Link(Event, on_delete='CASCADE')
        state = Text()
        attempts = Integer()
        next_at = Moment()
        created_at = Moment()
        ended_at = Moment(null=True)
        status = Integer(null=True)
        took_ms = Integer(null=True)
        error = Text()

        class Meta:
            indexes = ((('subscription', 'event'), True),)

    SubscriptionCall.add_index(SQL("CREATE INDEX subscription_call_due ON subscription_call (next_at) WHERE state IN ('waiting', 'sending')"))

    class RestBucket(Frozen):
        token_id = Integer(primary_key=True)
        level = Integer()
        at = Moment()

    db.create_tables([Subscription, SubscriptionCall, RestBucket])
