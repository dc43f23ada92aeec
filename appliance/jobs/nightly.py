"""core.backup: each night a backup, of which every byte is read back, and the old ones thinned out."""

from appliance.core import jobs
from appliance.core.backup import keeping
from appliance.core.i18n import texts

_ = texts(__name__)


@jobs.daily('02:30', name='core.backup', title=_.lazy('Back up, prune and verify'), lane=jobs.HEAVY, is_in_steps=True, tries=3)
def back_up(run):
    """Create, prune, verify; in the company's night. A missed one is made up for at the next start."""
    keeping.nightly(run.config, run.tell)
