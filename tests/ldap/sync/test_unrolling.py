"""Filters taken apart, without a server."""
import pytest

from appliance.identity.directory.sync import unrolling

CHAIN = '(memberOf:1.2.840.113556.1.4.1941:=CN=a\\28b\\29,DC=x)'


@pytest.mark.parametrize('text', ['(a=b)', '(&(a=b)(!(c=d*))(|(e>=f)(g~=\\28)))', '(&)', CHAIN, f'(!{CHAIN})'])
def test_a_filter_stays_what_it_is(text):
    assert unrolling._text(unrolling._parsed(text)) == text
    assert unrolling._text(unrolling._parsed(text.replace('(', ' ( '))).replace(' ', '') == text


@pytest.mark.parametrize('text', ['a=b', '(', ')', '(a=b', '(a=b))', '(a=b)(c=d)', '(&(a=b)', '(a(b=c))', '((a=b))', ')(a=b)(', '(&(a=b)x)', '(a=b)\0', '(' * 5_000, '(&' * 5_000 + ')' * 5_000])
def test_what_is_none_is_left_to_the_server(text):
    """Nothing is asked: there is no server."""
    text += CHAIN
    assert unrolling._apart(None, text, 'DC=x') == unrolling.People(text)


@pytest.mark.parametrize('text', [f'(|{CHAIN}(a=b))', f'(&(a=b)(|{CHAIN}(!{CHAIN})))', f'(!(&{CHAIN}(a=b)))', f'(!(!{CHAIN}))', f'(&(a=b)(|(c=d)(&{CHAIN}(e=f))))'])
def test_where_a_group_is_one_of_several_ways_in_it_stays_with_the_server(text):
    assert unrolling._apart(None, text, 'DC=x') == unrolling.People(text)


def test_who_is_meant():
    people = unrolling.People('(a=b)', (frozenset('ab'), frozenset('bc')), (frozenset('c'),))
    assert [one for one in 'abcd' if people.has(one)] == ['b']
    assert unrolling.People('(a=b)').has('z')
    assert unrolling._plain('CN=a\\28b\\29 \\c3\\b1,DC=x') == 'CN=a(b) ñ,DC=x'
