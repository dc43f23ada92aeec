"""The servers of a directory: asked in their order until one answers, those that failed lately left out.

What one server says of itself (it is down, slow, refuses to encrypt) sends us to the next. What the directory says (our account is
refused, the base is not there) all of its servers say, and our account has a lock-out of its own: then no other is asked.
"""

import time
from dataclasses import replace
from datetime import timedelta

from appliance.core import clock
from appliance.core.actions import action
from appliance.core.db import lock_row, row
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured, remembered
from appliance.identity.models import Directory as Row

FAILURE_KEPT = timedelta(seconds=30)
SERVER_S = 0.8          # of a login for a server that is not the last one: who waits at the gate waits a second


def is_of_server(error):
    """Whether an error says something of one server only, so that another may do better."""
    return isinstance(error, DirectoryDown) or isinstance(error, DirectoryMisconfigured) and error.reason == 'encryption'


def is_fresh(failed_at):
    """Whether a failure is less than half a minute ago. One of the future is none: the clock was set back."""
    return clock.now() - FAILURE_KEPT < failed_at <= clock.now()


def addresses(directory):
    """The addresses of a directory's servers, in their order."""
    return (directory.url, *directory.more_servers)


@action
def note(actor, directory_id, url, reason=None):
    """Remember, for all workers, that one server of a directory failed; without a reason, that it answers."""
    lock_row(Row, directory_id)
    found = Row.select(Row.failures).where(Row.id == directory_id).tuples().first()
    if found:
        noted = {url: [clock.microseconds(clock.now()), reason]} if reason else {}
        Row.update(failures={one: said for one, said in found[0].items() if one != url} | noted).where(Row.id == directory_id).execute()


def state_of(directory):
    """(what a directory failed with less than half a minute ago or None: it is not asked again so soon; its servers' failures) as of now."""
    found = row('SELECT failed_at, failure, failures FROM directory WHERE id = ?', directory.id)
    failed_at, reason, failures = found or (None, '', '{}')
    return _failure(failed_at and clock.from_microseconds(failed_at), reason), Row.failures.python_value(failures)


def failure_of(directory):
    """The first of both, as of when the directory was loaded."""
    return _failure(directory.failed_at, directory.failure)


def _failure(failed_at, reason):
    return remembered(reason) if failed_at is not None and is_fresh(failed_at) else None


def by_server(directory, failures=None):
    """[Directory] of a directory, each with one server alone: in their order, those that failed lately last.

    failures: {address: [microseconds, reason]} as the database has it now; else as the directory was loaded.
    """
    failures = directory.failures if failures is None else failures
    tired = {url for url, (at, _reason) in failures.items() if is_fresh(clock.from_microseconds(at))}
    ordered = sorted(addresses(directory), key=tired.__contains__)
    return [replace(directory, url=url, more_servers=()) for url in ordered], sum(url not in tired for url in ordered)


def in_turn(directory, deadline, ask, on_failure=lambda one, error: None, failures=None):
    """(the directory by the server that answered, what ask(that, its deadline) returned). For logins: dead servers cost no time.

    The time is split: a server that is not the last is given up after SERVER_S or its share. on_failure(one, error) hears of each that
    failed. Raises what the last one failed with.
    """
    each, alive = by_server(directory, failures)
    asked = each[:alive] or each
    for place, one in enumerate(asked, 1):
        left = deadline - time.monotonic()
        until = deadline if place == len(asked) else time.monotonic() + min(SERVER_S, left / (len(asked) - place + 1))
        try:
            return one, ask(one, until)
        except (DirectoryDown, DirectoryMisconfigured) as error:
            if not is_of_server(error):
                raise
            on_failure(one, error)
            if place == len(asked):
                raise


def read_whole(directory, read, on_failure=lambda one, error: None):
    """What read(directory by one server) returned, by the first server that gives all of it: for the sync, which has time.

    read returns something with `gap`, `lost` where the connection ended midway. Where no server gives all, what the first gave; raises
    where none gave any.
    """
    each, _alive = by_server(directory)
    partial = None
    for place, one in enumerate(each, 1):
        try:
            found = read(one)
        except (DirectoryDown, DirectoryMisconfigured) as error:
            if len(each) > 1 and is_of_server(error):
                on_failure(one, error)
                if place < len(each) or partial:
                    continue
            raise
        if found.gap != 'lost':
            return found
        partial = partial or found
    return partial
