"""People, departments, settings, request keys, the outbox, runs of jobs and living processes."""

from peewee import CompositeKey, Model

from appliance.core.fields import Bytes, Day, Id, Integer, Json, Link, Moment, Text


def up(migrator, db):
    for model in (*_people(db), *_machinery(db)):
        db.create_tables([model])


def _people(db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Department(Frozen):
        id = Id()
        name = Text()
        parent = Link('self', null=True)
        head_id = Integer(null=True, index=True)
        created_at = Moment()

    class Person(Frozen):
        id = Id()
        kind = Text()
        login = Text(unique=True)
        name = Text()
        mail = Text()
        phone = Text()
        title = Text()
        birthday = Day(null=True)
        language = Text()
        zone = Text()
        department = Link(Department, null=True)
        contact = Link('self', null=True)
        epoch = Integer()
        sort_name = Text()
        words = Text()
        created_at = Moment()

        class Meta:
            indexes = ((('sort_name', 'id'), False), (('mail',), False))

    class PersonBlock(Frozen):
        person = Link(Person)
        source = Text()
        reason = Text()
        by = Integer(null=True)
        at = Moment()

        class Meta:
            primary_key = CompositeKey('person', 'source')

    class PersonRole(Frozen):
        person = Link(Person)
        role = Text()
        by = Integer(null=True)
        at = Moment()

        class Meta:
            primary_key = CompositeKey('person', 'role')

    class Outbox(Frozen):
        id = Id()
        kind = Text()
        key = Text(unique=True)
        person = Link(Person, null=True)
        recipient = Text()
        language = Text()
        template = Text()
        data = Json()
        state = Text()
        attempts = Integer()
        next_at = Moment()
        created_at = Moment()
        sent_at = Moment(null=True)
        error = Text()

        class Meta:
            indexes = ((('state', 'next_at'), False),)

    return Department, Person, PersonBlock, PersonRole, Outbox


def _machinery(db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Setting(Frozen):
        scope = Text()
        name = Text()
        value = Json()

        class Meta:
            primary_key = CompositeKey('scope', 'name')

    class RequestKey(Frozen):
        actor = Text()
        key = Text()
        fingerprint = Bytes()
        answer = Json(null=True)
        at = Moment(index=True)

        class Meta:
            primary_key = CompositeKey('actor', 'key')

    class JobRun(Frozen):
        id = Id()
        job = Text()
        scope = Text()
        slot = Text()
        state = Text()
        owner = Text()
        due_at = Moment()
        next_at = Moment()
        lease_until = Moment(null=True)
        attempts = Integer()
        started_at = Moment(null=True)
        ended_at = Moment(null=True)
        requested_by = Text()
        error = Text()

        class Meta:
            indexes = ((('job', 'scope', 'slot'), True), (('state', 'next_at'), False))

    class Process(Frozen):
        host = Text()
        kind = Text()
        pid = Integer()
        tool_version = Integer()
        seen_at = Moment()

        class Meta:
            primary_key = CompositeKey('host', 'pid')

    return Setting, RequestKey, JobRun, Process
