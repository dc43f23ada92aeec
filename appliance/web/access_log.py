"""One line a request in our log: number, method, path without secrets, status, milliseconds, person. Counts requests, and what each tool costs."""

import logging
import time

from flask import g, request

from appliance.core import db, usage
from appliance.core.tool import registry
from appliance.web.counting import SHELL, share
from appliance.web.masking import masked

# What asks by itself, again and again, tells nothing of how people fare.
SILENT = ('static', 'health.healthz', 'metrics.metrics')
log = logging.getLogger('appliance.access')


def install(app):
    """Time and log every request but those for static files and health."""
    app.before_request(_start)
    app.after_request(_write)


def _start():
    known = g._get_current_object()     # each look through the proxy is a tenth of what this step costs
    known.started, known.cpu_started, known.asked_before = time.perf_counter(), time.thread_time_ns(), db.asked()


def _write(response):
    asked, known = request._get_current_object(), g._get_current_object()
    blueprint = asked.blueprint
    if asked.endpoint not in SILENT:
        now = time.perf_counter()
        took = now - known.get('started', now)
        share().add(blueprint if blueprint in registry.names else SHELL, response.status_code, took)
        # %r: a path may hold line breaks, a log line may not.
        log.info('%s %s %r %s %.1f ms person=%s', known.get('request_id', '-'), asked.method, masked(asked.path), response.status_code,
                 took * 1000, known.actor.person_id if 'actor' in known else None)
    tool = known.get('costs_tool', blueprint)
    if tool in registry.names and 'cpu_started' in known:
        usage.add(tool, (time.thread_time_ns() - known.cpu_started) // 1000, db.asked() - known.asked_before)
    return response
