"""What the job does every 20 seconds and when it is asked: look at each directory, plan, carry out, take back.

A plan without a step leaves nothing behind: neither a row nor a line.
"""

import logging

from appliance.core import clock
from appliance.core.db import write
from appliance.core.errors import PortalError
from appliance.identity.directory import directories
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured
from appliance.identity.directory.sync import applying, due, models, planning, reading, runs, undoing
from appliance.identity.directory.sync.models import SyncRun
from appliance.identity.models import Directory

log = logging.getLogger('appliance.directory')


def follow_all():
    """Finish what is open, then look at each directory that is followed. One that fails does not keep the others waiting."""
    for run in list(SyncRun.select().where(SyncRun.state.in_(due.OPEN)).order_by(SyncRun.id)):
        carry_on(run.id)
    for directory in list(Directory.select(Directory.id, Directory.name).where((Directory.is_active == 1) & (Directory.sync != directories.OFF))):
        try:
            follow(directory.id)
        except (DirectoryDown, DirectoryMisconfigured) as error:
            log.warning('directory %s: not followed: %s: %s', directory.name, error.reason, error)


def follow(directory_id):
    """Bring people in line with a directory now; returns the run's id, or None where there was nothing to do."""
    directory, creates = directories.load(directory_id), Directory.get_by_id(directory_id).sync == directories.ALL
    plan = _without_known_news(directory_id, planning.make(directory, _read(directory), creates))
    if plan is None:
        return None
    run_id = runs.keep(plan, directory_id)
    applying.apply(run_id)
    return run_id


def _read(directory):
    """A Snapshot. That it answers is noted for logins; that it does not is not: a search of all takes longer than a login."""
    snapshot = reading.read(directory)
    directories.note_answer(directory)
    return snapshot


def _without_known_news(directory_id, plan):
    """The plan without what the newest runs said already (refused, held); None when nothing is left. A held run whose reason has gone is over."""
    held = SyncRun.select().where((SyncRun.directory == directory_id) & (SyncRun.state == models.HELD) & (SyncRun.is_dry == 0)).order_by(SyncRun.id.desc()).first()
    if held and not plan.brake:
        with write('identity.directory.sync.over'):
            SyncRun.update(state=models.DISCARDED).where(SyncRun.id == held.id).execute()
    known = runs.refused_already(directory_id)
    steps = [step for step in plan.steps if not (step.is_held and held) and runs.key_of(step.kind, step.uuid, step.after) not in known]
    if not steps and (held or not plan.brake):
        return None
    return planning.Plan(tuple(steps), '' if held else plan.brake, plan.absent, plan.known)


def carry_on(run_id):
    """Do what a run waits for: read and plan, carry out, take back. What fails is kept on the run."""
    run = SyncRun.get_by_id(run_id)
    try:
        if run.state == models.ASKED:
            directory = directories.load(run.directory_id)
            runs.keep(planning.make(directory, _read(directory), creates=True), run.directory_id, is_dry=True, run_id=run.id)
        elif run.state == models.APPLYING:
            applying.apply(run.id)
        elif run.state == models.UNDOING:
            undoing.undo(run.id, _read_for_undo(run.directory_id))
    except PortalError as error:
        with write('identity.directory.sync.fail'):
            SyncRun.update(state=models.FAILED, failure=str(error.message), ended_at=clock.now()).where(SyncRun.id == run.id).execute()


def _read_for_undo(directory_id):
    try:
        return _read(directories.load(directory_id))
    except (DirectoryDown, DirectoryMisconfigured):
        return None
