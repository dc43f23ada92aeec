"""Counts requests across all workers: numbers in memory that the master shares with them, a part for each that only its owner writes.

A part is taken with a lock of the kernel's, which dies with its owner; whoever takes it next counts on from there, so that nothing is
counted twice and nothing goes back while the master lives.
"""

import fcntl
import logging
import mmap
import os
import threading

from appliance.core import db
from appliance.core.tool import names_in_order

STATUSES = (200, 201, 204, 206, 302, 303, 304, 400, 401, 403, 404, 405, 409, 413, 415, 421, 422, 429, 500, 503, 507)
OTHER = 'other'
BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SHELL = 'shell'
PARTS = 128         # processes at a time: many more than workers, since during a reload the old ones still live
_A_TOOL = len(STATUSES) + 1 + len(BOUNDS_S) + 1 + 1       # statuses, others; buckets, beyond; microseconds
_WAITS, _HEAD = 2, 2                                      # waits for the turn to write: how many, microseconds
_lock = threading.Lock()
log = logging.getLogger('appliance.metrics')


class Counts:
    """The numbers of all workers. Made by the master before it forks; `add` and `waited` count for this process."""

    def __init__(self):
        self.tools = (SHELL, *names_in_order())
        self.size = (_HEAD + len(self.tools) * _A_TOOL) * 8
        self.file = os.memfd_create('appliance-web-counts', os.MFD_CLOEXEC)
        os.ftruncate(self.file, PARTS * self.size)
        self._numbers = memoryview(mmap.mmap(self.file, PARTS * self.size)).cast('q')
        self._places = {tool: _HEAD + number * _A_TOOL for number, tool in enumerate(self.tools)}
        self._mine, self._pid = None, None

    def _part(self):
        """Where this process's numbers begin; None when there are too many processes."""
        if self._pid != os.getpid():
            self._pid, self._mine = os.getpid(), self._take()
        return self._mine

    def _take(self):
        for number in range(PARTS):
            try:
                fcntl.lockf(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number * self.size)
            except OSError:
                continue
            return number * self.size // 8
        log.warning('more than %d processes count requests: those of this one are not counted', PARTS)
        return None

    def add(self, tool, status, seconds):
        """Count one request."""
        with _lock:
            begin = self._part()
            if begin is None:
                return
            place = begin + self._places.get(tool, self._places[SHELL])
            self._numbers[place + (STATUSES.index(status) if status in STATUSES else len(STATUSES))] += 1
            bucket = next((number for number, bound in enumerate(BOUNDS_S) if seconds <= bound), len(BOUNDS_S))
            self._numbers[place + len(STATUSES) + 1 + bucket] += 1
            self._numbers[place + _A_TOOL - 1] += round(seconds * 1e6)

    def waited(self, seconds):
        """Count one wait for the turn to write."""
        with _lock:
            begin = self._part()
            if begin is not None:
                self._numbers[begin] += 1
                self._numbers[begin + 1] += round(seconds * 1e6)

    def _sum(self, place):
        return sum(self._numbers[number * self.size // 8 + place] for number in range(PARTS))

    def requests(self):
        """{tool: {statuses: {text: number}, buckets: [number up to each bound and beyond], seconds}} of the tools that were asked."""
        found = {}
        for tool, place in self._places.items():
            numbers = [self._sum(place + offset) for offset in range(_A_TOOL)]
            statuses = {str(name): number for name, number in zip((*STATUSES, OTHER), numbers, strict=False) if number}
            if statuses:
                found[tool] = {'statuses': statuses, 'buckets': numbers[len(STATUSES) + 1:-1], 'seconds': numbers[-1] / 1e6}
        return found

    def waits(self):
        """(how often, seconds) that workers waited for their turn to write."""
        return self._sum(0), self._sum(1) / 1e6


_counts = None


def share():
    """The Counts of this process and those it forks."""
    global _counts
    if _counts is None:
        _counts = Counts()
        db.on_wait = _counts.waited
    return _counts
