"""The process `jobs` with jobs of its own that leave traces, for the tests that kill it: python -m tests.jobs.portal CONFIG [SECONDS].

SECONDS is how often it looks for work by itself.
"""
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from appliance.core import bus, clock, config, db, jobs, sealing
from appliance.core.db import database, row
from appliance.core.jobs import runs
from appliance.jobs import process


def trace(run):
    database.execute_sql(f"INSERT INTO effect VALUES ('{run.slot}', {os.getpid()})")


@jobs.daily('02:30', name='test.quick', title='x', tries=1000)
def quick(run):
    """An effect in the same transaction as the mark, with some time between the two."""
    trace(run)
    time.sleep(0.02)


@jobs.daily('02:30', name='test.slow', title='x', lane=jobs.HEAVY, is_in_steps=True)
def slow(run):
    """A long run that began other programs and cleans up after itself when it is stopped."""
    mark = run.config.data.folder / 'slow'
    child = subprocess.Popen(['sleep', '600'])
    mark.write_text(f'{os.getpid()} {child.pid}')
    try:
        time.sleep(60)
    finally:
        child.kill()
        child.wait()
        mark.unlink()


@jobs.daily('02:30', name='test.hang', title='x', is_in_steps=True, timeout_s=1, tries=2)
def hang(run):
    """Hangs where no Python code can interrupt it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    time.sleep(600)


@jobs.daily('02:30', name='test.end', title='x', is_in_steps=True)
def end(run):
    """Takes a second, then leaves its trace with the mark."""
    (run.config.data.folder / 'end').touch()
    time.sleep(1)
    with run.finishing():
        trace(run)


def wished():
    """When the oldest wish was made that nobody has fulfilled; the table is there in one test only."""
    if 'wish' not in database.get_tables():
        return None
    found = row('SELECT min(made_at) FROM wish WHERE done_at IS NULL')[0]
    return clock.from_microseconds(found) if found else None


@jobs.when(wished, name='test.wish', title='x', lane=jobs.FAST, is_in_steps=True)
def fulfil(run):
    """Notes when it came."""
    with run.finishing():
        database.execute_sql(f'UPDATE wish SET done_at = {clock.microseconds(clock.now())} WHERE done_at IS NULL')


def main():
    loaded = config.load(Path(sys.argv[1]))
    sealing.use_key(sealing.read_key(loaded.secrets.key_file))
    db.open_database(loaded.database.url, loaded.database.password_file or None)
    # Leases as short as the test is.
    process.WATCH_S = float(sys.argv[2]) if sys.argv[2:] else process.WATCH_S
    bus.use(loaded.run_folder)
    runs.LEASE, runs.RENEW_S, runs.DEATH_BACKOFF_S = timedelta(seconds=3), 0.5, (0,)
    process.serve(loaded)


if __name__ == '__main__':
    main()
