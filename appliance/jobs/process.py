"""The parent: ticks, renews the leases of its lanes, forks a new lane for a dead one, stops them in order.

It runs no job and holds no state that matters: killed at any moment, the run table says all that the next one needs.
"""

import fcntl
import logging
import os
import signal
import time

import peewee

from appliance.core import access, bus, db, listeners, notices, processes, search, switch, trash
from appliance.core.errors import PortalError
from appliance.core.jobs import LANES, declared, plan, runs
from appliance.jobs import lanes
from appliance.jobs.ticks import Ticks

WATCH_S, PLAN_S, TELL_S = 1, 10, 30
LEAST_GAP_S = 0.05      # between two looks that the bus asks for, however much is written
GRACE_S = 12        # `appliance run` waits 15 s, systemd 40
STOPS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
SIGNALS = STOPS | {signal.SIGCHLD, signal.SIGIO}
log = logging.getLogger('appliance.jobs')


def serve(config):
    """Run until SIGTERM or SIGINT, or until the tools are switched; whether it was that, and another shall be started.

    The database is open and current, and all jobs are declared.
    """
    share()
    # Taken by sigtimedwait between two ticks, never in the middle of one; children unblock them.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    with processes.running(config.data.folder):
        parent = Parent(config)
        parent.live()
        return parent.is_outdated


def share():
    """Import what the parent and its lanes ask for sooner or later: before the fork it is one copy, after it one in each."""
    for declared_parts in (access.kinds, search.kinds, listeners.declared, notices.kinds, trash.kinds):
        declared_parts()


class Parent:
    """The lanes by name, and the dead whose runs are still to be taken back ({owner: what happened})."""

    def __init__(self, config):
        self.config, self.jobs = config, declared()
        self.lanes, self.dead, self.is_outdated = {}, {}, False
        self.bell, self.rung_at = None, 0
        self.ticks = Ticks()
        for function, seconds in ((self.renew, runs.RENEW_S), (self.plan, PLAN_S), (self.watch, WATCH_S), (self.tell, TELL_S)):
            self.ticks.call(self._guarded(function), seconds)

    def live(self):
        for name in LANES:
            self._fork(name)
        self.ticks.start()
        log.info('jobs runs %s', ', '.join(self.jobs))
        try:
            while not self.is_outdated:
                signalled = signal.sigtimedwait(SIGNALS, self.ticks.tick())
                if signalled and signalled.si_signo in STOPS:
                    break
                if signalled:
                    self._silence(signalled.si_signo)
                    self._guarded(self.watch)()
        finally:
            self.stop()

    def _silence(self, signo):
        """Take a ring of the bus: work was committed. Many of them are one."""
        if signo == signal.SIGIO:
            time.sleep(max(0, self.rung_at + LEAST_GAP_S - time.monotonic()))
            self.rung_at = time.monotonic()
        if self.bell:
            try:
                self.bell.silence()
            except bus.Broken as error:
                log.warning('the bus broke, another is opened: %s', error)
                self.bell = self.bell.close()

    def _hang_bell(self):
        """Let the kernel send SIGIO when the bus rings; without a bus, work is found each second."""
        try:
            self.bell = bus.bell(bus.JOBS)
        except bus.Broken as error:
            log.debug('the bus cannot be heard: %s', error)
            return
        fcntl.fcntl(self.bell, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(self.bell, fcntl.F_SETFL, fcntl.fcntl(self.bell, fcntl.F_GETFL) | os.O_ASYNC)

    @staticmethod
    def _guarded(function):
        """A database that is busy, full or away must not end the parent: the next tick tries again."""
        def call():
            try:
                with db.connected():
                    function()
            except (PortalError, peewee.OperationalError, peewee.InterfaceError) as error:
                log.warning('%s: %s', function.__name__, error)
                db.disconnect()
        return call

    def plan(self):
        plan.plan(self.jobs)

    def watch(self):
        """Bury dead lanes and fork new ones; wake the living when there is work that no slot announced."""
        if self.bell is None:
            self._hang_bell()
        for lane in list(self.lanes.values()):
            pid, status = os.waitpid(lane.pid, os.WNOHANG)
            if pid:
                self._bury(lane, status)
                self._fork(lane.name)
        for owner, what in list(self.dead.items()):
            runs.reclaim(self.jobs, what, owner)
            del self.dead[owner]
        if plan.wake(self.jobs):
            for lane in self.lanes.values():
                lane.wake()
        self.is_outdated = switch.is_outdated()

    def renew(self):
        runs.renew([lane.owner for lane in self.lanes.values()])
        runs.reclaim(self.jobs, 'gone')

    def tell(self):
        processes.tell('jobs')

    def _fork(self, name):
        mine = {job.name: job for job in self.jobs.values() if job.lane == name}
        self.lanes[name] = lanes.start(name, mine, self.config, SIGNALS, [*self.lanes.values()])

    def _bury(self, lane, status):
        lane.close()
        del self.lanes[lane.name]
        try:
            os.killpg(lane.pid, signal.SIGKILL)     # what the run had started must not go on beside the next try
        except ProcessLookupError:
            pass
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        what = ('timeout' if number == signal.SIGALRM else f'killed: {signal.Signals(number).name}' if number
                else f'killed: status {os.WEXITSTATUS(status)}')
        log.warning('the lane %s (pid %s) ended: %s', lane.name, lane.pid, what)
        self.dead[lane.owner] = what

    def stop(self):
        """Let a short run finish and a long one unwind; what is still running after the grace goes back into the queue."""
        for lane in self.lanes.values():
            os.kill(lane.pid, signal.SIGTERM)
            lane.wake()
        deadline = time.monotonic() + GRACE_S
        for lane in self.lanes.values():
            while os.waitpid(lane.pid, os.WNOHANG) == (0, 0):
                if time.monotonic() > deadline:
                    os.killpg(lane.pid, signal.SIGKILL)
                    os.waitpid(lane.pid, 0)
                    break
                signal.sigtimedwait({signal.SIGCHLD}, 0.1)
            lanes.insist(lambda lane=lane: runs.reclaim(self.jobs, 'stopped', lane.owner, is_counted=False), lambda: True)
        lanes.insist(processes.forget, lambda: True)
        if self.bell:
            self.bell.close()
        log.info('jobs has stopped')
