"""core.let_go: of forgotten people, deletes what had to be kept for some years and need not be kept any more."""

from appliance.core import jobs
from appliance.core.i18n import texts
from appliance.core.personal import forgetting

_ = texts(__name__)


@jobs.daily('03:50', name='core.let_go', title=_.lazy('Let go of what was kept of forgotten people'))
def let_go(run):
    """By the years that each table's setting says."""
    forgetting.let_go(run.actor)
