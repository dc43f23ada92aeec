"""Jobs: what runs by itself. A tool declares them in its `jobs.py`; the table `job_run` remembers each promised run.

    @jobs.every(minutes=10, name='worktime.expire', title=_.lazy('Close forgotten days'))
    def expire(run):                # one transaction holds all it does and the mark that it is done
        ...

    @jobs.daily(lambda: get_setting('worktime.remind_at'), zones=zones_of_people, latest_minutes=240, name=..., title=...)
    def remind(run):                # once a local date in each zone: run.zone, run.day
        ...

    @jobs.daily('02:30', lane=jobs.HEAVY, is_in_steps=True, name=..., title=...)
    def long_one(run):              # does its own transactions, or none; the last one marks the run as done
        with run.finishing():
            ...

What leaves the box goes through the outbox. No scheduler, no processes here: those are appliance/jobs.
"""

from appliance.core.jobs.declarations import DIRECTORY, FAST, HEAVY, LANES, NORMAL, Job, daily, declared, every, monthly, when
from appliance.core.jobs.listing import listing, request, runs_of
from appliance.core.jobs.runs import LeaseLost, Run

__all__ = ['DIRECTORY', 'FAST', 'HEAVY', 'LANES', 'NORMAL', 'Job', 'LeaseLost', 'Run', 'daily', 'declared', 'every', 'listing', 'monthly', 'request', 'runs_of', 'when']
