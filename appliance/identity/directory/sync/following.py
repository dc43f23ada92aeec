"""What the job does every 20 seconds and when it is asked: look at each directory, plan, carry out, take back.

A plan without a step leaves nothing behind: neither a row nor a line.
"""

import logging

from peewee import OperationalError

from appliance.core import clock
from appliance.core.db import write
from appliance.core.errors import Busy, PortalError, StorageFull
from appliance.core.i18n import texts
from appliance.identity.directory import directories
from appliance.identity.directory.adoption import joining, proposals
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured
from appliance.identity.directory.sync import applying, due, models, planning, reading, runs, undoing
from appliance.identity.directory.sync.models import SyncRun
from appliance.identity.models import Directory

_ = texts(__name__)
log = logging.getLogger('appliance.directory')
AT_ONCE_S = 15      # of carrying out; then the directories are looked at again


def follow_all():
    """Go on with what is open, for a while, then look at each directory that is followed. What fails does not keep the others waiting."""
    for run in list(SyncRun.select().where(SyncRun.state.in_(due.OPEN)).order_by(SyncRun.id)):
        _guarded(lambda run=run: carry_on(run.id, AT_ONCE_S), f'run {run.id}')
    for directory in list(Directory.select(Directory.id, Directory.name).where((Directory.is_active == 1) & (Directory.sync != directories.OFF))):
        _guarded(lambda directory=directory: follow(directory.id, AT_ONCE_S), f'directory {directory.name}')


def _guarded(call, what):
    """Do it; what fails is logged, but for what passes by itself: then the job tries all again."""
    try:
        call()
    except (Busy, StorageFull, OperationalError):
        raise
    except (DirectoryDown, DirectoryMisconfigured) as error:
        log.warning('%s: not followed: %s: %s', what, error.reason, error)
    except Exception:
        log.exception('%s: not followed', what)


def follow(directory_id, most_s=None):
    """Bring people in line with a directory now; returns the run's id, or None where there was nothing to do. After `most_s` seconds of
    carrying out, the rest is left to `carry_on`.
    """
    directory, creates = directories.load(directory_id), Directory.get_by_id(directory_id).sync == directories.ALL
    snapshot = _read(directory)
    plan = planning.make(directory, snapshot, creates)
    if not snapshot.gap:
        proposals.close_gone(directory_id, plan.steps)
    plan = _without_known_news(directory_id, plan)
    if plan is None:
        return None
    run_id = runs.keep(plan, directory_id)
    applying.apply(run_id, most_s)
    return run_id


def propose(directory_id):
    """Look who of a directory may be here already, and keep what is proposed; nothing else is looked at, and nothing is done."""
    directory = directories.load(directory_id)
    snapshot = _read(directory)
    plan = planning.make(directory, snapshot, creates=False)
    if not snapshot.gap:
        proposals.close_gone(directory_id, plan.steps)
    steps = proposals.without_known(directory_id, [step for step in plan.steps if step.kind == planning.ADOPT])
    if steps:
        applying.apply(runs.keep(planning.Plan(tuple(steps), '', 0, plan.known), directory_id))


def _read(directory):
    """A Snapshot. That it answers is noted for logins; that it does not is not: a search of all takes longer than a login."""
    snapshot = reading.read(directory)
    directories.note_answer(directory)
    return snapshot


def _without_known_news(directory_id, plan):
    """The plan without what the newest runs said already; None when nothing is left. What was held and is not any more is over."""
    said = _said(directory_id)
    is_known = said is not None and said.brake == plan.brake and plan.absent <= said.absent
    if said is not None and said.state == models.HELD and not is_known:
        with write('identity.directory.sync.over'):
            SyncRun.update(state=models.OVER).where((SyncRun.id == said.id) & (SyncRun.state == models.HELD)).execute()
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
            snapshot = _read(directory)
            plan = planning.make(directory, snapshot, run.creates)
            if not snapshot.gap:
                proposals.close_gone(run.directory_id, plan.steps)
            runs.keep(plan, run.directory_id, run_id=run.id)
        elif run.state == models.APPLYING:
            applying.apply(run.id, most_s)
        elif run.state == models.UNDOING:
            undoing.undo(run.id, _read_for_undo(run.directory_id))
        elif run.state == models.ADOPTING:
            joining.join(run.id, _read(directories.load(run.directory_id)), most_s)
    except (Busy, StorageFull, OperationalError):
        raise
    except PortalError as error:
        _fail(run, str(error.message))
    except Exception:
        _fail(run, _('Something unexpected happened; the log says what.'))
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
