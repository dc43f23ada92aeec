"""Going back restores data, never trust: what a restored database must not bring back to life.

By the tables' names, since some belong to identity, which the core does not import.
"""

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.audit import AuditRow
from appliance.core.backup import state
from appliance.core.db import database, rows
from appliance.core.people import PersonBlock

COUNTER = 'trust-counter'
FORGOTTEN_SINCE = 'forgotten_since'     # the source of the block of who came back with a backup, and is to be forgotten again
# Nobody's epoch rises so often between two restores: the next round begins above every epoch ever carried.
ROUND = 1_000_000
# Before the epochs rise: what was in force then may be let in again by an administrator's word.
_FIRST = (
    'UPDATE token SET is_held = 1 WHERE epoch = (SELECT p.epoch FROM person p WHERE p.id = token.person_id)',
)
_STATEMENTS = (
    'DELETE FROM session',
    'DELETE FROM one_time_link',
    'DELETE FROM owed_step',
    "UPDATE outbox SET state = 'held' WHERE state IN ('waiting', 'sending')",
    "UPDATE subscription SET state = 'held'",
    "UPDATE subscription_call SET state = 'held' WHERE state IN ('waiting', 'sending')",
    "UPDATE job_run SET state = 'waiting', owner = '', lease_until = NULL, attempts = attempts - 1 WHERE state = 'running'",
    'DELETE FROM process',
    'DELETE FROM live_event',       # what was told then must not be told again
    'DELETE FROM presence',
    "UPDATE insight SET state = 'ended' WHERE state IN ('asked', 'granted')",     # whoever may read what is a person's alone
)


def take_back(data_folder, present, snapshot):
    """Raise every epoch in the open database above the counter, which is raised first; end sessions and links, hold mails, tokens and subscriptions.

    `present`: {epoch, audit_no} of the database that is being replaced, 0 when it cannot be read. `snapshot` names what is restored.
    """
    restored_epoch = rows('SELECT coalesce(max(epoch), 0) FROM person')[0][0]
    round_ = max(read_counter(data_folder), restored_epoch // ROUND, present['epoch'] // ROUND) + 1
    state.write_whole(data_folder / COUNTER, f'{round_}\n')
    for statement in (*_FIRST, f'UPDATE person SET epoch = {round_ * ROUND:d}', *_STATEMENTS):
        database.execute_sql(statement)
    # `appliance check` compares the log with what was told outside: rows that were taken back are explained by this one.
    AuditRow.create(at=clock.now(), via=SYSTEM.via, what='core.backup.restored', data={'snapshot': snapshot, 'before_no': present['audit_no']})


def keep_out_forgotten(person_ids):
    """Let nobody see those who were forgotten since the backup was made and are back in it; their logins. `appliance check` names them."""
    logins = []
    for person_id in person_ids:
        found = rows('''SELECT login FROM person WHERE id = ? AND id NOT IN (SELECT person_id FROM person_forgotten)''', person_id)
        if found:
            (PersonBlock.insert(person=person_id, source=FORGOTTEN_SINCE, reason='', by=None, at=clock.now()).on_conflict_ignore().execute())
            logins.append(found[0][0])
    return logins


def read_counter(data_folder):
    """The number of the last round; 0 before the first."""
    try:
        return int((data_folder / COUNTER).read_text())
    except (FileNotFoundError, ValueError):
        return 0
