"""Plans that were made by settings of a directory that are others now: the directory's row, or the rules for its groups."""

from appliance.core import clock
from appliance.core.db import lock_row
from appliance.core.i18n import texts
from appliance.identity.directory.sync import models, notes
from appliance.identity.directory.sync.models import SyncRun, SyncStep
from appliance.identity.models import Directory

_ = texts(__name__)


def let_be(directory_id):
    """Nothing more is done of any plan of a directory, nor of what the brake holds; what was done stays. Inside an action.

    Of a run that is being carried out the rest is left out, and the job ends it. What is still so the next look finds, and says anew.
    """
    lock_row(Directory, directory_id)       # as whoever carries a run out: else each could wait for the other
    of_directory, now = SyncRun.directory == directory_id, clock.now()
    for state, over in ((models.PLANNED, models.DISCARDED), (models.HELD, models.OVER)):
        SyncRun.update(state=over, ended_at=now).where(of_directory & (SyncRun.state == state)).execute()
    at_it = SyncRun.select(SyncRun.id).where(of_directory & (SyncRun.state == models.APPLYING))
    (SyncStep.update(state=models.SKIPPED, note=notes.kept(_.lazy('The directory was set up otherwise since the plan.')))
     .where(SyncStep.run.in_(at_it) & (SyncStep.state == models.WAITING)).execute())
