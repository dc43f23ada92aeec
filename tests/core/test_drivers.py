"""psycopg comes with the first PostgreSQL database, and peewee then has it as if it had found it itself."""

import json
import subprocess
import sys

import pytest

# What of peewee is psycopg's, or there because of it.
_LOOK = '''
import json, peewee
def of_driver(value):
    return isinstance(value, peewee.TransactionStatus) or str(getattr(value, "__module__", value)).startswith(("psycopg", "<module 'psycopg"))
found = {name: str(value) for name, value in vars(peewee).items() if of_driver(value)}
for kind in [one for one in vars(peewee).values() if isinstance(one, type)]:
    found |= {f"{kind.__name__}.{name}": str(value) for name, value in vars(kind).items() if of_driver(value)}
print(json.dumps(found))
'''
_OPEN = '''
from appliance.core import db
import peewee, sys
assert peewee.psycopg is None and "psycopg" not in sys.modules
db.open_database({url!r})
with db.connected(), db.write("test"):
    print(db.row("SELECT 1 + ?", 2)[0])
try:
    with db.connected(), db.write("test"):
        db.database.execute_sql("CREATE TABLE kept (id INT)")
        db.database.execute_sql("SELECT 1 / 0")
except peewee.DataError as error:
    print(type(error).__name__)
with db.connected():
    print("kept" in db.database.get_tables())
'''


def ran(code):
    """What a fresh Python prints that runs this."""
    return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, timeout=60).stdout


def test_peewee_has_all_that_it_would_have_found_itself():
    itself, later = ran(_LOOK), ran('from appliance.core import drivers\ndrivers.psycopg()\n' + _LOOK)
    assert json.loads(itself) == json.loads(later) and len(json.loads(itself)) > 5


@pytest.mark.parametrize('command', ['web', 'live', 'jobs'])
def test_a_process_on_sqlite_does_without(command):
    code = f'''
import sys
from appliance.cli import {command}
if {command!r} == 'jobs':
    from appliance.jobs import own, process
    own.load()
    process.share()
print([name for name in sys.modules if name.partition('.')[0] in ('psycopg', 'psycopg_binary')])'''
    assert ran(code).strip() == '[]'


def test_a_postgresql_database_opens_all_the_same(postgres):
    assert ran(_OPEN.format(url=postgres.url(postgres.create()))).split() == ['3', 'DataError', 'False']
