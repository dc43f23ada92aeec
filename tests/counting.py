"""Counting what a page asks of the database."""
import contextlib

from appliance.core import db


@contextlib.contextmanager
def queries():
    """Yield a list into which the text of each statement goes while the block runs; on either engine, models and plain SQL alike."""
    engine, asked = db.database.obj, []

    def execute_sql(sql, *args, **kwargs):
        asked.append(' '.join(sql.split()))
        return type(engine).execute_sql(engine, sql, *args, **kwargs)

    engine.execute_sql = execute_sql
    try:
        yield asked
    finally:
        del engine.execute_sql
