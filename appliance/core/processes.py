"""Who is running: each process holds a shared lock on the data folder and tells the table `process` that it lives.

`restore` takes the lock alone, and so cannot begin while anybody serves the database it replaces.
"""

import contextlib
import fcntl
import os
import socket

from peewee import CompositeKey

from appliance.core import clock
from appliance.core.db import Base, write
from appliance.core.errors import StartError
from appliance.core.fields import Integer, Json, Moment, Text
from appliance.core.i18n import texts
from appliance.core.personal.declarations import Nothing
from appliance.core.tool import registry

_ = texts(__name__)
LOCK_NAME = 'running.lock'


class Process(Base):
    """A living process. `tool_version` is the version of the switches that it has loaded, `faults` ({tool: why}) what it could not."""

    host = Text()
    kind = Text()
    pid = Integer()
    tool_version = Integer(default=0)
    faults = Json(default=dict)
    seen_at = Moment()

    class Meta:
        personal = Nothing(_.lazy('Which processes of the portal live.'))
        primary_key = CompositeKey('host', 'pid')


@contextlib.contextmanager
def running(folder):
    """Hold the data folder together with others. StartError while a restore has it alone."""
    with _held(folder, fcntl.LOCK_SH, 'a restore is under way; start again when it has ended'):
        yield


@contextlib.contextmanager
def alone(folder):
    """Hold the data folder with nobody else; StartError names the command that stops the others."""
    with _held(folder, fcntl.LOCK_EX, 'the portal is running. Stop it first: systemctl stop appliance.target (or Ctrl+C in bin/run)'):
        yield


@contextlib.contextmanager
def _held(folder, kind, refusal):
    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(refusal) from None
        yield
    finally:
        os.close(descriptor)


def tell(kind):
    """Write that this process lives, now."""
    values = {'kind': kind, 'seen_at': clock.now(), 'tool_version': registry.version or 0, 'faults': registry.faults}
    with write('core.processes.tell'):
        (Process.insert(host=socket.gethostname(), pid=os.getpid(), **values)
         .on_conflict(conflict_target=(Process.host, Process.pid), update=values).execute())


def forget():
    """Delete this process's row at its end."""
    with write('core.processes.forget'):
        Process.delete().where((Process.host == socket.gethostname()) & (Process.pid == os.getpid())).execute()


def forget_dead(before):
    """Delete the rows of processes that were last seen before a moment, for the cleaning job, inside an action."""
    return Process.delete().where(Process.seen_at < before).execute()
