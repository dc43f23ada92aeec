"""Taking a run back, the last step first. Only what nobody touched since goes back, and nobody gets in whom the directory keeps out today."""

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.i18n import texts
from appliance.core.people import block, is_blocked, unblock
from appliance.identity.directory import directories
from appliance.identity.directory.adoption import parting
from appliance.identity.directory.sync import giving, heading, marks, models, planning, tree
from appliance.identity.directory.sync.applying import is_still, write_fields
from appliance.identity.directory.sync.batches import NotDone, Work, work_off
from appliance.identity.directory.sync.models import SyncRun, SyncStep
from appliance.identity.models import Session

_ = texts(__name__)


def undo(run_id, snapshot):
    """Take back the steps of a run. snapshot: the directory as it is now, or None where it does not answer (then nobody gets in)."""
    work_off(SyncRun.get_by_id(run_id), Work(
        'undo', models.UNDOING, models.APPLIED, models.TAKEN_BACK, models.LEFT, models.LEFT, _applied,
        lambda run, step: UNDOES[step.kind](run, step, snapshot), _end))


def _applied(run):
    return SyncStep.select().where((SyncStep.run == run.id) & (SyncStep.state == models.APPLIED)).order_by(SyncStep.id.desc())


def _end(run):
    SyncRun.update(state=models.UNDONE, ended_at=clock.now()).where(SyncRun.id == run.id).execute()
    marks.drop(run.directory_id)        # once it is followed again, everybody is compared


def _let_in(run, step, snapshot):
    """The person was cut off: he gets in again where the directory would let him in today."""
    entry = snapshot.entry(step.uuid) if snapshot else None
    if entry is None or entry.closed(clock.now()):
        raise NotDone(_('The directory does not let this person in today.'))
    if not is_blocked(step.person_id, directories.source_of(run.directory_id)):
        raise NotDone(_('The door is open already.'))
    unblock(SYSTEM, step.person_id, directories.source_of(run.directory_id))


def _shut_out(run, step, snapshot):
    """The person was let in again: the door is shut as it was."""
    if is_blocked(step.person_id, directories.source_of(run.directory_id)):
        raise NotDone(_('The door is shut already.'))
    block(SYSTEM, step.person_id, directories.source_of(run.directory_id), 'undone')


def _change_back(run, step, snapshot):
    if not is_still(step.person_id, step.after):
        raise NotDone(_('Something else was written here since the run.'))
    back = {name: value for name, value in step.before.items() if name != 'department' or _is_there(step, snapshot, value)}
    if not back:
        raise NotDone(_('The directory has this person in another department today.'))
    write_fields(step.person_id, back)


def _is_there(step, snapshot, department):
    """Whether the directory has a person in a department today: it gives rights."""
    entry = snapshot.entry(step.uuid) if snapshot else None
    return entry is not None and entry.fields.get('department', '').casefold() == department.casefold()


def _keep_dn(run, step, snapshot):
    raise NotDone(_('Where the entry stands is only a label.'))


def _put_away(run, step, snapshot):
    """The person was made: people are never deleted, so the door is shut, as the directory would; it opens when he logs in, or is followed again."""
    if not is_still(step.person_id, step.after):
        raise NotDone(_('Something else was written here since the run.'))
    if Session.select().where(Session.person == step.person_id).exists():
        raise NotDone(_('The person is here in earnest by now.'))
    _shut_out(run, step, snapshot)


UNDOES = {planning.DISABLE: _let_in, planning.ENABLE: _shut_out, planning.CHANGE: _change_back, planning.MOVE: _keep_dn,
          planning.CREATE: _put_away, planning.LOSE: giving.take_back_loss, planning.GAIN: giving.take_back_gain, planning.PLACE: giving.place_back,
          planning.BRANCH: tree.take_back, planning.HEAD: heading.take_back,
          planning.ADOPT: parting.part}
