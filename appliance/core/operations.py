"""Long work that somebody waits for: what it is, how far it has come, and how it ended. A row, so that every page and host may look.

    with operations.running('core.search', _.lazy('Make the search anew'), person_id=7) as operation:
        operation.step(done, total)
"""

import contextlib
import time
from datetime import timedelta

from appliance.core import clock
from appliance.core.db import Base, write
from appliance.core.errors import NotFound
from appliance.core.fields import Id, Integer, Json, Moment, Text

RUNNING, DONE, FAILED = 'running', 'done', 'failed'
TOLD_EVERY_S = 1
GONE_AFTER = timedelta(minutes=5)       # one that has not told for so long died with its process


class OperationRow(Base):
    """One piece of long work. `what` is `<owner>.<thing>`, `person_id` who waits for it; `total` 0 while nobody knows it."""

    id = Id()
    what = Text()
    person_id = Integer(null=True)
    state = Text(default=RUNNING)
    done = Integer(default=0)
    total = Integer(default=0)
    result = Json(default=dict)
    started_at = Moment()
    told_at = Moment()
    ended_at = Moment(null=True)

    class Meta:
        table_name = 'operation'
        indexes = ((('what', 'id'), False),)


class Operation:
    """A running one, for who does the work."""

    def __init__(self, row_id):
        self.id, self._told = row_id, 0.0

    def step(self, done, total=None, **result):
        """Say how far it has come; written at most once a second, in a transaction of its own."""
        if time.monotonic() - self._told < TOLD_EVERY_S:
            return
        self._told = time.monotonic()
        values = {'done': done, 'told_at': clock.now()} | ({'total': total} if total is not None else {}) | ({'result': result} if result else {})
        with write('core.operations.step'):
            OperationRow.update(**values).where(OperationRow.id == self.id).execute()


@contextlib.contextmanager
def running(what, person_id=None, total=0):
    """Yield an Operation while the work is done; an exception ends it as failed, and goes on."""
    now = clock.now()
    with write('core.operations.begin'):
        row = OperationRow.create(what=what, person_id=person_id, total=total, started_at=now, told_at=now)
    try:
        yield Operation(row.id)
    except BaseException as error:
        _end(row.id, FAILED, {'error': f'{type(error).__name__}: {error}'[:500]})
        raise
    _end(row.id, DONE, {})


def _end(row_id, state, result):
    with write('core.operations.end'):
        row = OperationRow.get_by_id(row_id)
        done = max(row.done, row.total) if state == DONE else row.done
        (OperationRow.update(state=state, done=done, ended_at=clock.now(), told_at=clock.now(), result=row.result | result)
         .where(OperationRow.id == row_id).execute())


def newest(what):
    """The newest operation of a kind as a dict, or None: id, what, state, done, total, percent (or None), started_at, ended_at, result."""
    return _described(OperationRow.select().where(OperationRow.what == what).order_by(OperationRow.id.desc()).first())


def one(actor, operation_id):
    """An operation that the actor started; NotFound for anybody else's."""
    found = _described(OperationRow.get_or_none((OperationRow.id == operation_id) & (OperationRow.person_id == (actor.person_id or -1))))
    if found is None:
        raise NotFound()
    return found


def _described(row):
    if row is None:
        return None
    is_gone = row.state == RUNNING and row.told_at < clock.now() - GONE_AFTER
    return {'id': row.id, 'what': row.what, 'state': FAILED if is_gone else row.state, 'done': row.done, 'total': row.total,
            'percent': min(100, row.done * 100 // row.total) if row.total else None, 'started_at': row.started_at, 'ended_at': row.ended_at,
            'result': row.result}


def forget(before):
    """Delete what ended before a moment; for the cleaning job, inside an action."""
    return OperationRow.delete().where((OperationRow.ended_at < before) | (OperationRow.told_at < before)).execute()
