"""Erika, of whom every table holds something: days, notices, mails, files, a photo, a role; named in what others wrote."""
import io
import zipfile
from dataclasses import dataclass, field

import pytest

from appliance.core import attachments, audit, clock, departments, db, notices, outbox, people, photos, storage
from appliance.core.actor import SYSTEM
from appliance.core.actions import action
from appliance.core.events import EventRow
from appliance.core.personal import export
from appliance.core.presence import Presence
from appliance.core.subscriptions.models import Subscription, SubscriptionCall
from appliance.core.tool import registry
from appliance.identity import accounts, passwords, sessions
from appliance.identity.models import Directory, DirectoryPerson, Token
from appliance.tools.planted import rules as notes
from appliance.tools.worktime import rules as worktime

NAME, LOGIN, MAIL, PHONE, BEFORE = 'Erika Müstermann', 'emüster77', 'erika.m@firma.example', '+49 170 5550123', 'Erika Vorherr'
TRACES = (NAME, LOGIN, MAIL, PHONE, BEFORE, 'Müstermann', 'Vorherr')


@dataclass
class Office:
    """People by login: a head, a colleague, a guest of hers, an administrator, and Erika."""

    box: object
    ids: dict = field(default_factory=dict)

    def actor(self, login):
        return people.actor_for(self.ids[login], f'session:{login}')

    @property
    def erika(self):
        return self.ids[LOGIN]


@pytest.fixture
def office(box):
    """An Office with the planted tool on."""
    registry.use(None, {'people', 'worktime', 'planted'})
    made = Office(box)
    for login, name in (('administrator', 'Anna Admin'), ('head', 'Hugo Head'), ('colleague', 'Carl Colleague')):
        made.ids[login] = people.add_person(SYSTEM, login, name, f'{login}@firma.example')
    people.give_role(SYSTEM, made.ids['administrator'], 'administrator')
    sales = departments.add_department(SYSTEM, 'Sales')
    departments.set_head(SYSTEM, sales, made.ids['head'])
    made.ids[LOGIN] = accounts.add_local(SYSTEM, LOGIN, NAME, MAIL, password_hash=passwords.hash_password('one of the tests'), phone=PHONE,
                                         title='Clerk', department_id=sales, birthday='1980-02-03')
    made.ids['guest'] = people.add_person(SYSTEM, 'guest', 'Gus Guest', kind='guest', contact_id=made.erika)
    return made


@pytest.fixture
def full(office):
    """The Office, after Erika has left something everywhere."""
    erika, colleague = office.actor(LOGIN), office.actor('colleague')
    sessions.open_session(SYSTEM, office.erika, ['password'], address='192.0.2.7', agent='Erikas Firefox')
    day = worktime.start_day(erika, address='192.0.2.7')
    worktime.continue_(erika, worktime.pause(erika, day))
    blob = storage.keep_bytes(b'what she attached').hash
    attachments.attach(erika, 'worktime.day', day, [(blob, f'Attest {NAME}.pdf')])
    note = notes.add_note(colleague, f'Ask {NAME} ({PHONE}) about it', shared='everybody')
    attachments.attach(colleague, 'planted.note', note, [(storage.keep_bytes(b'of a colleague').hash, f'{BEFORE} 2019.txt')])
    notes.add_note(erika, 'Her own note', shared='everybody')
    departments.set_head(SYSTEM, departments.add_department(SYSTEM, 'Archive'), office.erika)
    people.give_role(SYSTEM, office.erika, 'portal_admin')
    _leave(erika, office, storage.keep_bytes(b'a large square').hash, storage.keep_bytes(b'a small square').hash)
    return office


@action
def _leave(actor, office, large, small):
    photos.keep(actor, office.erika, large, small)
    for login in ('head', 'colleague'):
        notices.Notice.create(person=office.ids[login], kind='worktime.day.corrected', object='', data={'day_id': 1, 'on_date': '2026-01-02', 'name': NAME},
                              at=clock.now())
    notices.Notice.create(person=office.erika, kind='core.person.promoted', object='', data={'role': 'portal_admin'}, at=clock.now())
    outbox.send_mail('mail/rescued', {'login': LOGIN, 'address': '192.0.2.7'}, 'a key', person_id=office.ids['administrator'])
    outbox.send_mail('mail/test', {}, 'another key', person_id=office.erika)
    outbox.send_mail('mail/test', {}, 'a third key', recipient=MAIL)
    audit.record(actor, 'core.person.blocked', 'core.person:1', reason=f'{NAME} said so, {MAIL}', nested=[{'login': LOGIN}])
    audit.seal()
    audit.record(actor, 'core.person.blocked', 'core.person:1', reason=f'after the seal: {BEFORE}')
    EventRow.create(name='core.person.updated', version=1, object='core.person:1', data={'words': [f'from {NAME.upper()}']}, at=clock.now(), actor_id=office.erika)
    token = Token.create(kind='webhook', person=office.erika, owner=office.erika, name=f'Of {NAME}', scopes=[], token_hash=b'erika', epoch=1, created_at=clock.now())
    subscription = Subscription.create(person=office.erika, epoch=1, token_id=token.id, name='ONX', event='core.person.updated',
                                       address='https://hooks.example/erika', secret=b'hush')
    SubscriptionCall.create(subscription=subscription, event=EventRow.select().first(), next_at=clock.now(), created_at=clock.now(), error=f'refused {MAIL}')
    Presence.create(person=office.erika, seen_at=clock.now())
    directory = Directory.create(name='AD', url='ldap://127.0.0.1', tls='none', base_dn='dc=x', preset='ad', person_filter='', login_attributes=[], mapping={})
    DirectoryPerson.create(directory=directory, uuid='00000000-0000-0000-0000-000000000007', person=office.erika, dn=f'cn={NAME},dc=x')


def traces(words=TRACES):
    """[(table, column)] of all columns of the database, whatever they declare, and the index, that hold one of the words in any case."""
    wanted, found = [one.casefold() for one in words], []
    for table in db.database.get_tables():
        for column in db.database.get_columns(table):
            values = db.rows(f'SELECT "{column.name}" FROM "{table}" WHERE "{column.name}" IS NOT NULL')
            texts = [(bytes(value).decode(errors='ignore') if isinstance(value, (bytes, memoryview)) else str(value)).casefold() for value, in values]
            if any(one in text or one.encode('unicode_escape').decode() in text for one in wanted for text in texts):
                found.append((table, column.name))
    return found


def names_on_disk(box, words=TRACES):
    """Paths below the data folder whose name or content holds one of the words; the database's own files left out."""
    found = []
    for path in box.config.data.folder.rglob('*'):
        if path.is_file() and not path.name.startswith('portal.db'):
            data = path.read_bytes().decode('utf-8', 'ignore').casefold()
            if any(one.casefold() in data or one.casefold() in path.name.casefold() for one in words):
                found.append(path)
    return found


def zipped(person_id):
    """The zip of an export as {name: bytes}."""
    file = io.BytesIO()
    export.write(person_id, file)
    with zipfile.ZipFile(file) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}
