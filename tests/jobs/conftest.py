"""Runs what is due, in this process, as a lane would."""
import pytest

from appliance.core.jobs import declared, plan, runs
from appliance.jobs import lanes, own


@pytest.fixture
def run_due(box):
    """Plan, wake, and run what is due now, of all jobs or of those named; returns their names in the order of their runs."""
    own.load()

    def run(*names):
        jobs = {name: job for name, job in declared().items() if not names or name in names}
        plan.plan(jobs)
        plan.wake(jobs)
        done = []
        while (taken := runs.claim('test', jobs)) is not None:
            taken.config = box.config
            note = lanes.attempt(taken)
            if note:
                note()
            done.append(taken.job.name)
        return done

    return run
