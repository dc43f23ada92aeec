"""core.clean: deletes what has had its time. What people wrote is never deleted here."""

from datetime import timedelta

from appliance.core import clock, events, jobs, live, live_pages, notices, operations, outbox, presence, processes, storage_sweep, trash, usage
from appliance.core.actions import forget_request_keys
from appliance.core.db import database, is_sqlite
from appliance.core.i18n import texts
from appliance.core.jobs.runs import forget_runs
from appliance.identity.directory.sync import due as sync
from appliance.identity.directory.sync.models import KEPT_DAYS
from appliance.identity.one_time_links import forget_links
from appliance.identity.owed_steps import forget_steps
from appliance.identity.sessions import forget_sessions
from appliance.identity.throttle import forget_failures
from appliance.identity.tokens import forget_tokens

_ = texts(__name__)
AN_HOUR, A_DAY, SENT_MAILS, EXPIRED_TOKENS = timedelta(hours=1), timedelta(days=1), timedelta(days=90), timedelta(days=90)


@jobs.every(hours=1, name='core.clean', title=_.lazy('Clean up what has expired'), is_in_steps=True)
def clean(run):
    """Delete expired sessions, links, tokens, request keys and failures, old runs, notes and sent mails, and rows of dead processes."""
    now = clock.now()
    with run.finishing():
        forget_request_keys(now - A_DAY)
        forget_sessions(now - A_DAY)
        forget_links(now - A_DAY)
        forget_steps(now - A_DAY)
        forget_failures(now - A_DAY)
        forget_tokens(now - EXPIRED_TOKENS)
        sync.forget(now - KEPT_DAYS * A_DAY)
        processes.forget_dead(now - A_DAY)
        outbox.forget_sent(now - SENT_MAILS)
        forget_runs(now)
        usage.forget(now - 30 * A_DAY)
        events.forget(now - 30 * A_DAY)
        live.forget(now - AN_HOUR)      # a browser that was away for longer fetches all anew
        live_pages.forget(now - AN_HOUR)
        presence.forget(now - A_DAY)
        operations.forget(now - 30 * A_DAY)
        notices.forget(now - 90 * A_DAY)
    if is_sqlite():
        # A long reader lets the log grow without bound; this is when it shrinks again.
        database.execute_sql('PRAGMA wal_checkpoint(TRUNCATE)').fetchall()


@jobs.daily('03:40', name='core.clean_files', title=_.lazy('Clear away files that nobody uses'), is_in_steps=True)
def clean_files(run):
    """Delete files that nobody uses since a day, and what broken uploads left. Reads every folder of files, so once a day."""
    now = clock.now()
    storage_sweep.remove_unused(now)
    storage_sweep.remove_strays(run.config.data.folder, now)


@jobs.daily('03:50', name='core.empty_trash', title=_.lazy('Erase deleted things that have had their time'), is_in_steps=True)
def empty_trash(run):
    """Each in a transaction of its own, by the rule of its kind."""
    trash.empty(run.actor)
