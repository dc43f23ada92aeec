"""Restoring: all data back on either engine, no trust, no id twice; anything wrong changes nothing."""
import contextlib
import dataclasses
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from appliance.core import access, checks, clock, db, derived, insight, live, migrations, outbox, people, presence, processes, sealing, search, settings
from appliance.core.actor import SYSTEM
from appliance.core.backup import keeping, snapshot, trust
from appliance.core.backup.drill import drill
from appliance.core.backup.errors import BackupError
from appliance.core.backup.restore import restore
from appliance.core.errors import StartError
from appliance.core.personal import forgetting
from appliance.identity import sessions
from tests.boxes import opened
from tests.core.backup.conftest import BLOB, BLOB_PATH, SECRET, contents, cut, damage, database_file, files_are_well, flip, rows_of, silent, tree, with_backups

pytestmark = pytest.mark.slow       # restic stretches its key at each call
# What a restore changes on purpose; the audit log has a row that says so.
TRUST = {'person', 'session', 'one_time_link', 'owed_step', 'outbox', 'job_run', 'process', 'audit', 'live_event', 'presence'}


@contextlib.contextmanager
def another(request, engine, source, folder):
    """An empty portal on an engine that has the backups and the backup key of another."""
    with request.getfixturevalue(f'{engine}_template').box(folder) as box:
        yield with_backups(box, source.config.repository, source.config.backup.key_file)


def data(config):
    return {name: found for name, found in contents(config).items() if name not in TRUST}


def refusal(config, ref='latest'):
    with pytest.raises(BackupError) as refused:
        restore(config, ref, silent)
    return refused.value


@pytest.mark.parametrize('onto', ['sqlite', 'postgresql'])
def test_everything_comes_back_on_another_server_and_engine(request, portal, tmp_path, onto):
    steps = []
    made = keeping.create(portal.config, silent)
    with another(request, onto, portal, tmp_path / 'other') as other:
        done = restore(other.config, 'latest', steps.append)
        assert done['snapshot'] == made['snapshot'] and len(steps) >= 6
        assert data(other.config) == data(portal.config)
        before, after = (rows_of(one.config, 'SELECT what, object, data FROM audit ORDER BY id') for one in (portal, other))
        assert after[:-1] == before and after[-1][0] == 'core.backup.restored'
        assert (other.config.data.folder / BLOB_PATH).read_bytes() == BLOB and files_are_well(other)
        with opened(other):
            migrations.require_current()
            assert settings.get_setting('mail.password') == SECRET
            # New rows link to old ones, and get new ids.
            assert people.add_person(SYSTEM, 'new', 'New', department_id=1) == people.Person.select().count()
            if onto == 'sqlite':
                assert db.row('PRAGMA integrity_check') == ('ok',) and db.row('PRAGMA journal_mode') == ('wal',)
            with pytest.raises(Exception, match='(?i)foreign key'), db.write('test'):
                db.database.execute_sql('DELETE FROM department')


def test_to_postgresql_and_back_the_hashes_are_equal(request, sqlite_portal, tmp_path):
    before = data(sqlite_portal.config)
    keeping.create(sqlite_portal.config, silent)
    with another(request, 'postgresql', sqlite_portal, tmp_path / 'pg') as other:
        restore(other.config, 'latest', silent)
        assert data(other.config) == before
        keeping.create(other.config, silent)
        assert restore(sqlite_portal.config, 'latest', silent)['kept']
    assert data(sqlite_portal.config) == before
    assert {row['engine'] for row in keeping.list_all(sqlite_portal.config)} == {'sqlite', 'postgresql'}


def test_data_comes_back_but_no_trust(portal):
    with opened(portal):
        token, _row = sessions.open_session(SYSTEM, 1, ['password'])
        assert sessions.load(token)
        presence.note([1])
        with db.write('test'):
            live.tell(['person:1'], 'x')
    keeping.create(portal.config, silent)
    for round_ in (1, 2):
        restore(portal.config, 'latest', silent)
        with opened(portal):
            assert sessions.load(token) is None
            epochs = {epoch for epoch, in people.Person.select(people.Person.epoch).tuples()}
            assert epochs == {round_ * trust.ROUND}
            people.raise_epoch(1)
    found = dict(rows_of(portal.config, 'SELECT key, state FROM outbox'))
    assert {key: state for key, state in found.items() if key != state} == {'waiting': 'held', 'sending': 'held'}
    for table in ('session', 'one_time_link', 'owed_step', 'process', 'live_event', 'presence'):
        assert rows_of(portal.config, f'SELECT count(*) FROM {table}') == [(0,)]
    assert rows_of(portal.config, "SELECT count(*) FROM audit WHERE what = 'core.backup.restored'") == [(1,)]
    assert rows_of(portal.config, "SELECT job, state, owner, attempts FROM job_run") == [('core.backup', 'waiting', '', 0)]


def test_the_epoch_rises_above_a_present_state_that_cannot_be_read(sqlite_portal):
    keeping.create(sqlite_portal.config, silent)
    restore(sqlite_portal.config, 'latest', silent)
    database_file(sqlite_portal.config).write_bytes(b'destroyed' * 1000)
    steps = []
    restore(sqlite_portal.config, 'latest', steps.append)
    assert any('cannot be read' in step for step in steps)
    assert rows_of(sqlite_portal.config, 'SELECT DISTINCT epoch FROM person') == [(2 * trust.ROUND,)]


def test_an_id_given_since_the_backup_is_never_given_again(portal):
    keeping.create(portal.config, silent)
    with opened(portal):
        since = people.add_person(SYSTEM, 'since', 'Since')
    restore(portal.config, 'latest', silent)
    with opened(portal):
        assert people.add_person(SYSTEM, 'later', 'Later') == since + 1


def test_the_present_state_is_kept_aside(portal):
    keeping.create(portal.config, silent)
    with opened(portal):
        people.add_person(SYSTEM, 'since', 'Since')
    (portal.config.data.folder / 'blobs' / 'since').write_text('since')
    key = portal.config.secrets.key_file
    present_key = '1' * 64
    key.write_text(present_key)
    kept = restore(portal.config, 'latest', silent)['kept']
    assert rows_of(portal.config, "SELECT count(*) FROM person WHERE login = 'since'") == [(0,)]
    assert not (portal.config.data.folder / 'blobs' / 'since').exists()
    files = {place.partition('.before-')[0]: place for place in kept if '.before-' in place}
    assert Path(files[str(key)]).read_text() == present_key and key.stat().st_mode & 0o777 == 0o600
    assert (portal.config.data.folder / f"{files[str(portal.config.data.folder / 'blobs')]}/since").read_text() == 'since'
    if portal.engine == 'sqlite':
        aside, = (place for place in kept if 'portal.db' in place)
        with contextlib.closing(sqlite3.connect(aside)) as connection:
            assert connection.execute("SELECT count(*) FROM person WHERE login = 'since'").fetchone() == (1,)
    else:
        schema, = (place.removeprefix('schema ') for place in kept if place.startswith('schema'))
        assert rows_of(portal.config, f"SELECT count(*) FROM {schema}.person WHERE login = 'since'") == [(1,)]


def test_nothing_is_left_over(portal):
    keeping.create(portal.config, silent)
    restore(portal.config, 'latest', silent)
    left = {path.name for path in portal.config.data.folder.iterdir() if '.before-' not in path.name}
    assert left <= {'portal.db', 'portal.db-wal', 'portal.db-shm', 'portal.db.lock', 'blobs', 'incoming', 'running.lock', 'backup.lock',
                    'backup-state.json', 'trust-counter'}
    assert not list(portal.folder.glob('*.restoring'))


def test_it_refuses_while_the_portal_runs(sqlite_portal):
    keeping.create(sqlite_portal.config, silent)
    with processes.running(sqlite_portal.config.data.folder), pytest.raises(StartError, match='systemctl stop appliance.target'):
        restore(sqlite_portal.config, 'latest', silent)


def test_onto_a_bare_server_with_nothing_but_configuration_and_backup_key(sqlite_portal, tmp_path):
    keeping.create(sqlite_portal.config, silent)
    before, key = data(sqlite_portal.config), sqlite_portal.config.secrets.key_file.read_text()
    shutil.rmtree(sqlite_portal.config.data.folder)
    sqlite_portal.config.secrets.key_file.unlink()
    assert restore(sqlite_portal.config, 'latest', silent)['kept'] == []
    assert data(sqlite_portal.config) == before and sqlite_portal.config.secrets.key_file.read_text() == key


def _saved(portal, change):
    """Keep a snapshot that was changed after it was taken."""
    with keeping.working(portal.config, 'create') as folder:
        manifest = snapshot.take(portal.config, folder, silent)
        change(folder, manifest)
        (folder / 'manifest.json').write_text(json.dumps(manifest))
        kept = keeping.repository(portal.config)
        kept.create()
        kept.save(folder, '2026-11-23 09:00:00', [])


def _newer(folder, manifest):
    manifest['migrations']['core'] = '0999_future'


def _unknown_tool(folder, manifest):
    manifest['migrations']['telephony'] = '0001_initial'


def _row_changed(folder, manifest):
    with contextlib.closing(sqlite3.connect(folder / 'portal.db')) as connection:
        connection.execute("UPDATE person SET name = 'Mallory'")
        connection.commit()


def _blob_changed(folder, manifest):
    (folder / BLOB_PATH).unlink()     # a link to the portal's own
    (folder / BLOB_PATH).write_bytes(BLOB[::-1])


def _blob_gone(folder, manifest):
    (folder / BLOB_PATH).unlink()


def _links_to_nothing(folder, manifest):
    with contextlib.closing(sqlite3.connect(folder / 'portal.db')) as connection:
        connection.execute('UPDATE person SET department_id = 77')
        connection.commit()
    with snapshot.opened(folder / 'portal.db') as changed:
        manifest['tables']['person'] = snapshot.tables.describe(changed, 'person')


@pytest.mark.parametrize('change, code, named', [
    (_newer, 'newer', 'core/0999_future'), (_unknown_tool, 'newer', 'telephony'),
    (_row_changed, 'different', 'person'),
    (_blob_changed, 'different', BLOB_PATH), (_blob_gone, 'different', BLOB_PATH), (_links_to_nothing, 'different', 'person')])
def test_what_does_not_fit_is_refused_and_nothing_changes(portal, change, code, named):
    _saved(portal, change)
    before, files = contents(portal.config), tree(portal.folder)
    refused = refusal(portal.config)
    assert refused.code == code and named in refused.detail
    assert contents(portal.config) == before and tree(portal.folder) == files | {
        path: content for path, content in tree(portal.folder).items() if path.endswith('trust-counter')}
    with pytest.raises(BackupError):
        drill(portal.config, silent)
    # A drill that failed is told, and that alone is new.
    now = contents(portal.config)
    assert {name for name in now if now[name] != before[name]} == {'event', 'delivery'}


@pytest.mark.parametrize('change', [flip, cut], ids=['flipped', 'cut'])
def test_a_damaged_repository_is_refused_and_nothing_changes(sqlite_portal, tmp_path, change):
    keeping.create(sqlite_portal.config, silent)
    before, held = _files_beside_the_database(sqlite_portal), contents(sqlite_portal.config)
    damage(tmp_path / 'backups', 'data', change)
    for call in (lambda: restore(sqlite_portal.config, 'latest', silent), lambda: drill(sqlite_portal.config, silent),
                 lambda: keeping.verify(sqlite_portal.config, silent)):
        with pytest.raises(BackupError) as refused:
            call()
        assert refused.value.code == 'damaged'
    now = contents(sqlite_portal.config)
    # A drill that failed is told, and that alone is new.
    assert _files_beside_the_database(sqlite_portal) == before and {name for name in now if now[name] != held[name]} == {'event', 'delivery'}


def _files_beside_the_database(portal):
    return {path: content for path, content in tree(portal.folder).items() if not path.startswith('data/portal.db')}


def test_a_wrong_backup_key_is_refused_and_nothing_changes(sqlite_portal):
    keeping.create(sqlite_portal.config, silent)
    before = tree(sqlite_portal.config.data.folder)
    sqlite_portal.config.backup.key_file.write_text('0' * 64)
    assert refusal(sqlite_portal.config).code == 'wrong_key'
    assert tree(sqlite_portal.config.data.folder) == before


def test_a_nul_in_a_text_is_refused_by_postgresql_in_words(request, sqlite_portal, tmp_path):
    with opened(sqlite_portal):
        people.Person.update(title='a\0b').where(people.Person.id == 1).execute()
    keeping.create(sqlite_portal.config, silent)
    assert drill(sqlite_portal.config, silent)['rows']
    with another(request, 'postgresql', sqlite_portal, tmp_path / 'pg') as other:
        before = contents(other.config)
        refused = refusal(other.config)
        assert refused.code == 'unfit' and refused.detail.startswith('person')
        assert contents(other.config) == before


def test_a_role_that_may_not_is_told_before_the_long_work(request, sqlite_portal, postgres, tmp_path):
    keeping.create(sqlite_portal.config, silent)
    with another(request, 'postgresql', sqlite_portal, tmp_path / 'pg') as other:
        postgres.execute('CREATE ROLE poor LOGIN', user='root')
        try:
            database = dataclasses.replace(other.config.database, url=other.config.database.url.replace('appliance@', 'poor@'))
            steps = []
            with pytest.raises(BackupError) as refused:
                restore(dataclasses.replace(other.config, database=database), 'latest', steps.append)
            assert refused.value.code in ('rights', 'database') and not any('loading' in step for step in steps)
        finally:
            postgres.execute('DROP ROLE poor', user='root')


def test_an_older_schema_is_restored_and_migrated_on(portal, tmp_path, monkeypatch):
    keeping.create(portal.config, silent)
    folder = tmp_path / 'extra'
    folder.mkdir()
    known = migrations.owners()
    monkeypatch.setattr(migrations, 'owners', lambda: [*known, ('extra', folder)])
    (folder / '0001_initial.py').write_text(
        '"""Adds."""\n\n\ndef up(migrator, db):\n    db.execute_sql(\'CREATE TABLE extra_thing (id INTEGER PRIMARY KEY)\')\n'
        '    db.execute_sql("UPDATE person SET phone = \'migrated\'")\n')
    assert drill(portal.config, silent)['seconds'] >= 0
    restore(portal.config, 'latest', silent)
    assert rows_of(portal.config, 'SELECT DISTINCT phone FROM person') == [('migrated',)]
    assert rows_of(portal.config, 'SELECT count(*) FROM extra_thing') == [(0,)]
    with opened(portal):
        migrations.require_current()


def test_the_key_that_cannot_be_put_back_is_named(sqlite_portal, monkeypatch):
    """Root may write anywhere, so the refusal of the system is the one part that is put in."""
    keeping.create(sqlite_portal.config, silent)
    sealing.read_key(sqlite_portal.config.secrets.key_file)
    sqlite_portal.config.secrets.key_file.write_text('1' * 64)
    before = tree(sqlite_portal.folder)

    def refuse(source, target):
        raise PermissionError(13, 'Permission denied', str(target))

    monkeypatch.setattr('appliance.core.backup.restore.shutil.copyfile', refuse)
    refused = refusal(sqlite_portal.config)
    assert refused.code == 'rights' and 'portal.key' in refused.detail
    assert tree(sqlite_portal.folder) == before


def test_held_mails_leave_only_by_an_administrators_word(sqlite_portal):
    keeping.create(sqlite_portal.config, silent)
    restore(sqlite_portal.config, 'latest', silent)
    with opened(sqlite_portal):
        held = outbox.Outbox.get(outbox.Outbox.key == 'waiting')
        assert outbox.next_due() is None
        outbox.retry(SYSTEM, held.id)
        assert outbox.Outbox.get_by_id(held.id).state == 'waiting'


def test_the_search_is_made_anew_after_a_restore(portal):
    """It is in no snapshot; rights are, since a list must be right at once."""
    with opened(portal):
        derived.make(derived.outdated())
        ana = people.actor_for(people.add_person(SYSTEM, 'ana', 'Ana Findable'), 'test')
        assert search.find(ana, 'findable')['hits']
    keeping.create(portal.config, silent)
    restore(portal.config, 'latest', silent)
    with opened(portal):
        assert not search.find(ana, 'findable')['hits'] and access.level_of(access.kinds()['core.person'], ana, ana.person_id) == 'own'
        derived.make(derived.outdated())
        assert search.find(ana, 'findable')['hits']


def test_who_was_forgotten_since_the_backup_is_named_and_let_in_by_nobody(portal):
    with opened(portal):
        gone, other = (people.add_person(SYSTEM, login, login.title()) for login in ('gone', 'other'))
        with db.write('test'):
            insight.Insight.create(person=gone, kind='worktime.day', asked_by=other, reason='x', hours=4, state='granted', ends_at=clock.now())
    keeping.create(portal.config, silent)
    with opened(portal):
        forgetting.forget(SYSTEM, gone)
    steps = []
    restore(portal.config, 'latest', steps.append)
    assert any('appliance person forget gone --yes' in step for step in steps) and not any('forget other' in step for step in steps)
    with opened(portal):
        assert people.is_blocked(gone) and not people.is_blocked(other)
        assert insight.Insight.get().state == 'ended'
        found = next(one for one in checks.run(portal.config) if one['name'] == 'personal')
        assert (found['state'], found['code']) == ('failed', 'personal.came_back') and 'gone' in found['message']
        forgetting.forget(SYSTEM, gone)
        assert next(one for one in checks.run(portal.config) if one['name'] == 'personal')['state'] == 'ok'
