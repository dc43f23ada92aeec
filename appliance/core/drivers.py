"""psycopg, when a PostgreSQL database is opened and not before: on SQLite it would be 10 MiB of every process for nothing.

peewee imports each driver that is installed, and playhouse.migrate one for CockroachDB, by it psycopg again. Where this module comes
first, both are hidden from them until `psycopg()` is called; where peewee was first, nothing is gained and nothing is lost.
"""

import sys

if 'peewee' not in sys.modules and 'psycopg' not in sys.modules:
    _HIDDEN = ('psycopg', 'playhouse.cockroachdb')
    sys.modules.update(dict.fromkeys(_HIDDEN))      # to an import, None says: not installed
    try:
        import playhouse.migrate    # noqa: F401  # imports peewee
    finally:
        for _name in _HIDDEN:
            del sys.modules[_name]
import peewee


def psycopg():
    """The module psycopg; from the first call on, peewee has it too."""
    if peewee.psycopg is None:
        import psycopg as driver    # slow: see above
        from psycopg.pq import TransactionStatus    # slow: see above
        from psycopg.types.json import Json, Jsonb      # slow: see above
        # What peewee does itself while it is imported; a test compares.
        peewee.psycopg, peewee.TransactionStatus, peewee.Json_pg3, peewee.Jsonb_pg3 = driver, TransactionStatus, Json, Jsonb
        adapter = peewee.Psycopg3Adapter
        adapter.txn_idle, adapter.txn_inerror, adapter.txn_unknown = TransactionStatus.IDLE, TransactionStatus.INERROR, TransactionStatus.UNKNOWN
    return peewee.psycopg
