"""Going through the steps of a run, a hundred people a transaction: what carrying out and taking back have in common.

What passes by itself (a busy database, a full disk) is raised, and says nothing of a person. A step that fails spoils its hundred, so
each of them is then done by itself, and it alone is refused with its reason.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from peewee import IntegrityError

from appliance.core.db import lock_row, write
from appliance.core.errors import Busy, PortalError, StorageFull
from appliance.core.i18n import SOURCE, language, texts
from appliance.core.people import Person
from appliance.core.personal.forgotten import is_forgotten
from appliance.identity.directory.sync import notes
from appliance.identity.directory.sync.models import SyncRun, SyncStep
from appliance.identity.models import Directory, DirectoryPerson

_ = texts(__name__)
BATCH = 100


class NotDone(Exception):
    """A step has nothing to do, or must not be done any more; the text says why."""


def is_tied(run, step):
    """The condition for the tie of a step's entry."""
    return (DirectoryPerson.directory == run.directory_id) & (DirectoryPerson.uuid == step.uuid)


def tie_of(run, step):
    """The tie of a step's entry, also of somebody whom this run made; NotDone where the person is another by now, or was forgotten."""
    tie = DirectoryPerson.get_or_none(is_tied(run, step))
    if tie is None or step.person_id not in (None, tie.person_id):
        raise NotDone(_('The person does not belong to this entry any more.'))
    if is_forgotten(tie.person_id):
        raise NotDone(_('The person was forgotten.'))
    return tie


@dataclass(frozen=True)
class Work:
    """What is done to the steps of a run in `run_state`, and the states in which they are left.

    select(run): the query of the steps to do, which are in `step_state`. do(run, step) may raise NotDone. end(run): when there is none.
    """

    name: str
    run_state: str
    step_state: str
    done: str
    not_done: str
    refused: str
    select: Callable
    do: Callable
    end: Callable


def work_off(run, work, most_s=None):
    """Do all steps of a run; after `most_s` seconds the rest is left to the next call."""
    begun = time.monotonic()
    while _batch(run, work, BATCH) and (most_s is None or time.monotonic() - begun < most_s):
        pass


def _batch(run, work, size):
    """Do up to so many steps in one transaction; returns whether there was one."""
    tried = []
    try:
        with write(f'identity.directory.sync.{work.name}'):
            return _do(run, work, size, tried)
    except (Busy, StorageFull):
        raise
    except (PortalError, IntegrityError) as error:
        if size > 1:
            return any([_batch(run, work, 1) for _one in range(size)])
        with write('identity.directory.sync.refuse'):
            (SyncStep.update(state=work.refused, note=notes.kept(getattr(error, 'message', error)))
             .where(SyncStep.id.in_(tried) & (SyncStep.state == work.step_state)).execute())
        return True


def _do(run, work, size, tried):
    lock_row(Directory, run.directory_id)       # two runs of one directory take turns, a hundred each
    if SyncRun.get_by_id(run.id).state != work.run_state:
        return False
    steps = list(work.select(run).limit(size))
    tried += [step.id for step in steps]
    # Their logins wait until the end, all in one order: else two transactions would wait for each other.
    for person_id in sorted({step.person_id for step in steps if step.person_id}):
        lock_row(Person, person_id)
    for step in steps:
        state, note = work.done, ''
        try:
            with language(SOURCE):      # it is shown in the reader's
                work.do(run, step)
        except NotDone as reason:
            state, note = work.not_done, notes.kept(reason)
        SyncStep.update(state=state, note=note, person=step.person_id).where(SyncStep.id == step.id).execute()
    if not steps:
        work.end(run)
    return bool(steps)
