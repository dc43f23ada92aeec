"""APScheduler, for ticking only: in the main thread and in memory. What is promised when stands in the run table."""

from datetime import UTC, timedelta

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.interval import IntervalTrigger

from appliance.core import clock

LONGEST_WAIT_S = 1


class Ticks(BaseScheduler):
    """Calls functions every so many seconds, one after the other, in whoever calls `tick`.

    No thread: the parent forks, and a fork copies the locks that another thread holds at that moment.
    """

    def __init__(self):
        super().__init__(executors={'default': DebugExecutor()}, timezone=UTC)

    def call(self, function, seconds):
        """Call a function at the next tick, then every so many seconds; what was missed meanwhile is one call."""
        self.add_job(function, IntervalTrigger(seconds=seconds, timezone=UTC), next_run_time=clock.now(), coalesce=True,
                     misfire_grace_time=None)

    def tick(self):
        """Call what is due; returns the seconds to wait for the next."""
        wait_s = self._process_jobs()
        self._follow_clock()
        return min(LONGEST_WAIT_S, wait_s or 0)

    def _follow_clock(self):
        """When the clock was set back by an hour, APScheduler would be silent for an hour."""
        now = clock.now()
        for job in self.get_jobs():
            if job.next_run_time > now + job.trigger.interval + timedelta(seconds=LONGEST_WAIT_S):
                job.modify(next_run_time=now)

    def shutdown(self, wait=True):
        """Nothing to end: no thread was started."""
        super().shutdown(wait)

    def wakeup(self):
        """Nothing to wake: the wait is the caller's, and short."""
