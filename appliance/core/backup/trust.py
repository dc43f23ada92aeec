"""Going back restores data, never trust: what a restored database must not bring back to life.

By the tables' names, since some belong to identity, which the core does not import.
"""

from appliance.core.backup import state
from appliance.core.db import database, rows

COUNTER = 'trust-counter'
# Nobody's epoch rises so often between two restores: the next round begins above every epoch ever carried.
ROUND = 1_000_000
_STATEMENTS = (
    'DELETE FROM session',
    'DELETE FROM one_time_link',
    "UPDATE outbox SET state = 'held' WHERE state IN ('waiting', 'sending')",
    "UPDATE job_run SET state = 'waiting', owner = '', lease_until = NULL, attempts = attempts - 1 WHERE state = 'running'",
    'DELETE FROM process',
)


def take_back(data_folder, present_epoch):
    """Raise every epoch in the open database above the counter, which is raised first; end sessions and links, hold mails.

    `present_epoch`: the highest in the database that is being replaced, 0 when it cannot be read.
    """
    restored_epoch = rows('SELECT coalesce(max(epoch), 0) FROM person')[0][0]
    round_ = max(read_counter(data_folder), restored_epoch // ROUND, present_epoch // ROUND) + 1
    state.write_whole(data_folder / COUNTER, f'{round_}\n')
    for statement in (f'UPDATE person SET epoch = {round_ * ROUND:d}', *_STATEMENTS):
        database.execute_sql(statement)


def read_counter(data_folder):
    """The number of the last round; 0 before the first."""
    try:
        return int((data_folder / COUNTER).read_text())
    except (FileNotFoundError, ValueError):
        return 0
