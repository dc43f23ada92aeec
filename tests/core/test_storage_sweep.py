"""What nobody uses goes a day after its last use, never under an upload's hands; what a kill left goes too; what is missing is told."""
import hashlib
import sys
import threading

import pytest

from appliance.core import clock, db, storage, storage_sweep
from appliance.core.errors import Conflict
from appliance.core.storage import Incoming, keep_bytes
from tests.core.stored import health, in_child, in_rows, killed_at_line, later, on_disk, release, sweep, use

KEPT = b'what was there before'


def test_what_nobody_uses_goes_after_a_day(box):
    keep_bytes(b'nobody')
    assert sweep(box, later(hours=23)) == (0, 0)
    assert sweep(box, later(hours=25)) == (1, 0)
    assert on_disk(box) == {} == in_rows()


def test_what_somebody_uses_stays(box):
    stored = keep_bytes(b'two use it')
    use(stored, 1)
    use(stored, 1)
    use(stored, 2)
    assert sweep(box, later(days=400)) == (0, 0)
    release(1)
    assert sweep(box, later(days=400)) == (0, 0)
    release(2)
    # The day begins with the last use: a backup may be at work on the file.
    assert sweep(box, later(hours=23)) == (0, 0)
    assert sweep(box, later(hours=25)) == (1, 0)


def test_release_keeps_what_it_is_told_to(box):
    first, second = keep_bytes(b'1'), keep_bytes(b'2')
    use(first)
    use(second)
    release(keep=[second.hash])
    assert sweep(box, later(hours=25)) == (1, 0) and list(in_rows()) == [second.hash]


def test_an_upload_that_is_about_to_use_a_file_keeps_it(box):
    """Equal content was let go long ago; a second upload has stored it and not used it yet."""
    stored = keep_bytes(b'again')
    db.database.execute_sql('UPDATE blob SET unused_at = 1')
    keep_bytes(b'again')
    assert sweep(box, later(hours=1)) == (0, 0)
    use(stored)
    assert health(box)['state'] == 'ok'


def test_the_sweep_never_comes_between_a_rename_and_its_row(box, monkeypatch):
    """Equal content, let go long ago, is sent again at the very moment at which it is swept."""
    keep_bytes(b'again')
    db.database.execute_sql('UPDATE blob SET unused_at = 1')
    write_row, sweeping = storage._write_row, []

    def swept_meanwhile(stored):
        def remove():
            with db.connected():
                storage_sweep.remove_unused(clock.now())
        sweeping.append(threading.Thread(target=remove))
        sweeping[0].start()
        sweeping[0].join(0.5)
        write_row(stored)

    monkeypatch.setattr(storage, '_write_row', swept_meanwhile)
    stored = keep_bytes(b'again')
    sweeping[0].join()
    assert in_rows() == on_disk(box) == {stored.hash: 5}


def test_using_what_is_gone_is_a_conflict(box):
    stored = keep_bytes(b'gone')
    sweep(box, later(hours=25))
    with pytest.raises(Conflict):
        use(stored)
    assert db.rows('SELECT * FROM blob_use') == []


def test_strays_go_after_a_day(box):
    folder = box.config.data.folder
    stored = keep_bytes(b'kept')
    stray = storage.path_of(stored.hash[:2] + 'f' * 62)
    for path in (stray, folder / 'incoming' / 'dead'):
        path.write_bytes(b'x')
    (stray.parent / 'README').write_text('not ours')
    assert sweep(box, later(hours=1)) == (0, 0)
    use(stored)
    assert sweep(box, later(hours=25)) == (0, 2)
    assert set(on_disk(box)) == {stored.hash, 'README'}


def test_an_upload_that_takes_for_days_is_left_alone(box):
    with Incoming(10) as incoming:
        incoming.write(b'slow')
        assert sweep(box, later(days=3)) == (0, 0)
        incoming.keep()
    assert len(on_disk(box)) == 1


def test_check_tells_what_is_missing_or_has_another_size(box):
    assert health(box)['state'] == 'ok' and '0 files' in health(box)['message']
    first, second, third = (keep_bytes(text) for text in (b'1', b'22', b'333'))
    for number, one in enumerate((first, second)):
        use(one, number)
    storage.path_of(third.hash).unlink()       # nobody's
    assert health(box)['state'] == 'ok' and '2 files' in health(box)['message']
    storage.path_of(first.hash).unlink()
    storage.path_of(second.hash).write_bytes(b'longer')
    found = health(box)
    assert found['state'] == 'failed' and '1 are missing, 1 have another size' in found['message'] and 'restore' in found['action']


@pytest.mark.slow
def test_killed_before_any_line_of_sweeping(box):
    def sweep_until(number):
        def work():
            sys.settrace(killed_at_line(number, storage_sweep))
            sweep(box, later(hours=25))
        return work

    number = 0
    while True:
        number += 1
        with db.connected():
            use(keep_bytes(KEPT))
            keep_bytes(b'unused')
        status = in_child(box, sweep_until(number))
        assert status in (0, -9)
        with db.connected():
            assert set(in_rows().items()) <= set(on_disk(box).items())
            sweep(box, later(hours=50))
            assert in_rows() == on_disk(box) == {hashlib.sha256(KEPT).hexdigest(): len(KEPT)}
        if status == 0:
            break
    assert number > 10
