"""core.switch: settles the switches of tools once every process has followed them."""

from appliance.core import jobs, switch
from appliance.core.i18n import texts

_ = texts(__name__)


@jobs.when(switch.unsettled, name='core.switch', title=_.lazy('Settle tools that were switched'), is_in_steps=True, timeout_s=3600)
def settle(run):
    """Off: count and hash what the tool keeps. On: compare with that, catch up, open its pages."""
    switch.settle(run.actor, run.tell)
