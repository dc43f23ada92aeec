"""The threads in which a login talks to a directory, each of which may get stuck there.

libldap keeps to its timeouts except when it resolves a name and when a handshake drips. A thread that answers is kept for the next talk (a new
one costs more CPU than a bind); one that is stuck is left behind, and as many as MOST_STUCK may be at work or left behind.
"""

import contextvars
import os
import queue
import threading
import time

from appliance.identity.directory.errors import DirectoryDown

MOST_STUCK = 4
GRACE_S = 0.1       # for the way of an answer that came in time

_places = threading.BoundedSemaphore(MOST_STUCK)
_idle = []
os.register_at_fork(after_in_child=lambda: _idle.clear())       # a child has none of its parent's threads


def within(deadline, function, *args):
    """function(*args) in a thread of its own, given up at the deadline (a time.monotonic() moment) as DirectoryDown; also where too many are
    stuck. What it raises comes here.
    """
    if not _places.acquire(blocking=False):
        raise DirectoryDown('silent')
    try:
        calls = _idle.pop()
    except IndexError:
        calls = _started()
    answer = queue.SimpleQueue()
    calls.put((contextvars.copy_context(), function, args, answer))
    try:
        value, error = answer.get(timeout=max(0, deadline - time.monotonic()) + GRACE_S)
    except queue.Empty:
        raise DirectoryDown('silent') from None
    if error:
        raise error
    return value


def _started():
    """The queue of calls of a new thread."""
    calls = queue.SimpleQueue()
    threading.Thread(target=_work, args=(calls,), name='directory', daemon=True).start()
    return calls


def _work(calls):
    while True:
        context, function, args, answer = calls.get()
        try:
            found = context.run(function, *args), None
        except Exception as error:
            found = None, error
        # Free before it answers: who asks next finds it.
        _idle.append(calls)
        _places.release()
        answer.put(found)
        del context, function, args, answer, found      # a password is among them
