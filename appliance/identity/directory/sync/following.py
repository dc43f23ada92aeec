"""What the job does every 20 seconds and when it is asked: look at each directory, plan, carry out, take back.

A plan without a step leaves nothing behind: neither a row nor a line.
"""

import logging

from peewee import OperationalError

from appliance.core import clock
from appliance.core.db import lock_row, write
from appliance.core.errors import Busy, Conflict, PortalError, StorageFull
from appliance.core.i18n import texts
from appliance.identity.directory import directories, gaps, groups
from appliance.identity.directory.adoption import joining, proposals
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured
from appliance.identity.directory.sync import applying, due, grouping, looking, marks, models, notes, photos, planning, runs, undoing
from appliance.identity.directory.sync.models import SyncRun
from appliance.identity.models import Directory

_ = texts(__name__)
log = logging.getLogger('appliance.directory')
AT_ONCE_S = 15      # of carrying out; then the directories are looked at again


def follow_all():
    """Go on with what is open, for a while, then look at each directory that is followed. What fails does not keep the others waiting."""
    for run in list(SyncRun.select().where(SyncRun.state.in_(due.OPEN)).order_by(SyncRun.id)):
        _guarded(lambda run=run: carry_on(run.id, AT_ONCE_S), f'run {run.id}')
    followed = list(Directory.select(Directory.id, Directory.name).where((Directory.is_active == 1) & (Directory.sync != directories.OFF)))
    for directory in followed:
        failed = _guarded(lambda directory=directory: follow(directory.id, AT_ONCE_S), f'directory {directory.name}')
        gaps.note(directory.id, failed) if failed else gaps.end(directory.id)
    gaps.forget_unfollowed()
    for directory in followed:      # last: nobody's door waits for a picture
        _guarded(lambda directory=directory: photos.follow(directory.id), f'photos of {directory.name}')


def _guarded(call, what):
    """Do it; why it failed, or ''. What fails is logged, but for what passes by itself: then the job tries all again."""
    try:
        call()
        return ''
    except (Busy, StorageFull, OperationalError):
        raise
    except (DirectoryDown, DirectoryMisconfigured) as error:
        log.warning('%s: not followed: %s: %s', what, error.reason, error)
        return error.reason
    except Exception:
        log.exception('%s: not followed', what)
        return gaps.UNEXPECTED


def follow(directory_id, most_s=None):
    """Bring people in line with a directory now; returns the run's id, or None where there was nothing to do. After `most_s` seconds of
    carrying out, the rest is left to `carry_on`.
    """
    run_id, is_left = _look(directory_id, most_s)
    if is_left:
        run_id = _look(directory_id, most_s)[0] or run_id
    return run_id


def _look(directory_id, most_s):
    """(the run's id or None, whether somebody is left to be read, by a look at once)."""
    directory, mode, run_id = directories.load(directory_id), Directory.get_by_id(directory_id).sync, None
    creates = mode == directories.ALL
    for look in looking.looks(directory, creates):
        directories.note_answer(look.snapshot.directory)
        snapshot = look.snapshot
        snapshot.grouping = grouping.read(look.wanted, snapshot)
        # Who is in a group may be another without a change of his entry.
        plan = look.plan if look.plan and snapshot.grouping is None else _plan(snapshot, creates)
        news = _without_known_news(directory_id, plan)
        if news:
            try:
                run_id = _keep(news, directory_id, look.sign, creates, is_followed=mode != directories.OFF)
            except Conflict as reason:      # the next look goes by what is said now, if there is one
                log.info('directory %s: not planned: %s', directory.name, reason)
                return run_id, False
        looking.keep(look, plan, is_run=bool(news))
        if news:
            applying.apply(run_id, most_s)
        if plan.wants_all or (snapshot.grouping is not None and snapshot.grouping.is_to_read):
            return run_id, True
    return run_id, False


def _keep(plan, directory_id, sign, creates, run_id=None, is_followed=False):
    """runs.keep, unless what the directory was read by is not so any more, or it is not followed any more: Conflict."""
    with write('identity.directory.sync.keep'):
        lock_row(Directory, directory_id)       # who changes it waits, and then finds the plan
        row = Directory.get_by_id(directory_id)
        is_same = marks.is_of(sign, directories.load(directory_id), creates, groups.rules_of(directory_id))
        if not is_same or is_followed and (row.sync == directories.OFF or not row.is_active):
            raise Conflict(_('The directory was set up otherwise since the plan.'))
        return runs.keep(plan, directory_id, run_id)


def propose(directory_id):
    """Look who of a directory may be here already, and keep what is proposed; nothing else is looked at, and nothing is done."""
    plan = _plan(_read(directories.load(directory_id)), creates=False)
    steps = proposals.without_known(directory_id, [step for step in plan.steps if step.kind == planning.ADOPT])
    if steps:
        applying.apply(runs.keep(planning.Plan(tuple(steps), '', 0, plan.known), directory_id))


def _read(directory):
    """A Snapshot of everybody. That it answers is noted for logins."""
    snapshot = looking.everybody(directory)
    snapshot.grouping = grouping.read(grouping.wanted(directory), snapshot)
    directories.note_answer(snapshot.directory)
    return snapshot


def _plan(snapshot, creates):
    """The Plan of a Snapshot; what is looked up besides is asked of the server that gave it. Proposals that are no longer so end with a whole one."""
    plan = planning.make(snapshot.directory, snapshot, creates)
    if snapshot.is_whole and not snapshot.gap:
        proposals.close_gone(snapshot.directory.id, plan.steps)
    return plan


def _without_known_news(directory_id, plan):
    """The plan without what the newest runs said already; None when nothing is left. What was held and is not any more is over."""
    said = _said(directory_id)
    is_known = said is not None and said.brake == plan.brake and plan.absent <= said.absent and not runs.holds_more(plan, said.id)
    if said is not None and said.state == models.HELD and not is_known:
        with write('identity.directory.sync.over'):
            SyncRun.update(state=models.OVER).where((SyncRun.id == said.id) & (SyncRun.state == models.HELD)).execute()
    if plan.brake not in models.WITHOUT_STEPS:
        runs.renew_held(plan, directory_id, said.id if is_known else None)
    refused = runs.refused_already(directory_id)
    steps = [step for step in plan.steps if not (step.is_held and is_known) and runs.key_of(step.kind, step.uuid, step.after) not in refused]
    steps = proposals.without_known(directory_id, steps)
    if not steps and (is_known or not plan.brake):
        return None
    return planning.Plan(tuple(steps), '' if is_known else plan.brake, plan.absent, plan.known)


def _said(directory_id):
    """The newest run that the brake held and that still counts as said: it waits, or somebody let it be, since less than a day."""
    return (SyncRun.select().where((SyncRun.directory == directory_id) & (SyncRun.brake != '') & SyncRun.state.in_([models.HELD, models.DISCARDED])
                                   & (SyncRun.is_dry == 0) & (SyncRun.started_at > clock.now() - runs.REPEATED_AFTER)).order_by(SyncRun.id.desc()).first())


def carry_on(run_id, most_s=None):
    """Do what a run waits for: read and plan, carry out, take back. What fails for good is kept on the run."""
    run = SyncRun.get_by_id(run_id)
    try:
        if run.state in (models.ASKED, models.READING):
            directory = directories.load(run.directory_id)
            sign = marks.sign(directory, run.creates, groups.rules_of(directory.id))
            _keep(_plan(_read(directory), run.creates), run.directory_id, sign, run.creates, run.id)
        elif run.state == models.APPLYING:
            applying.apply(run.id, most_s)
        elif run.state == models.UNDOING:
            undoing.undo(run.id, _read_for_undo(run.directory_id))
        elif run.state == models.ADOPTING:
            joining.join(run.id, _read(directories.load(run.directory_id)), most_s)
    except (Busy, StorageFull, OperationalError):
        raise
    except PortalError as error:
        _fail(run, notes.kept(error.message))
    except Exception:
        _fail(run, notes.kept(_.lazy('Something unexpected happened; the log says what.')))
        raise


def _fail(run, text):
    with write('identity.directory.sync.fail'):
        if run.state == models.ADOPTING:
            joining.give_back(run.id)
        (SyncRun.update(state=models.FAILED, failure=text, ended_at=clock.now())
         .where((SyncRun.id == run.id) & (SyncRun.state == run.state)).execute())


def _read_for_undo(directory_id):
    try:
        return _read(directories.load(directory_id))
    except (DirectoryDown, DirectoryMisconfigured):
        return None
