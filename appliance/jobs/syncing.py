"""identity.sync: follows the directories, so that who is disabled or deleted there is out here within a minute."""

from appliance.core import jobs
from appliance.core.clock import from_microseconds, now
from appliance.core.db import row
from appliance.core.i18n import texts
from appliance.identity.directory.sync import due

_ = texts(__name__)


def next_due():
    """At once where a run was asked for; else EVERY after the last look, where there is a directory to follow."""
    if due.is_asked():
        return now()
    if not due.is_wanted():
        return None
    last = row("SELECT max(started_at) FROM job_run WHERE job = 'identity.sync'")[0]
    # One look makes up for all that were missed, and a clock that was set back delays none.
    return now() if not last or from_microseconds(last) > now() else from_microseconds(last) + due.EVERY


@jobs.when(next_due, name='identity.sync', title=_.lazy('Follow the directories'), lane=jobs.DIRECTORY, is_in_steps=True)
def follow(run):
    """Looks, plans and carries out, in transactions of its own."""
    from appliance.identity.directory.sync import following     # slow: python-ldap, which the other lanes and their parent need not hold
    following.follow_all()
