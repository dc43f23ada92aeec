"""Asks the child process for squares of a picture, one at a time on this machine, and tells in words what it refuses."""

import contextlib
import fcntl
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from appliance.core import storage
from appliance.core.errors import Busy, Invalid, StorageFull
from appliance.core.i18n import format_number, texts
from appliance.core.limits import PICTURE_PIXELS

_ = texts(__name__)
CHILD = pathlib.Path(__file__).with_name('child.py')
LOCK = 'pictures.lock'
ANSWER_WITHIN_S, TURN_WITHIN_S = 15, 5
_LOOK_EVERY_S = 0.05
_REASONS = {
    'no_picture': _.lazy('This is not a picture that the portal can open. JPEG, PNG, WebP and GIF work.'),
    'damaged': _.lazy('The picture is damaged or cut short. Send it again, or save it anew first.'),
    'too_hard': _.lazy('The picture takes too much to open. Save it smaller, as JPEG, and send it again.'),
}


def squares(file, sizes, field='photo'):
    """The centre square of a picture in each of these sizes (pixels), as JPEG without anything that described it: [bytes].

    `file` has a descriptor. Invalid (with the field) for what is no picture, damaged, or too large; Busy when others are before.
    """
    with _turn():
        refused, found = _ask(file, sizes)
    if refused == 'too_large':
        raise Invalid(_('The picture is too large: %(most)s million pixels are the most.', most=format_number(PICTURE_PIXELS // 10**6)), field=field)
    if refused:
        raise Invalid(str(_REASONS[refused]), field=field)
    return found


def _ask(file, sizes):
    """(why it was refused or '', the pictures)."""
    request = json.dumps({'sizes': sizes, 'most_pixels': PICTURE_PIXELS})
    with storage.plainly(), tempfile.TemporaryDirectory(prefix='appliance-picture-') as empty, tempfile.TemporaryFile() as answer:
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        # -I: no module of ours or of the person who started us, only what is installed.
        child = subprocess.Popen([sys.executable, '-I', '-B', str(CHILD), request], stdin=file.fileno(), stdout=answer, stderr=subprocess.DEVNULL,
                                 cwd=empty, env={'LANG': 'C.UTF-8'}, start_new_session=True)
        try:
            status = child.wait(ANSWER_WITHIN_S)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            child.kill()
            child.wait()
        answer.seek(0)
        return _read(answer, sizes) if status == 0 else ('too_hard', [])


def _read(answer, sizes):
    """The child's answer. It opened what a stranger made: nothing of it is believed but what fits."""
    try:
        head = json.loads(answer.readline(1000))
        if 'refused' in head:
            return (head['refused'] if head['refused'] in ('too_large', *_REASONS) else 'damaged'), []
        found = [answer.read(int(size)) for size in head['sizes']]
    except (ValueError, KeyError, TypeError):
        return 'too_hard', []
    # A disk that is full cuts the answer.
    if len(found) != len(sizes) or [len(one) for one in found] != head['sizes']:
        raise StorageFull()
    return ('', found) if all(one.startswith(b'\xff\xd8\xff') for one in found) else ('damaged', [])


@contextlib.contextmanager
def _turn():
    """One at a time on this machine: a picture may take a gigabyte while it is open."""
    deadline = time.monotonic() + TURN_WITHIN_S
    with storage.plainly(), open(storage.data_folder() / LOCK, 'ab') as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Busy(_('Other pictures are being opened. Try again in a moment.'), retry_after_s=3) from None
                time.sleep(_LOOK_EVERY_S)
        yield
