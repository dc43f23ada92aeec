"""What clients put on the wire: brackets as PHP reads them, keys that lost a half, and what nobody should send."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.errors import Invalid
from appliance.core.limits import REST_DEPTH, REST_VALUES
from appliance.core.rest.wire import nested, read_json, read_query, write_form


@pytest.mark.parametrize(('text', 'found'), [
    ('', {}), ('&&', {}), ('a', {'a': ''}), ('a=1', {'a': '1'}), ('a=1&a=2', {'a': '2'}), ('a=1&', {'a': '1'}), ('a=b=c', {'a': 'b=c'}),
    ('a[]=1&a[]=2', {'a': ['1', '2']}), ('a[0]=1&a[1]=2', {'a': ['1', '2']}), ('a[1]=x&a[0]=y', {'a': {'1': 'x', '0': 'y'}}),
    ('a[1]=x&a[]=y', {'a': {'1': 'x', '2': 'y'}}), ('a[b][c]=1&a[b][d]=2', {'a': {'b': {'c': '1', 'd': '2'}}}),
    ('filter%5BNAME%5D=Ana+Mar%C3%ADa', {'filter': {'NAME': 'Ana María'}}), ('filter[%25NAME]=50%25', {'filter': {'%NAME': '50%'}}),
    ('a[b]=', {'a': {'b': ''}}), ('text=a%5Bb&x=1', {'text': 'a[b', 'x': '1'}), ('cmd[x]=user.get?a[b]=1', {'cmd': {'x': 'user.get?a[b]=1'}})])
def test_brackets_are_read_as_php_reads_them(text, found):
    assert read_query(text) == found


@pytest.mark.parametrize(('text', 'found'), [
    ('filter%5B%3E=DATE_CREATE%5D=2024-01-01', {'filter': {'>=DATE_CREATE': '2024-01-01'}}),     # as bitrix24-rest sends it
    ('filter[>=ID]=5&filter[<=ID]=9', {'filter': {'>=ID': '5', '<=ID': '9'}}), ('filter[!=ID]=5', {'filter': {'!=ID': '5'}}),
    ('filter[=ID]=5', {'filter': {'=ID': '5'}}), ('filter[=%25NAME]=a=b%25', {'filter': {'=%NAME': 'a=b%'}}),
    ('filter[>=ID][]=1&filter[>=ID][]=2', {'filter': {'>=ID': ['1', '2']}})])
def test_a_filter_with_a_raw_equals_sign_is_not_lost(text, found):
    assert read_query(text) == found


@pytest.mark.parametrize('text', [
    'filter[ID=5', 'filter[>=ID', '[a]=1', 'a[b]c=1', 'a[[b]]=1', 'a=1&a[b]=2', 'a[b]=1&a[b][c]=2', 'a' + '[x]' * 100 + '=1', '%ff=1', 'a=%C3%28',
    '&'.join(f'a{number}=1' for number in range(REST_VALUES + 1))])
def test_what_cannot_be_read_is_refused_and_not_dropped(text):
    with pytest.raises(Invalid):
        read_query(text)


@given(st.recursive(st.text('abcáß[]=&%+ $', max_size=8), lambda inner: st.dictionaries(st.text('abc>=!%@', min_size=1, max_size=5), inner, min_size=1,
                                                                                       max_size=3), max_leaves=8))
def test_what_is_written_as_a_form_reads_as_before(value):
    # Lists and numbers of a form are texts; names that count up from 0 would be a list.
    assert read_query(write_form({'a': value})) == {'a': value}


def test_a_form_is_written_as_php_writes_it():
    assert write_form({'a': {'b': [1, True], 'c': None}, 'd': 'ñ &'}) == 'a%5Bb%5D%5B0%5D=1&a%5Bb%5D%5B1%5D=1&d=%C3%B1+%26'


@pytest.mark.parametrize(('body', 'found'), [(b'{}', {}), (b'[]', {}), (b'null', {}), (b'{"a": {"b": [1, true, null]}}', {'a': {'b': [1, True, None]}})])
def test_json_is_an_object(body, found):
    assert read_json(body) == found


@pytest.mark.parametrize('body', [
    b'', b'{', b'"text"', b'[1]', b'7', b'{"a": NaN}', b'\xff', b'{"a": ' + b'[' * 2000 + b']' * 2000 + b'}',
    b'{"a": ' + b'[' * (REST_DEPTH + 1) + b']' * (REST_DEPTH + 1) + b'}', b'{"a": [' + b','.join([b'1'] * (REST_VALUES + 1)) + b']}'])
def test_hostile_json_is_refused(body):
    with pytest.raises(Invalid):
        read_json(body)


def test_many_values_cost_no_more_than_they_must():
    found = nested([('a[]', str(number)) for number in range(REST_VALUES)])
    assert len(found['a']) == REST_VALUES and found['a'][-1] == str(REST_VALUES - 1)
