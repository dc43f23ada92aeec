"""Passwords, directories and their people, sessions, one-time links, failed logins."""

from peewee import CompositeKey, Model

from appliance.core.fields import Bytes, Flag, Id, Integer, Json, Link, Moment, Text, Uuid


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Person(Frozen):
        id = Id()

    class Password(Frozen):
        person = Link(Person, primary_key=True)
        hash = Text()
        set_at = Moment()

    class Directory(Frozen):
        id = Id()
        name = Text(unique=True)
        url = Text()
        tls = Text()
        ca_pem = Text()
        base_dn = Text()
        bind_dn = Text()
        bind_secret = Bytes(null=True)
        preset = Text()
        person_filter = Text()
        login_attributes = Json()
        mapping = Json()
        is_active = Flag()
        failed_at = Moment(null=True)
        failure = Text()

    class DirectoryPerson(Frozen):
        directory = Link(Directory)
        uuid = Uuid()
        person = Link(Person)
        dn = Text()
        seen_at = Moment()

        class Meta:
            primary_key = CompositeKey('directory', 'uuid')

    class Session(Frozen):
        id = Id()
        token_hash = Bytes(unique=True)
        person = Link(Person)
        epoch = Integer()
        csrf_secret = Text()
        factors = Json()
        flashes = Json()
        is_remembered = Flag()
        address = Text()
        agent = Text()
        created_at = Moment()
        seen_at = Moment()
        expires_at = Moment(index=True)

    class OneTimeLink(Frozen):
        id = Id()
        purpose = Text()
        token_hash = Bytes(unique=True)
        person = Link(Person, null=True)
        created_by = Text()
        created_at = Moment()
        expires_at = Moment()
        used_at = Moment(null=True)

    class LoginFailure(Frozen):
        id = Id()
        bucket = Text()
        at = Moment()

        class Meta:
            indexes = ((('bucket', 'at'), False),)

    for model in (Password, Directory, DirectoryPerson, Session, OneTimeLink, LoginFailure):
        db.create_tables([model])
