"""Tables of identity. No rules here."""

from peewee import CompositeKey

from appliance.core import clock
from appliance.core.db import Base
from appliance.core.fields import Bytes, Flag, Id, Integer, Json, Link, Moment, Text, Uuid
from appliance.core.i18n import texts
from appliance.core.limits import NAME_LENGTH
from appliance.core.people import Person
from appliance.core.personal.declarations import WITH_PERSON, Empty, Keep, Kept, Personal, after

_ = texts(__name__)


class Password(Base):
    """The argon2id hash of a local account; who has no row has no password here."""

    person = Link(Person, primary_key=True)
    hash = Text()
    set_at = Moment(default=clock.now)

    class Meta:
        personal = Personal(_.lazy('A check value of the local password, never the password'), person='person', kept=WITH_PERSON, hidden=('hash',))


class Directory(Base):
    """A company's LDAP directory. `bind_secret` is sealed; `failed_at` keeps logins from waiting for a dead server.

    `sync` says how far the portal follows it by itself: `off`, `known` (who is here is kept up to date and cut off), `all` (people
    are made before they log in).
    """

    id = Id()
    name = Text(limit=NAME_LENGTH, unique=True)
    url = Text()
    tls = Text()                        # ldaps, starttls or none (loopback only)
    ca_pem = Text(default='')
    base_dn = Text()
    more_servers = Json(default=list)   # addresses like `url`, asked after it in this order
    more_bases = Json(default=list)     # people are below any of them
    bind_dn = Text(default='')
    bind_secret = Bytes(null=True)
    preset = Text()
    person_filter = Text()
    login_attributes = Json()
    mapping = Json()
    is_active = Flag(default=True)
    sync = Text(default='known')
    failed_at = Moment(null=True)
    failure = Text(default='')
    failures = Json(default=dict)       # {address: [microseconds, reason]} of servers that failed lately

    class Meta:
        personal = Personal(
            _.lazy('A directory’s address and the account by which the portal reads it'), words=('failure',), kept=Kept(_.lazy('as long as the directory is set up')),
            forget=Keep(_.lazy('It is about a server; what a failure said of the person becomes the stand-in.')))


class DirectoryPerson(Base):
    """The tie between a person and his entry. The UUID decides; the DN is a label that may change."""

    directory = Link(Directory)
    uuid = Uuid()
    person = Link(Person)
    dn = Text()
    seen_at = Moment(default=clock.now)
    photo = Text(default='')            # see directory/photos.py
    photo_at = Moment(null=True)        # when the entry was last asked for it

    class Meta:
        personal = Personal(
            _.lazy('Which entry of a directory a person is'), person='person', kept=WITH_PERSON, hidden=('photo', 'photo_at'),
            forget=Empty({'dn': '', 'photo': ''}, _.lazy('The entry’s number stays, so that whoever is still in the directory does not come in anew; its name goes.')))
        table_name = 'directory_person'
        primary_key = CompositeKey('directory', 'uuid')


class Session(Base):
    """A browser that is logged in. The cookie holds 256 random bits, the row their SHA-256."""

    id = Id()
    token_hash = Bytes(unique=True)
    person = Link(Person)
    epoch = Integer()
    csrf_secret = Text()
    factors = Json()                    # ['password'], later also what a second step showed
    flashes = Json(default=list)
    is_remembered = Flag(default=False)
    address = Text(default='')
    agent = Text(default='')
    created_at = Moment()
    seen_at = Moment()
    expires_at = Moment(index=True)

    class Meta:
        personal = Personal(
            _.lazy('Where a person is logged in: address, browser, when'), person='person', hidden=('token_hash', 'csrf_secret', 'flashes', 'epoch'),
            kept=after(1, 'core.clean'))


class Token(Base):
    """What a program comes with instead of a cookie: a webhook, later an app password. The row holds the SHA-256 of the token.

    `owner` answers for it: the person himself, or who answers for a service account; with either of them blocked it is dead, as it
    is when the person's epoch moved on. `is_held`: a backup was restored, and an administrator has to say that it still counts.
    """

    id = Id()
    kind = Text()
    person = Link(Person)
    owner = Link(Person)
    name = Text(limit=NAME_LENGTH)
    scopes = Json()
    token_hash = Bytes(unique=True)
    epoch = Integer()
    created_at = Moment()
    expires_at = Moment(null=True)
    last_used_at = Moment(null=True)
    address = Text(default='')
    is_held = Flag(default=False)

    class Meta:
        personal = Personal(
            _.lazy('By which programs act as a person, what they may do, and when one last did'), kept=after(90, 'core.clean'), words=('name',), hidden=('token_hash', 'epoch'),
            person=lambda model, person_id: (model.person == person_id) | (model.owner == person_id))


class OneTimeLink(Base):
    """A link that opens one door once: set-up of the first administrator, rescue."""

    id = Id()
    purpose = Text()
    token_hash = Bytes(unique=True)
    person = Link(Person, null=True)
    created_by = Text()
    created_at = Moment()
    expires_at = Moment()
    used_at = Moment(null=True)

    class Meta:
        personal = Personal(
            _.lazy('A link from the console that let a person in once'), person='person', words=('created_by',), hidden=('token_hash', 'created_by'),
            kept=after(1, 'core.clean'))
        table_name = 'one_time_link'


class LoginFailure(Base):
    """One failed try, counted in one bucket (`pair:<login>:<network>`, `network:192.0.2.1`, `directory:7`)."""

    id = Id()
    bucket = Text()
    at = Moment()

    class Meta:
        personal = Personal(
            _.lazy('Failed logins, counted by a check value of the typed name and by network'), kept=after(1, 'core.clean'),
            forget=Keep(_.lazy('It holds no name, and goes after a day.')))
        table_name = 'login_failure'
        indexes = ((('bucket', 'at'), False),)
