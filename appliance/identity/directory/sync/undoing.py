"""Taking a run back, the last step first. Only what nobody touched since goes back, and nobody gets in whom the directory keeps out today."""

from peewee import IntegrityError

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.db import lock_row, write
from appliance.core.errors import Busy, PortalError, StorageFull
from appliance.core.i18n import texts
from appliance.core.people import block, unblock
from appliance.identity.directory.sync import models, planning
from appliance.identity.directory.sync.applying import BATCH, fields_now, is_blocked_by, lock_people, write_fields
from appliance.identity.directory.sync.models import SyncRun, SyncStep
from appliance.identity.models import Directory, Session

_ = texts(__name__)


class Left(Exception):
    """A step is left as it is; the text says why."""


def undo(run_id, snapshot):
    """Take back the steps of a run. snapshot: the directory as it is now, or None where it does not answer (then nobody gets in)."""
    run = SyncRun.get_by_id(run_id)
    while _batch(run, snapshot, BATCH):
        pass


def _batch(run, snapshot, size):
    tried = []
    try:
        with write('identity.directory.sync.undo'):
            return _do(run, snapshot, size, tried)
    except (Busy, StorageFull):
        raise
    except (PortalError, IntegrityError) as error:
        if size > 1:
            return any([_batch(run, snapshot, 1) for _one in range(size)])
        with write('identity.directory.sync.leave'):
            (SyncStep.update(state=models.LEFT, note=str(getattr(error, 'message', error)))
             .where(SyncStep.id.in_(tried) & (SyncStep.state == models.APPLIED)).execute())
        return True


def _do(run, snapshot, size, tried):
    lock_row(Directory, run.directory_id)
    if SyncRun.get_by_id(run.id).state != models.UNDOING:
        return False
    steps = _done(run, size)
    tried += [step.id for step in steps]
    lock_people(steps)
    for step in steps:
        try:
            UNDOES[step.kind](run, step, snapshot)
        except Left as reason:
            _note(step, models.LEFT, str(reason))
        else:
            _note(step, models.TAKEN_BACK)
    if not steps:
        SyncRun.update(state=models.UNDONE, ended_at=clock.now()).where(SyncRun.id == run.id).execute()
    return bool(steps)


def _done(run, size):
    return list(SyncStep.select().where((SyncStep.run == run.id) & (SyncStep.state == models.APPLIED)).order_by(SyncStep.id.desc()).limit(size))


def _note(step, state, note=''):
    SyncStep.update(state=state, note=note).where(SyncStep.id == step.id).execute()


def _let_in(run, step, snapshot):
    """The person was cut off: he gets in again where the directory would let him in today."""
    entry = snapshot.entry(step.uuid) if snapshot else None
    if entry is None or entry.closed(clock.now()):
        raise Left(_('The directory does not let this person in today.'))
    if not is_blocked_by(step.person_id, planning.source_of(run.directory_id)):
        raise Left(_('The door is open already.'))
    unblock(SYSTEM, step.person_id, planning.source_of(run.directory_id))


def _shut_out(run, step, snapshot):
    """The person was let in again: the door is shut as it was."""
    if is_blocked_by(step.person_id, planning.source_of(run.directory_id)):
        raise Left(_('The door is shut already.'))
    block(SYSTEM, step.person_id, planning.source_of(run.directory_id), 'undone')


def _change_back(run, step, snapshot):
    if fields_now(step.person_id, step.after) != step.after:
        raise Left(_('Something else was written here since the run.'))
    back = {name: value for name, value in step.before.items() if name != 'department' or _is_there(step, snapshot, value)}
    if not back:
        raise Left(_('The directory has this person in another department today.'))
    write_fields(step.person_id, back)


def _is_there(step, snapshot, department):
    """Whether the directory has a person in a department today: it gives rights."""
    entry = snapshot.entry(step.uuid) if snapshot else None
    return entry is not None and entry.fields.get('department', '').casefold() == department.casefold()


def _keep_dn(run, step, snapshot):
    raise Left(_('Where the entry stands is only a label.'))


def _put_away(run, step, snapshot):
    """The person was made: people are never deleted, so the door is shut, as the directory would; it opens when he logs in, or is followed again."""
    if fields_now(step.person_id, step.after) != step.after:
        raise Left(_('Something else was written here since the run.'))
    if Session.select().where(Session.person == step.person_id).exists():
        raise Left(_('The person is here in earnest by now.'))
    _shut_out(run, step, snapshot)


UNDOES = {planning.DISABLE: _let_in, planning.ENABLE: _shut_out, planning.CHANGE: _change_back, planning.MOVE: _keep_dn,
          planning.CREATE: _put_away}
