"""When the job has something to do, and which runs have had their time: for the jobs' parent and the cleaning, so it knows no LDAP."""

from datetime import timedelta

from appliance.core.db import row
from appliance.identity.directory.adoption.models import Adoption
from appliance.identity.directory.sync import models
from appliance.identity.directory.sync.models import SyncRun, SyncStep

OPEN = (models.ASKED, models.APPLYING, models.UNDOING, models.ADOPTING)      # states of a run that wait for the job
GOOD_FOR = timedelta(hours=1)       # how long a plan may be carried out: the directory goes on
EVERY = timedelta(seconds=20)       # a change has to shut every door within a minute, the reading included


def is_asked():
    """Whether a run waits for the job: asked for, half done, or to be taken back."""
    return row(f'SELECT 1 FROM sync_run WHERE state IN ({", ".join("?" * len(OPEN))}) LIMIT 1', *OPEN) is not None


def is_wanted():
    """Whether there is a directory to follow."""
    return row("SELECT 1 FROM directory WHERE is_active = 1 AND sync <> 'off' LIMIT 1") is not None


def forget(before):
    """Delete runs that ended, or were planned and left, before a moment, with their steps; inside an action, for the cleaning job."""
    is_old = (SyncRun.ended_at < before) | (SyncRun.ended_at.is_null() & (SyncRun.started_at < before))
    steps = SyncStep.run.in_(SyncRun.select(SyncRun.id).where(is_old))
    Adoption.delete().where(Adoption.step.in_(SyncStep.select(SyncStep.id).where(steps))).execute()
    SyncStep.delete().where(steps).execute()
    return SyncRun.delete().where(is_old).execute()
