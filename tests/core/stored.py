"""What the tests of kept files look at: the disk, the rows, what is left after a kill."""
import os
from datetime import timedelta

from appliance.core import checks, clock, db, storage, storage_sweep


def on_disk(box):
    """{name: bytes} of all files that are kept or on their way."""
    return {path.name: path.stat().st_size for name in ('blobs', 'incoming') for path in (box.config.data.folder / name).rglob('*')
            if path.is_file()}


def in_rows():
    return dict(db.rows('SELECT hash, size FROM blob'))


def use(stored, object_id=1, kind='test.thing'):
    with db.write('test'):
        storage.use(stored.hash, kind, object_id)


def release(object_id=1, kind='test.thing', **options):
    with db.write('test'):
        storage.release(kind, object_id, **options)


def later(**span):
    return clock.now() + timedelta(**span)


def sweep(box, now):
    return storage_sweep.remove_unused(now), storage_sweep.remove_strays(box.config.data.folder, now)


def health(box):
    return next(one for one in checks.run(box.config) if one['name'] == 'files')


def in_child(box, work):
    """Do something in a forked process; its exit status, negative for the signal that ended it."""
    db.disconnect()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            with db.connected():
                work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_at_line(number, module):
    """A trace function that ends this process by kill -9 before the n-th line of a module that runs."""
    seen = 0

    def trace(frame, event, _value):
        nonlocal seen
        if frame.f_code.co_filename != module.__file__:
            return None
        if event == 'line':
            seen += 1
            if seen == number:
                os.kill(os.getpid(), 9)
        return trace
    return trace
