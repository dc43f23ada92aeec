"""A portal with something in every kind of table, a planted blob, and backups in a folder outside its data."""
import dataclasses
import os
from datetime import timedelta

import pytest

from appliance.core import clock, config, db, departments, outbox, people, sealing, settings
from appliance.core.actor import SYSTEM
from appliance.core.backup import snapshot, tables
from appliance.core.backup.targets import using
from appliance.core.jobs.runs import JobRun
from appliance.core.processes import Process
from appliance.identity import one_time_links, sessions
from appliance.identity.models import LoginFailure
from tests.boxes import opened

SECRET = 'the mail password'
BLOB = b'\x00\xff' * 5000
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
    blob = box.config.data.folder / 'blobs' / 'ab' / 'abcd'
    blob.parent.mkdir(parents=True)
    blob.write_bytes(BLOB)


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
