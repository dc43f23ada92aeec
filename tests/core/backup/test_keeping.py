"""What is kept, listed, proven, let go and complained of; one at a time; nothing left in the data folder."""
import contextlib
import dataclasses
import os
import resource
import subprocess
import sys
import time
from datetime import timedelta

import pytest
import time_machine

from appliance.core import checks, clock, config, processes
from appliance.core.backup import keeping, state, work
from appliance.core.backup.drill import drill
from appliance.core.backup.errors import BackupError
from appliance.core.backup.repository import Repository
from appliance.core.errors import StartError, StorageFull
from tests.boxes import opened
from tests.core.backup.conftest import contents, cut, flip, silent

pytestmark = pytest.mark.slow       # restic stretches its key at each call


def health(portal):
    with opened(portal):
        return next(row for row in checks.run(portal.config) if row['name'] == 'backup')


def test_a_night_makes_one_backup_and_proves_it(portal):
    steps = []
    row = keeping.nightly(portal.config, steps.append)
    listed, = keeping.list_all(portal.config)
    assert listed == row and set(row) == set(keeping.COLUMNS)
    assert (row['engine'], row['version'], row['drilled_at']) == (portal.engine, '0.1.0', None)
    assert row['size_bytes'] > 10_000 and clock.now() - row['verified_at'] < timedelta(minutes=1)
    assert row['created_at'] <= row['verified_at'] and len(steps) >= 5
    known = keeping.list_backups(portal.config)
    assert known['snapshots'] == [row] and known['is_outside'] and known['failure'] is None
    assert not (portal.config.data.folder / work.FOLDER).exists()


def test_the_page_needs_no_key(sqlite_portal):
    keeping.create(sqlite_portal.config, silent)
    sqlite_portal.config.backup.key_file.unlink()
    assert len(keeping.list_backups(sqlite_portal.config)['snapshots']) == 1
    with pytest.raises(BackupError) as refused:
        keeping.create(sqlite_portal.config, silent)
    assert refused.value.code == 'key'


def test_check_is_red_until_the_place_is_outside_and_the_key_was_shown(sqlite_portal):
    inside = dataclasses.replace(sqlite_portal, config=dataclasses.replace(
        sqlite_portal.config, backup=config.Backup(key_file=sqlite_portal.config.backup.key_file)))
    found = health(inside)
    assert found['state'] == 'failed' and 'data folder' in found['message'] and 'no backup' in found['message']
    keeping.nightly(sqlite_portal.config, silent)
    found = health(sqlite_portal)
    assert found['state'] == 'failed' and found['message'] == 'the key of the backups was not shown for keeping'
    keeping.show_key(sqlite_portal.config)
    found = health(sqlite_portal)
    assert (found['state'], found['action']) == ('ok', '')
    # Another key is another thing to keep.
    sqlite_portal.config.backup.key_file.write_text('0' * 64)
    assert health(sqlite_portal)['state'] == 'failed'


def test_the_key_is_shown_once(sqlite_portal):
    key = sqlite_portal.config.backup.key_file.read_text().strip()
    assert keeping.show_key(sqlite_portal.config) == key
    with pytest.raises(BackupError) as refused:
        keeping.show_key(sqlite_portal.config)
    assert refused.value.code == 'shown' and key not in str(refused.value)
    assert keeping.show_key(sqlite_portal.config, is_again=True) == key
    assert key not in (sqlite_portal.config.data.folder / state.NAME).read_text()


def test_check_tells_of_an_old_backup_and_of_one_not_read_back(sqlite_portal):
    keeping.show_key(sqlite_portal.config)
    keeping.create(sqlite_portal.config, silent)
    assert health(sqlite_portal)['state'] == 'warning'
    with time_machine.travel(clock.now() + timedelta(hours=31)):
        found = health(sqlite_portal)
    assert found['state'] == 'failed' and 'the last backup is of' in found['message']


def test_a_failure_is_told_until_it_is_mended(sqlite_portal):
    keeping.show_key(sqlite_portal.config)
    keeping.nightly(sqlite_portal.config, silent)
    key = sqlite_portal.config.backup.key_file.read_text()
    sqlite_portal.config.backup.key_file.write_text('0' * 64)
    with pytest.raises(BackupError):
        keeping.create(sqlite_portal.config, silent)
    sqlite_portal.config.backup.key_file.write_text(key)
    failure = keeping.list_backups(sqlite_portal.config)['failure']
    assert (failure['what'], failure['code']) == ('create', 'wrong_key') and health(sqlite_portal)['state'] == 'failed'
    keeping.create(sqlite_portal.config, silent)
    assert keeping.list_backups(sqlite_portal.config)['failure'] is None


def test_a_good_drill_does_not_mend_what_a_verification_found(sqlite_portal):
    kept = keeping.create(sqlite_portal.config, silent)
    key = sqlite_portal.config.backup.key_file.read_text()
    sqlite_portal.config.backup.key_file.write_text('0' * 64)
    for call in (keeping.verify, drill):
        with pytest.raises(BackupError):
            call(sqlite_portal.config, silent, kept['snapshot'])
    sqlite_portal.config.backup.key_file.write_text(key)
    drill(sqlite_portal.config, silent)
    assert keeping.list_backups(sqlite_portal.config)['failure']['what'] == 'verify'
    keeping.verify(sqlite_portal.config, silent)
    assert keeping.list_backups(sqlite_portal.config)['failure'] is None


def test_an_absent_disk_is_not_taken_for_a_new_place(sqlite_portal, tmp_path):
    keeping.create(sqlite_portal.config, silent)
    (tmp_path / 'backups').rename(tmp_path / 'unmounted')
    (tmp_path / 'backups').mkdir()
    for call in (keeping.create, keeping.verify):
        with pytest.raises(BackupError) as refused:
            call(sqlite_portal.config, silent)
        assert refused.value.code == 'no_repository'
    assert not any((tmp_path / 'backups').iterdir())


def test_the_only_proven_backup_is_never_let_go(sqlite_portal):
    """Two of one day: the retention keeps the later, but only the earlier one was read back."""
    kept = keeping.repository(sqlite_portal.config)
    with time_machine.travel('2026-11-20 02:30:00+00:00'):
        proven = keeping.nightly(sqlite_portal.config, silent)
    with time_machine.travel('2026-11-20 03:30:00+00:00'):
        unproven = keeping.create(sqlite_portal.config, silent)
        assert kept.outdated() == [proven['snapshot']]
        assert keeping.prune(sqlite_portal.config, silent) == []
        keeping.verify(sqlite_portal.config, silent)
        assert keeping.prune(sqlite_portal.config, silent) == [proven['snapshot']]
    assert [row['snapshot'] for row in keeping.list_all(sqlite_portal.config)] == [unproven['snapshot']]


def test_a_snapshot_is_found_by_its_beginning(sqlite_portal):
    row = keeping.create(sqlite_portal.config, silent)
    assert keeping.find(sqlite_portal.config, row['snapshot'][:8]) == keeping.find(sqlite_portal.config, 'latest') == row
    for ref in ('', row['snapshot'][:3], 'ffff' + row['snapshot'], '--help'):
        with pytest.raises(BackupError) as refused:
            keeping.find(sqlite_portal.config, ref)
        assert refused.value.code == 'not_found'


@pytest.mark.parametrize('change', [flip, cut], ids=['flipped', 'cut'])
def test_the_latest_is_refused_where_a_snapshot_cannot_be_read(sqlite_portal, tmp_path, change):
    """restic leaves it out of its list and says nothing: the one before would come back instead."""
    older = keeping.create(sqlite_portal.config, silent)
    newer = keeping.create(sqlite_portal.config, silent)
    damaged = tmp_path / 'backups' / 'snapshots' / newer['snapshot']
    damaged.chmod(0o600)
    change(damaged)
    with pytest.raises(BackupError) as refused:
        keeping.find(sqlite_portal.config, 'latest')
    assert refused.value.code == 'damaged' and newer['snapshot'][:8] in str(refused.value.message)
    assert keeping.find(sqlite_portal.config, older['snapshot'])['snapshot'] == older['snapshot']


def test_a_mistyped_name_is_no_failure_of_the_backups(sqlite_portal):
    keeping.create(sqlite_portal.config, silent)
    with pytest.raises(BackupError):
        keeping.verify(sqlite_portal.config, silent, 'ffffffff')
    assert keeping.list_backups(sqlite_portal.config)['failure'] is None


def test_one_at_a_time_and_not_during_a_restore(sqlite_portal):
    with work.place(sqlite_portal.config.data.folder), pytest.raises(BackupError) as refused:
        keeping.create(sqlite_portal.config, silent)
    assert refused.value.code == 'busy'
    with processes.alone(sqlite_portal.config.data.folder), pytest.raises(StartError, match='restore'):
        keeping.create(sqlite_portal.config, silent)


def test_people_write_on_while_a_backup_is_made(portal):
    """Whatever is written meanwhile: what was saved is one moment, and equal to its manifest."""
    process = subprocess.Popen([sys.executable, '-m', 'tests.core.backup.writer', portal.config.path])
    try:
        _wait_for(lambda: contents(portal.config)['login_failure'][0] > 3)
        keeping.create(portal.config, silent)
        keeping.verify(portal.config, silent)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def _wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def untold(config):
    """What the database holds, but for the word that a backup failed: people are told of that."""
    return {name: found for name, found in contents(config).items() if name not in ('event', 'delivery')}


@pytest.mark.skipif(os.geteuid() != 0, reason='only root may mount a small disk; the next test stands for it elsewhere')
@pytest.mark.parametrize('what', ['data', 'backups'])
def test_a_full_disk_refuses_and_nothing_is_lost(sqlite_portal, tmp_path, what):
    """The disk of the data, or that of the backups, has no room for another one."""
    keeping.nightly(sqlite_portal.config, silent)
    (sqlite_portal.config.data.folder / 'blobs' / 'large').write_bytes(os.urandom(1 << 20))
    place = {'data': sqlite_portal.config.data.folder, 'backups': tmp_path / 'backups'}[what]
    with small_disk(place):
        before = untold(sqlite_portal.config)
        (place / 'filler').write_bytes(bytes(_free(place) - (100 << 10)))
        with pytest.raises(StorageFull, match='full'):
            keeping.create(sqlite_portal.config, silent)
        assert not (sqlite_portal.config.data.folder / work.FOLDER).exists()
        (place / 'filler').unlink()
        assert untold(sqlite_portal.config) == before
        assert len(keeping.list_all(sqlite_portal.config)) == 1 and keeping.verify(sqlite_portal.config, silent)


@contextlib.contextmanager
def small_disk(place):
    """A tmpfs of 4 MiB at a place, with the files that were there."""
    files = {path.relative_to(place): path.read_bytes() for path in place.rglob('*') if path.is_file()}
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'tmpfs', place], check=True)
    try:
        for name, content in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
        yield
    finally:
        subprocess.run(['umount', '--lazy', place], check=True)


def _free(place):
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


def test_a_file_that_may_not_grow_refuses_and_nothing_is_lost(sqlite_portal):
    before = untold(sqlite_portal.config)
    done = subprocess.run([sys.executable, '-m', 'appliance', '--config', sqlite_portal.config.path, 'backup', 'create', '--json'],
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100 << 10, 100 << 10)),
                          capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == '' and 'Traceback' not in done.stderr
    assert not (sqlite_portal.config.data.folder / work.FOLDER).exists()
    assert untold(sqlite_portal.config) == before


def test_a_key_of_another_portal_does_not_open_it(sqlite_portal, tmp_path):
    keeping.create(sqlite_portal.config, silent)
    (tmp_path / 'other.key').write_text('f' * 64)
    with pytest.raises(BackupError) as refused:
        Repository(sqlite_portal.config.repository, tmp_path / 'other.key').snapshots()
    assert refused.value.code == 'wrong_key'
