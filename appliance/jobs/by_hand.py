"""Running a job in this process, for the console: under a lease that a thread renews, fenced like any other run."""

import contextlib
import os
import threading

import peewee

from appliance.core import db
from appliance.core.errors import PortalError
from appliance.core.jobs import runs
from appliance.jobs import lanes


def run_one(run_id, job, config, tell):
    """Run one requested run, if nobody else has it; returns its state. `tell(text)` gets its progress."""
    owner = f'console:{os.getpid()}'
    taken = runs.claim(owner, {job.name: job}, run_id)
    if taken is not None:
        taken.config, taken.tell = config, tell
        ended = threading.Event()
        threading.Thread(target=_keep, args=(owner, ended), daemon=True).start()
        try:
            note = lanes.attempt(taken)
        except BaseException:
            lanes.insist(taken.give_back, lambda: True)
            raise
        finally:
            ended.set()
        if note:
            lanes.insist(note)
    return runs.state_of(run_id)


def _keep(owner, ended):
    """Renew the lease until the run has ended; one that cannot be renewed in time is fenced off, as everywhere."""
    while not ended.wait(runs.RENEW_S):
        with contextlib.suppress(PortalError, peewee.OperationalError, peewee.InterfaceError), db.connected():
            runs.renew([owner])
    if not db.database.is_closed():
        db.database.close()
