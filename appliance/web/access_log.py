"""One line a request in our log: number, method, path without secrets, status, milliseconds, person. Counts what each tool costs."""

import logging
import time

from flask import g, request

from appliance.core import db, usage
from appliance.core.tool import registry
from appliance.web.masking import masked

log = logging.getLogger('appliance.access')


def install(app):
    """Time and log every request but those for static files and health."""
    app.before_request(_start)
    app.after_request(_write)


def _start():
    g.started, g.cpu_started, g.asked_before = time.perf_counter(), time.thread_time_ns(), db.asked()


def _write(response):
    if request.endpoint not in ('static', 'health.healthz'):
        # %r: a path may hold line breaks, a log line may not.
        log.info('%s %s %r %s %.1f ms person=%s', g.get('request_id', '-'), request.method, masked(request.path), response.status_code,
                 (time.perf_counter() - g.get('started', time.perf_counter())) * 1000, g.actor.person_id if 'actor' in g else None)
    tool = g.get('costs_tool', request.blueprint)
    if tool in registry.names and 'cpu_started' in g:
        usage.add(tool, (time.thread_time_ns() - g.cpu_started) // 1000, db.asked() - g.asked_before)
    return response
