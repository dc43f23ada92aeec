"""What each web worker does beside answering: a thread that says it lives, writes what the tools cost, and makes way when the
tools were switched."""

import fcntl
import itertools
import os
import signal
import threading
import time

from appliance.core import db, processes, switch, usage
from appliance.web import counting

LOOK_EVERY_S, TELL_EVERY_S = 1, 30


class Watch:
    """Made by the master before it forks; `reloaded` is memory that all workers share: the version it was last asked to reload for."""

    def __init__(self):
        self.reloaded = os.memfd_create('appliance-web-reloaded', os.MFD_CLOEXEC)
        counting.share()

    def start(self, worker):
        """Begin to watch in a worker, for as long as it lives."""
        threading.Thread(target=self._repeat, args=(worker,), name='watch', daemon=True).start()

    def end(self, worker):
        """Write what is left and that this worker is gone."""
        try:
            with db.connected():
                usage.flush()
                processes.forget()
        except Exception as error:
            worker.log.warning('this worker cannot be forgotten: %s', error)

    def _repeat(self, worker):
        for second in itertools.count():
            try:
                self._look(is_full=second % TELL_EVERY_S == 0)
            except Exception as error:      # a full disk must not end the thread for good
                worker.log.warning('this worker cannot be told of: %s', error)
            time.sleep(LOOK_EVERY_S)

    def _look(self, is_full):
        with db.connected():
            if is_full:
                processes.tell('web')
                usage.flush()
            if switch.is_outdated():
                self._reload_once(switch.newest_version())

    def _reload_once(self, version):
        """Ask the master for workers of the new version. Whichever worker sees it first does; a lock of the kernel's dies with its owner."""
        fcntl.lockf(self.reloaded, fcntl.LOCK_EX)
        try:
            if int(os.pread(self.reloaded, 20, 0) or 0) < version:
                os.pwrite(self.reloaded, b'%d' % version, 0)
                os.kill(os.getppid(), signal.SIGHUP)
        finally:
            fcntl.lockf(self.reloaded, fcntl.LOCK_UN)
