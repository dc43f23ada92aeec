"""A lane: a forked child that takes one run after the other. What happens to it, to the disk or to the database while it
runs ends in one of three: done, tried again, or given up and shown."""

import errno
import gc
import logging
import os
import secrets
import select
import signal
import socket
import time
from dataclasses import dataclass

import peewee

from appliance.core import db
from appliance.core.errors import Busy, PortalError, StorageFull
from appliance.core.jobs import HEAVY, LeaseLost, runs

BUSY_WAIT_S, FULL_WAIT_S = 5, 60
PAUSE_S = 1
log = logging.getLogger('appliance.jobs')


class Stopped(BaseException):
    """The process is told to stop while a long job runs: unwind, clean up, the run goes back into the queue."""


@dataclass
class Lane:
    """What the parent knows of a child: its `owner` in the run table, and the pipe that wakes it and ends it."""

    name: str
    pid: int
    owner: str
    wake_to: int

    def wake(self):
        try:
            os.write(self.wake_to, b'.')
        except (BlockingIOError, BrokenPipeError):
            pass    # it has wakes enough, or has just died

    def close(self):
        os.close(self.wake_to)


def start(name, jobs, config, signals, others=()):
    """Fork a child that runs these jobs ({name: Job}); `signals` are those that the parent blocks, `others` its Lanes."""
    db.disconnect()
    # Untouched by the collector from here, the imported modules stay shared between parent and children.
    gc.collect()
    gc.freeze()
    wake_from, wake_to = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    token = secrets.token_hex(4)
    pid = os.fork()
    if pid:
        os.close(wake_from)
        return Lane(name, pid, _owner(pid, token), wake_to)
    status = 1
    try:
        # Held open here, the pipes would tell no child that the parent is gone.
        os.close(wake_to)
        for other in others:
            other.close()
        os.setpgid(0, 0)    # so that the parent can end it with all that it started
        Child(name, jobs, config, _owner(os.getpid(), token), wake_from).live(signals)
        status = 0
    except BaseException:
        log.exception('the lane %s broke', name)
    finally:
        os._exit(status)


def _owner(pid, token):
    return f'{socket.gethostname()}:{pid}:{token}'


class Child:
    """The loop of a lane. It ends when the parent closes the pipe, even by dying, or sends SIGTERM."""

    def __init__(self, name, jobs, config, owner, wake_from):
        self.name, self.jobs, self.config, self.owner, self.wake_from = name, jobs, config, owner, wake_from
        self.is_stopping = self.is_in_run = False

    def live(self, signals):
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # The kernel ends a run that takes too long, also one that hangs in C, and also when the parent is gone.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        while not self.is_stopping:
            if not self._take_one() and not self._wait():
                return

    def _stop(self, *_):
        self.is_stopping = True
        if self.name == HEAVY and self.is_in_run:
            raise Stopped()

    def _take_one(self):
        """Take and run what waits longest; whether there was anything."""
        try:
            with db.connected():
                run = runs.claim(self.owner, self.jobs)
                if run is None:
                    return False
                run.config = self.config
                self._run(run)
                return True
        except (PortalError, peewee.OperationalError, peewee.InterfaceError) as error:
            log.warning('the lane %s cannot take runs: %s', self.name, error)
            db.disconnect()
            return False

    def _run(self, run):
        signal.setitimer(signal.ITIMER_REAL, run.job.timeout_s)
        try:
            self.is_in_run = True
            note = attempt(run)
        except Stopped:
            note = run.give_back
        finally:
            self.is_in_run = False
            signal.setitimer(signal.ITIMER_REAL, 0)
        if note:
            insist(note, lambda: self.is_stopping)

    def _wait(self):
        """Wait for a wake or a second; False when the parent is gone."""
        ready, _write, _errors = select.select([self.wake_from], [], [], PAUSE_S)
        return not ready or os.read(self.wake_from, 4096) != b''


def attempt(run):
    """Do a run. Returns None when it is settled, else what must still be noted about it: a function without arguments."""
    try:
        if run.job.is_in_steps:
            run.job.function(run)
            if not run.is_done:
                with run.finishing():
                    pass
        else:
            with run.finishing():
                run.job.function(run)
    except LeaseLost as error:
        log.warning('%s: %s; what it did is taken back', run.job.name, error)
    except Exception as error:
        return _after(run, error)
    return None


def _after(run, error):
    if run.is_done:
        log.exception('%s %s failed after it was done', run.job.name, run.slot)
        return None
    wait_s = _passing(error)
    if wait_s:
        log.warning('%s %s waits %s s: %s', run.job.name, run.slot, wait_s, error)
        return lambda: run.give_back(str(error), wait_s)
    log.exception('%s %s failed, attempt %s', run.job.name, run.slot, run.attempt)
    # What a PortalError says is in words already; it is stored in English and translated when shown.
    words = str(error) if isinstance(error, PortalError) else f'fault: {type(error).__name__}: {error}'
    return lambda: run.fail(words)


def _passing(error):
    """Seconds after which a trouble of the machine may have passed; 0 for a fault of the job's own."""
    if isinstance(error, Busy):
        return BUSY_WAIT_S
    is_full = isinstance(error, StorageFull) or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT))
    return FULL_WAIT_S if is_full else 0


def insist(note, is_stopping=lambda: False):
    """Write a note until the database takes it: a full disk must not turn a failure into silence."""
    while True:
        try:
            return note()
        except LeaseLost:
            return None
        except (PortalError, peewee.OperationalError, peewee.InterfaceError) as error:
            if is_stopping():
                return None
            log.warning('cannot write now: %s', error)
            db.disconnect()
            time.sleep(PAUSE_S)
