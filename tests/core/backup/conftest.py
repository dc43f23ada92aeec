"""A portal with something in every kind of table, files in use, and backups in a folder outside its data."""
import dataclasses
import hashlib
import os
import uuid
from datetime import timedelta

import pytest

from appliance.core import checks, clock, config, db, departments, outbox, people, photos, sealing, settings, storage
from appliance.core.actor import SYSTEM
from appliance.core.attachments import Attachment
from appliance.core.backup import snapshot, tables
from appliance.core.backup.targets import using
from appliance.core.comments import Comment, CommentMention
from appliance.core.following import Follow
from appliance.core.history import HistoryRow
from appliance.core.jobs.runs import JobRun
from appliance.core.likes import Liking
from appliance.core.processes import Process
from appliance.core.settings import Setting
from appliance.core.trash import TrashRow
from appliance.identity import one_time_links, owed_steps, sessions
from appliance.identity.directory import directories
from appliance.identity.models import LoginFailure
from tests.boxes import opened

SECRET = 'the mail password'
BLOB = b'\x00\xff' * 5000


def _path(content):
    name = hashlib.sha256(content).hexdigest()
    return f'blobs/{name[:2]}/{name}'


# {path in the data folder: content} of all files that are kept.
FILES = {_path(content): content for content in (BLOB, b'large square', b'small square', b'sent and not used')}
BLOB_PATH = _path(BLOB)
TEXTS = ['', 'Ñandú', '🦤 \u202e', 'two\nlines', "quote ' and \"", '\\N', '\\.', '\x01\x7f']


def with_backups(box, repository, key_file=None):
    """The box with its backups in that folder; a key is made, or taken from that file."""
    path = box.config.path
    path.write_text(path.read_text().replace('[backup]\n', f'[backup]\nrepository = {repository}\n'))
    if key_file:
        (box.folder / 'backup.key').write_text(key_file.read_text())
    else:
        sealing.create_key(box.folder / 'backup.key')
    return dataclasses.replace(box, config=config.load(path))


def fill(box):
    """Rows of all kinds: links, NULL, bytes, odd texts, big numbers, a secret, a session, ids that are gone."""
    with opened(box):
        company = departments.add_department(SYSTEM, 'Company')
        for number, text in enumerate(TEXTS):
            person = people.add_person(SYSTEM, f'login{number}', f'Name {number}', department_id=company)
            people.Person.update(title=text).where(people.Person.id == person).execute()
        departments.set_head(SYSTEM, company, 2)
        settings.set_setting(SYSTEM, 'mail.password', SECRET)
        sessions.open_session(SYSTEM, 1, ['password'])
        one_time_links.make_link(SYSTEM, 'rescue', 1)
        owed_steps.open_step(SYSTEM, 'any', directories.add_directory(SYSTEM, 'Company', 'ldap://127.0.0.1:1', 'dc=x', tls='none', is_active=False), uuid.uuid4())
        now = clock.now()
        for number in range(3):
            LoginFailure.create(bucket='pair:a', at=now)
        LoginFailure.delete().where(LoginFailure.id == 3).execute()
        with db.write('test'):
            for state in outbox.STATES:
                outbox.send_mail('mail/test', {'n': 2**62}, state, person_id=1)
                outbox.Outbox.update(state=state).where(outbox.Outbox.key == state).execute()
        JobRun.create(job='core.backup', slot='2026-11-23', state='running', owner='host:1', due_at=now, next_at=now,
                      lease_until=now + timedelta(minutes=1), attempts=1)
        Process.create(host='host', kind='jobs', pid=1, seen_at=now)
        _keep_files()
        _keep_talk()


def _keep_talk():
    """Comments that quote each other, one of them in the trash; who follows, who likes, what it said before."""
    at = {'at': clock.now()}
    first = Comment.create(kind='core.thing', object_id=1, person=1, text='\ue0001\ue001 «ñ»\n> 🦤', deleted_at=clock.now(), **at)
    second = Comment.create(kind='core.thing', object_id=1, person=1, text='x', quote=first.id, edited_at=clock.now(), **at)
    Comment.update(quote=second.id).where(Comment.id == first.id).execute()
    CommentMention.create(comment=first.id, person=1)
    TrashRow.create(kind='core.comment', object_id=first.id, person_id=1, gone_at=clock.now(), **at)
    Follow.create(kind='core.thing', object_id=1, person=1, is_on=False, **at)
    Liking.create(kind='core.comment', object_id=second.id, person=1, **at)
    HistoryRow.create(kind='core.comment', object_id=second.id, field='text', old=None, new='x', person_id=1, **at)
    Setting.create(scope='person:1', name='trash.keep_days', value=7)


def _keep_files():
    """A file on an object, a person's photo, and one that nobody uses yet."""
    stored, *squares, _unused = (storage.keep_bytes(content) for content in FILES.values())
    with db.write('test'):
        attached = Attachment.create(kind='core.thing', object_id=1, blob=stored.hash, name='ñ.bin', media_type='x/y', size_bytes=stored.size, person=1)
        storage.use(stored.hash, 'core.attachment', attached.id)
        photos.keep(SYSTEM, 1, *(square.hash for square in squares))


@pytest.fixture
def portal(closed_box, tmp_path):
    """A filled portal (tests.boxes.Box), closed; backups go to tmp_path/'backups'. Once on each engine."""
    fill(closed_box)
    return with_backups(closed_box, tmp_path / 'backups')


@pytest.fixture
def sqlite_portal(sqlite_template, tmp_path):
    """The same on SQLite only, where the engine makes no difference."""
    with sqlite_template.box(tmp_path / 'box') as box:
        fill(box)
        yield with_backups(box, tmp_path / 'backups')


def contents(config):
    """{table: (rows, hash)} of a portal's database as it is now."""
    with using(config.database.url, config.database.password_file or None), db.database.atomic():
        found = tables.reader(db.database.connection())
        return {name: tables.measure(found, name, *found.shape(name)) for name in tables.data_tables(found)}


def tree(folder, without=()):
    """{path: bytes} of all files below a folder, for comparing before and after; locks and notes left out."""
    left_out = {'running.lock', 'backup.lock', 'backup-state.json', 'portal.db-shm', 'portal.db-wal', *without}
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob('*'))
            if path.is_file() and path.name not in left_out}


def files_are_well(box):
    """Whether a portal says that every file in use is there, each is the one that its name says, and nginx may read it."""
    with opened(box):
        found = next(one for one in checks.run(box.config) if one['name'] == 'files')
    kept = {path.relative_to(box.config.data.folder).as_posix(): path.read_bytes() for path in (box.config.data.folder / 'blobs').rglob('*') if path.is_file()}
    modes = {path.stat().st_mode & 0o777 for path in [box.config.data.folder / BLOB_PATH, *(box.config.data.folder / BLOB_PATH).parents[:2]]}
    return (found['state'] == 'ok' and '3 files' in found['message'] and all(_path(content) == name for name, content in kept.items())
            and modes == {0o644, 0o711})


def silent(text):
    """Progress that nobody reads."""


def damage(repository, kind, change):
    """Change the largest file of a kind ('data', 'index', ...) in a restic repository; `change(path)`."""
    path = max((path for path in (repository / kind).rglob('*') if path.is_file()), key=lambda path: path.stat().st_size)
    path.chmod(0o600)
    change(path)


def flip(path):
    """Change one bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path):
    """Lose the last quarter."""
    os.truncate(path, path.stat().st_size * 3 // 4)


def rows_of(config, sql):
    """Rows of a statement on a closed portal's database."""
    with using(config.database.url, config.database.password_file or None):
        return db.rows(sql)


def database_file(config):
    """The SQLite file of a portal."""
    return snapshot.sqlite_path(config)
