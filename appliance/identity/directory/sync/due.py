"""When the job has something to do, and which runs have had their time: for the jobs' parent and the cleaning, so it knows no LDAP."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from appliance.core import clock
from appliance.core.db import row
from appliance.core.settings import get_setting
from appliance.identity.directory.adoption.models import Adoption
from appliance.identity.directory.sync import models
from appliance.identity.directory.sync.models import SyncRun, SyncStep

OPEN = (models.ASKED, models.APPLYING, models.UNDOING, models.ADOPTING)      # states of a run that wait for the job
GOOD_FOR = timedelta(hours=1)       # how long a plan may be carried out: the directory goes on
EVERY = timedelta(seconds=20)       # a change has to shut every door within a minute, the reading included
FULL_EVERY = timedelta(hours=4)     # after which everybody is read again, whatever the directory says of what changed
NIGHT = 3                           # and at this hour of the company's day, each night


def is_asked():
    """Whether a run waits for the job: asked for, half done, or to be taken back."""
    return row(f'SELECT 1 FROM sync_run WHERE state IN ({", ".join("?" * len(OPEN))}) LIMIT 1', *OPEN) is not None


def is_wanted():
    """Whether there is a directory to follow."""
    return row("SELECT 1 FROM directory WHERE is_active = 1 AND sync <> 'off' LIMIT 1") is not None


def is_full_due(full_at):
    """Whether everybody is to be read, who was read at a moment. A moment to come is one of a clock that was set back."""
    return not clock.now() - FULL_EVERY < full_at <= clock.now() or is_check_due(full_at)


def is_check_due(checked_at):
    """Whether a night began since a moment."""
    zone = ZoneInfo(get_setting('company.zone'))
    now = clock.now().astimezone(zone)
    night = datetime(now.year, now.month, now.day, NIGHT, tzinfo=zone)
    if night > now:
        yesterday = date.fromordinal(now.toordinal() - 1)
        night = datetime(yesterday.year, yesterday.month, yesterday.day, NIGHT, tzinfo=zone)
    return checked_at < night


def forget(before):
    """Delete runs that ended, or were planned and left, before a moment, with their steps; inside an action, for the cleaning job."""
    is_old = (SyncRun.ended_at < before) | (SyncRun.ended_at.is_null() & (SyncRun.started_at < before))
    steps = SyncStep.run.in_(SyncRun.select(SyncRun.id).where(is_old))
    Adoption.delete().where(Adoption.step.in_(SyncStep.select(SyncStep.id).where(steps))).execute()
    SyncStep.delete().where(steps).execute()
    return SyncRun.delete().where(is_old).execute()
