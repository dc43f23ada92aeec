"""What restic says when it fails, pinned: version 0.14 tells failures apart by nothing but its words."""
import os
import re
import subprocess
import time

import pytest

from appliance.core import sealing
from appliance.core.backup import repository
from appliance.core.backup.errors import BackupError
from appliance.core.backup.repository import Repository
from appliance.core.errors import StorageFull
from tests.core.backup.conftest import cut, damage, flip

pytestmark = pytest.mark.slow       # restic stretches its key at each call


@pytest.fixture
def kept(tmp_path):
    """A repository with one snapshot of a file of 3 MiB and a small one."""
    sealing.create_key(tmp_path / 'key')
    made = Repository(tmp_path / 'backups', tmp_path / 'key')
    made.create()
    (tmp_path / 'saved').mkdir()
    (tmp_path / 'saved' / 'large').write_bytes(os.urandom(3 << 20))
    (tmp_path / 'saved' / 'small').write_text('small')
    made.save(tmp_path / 'saved', '2026-11-23 09:00:00', ['engine=sqlite', 'bytes=7'])
    return made


def code_of(call, *arguments):
    with pytest.raises((BackupError, StorageFull)) as refused:
        call(*arguments)
    return refused.value.code


def test_a_snapshot_comes_back_with_its_moment_and_tags(kept, tmp_path):
    one, = kept.snapshots()
    assert one['time'] == '2026-11-23T09:00:00Z' and one['tags'] == ['engine=sqlite', 'bytes=7']
    (tmp_path / 'out').mkdir()
    kept.fetch(one['id'], tmp_path / 'out')
    assert (tmp_path / 'out/large').read_bytes() == (tmp_path / 'saved/large').read_bytes()
    kept.read_all()


def test_wrong_key_is_told_from_an_absent_or_unreadable_one(kept, tmp_path):
    kept.key_file.write_text('0' * 64)
    assert code_of(kept.snapshots) == 'wrong_key'
    kept.key_file.unlink()
    assert code_of(kept.snapshots) == 'key'


def test_no_repository_and_no_such_snapshot(kept, tmp_path):
    assert code_of(Repository(tmp_path / 'nothing', kept.key_file).snapshots) == 'no_repository'
    assert code_of(kept.fetch, 'abcdef00', tmp_path / 'out') == 'not_found'


def test_without_restic_backups_are_off(kept, monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    assert code_of(kept.snapshots) == 'no_restic'


def test_a_living_lock_is_respected_and_a_dead_one_removed(kept, tmp_path):
    other = subprocess.Popen(['restic', '--no-cache', '-r', kept.place, '-p', kept.key_file, 'backup', '--stdin'],
                             stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        locks = tmp_path / 'backups' / 'locks'
        _wait_for(lambda: any(locks.iterdir()))
        assert code_of(kept.read_all) == 'locked'
        other.kill()
        other.wait()
        assert any(locks.iterdir())
        kept.read_all()
    finally:
        other.kill()
        other.wait()
        other.stdin.close()


def _wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize('kind', ['data', 'index', 'snapshots'])
@pytest.mark.parametrize('change', [flip, cut, os.unlink], ids=['flipped', 'cut', 'lost'])
def test_damage_is_found_by_reading_all_back(kept, tmp_path, kind, change):
    damage(tmp_path / 'backups', kind, change)
    if (kind, change) == ('snapshots', os.unlink):
        assert kept.snapshots() == []       # nothing tells that it ever was there, but our own list
        return
    started = time.monotonic()
    assert code_of(kept.read_all) == 'damaged'
    assert time.monotonic() - started < 30, 'restic itself tries for 45 s'


@pytest.mark.parametrize('kind', ['data', 'index'])
@pytest.mark.parametrize('change', [flip, cut, os.unlink], ids=['flipped', 'cut', 'lost'])
def test_damage_is_found_by_fetching(kept, tmp_path, kind, change):
    """No cache answers for what is gone from the repository."""
    one, = kept.snapshots()
    damage(tmp_path / 'backups', kind, change)
    (tmp_path / 'out').mkdir()
    assert code_of(kept.fetch, one['id'], tmp_path / 'out') == 'damaged'


@pytest.mark.parametrize('change', [flip, cut], ids=['flipped', 'cut'])
def test_a_damaged_key_or_config_is_not_taken_for_a_wrong_key(kept, tmp_path, change):
    change_config = tmp_path / 'backups' / 'config'
    change_config.chmod(0o600)
    change(change_config)
    assert code_of(kept.snapshots) == 'damaged'


def test_a_place_that_does_not_answer(kept):
    assert code_of(Repository('rest:http://127.0.0.1:1/', kept.key_file).snapshots) == 'unreachable'


# What cannot be made to happen here, in the words of restic 0.14 and of the kernel behind it.
@pytest.mark.parametrize('words, code', [
    ('Save(<data/1c>) failed: write /x/1c-tmp: no space left on device', 'full'),
    ('Fatal: unable to save snapshot: write /x: disk quota exceeded', 'full'),
    ('Fatal: unable to open config file: stat /mnt/b/config: input/output error', 'unreachable'),
    ('Fatal: unable to open config file: stat /mnt/b/config: stale NFS file handle', 'unreachable'),
    ('Fatal: unable to open config file: stat /mnt/b/config: permission denied', 'rights'),
    ('Fatal: create repository at /mnt/b failed: mkdir /mnt/b/data: read-only file system', 'rights'),
    ('Load(<data/7e>, 93, 7337) returned error, retrying after 552ms: ReadFull: EOF', 'damaged'),
    ('panic: something new', 'failed')])
def test_words_that_mean_a_code(words, code):
    assert repository.classify(words) == code


def test_the_retention_keeps_days_weeks_and_months(kept, tmp_path):
    days = [f'2026-{month:02d}-{day:02d} 02:30:00' for month, day in ((10, 1), (11, 1), (11, 20), (11, 21), (11, 22))]
    for day in days:
        kept.save(tmp_path / 'saved', day, [])
    kept.save(tmp_path / 'saved', '2026-11-22 08:00:00', [])
    outdated = kept.outdated()
    times = {one['id']: one['time'] for one in kept.snapshots()}
    assert [times[one] for one in outdated] == ['2026-11-22T02:30:00Z']     # a later one of that day stands for it
    kept.forget(outdated)
    assert len(kept.snapshots()) == 6
    kept.read_all()


def test_the_version_that_this_was_written_for():
    """A restic with other words would need another look at the patterns; Debian 12 has 0.14, Debian 13 0.18."""
    said = subprocess.run(['restic', 'version'], capture_output=True, text=True, check=True).stdout
    assert re.match(r'restic 0\.1[4-9]', said)
