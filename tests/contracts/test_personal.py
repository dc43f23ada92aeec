"""Every table says what it holds of whom and for how long; a retention that names a job is what that job does."""
import collections
import datetime
import itertools
import uuid

import pytest
from peewee import CompositeKey

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.db import Base, database, row, write
from appliance.core.fields import Bytes, Day, Flag, Id, Integer, Json, Link, Moment, Text, Uuid
from appliance.core.i18n import language
from appliance.core.jobs import request
from appliance.core.people import Person, add_person
from appliance.core.personal import tables
from appliance.core.personal.declarations import Nothing, Personal, Until, WithParent
from appliance.core.settings import declared
from appliance.core.tool import registry
from appliance.identity import models as _identity  # noqa: F401 - each entry point imports them
from tests.switches import tools_of_the_clone

# What an old row must hold so that its time has come; the states of what is still under way keep it.
ENDED = {'outbox': {'state': 'sent'}}


@pytest.fixture
def all_on(box):
    """The planted tool is on, too: it fills the contract that ours fill."""
    registry.use(None, {*tools_of_the_clone(), 'planted'})


def test_every_table_says_what_it_holds(all_on):
    assert 'planted_note' in tables.models() and 'session' in tables.models()
    assert tables.unsaid() == []


def test_a_table_that_says_nothing_is_found(all_on):
    kept = tables.models()['planted_note']._meta.personal
    del tables.models()['planted_note']._meta.personal
    try:
        assert tables.unsaid() == ['planted_note']
    finally:
        tables.models()['planted_note']._meta.personal = kept


def test_a_table_without_a_model_is_found(all_on):
    database.execute_sql('CREATE TABLE left_behind (id bigint)')
    assert tables.unsaid() == ['left_behind']


def test_what_is_said_is_true_of_the_columns(all_on):
    for table, model in tables.models().items():
        says, columns = tables.said(model), set(model._meta.columns)
        assert isinstance(says, (Personal, Nothing)), table
        if isinstance(says, Nothing):
            continue
        assert set(says.words) <= columns and set(says.hidden) <= columns, table
        assert all(isinstance(model._meta.columns[name], (Text, Json)) for name in says.words), table
        tables.count(model, 1)      # the condition is one that the database takes
        if isinstance(says.forget, Until):
            assert says.forget.setting in declared() and says.forget.column in columns, table
        if isinstance(says.forget, WithParent):
            assert says.forget.link in model._meta.fields, table


def test_every_link_to_a_person_is_told(all_on):
    """A table with a link to a person that says it holds nothing of any person would be a lie."""
    for table, model in tables.models().items():
        links = [name for name, field in model._meta.fields.items() if isinstance(field, Link) and field.rel_model is Person]
        if links:
            assert isinstance(tables.said(model), Personal), f'{table} links people by {links}'


def test_every_word_is_said_in_both_languages(all_on):
    for model in tables.models().values():
        if model.__module__.startswith('appliance.tools.planted'):
            continue
        says = tables.said(model)
        texts = [says.because] if isinstance(says, Nothing) else [says.what, says.kept, says.forget.why]
        for text in texts:
            english = str(text)
            with language('es'):
                assert english and str(text) != english, english


_serial, _made = itertools.count(1), collections.Counter()


def old_row(model, moment, person_id):
    """Write a row whose every moment is long past."""
    values = {}
    for name, field in model._meta.fields.items():
        number = next(_serial)
        if isinstance(field, Id):
            continue
        if isinstance(field, Link):
            values[name] = person_id if field.rel_model is Person else old_row(field.rel_model, moment, person_id)
        elif isinstance(field, Moment):
            values[name] = moment
        elif isinstance(field, Bytes):
            values[name] = b'%d' % number
        elif isinstance(field, Json):
            values[name] = {}
        elif isinstance(field, Flag):
            values[name] = True
        elif isinstance(field, Day):
            values[name] = moment.date()
        elif isinstance(field, Integer):
            values[name] = number
        elif isinstance(field, Uuid):
            values[name] = uuid.UUID(int=number)
        else:
            values[name] = f'text {number}'
    values |= ENDED.get(model._meta.table_name, {})
    model.insert(**values).execute()
    _made[model._meta.table_name, moment] += 1
    key = model._meta.primary_key
    return row(f'SELECT max({key.column_name}) FROM {model._meta.table_name}')[0] if not isinstance(key, CompositeKey) else None


def with_jobs():
    return sorted((table, tables.said(model)) for table, model in tables.models().items()
                  if isinstance(tables.said(model), Personal) and tables.said(model).kept.job)


def test_a_retention_that_names_a_job_is_what_the_job_does(all_on, run_due):
    now = clock.now()
    _made.clear()
    for table, says in with_jobs():
        with write('test'):
            first, second = (add_person(SYSTEM, f'person-{table}-{number}', 'Any Body') for number in (1, 2))
            model = tables.models()[table]
            # Rows of before this test tell nothing.
            model.delete().execute() if table not in ('event', 'delivery') else None
            # Twice and a day: what nobody read stays twice as long.
            old_row(model, now - datetime.timedelta(days=2 * says.kept.days + 1), first)
            old_row(model, now - datetime.timedelta(days=says.kept.days) / 2, second)
    gone = {table: sum(count for (name, at), count in _made.items() if name == table and at < now - datetime.timedelta(days=says.kept.days))
            for table, says in with_jobs()}
    before = {table: row(f'SELECT count(*) FROM {table}')[0] for table, _says in with_jobs()}
    for name in {says.kept.job for _table, says in with_jobs()}:
        request(SYSTEM, name)
        assert name in run_due(name)
    for table, says in with_jobs():
        left = row(f'SELECT count(*) FROM {table}')[0]
        assert left == before[table] - gone[table], f'{says.kept.job} leaves {left} of {before[table]} in {table}'


def test_the_base_of_access_tables_speaks_for_all(all_on):
    below = [model for model in tables.models().values() if model.__mro__[1] is not Base and model.__mro__[1].__name__ == 'AccessRow']
    assert len(below) >= 3 and all(tables.said(model).what == tables.said(below[0]).what for model in below)
