"""`add` and `change` store what Peewee's `create` and `update` would, and `read` gives what `select` does, by prepared SQL."""
from datetime import UTC, date, datetime

import peewee
import pytest

from appliance.core import db
from appliance.core.audit import AuditRow
from appliance.core.departments import Department
from appliance.core.people import Person, PersonRole

AT = datetime(2026, 11, 26, 9, 0, 0, 123456, tzinfo=UTC)
ROWS = [(Person, {'login': '{}', 'name': "O'Neil \"%s\" ?", 'kind': 'employee', 'mail': '{}@company.example', 'birthday': date(1990, 2, 28), 'language': 'en', 'zone': 'UTC',
                  'sort_name': '', 'words': ''}),
        (AuditRow, {'at': AT, 'person_id': None, 'via': 'test', 'what': 'a.b', 'data': {'é': [1, None, True]}, 'object': '', 'address': ''}),
        (Department, {'name': 'Lager'})]


def stored(model, row_id):
    columns = [f'"{one.column_name}"' for one in model._meta.sorted_fields if not one.primary_key and one.column_name not in ('login', 'mail', 'created_at')]
    return db.row(f'SELECT {", ".join(columns)} FROM {model._meta.table_name} WHERE id = ?', row_id)


def filled(values, word):
    return {name: value.format(word) if value in ('{}', '{}@company.example') else value for name, value in values.items()}


@pytest.mark.parametrize('model, values', ROWS, ids=lambda one: getattr(one, '__name__', ''))
def test_a_row_added_is_a_row_created(box, model, values):
    with db.write('test'):
        added, created = model.add(**filled(values, 'one')), model.create(**filled(values, 'two')).id
        assert added != created and stored(model, added) == stored(model, created)
    assert model is AuditRow or None not in [one for one, in db.rows(f'SELECT created_at FROM {model._meta.table_name}')]


@pytest.mark.parametrize('model, values', ROWS, ids=lambda one: getattr(one, '__name__', ''))
@pytest.mark.parametrize('count', [0, 1, 3, 401])
def test_rows_added_together_are_rows_created(box, model, values, count):
    with db.write('test'):
        created = model.create(**filled(values, 'created')).id
        model.add_all([filled(values, f'one{number}') for number in range(count)])
    ids = [row_id for row_id, in db.rows(f'SELECT id FROM {model._meta.table_name} WHERE id > ? ORDER BY id', created)]
    assert len(ids) == count and {stored(model, row_id) for row_id in ids} <= {stored(model, created)}


def test_rows_added_together_keep_their_values_whatever_order_they_name_them_in(box):
    with db.write('test'):
        above = Department.add(name='Above')
        Department.add_all([{'name': 'One', 'parent': above}, {'parent': None, 'name': 'Other'}])
        with pytest.raises(KeyError):
            Department.add_all([{'name': 'Third', 'parent': None}, {'name': 'Fourth'}])
        PersonRole.add_all([{'person': Person.add(**filled(ROWS[0][1], 'one')), 'role': 'administrator', 'by': None}])      # a table without an id
    assert db.rows('SELECT name, parent_id FROM department ORDER BY id') == [('Above', None), ('One', above), ('Other', None)]
    assert db.row('SELECT count(*) FROM person_role') == (1,)


@pytest.mark.parametrize('model, values', ROWS, ids=lambda one: getattr(one, '__name__', ''))
def test_a_row_read_is_a_row_selected(box, model, values):
    with db.write('test'):
        ids = [model.add(**filled(values, word)) for word in ('one', 'two')]
    read, = model.read('id = ?', ids[1])
    assert read.__data__ == model.get_by_id(ids[1]).__data__ and model.read('id < ? AND id > ?', 0, 0) == []


def test_only_the_columns_named_of_the_row_named_change(box):
    with db.write('test'):
        above = Department.add(name='Above')
        one, other = Department.add(name='One', parent=above), Department.add(name='Other', parent=above)
        assert Department.change(one, name='Changed', parent=None) is True
        assert Department.change(one + 1000, name='Nobody') is False
    assert db.rows('SELECT id, name, parent_id FROM department ORDER BY id') == [(above, 'Above', None), (one, 'Changed', None), (other, 'Other', above)]


def test_the_fields_refuse_what_they_refuse_elsewhere(box):
    with db.write('test'):
        row_id = AuditRow.add(at=AT, via='test', what='a.b', data={}, object='', address='')
        with pytest.raises(TypeError):
            AuditRow.change(row_id, at='yesterday')
        with pytest.raises(TypeError):
            AuditRow.add(at=1.5, via='test', what='a.b', data={}, object='', address='')
        with pytest.raises(KeyError):
            AuditRow.change(row_id, absent=1)


def test_a_link_to_nothing_is_an_integrity_error(box):
    with pytest.raises(peewee.IntegrityError), db.write('test'):
        Department.add(name='Below', parent=12345)
