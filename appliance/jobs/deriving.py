"""core.derive: makes derived tables anew that another version made, a restore left out, or an administrator asked for."""

from appliance.core import clock, derived, jobs, operations
from appliance.core.i18n import texts

_ = texts(__name__)


def _next_due():
    return clock.now() if derived.outdated() else None


@jobs.when(_next_due, name='core.derive', title=_.lazy('Make rights and search anew'), lane=jobs.HEAVY, is_in_steps=True, timeout_s=6 * 3600)
def derive(run):
    """Make all that is outdated, and say how far it has come."""
    names = derived.outdated()
    with operations.running('core.derive', total=len(names) * 100) as operation:
        for number, name in enumerate(names):
            derived.make([name], run.tell, lambda done, total, number=number: operation.step(number * 100 + done * 100 // max(total, 1)))
