"""Locks whose turn goes round: between the threads of a process, and between processes by a file. SQLite's writers stand in line by both."""

import collections
import contextlib
import fcntl
import os
import threading
import time

from appliance.core.errors import Busy


class FairLock:
    """A lock handed on in the order of asking; threading.Lock may starve one thread for seconds."""

    def __init__(self):
        self._guard = threading.Lock()
        self._waiting = collections.deque()
        self._taken = False

    def acquire(self, timeout_s):
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(timeout_s):
            return True
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        return True     # handed over at the very moment we gave up

    def release(self):
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


@contextlib.contextmanager
def file_lock(lock_path, deadline):
    """Hold the lock between processes within the block; Busy at the deadline, a time.monotonic() moment. Closing the file gives it back."""
    descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _wait_for(descriptor, deadline)
        yield
    finally:
        os.close(descriptor)


def _wait_for(descriptor, deadline):
    """Wait for a lock in the kernel's queue, where the turn goes round; Busy at the deadline.

    flock has no time-out, so a thread waits there. What it gets too late is given back when its copy of the file is closed.
    """
    copy, taken = os.dup(descriptor), threading.Event()

    def take():
        try:
            fcntl.flock(copy, fcntl.LOCK_EX)
            taken.set()
        finally:
            os.close(copy)

    threading.Thread(target=take, name='write-turn', daemon=True).start()
    if not taken.wait(max(0, deadline - time.monotonic())):
        raise Busy()
