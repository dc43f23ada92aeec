"""The decorators by which jobs are declared, and the list of what was declared. No database here."""

import re
from dataclasses import dataclass
from datetime import timedelta

from appliance.core.jobs.schedules import Daily, Every, Monthly, When
from appliance.core.tool import declarations, registry

# DIRECTORY waits for nobody else: from a change in a directory to the last closed door it is a minute.
FAST, NORMAL, HEAVY, DIRECTORY = LANES = ('fast', 'normal', 'heavy', 'directory')
_TIMEOUT_S = {FAST: 300, NORMAL: 300, HEAVY: 6 * 3600, DIRECTORY: 600}
_NAME = re.compile(r'[a-z]+(\.[a-z_]+)+')
_declared = {}


@dataclass(frozen=True)
class Job:
    """A declared job. `latest_minutes`: a slot later than this is reported as missed, not run (None: better late than never).

    `is_in_steps` False: one transaction holds all that the function does and the mark that it is done. `timeout_s` ends the
    run by force; `tries` counts failures and deaths until it is given up and shown.
    """

    name: str
    title: object
    function: object
    schedule: object
    lane: str
    is_in_steps: bool
    timeout_s: int
    tries: int
    latest_minutes: int | None

    @property
    def tool(self):
        return self.name.partition('.')[0]


def _declare(schedule, name, title, lane=NORMAL, is_in_steps=False, timeout_s=None, tries=5, latest_minutes=None):
    if not _NAME.fullmatch(name):
        raise ValueError(f'a job is called <tool>.<verb>, not {name!r}')

    def register(function):
        if name in _declared and _declared[name].function.__module__ != function.__module__:
            raise ValueError(f'two jobs are called {name}')
        _declared[name] = Job(name, title, function, schedule, lane, is_in_steps, timeout_s or _TIMEOUT_S[lane], tries,
                              latest_minutes)
        return function
    return register


def every(*, minutes=0, hours=0, name, title, **options):
    """Declare a job that runs at each whole multiple of an interval. Options: those of Job. The function gets a Run."""
    interval = timedelta(minutes=minutes, hours=hours)
    if not interval:
        raise ValueError(f'the job {name} needs minutes or hours')
    return _declare(Every(interval), name, title, **options)


def daily(at, *, zones=None, name, title, **options):
    """Declare a job that runs once each local date at `at` (`'02:30'`, or a function returning that).

    Without `zones` the date is the company's; else `zones()` names the zones, and each has its own run (`run.zone`).
    """
    return _declare(Daily(at, zones), name, title, **options)


def monthly(at, *, name, title, **options):
    """Declare a job that runs on the first day of each month at `at` (`'04:30'`), in the company's zone."""
    return _declare(Monthly(at), name, title, **options)


def when(next_due, *, name, title, **options):
    """Declare a job that runs as soon as `next_due()` (a cheap read, asked each second) returns a moment that has come."""
    return _declare(When(next_due), name, title, **options)


def declared():
    """{name: Job} of the jobs in the modules loaded so far, by name; those of a tool that is off are none."""
    return {name: job for name, job in sorted(_declared.items()) if job.tool in registry.names or job.tool not in declarations()}
