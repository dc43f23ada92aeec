"""What each tool costs: requests, processor time and statements by the hour, added up in memory and written now and then."""

import threading
from collections import defaultdict
from datetime import timedelta

from peewee import CompositeKey

from appliance.core import clock
from appliance.core.db import Base, rows, write
from appliance.core.fields import Integer, Moment, Text
from appliance.core.i18n import texts
from appliance.core.personal.declarations import Nothing

_ = texts(__name__)
HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
_lock = threading.Lock()
_waiting = defaultdict(lambda: [0, 0, 0])


class ToolUsage(Base):
    """One tool's hour, over all processes. `cpu_us` is processor time in microseconds."""

    tool = Text()
    hour = Moment()
    requests = Integer()
    cpu_us = Integer()
    queries = Integer()

    class Meta:
        personal = Nothing(_.lazy('What a tool cost in an hour, whoever used it.'))
        table_name = 'tool_usage'
        primary_key = CompositeKey('tool', 'hour')


def add(tool, cpu_us, queries):
    """Count one request of a tool. In memory: what a killed process had not written is not counted."""
    with _lock:
        counted = _waiting[tool]
        counted[0] += 1
        counted[1] += cpu_us
        counted[2] += queries


def flush():
    """Write what was counted since the last time."""
    with _lock:
        counted = dict(_waiting)
        _waiting.clear()
    if not counted:
        return
    now = clock.now()
    hour = now - timedelta(minutes=now.minute, seconds=now.second, microseconds=now.microsecond)
    with write('core.usage.flush'):
        for tool, (requests, cpu_us, queries) in counted.items():
            (ToolUsage.insert(tool=tool, hour=hour, requests=requests, cpu_us=cpu_us, queries=queries)
             .on_conflict(conflict_target=(ToolUsage.tool, ToolUsage.hour), update={
                 ToolUsage.requests: ToolUsage.requests + requests, ToolUsage.cpu_us: ToolUsage.cpu_us + cpu_us,
                 ToolUsage.queries: ToolUsage.queries + queries}).execute())


def of_a_day():
    """{tool: {requests, cpu_s, queries, job_s}} of the last 24 hours."""
    since = clock.microseconds(clock.now() - A_DAY)
    found = defaultdict(lambda: {'requests': 0, 'cpu_s': 0, 'queries': 0, 'job_s': 0})
    for tool, requests, cpu_us, queries in rows(
            'SELECT tool, sum(requests), sum(cpu_us), sum(queries) FROM tool_usage WHERE hour > ? GROUP BY tool', since):
        found[tool] |= {'requests': int(requests), 'cpu_s': round(int(cpu_us) / 1e6, 3), 'queries': int(queries)}
    for job, took in rows('SELECT job, sum(ended_at - started_at) FROM job_run WHERE started_at > ? AND ended_at IS NOT NULL GROUP BY job', since):
        tool = job.partition('.')[0]
        found[tool]['job_s'] = round(found[tool]['job_s'] + int(took) / 1e6, 3)
    return found


def forget(before):
    """Delete the hours before a moment; for the cleaning job, inside an action."""
    return ToolUsage.delete().where(ToolUsage.hour < before).execute()
