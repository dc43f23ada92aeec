"""Files by their content: kept once, whole or not at all, whoever writes, however it ends."""
import hashlib
import os
import shutil
import subprocess
import sys
import threading

import pytest

from appliance.core import db, storage
from appliance.core.errors import Invalid, NotFound, StorageFull
from appliance.core.storage import Incoming, keep_bytes
from tests.core.stored import health, in_child, in_rows, killed_at_line, later, on_disk, release, sweep, use

LARGE = 20 << 20


def test_what_is_kept_is_there_under_its_hash(box):
    stored = keep_bytes(b'content')
    assert stored == storage.Stored(hashlib.sha256(b'content').hexdigest(), 7)
    path = storage.path_of(stored.hash)
    assert path == box.config.data.folder / 'blobs' / stored.hash[:2] / stored.hash and path.read_bytes() == b'content'
    assert in_rows() == on_disk(box) == {stored.hash: 7}
    assert storage.size_of(stored.hash) == 7
    # nginx may read it, and list nothing.
    assert [one.stat().st_mode & 0o777 for one in (path, path.parent, path.parent.parent)] == [0o644, 0o711, 0o711]


def test_equal_content_is_kept_once(box):
    assert keep_bytes(b'same') == keep_bytes(b'same')
    assert len(on_disk(box)) == len(in_rows()) == 1


def test_nothing_is_a_file_too(box):
    assert keep_bytes(b'').size == 0
    assert list(in_rows().values()) == [0]


def test_a_large_file_in_pieces_and_read_before_it_is_kept(box):
    piece = os.urandom(1 << 16)
    with Incoming(LARGE, expected=LARGE) as incoming:
        for _number in range(LARGE >> 16):
            incoming.write(piece)
        incoming.seek(-3, os.SEEK_END)
        assert incoming.read() == piece[-3:] and incoming.tell() == LARGE
        assert os.fstat(incoming.fileno()).st_size == LARGE
        stored = incoming.keep()
    assert stored.size == LARGE and storage.path_of(stored.hash).read_bytes() == piece * (LARGE >> 16)
    assert on_disk(box) == {stored.hash: LARGE}


def test_what_was_reserved_and_not_written_is_not_there(box):
    with Incoming(1 << 20, expected=1 << 20) as incoming:
        incoming.write(b'short')
        incoming.seek(0)
        assert incoming.read() == b'short'
        assert incoming.keep().size == 5
    assert list(on_disk(box).values()) == [5]


def test_more_than_the_bound_is_refused_and_gone(box):
    with pytest.raises(Invalid) as refused, Incoming(10) as incoming:
        incoming.write(b'12345')
        incoming.write(b'678901')
    assert '10 B' in str(refused.value) and on_disk(box) == {}


def test_what_is_not_kept_is_gone(box):
    with Incoming(10) as incoming:
        incoming.write(b'x')
        assert len(on_disk(box)) == 1
    assert on_disk(box) == {} == in_rows()


@pytest.mark.parametrize('name', ['', 'x', '../' * 30, 'g' * 64, 'A' * 64, '0' * 63, '0' * 65, '\0' * 64, '٠' * 64])
def test_what_is_no_hash_is_no_path(box, name):
    with pytest.raises(NotFound):
        storage.path_of(name)


def test_file_work_is_refused_inside_a_transaction_and_uses_outside(box):
    with pytest.raises(RuntimeError), db.write('test'):
        keep_bytes(b'x')
    stored = keep_bytes(b'x')
    for call in (lambda: storage.use(stored.hash, 'test.thing', 1), lambda: storage.release('test.thing', 1)):
        with pytest.raises(RuntimeError):
            call()


def test_a_damaged_file_is_mended_by_sending_it_again(box):
    stored = keep_bytes(b'content')
    use(stored)
    storage.path_of(stored.hash).write_bytes(b'')
    assert health(box)['state'] == 'failed'
    keep_bytes(b'content')
    assert health(box)['state'] == 'ok'


def test_many_at_once_store_one(box):
    found, failures = [], []

    def store():
        try:
            with db.connected():
                found.append(keep_bytes(b'the same of all'))
        except Exception as error:      # a thread's failure must reach the test
            failures.append(error)

    threads = [threading.Thread(target=store) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and len(set(found)) == 1 and len(found) == 8
    assert in_rows() == on_disk(box)


# Faults.

KEPT = b'what was there before'


@pytest.mark.slow
def test_killed_before_any_line_of_storing(box):
    """No row without bytes at any moment, and after a day no bytes without a row."""
    first = keep_bytes(KEPT)
    use(first)

    def store(number):
        def work():
            sys.settrace(killed_at_line(number, storage))
            stored = keep_bytes(b'new')
            with db.write('test'):
                storage.use(stored.hash, 'test.thing', 2)
        return work

    number, kept = 0, {first.hash: len(KEPT)}
    while True:
        number += 1
        status = in_child(box, store(number))
        assert status in (0, -9)
        with db.connected():
            rows = in_rows()
            assert set(rows.items()) <= set(on_disk(box).items())
            if status == 0:
                break
            sweep(box, later(hours=25))
            # Killed after the last line but before the end, it is used already.
            is_used = bool(db.rows("SELECT 1 FROM blob_use WHERE kind = 'test.thing' AND object_id = 2"))
            assert in_rows() == on_disk(box) == (kept if not is_used else rows)
            release(2)
            sweep(box, later(hours=25))
            assert in_rows() == on_disk(box) == kept
    assert number > 50 and health(box)['state'] == 'ok'


@pytest.fixture
def small_disk(box, monkeypatch):
    """The data folder's files on a disk of 4 MiB; nothing is spared for the database, which lies elsewhere."""
    monkeypatch.setattr(storage, 'SPARE_BYTES', 0)
    place = box.folder / 'small'
    place.mkdir()
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'tmpfs', place], check=True)
    storage.use_folder(place)
    yield place
    storage.use_folder(box.config.data.folder)
    subprocess.run(['umount', place], check=True)


def test_a_full_disk_is_told_before_the_first_byte(small_disk):
    with pytest.raises(StorageFull):
        Incoming(100 << 20, expected=5 << 20)
    assert list((small_disk / 'incoming').iterdir()) == []
    with Incoming(100 << 20, expected=3 << 20) as incoming:
        with pytest.raises(StorageFull):        # the place is the first one's already
            Incoming(100 << 20, expected=2 << 20)
        incoming.write(b'x' * (3 << 20))
        incoming.keep()


def test_a_disk_that_fills_meanwhile_leaves_nothing(small_disk):
    with pytest.raises(StorageFull), Incoming(100 << 20, expected=1) as incoming:
        for _number in range(100):
            incoming.write(b'x' * (1 << 20))
    assert list((small_disk / 'incoming').iterdir()) == [] and in_rows() == {}


def test_a_full_database_leaves_no_file(box, monkeypatch):
    def full(_stored):
        raise StorageFull()
    monkeypatch.setattr(storage, '_write_row', full)
    with pytest.raises(StorageFull):
        keep_bytes(b'x')
    assert on_disk(box) == {}


def test_a_full_database_leaves_an_older_equal_file(box, monkeypatch):
    stored = keep_bytes(b'x')

    def full(_stored):
        raise StorageFull()
    monkeypatch.setattr(storage, '_write_row', full)
    with pytest.raises(StorageFull):
        keep_bytes(b'x')
    assert on_disk(box) == {stored.hash: 1}


def test_some_of_the_disk_is_left_to_the_database(box, monkeypatch):
    free = shutil.disk_usage(box.config.data.folder).free
    monkeypatch.setattr(storage, 'SPARE_BYTES', free - (10 << 20))
    with pytest.raises(StorageFull):
        Incoming(200 << 20, expected=100 << 20)
    with Incoming(1 << 20, expected=1 << 20):
        pass
