"""What each field stores, and what it refuses."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core import clock
from appliance.core.fields import Day, Flag, Json, Moment, Uuid
from appliance.core.people import Person, add_person
from appliance.core.actor import SYSTEM


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-11)), timezone(timedelta(hours=14))])))
def test_moment_survives_the_database_to_the_microsecond(moment):
    field = Moment()
    assert field.python_value(field.db_value(moment)) == moment


@pytest.mark.parametrize('wrong', [datetime(2026, 1, 1), '2026-01-01', 1.5, True, date(2026, 1, 1)])
def test_moment_refuses_what_is_no_moment(wrong):
    with pytest.raises(TypeError):
        Moment().db_value(wrong)


def test_moment_takes_microseconds_in_expressions(box):
    person_id = add_person(SYSTEM, 'ana', 'Ana')
    limit = clock.microseconds(clock.now() - timedelta(minutes=1))
    assert [row.id for row in Person.select().where(Person.created_at > limit)] == [person_id]
    assert not Person.select().where(Person.created_at > clock.now() + timedelta(minutes=1)).exists()


def test_day_is_iso_text_and_no_moment():
    assert Day().db_value(date(2026, 2, 28)) == '2026-02-28'
    with pytest.raises(ValueError):
        Day().db_value('2026-02-30')
    with pytest.raises(TypeError):
        Day().db_value(datetime(2026, 2, 28, tzinfo=UTC))


def test_flag_takes_truth_only():
    assert (Flag().db_value(True), Flag().python_value(0)) == (1, False)
    with pytest.raises(TypeError):
        Flag().db_value('yes')


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10))
def test_json_is_one_text_for_equal_data(data):
    field = Json()
    stored = field.db_value(data)
    assert field.python_value(stored) == data
    if isinstance(data, dict):
        assert field.db_value(dict(reversed(data.items()))) == stored


def test_uuid_is_lower_case_text():
    assert Uuid().db_value('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11') == 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'
    with pytest.raises(ValueError):
        Uuid().db_value('not a uuid')


def test_an_id_is_never_given_twice(box):
    first = add_person(SYSTEM, 'ana', 'Ana')
    Person.delete().where(Person.id == first).execute()
    assert add_person(SYSTEM, 'eva', 'Eva') > first


def test_text_is_compared_byte_by_byte_on_both_engines(box):
    for login in ('b', 'a', 'ä', 'z'):
        add_person(SYSTEM, login, login.upper())
    assert [row.name for row in Person.select().order_by(Person.name)] == ['A', 'B', 'Z', 'Ä']
