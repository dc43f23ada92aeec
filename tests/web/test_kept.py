"""HTML that is kept: its places, and that what goes out is what was drawn."""
import pytest
from markupsafe import Markup

from appliance.web.kept import Kept, Page, Stencil, kept, mark


def test_values_stand_in_their_places():
    stencil = Stencil(f'<p>{mark("who")}, ñandú {mark("where")}{mark("who")}</p>')
    filled = stencil.filled({'who': Markup('<b>Ω</b>'), 'where': 'x', 'when': 'nowhere'})
    assert filled == '<p><b>Ω</b>, ñandú x<b>Ω</b></p>'
    assert filled.encode() == str(filled).encode() and isinstance(filled, Markup)


def test_a_place_without_a_value_is_empty():
    stencil = Stencil(f'{mark("who")}é{mark("where")}')
    assert stencil.filled({}) == 'é' == stencil.filled({'when': 'x'})
    assert stencil.filled({'where': 'ü'}) == 'éü' and stencil.filled({}).encode() == 'é'.encode()


def test_what_is_kept_is_filled_anew_each_time():
    stencil = Stencil(f'<i>{mark("token")}</i>')
    assert [stencil.filled({'token': one}).encode() for one in ('a', 'b')] == [b'<i>a</i>', b'<i>b</i>']


def test_html_without_places_is_the_same_object():
    stencil = Stencil('<p>ñ</p>')
    assert stencil.filled({'token': 'x'}) is stencil.filled({})


def test_what_is_made_of_it_has_bytes_of_its_own():
    text = kept('<p>ñ</p>')
    assert text.encode('latin-1') == b'<p>\xf1</p>'
    assert (text + '<&>').encode() == '<p>ñ</p>&lt;&amp;&gt;'.encode()
    assert text.replace('ñ', 'ó').encode() == '<p>ó</p>'.encode() and type(text.replace('ñ', 'ó')) is Kept


def test_a_page_goes_out_as_its_pieces():
    page = Page('añb')
    page.pieces = ['a', kept('ñ'), Markup('b')]
    assert page.encode() == 'añb'.encode() and page.encode('latin-1') == b'a\xf1b'


@pytest.mark.parametrize('path', ['/', '/people', '/people/structure', '/people/structure?as=list', '/worktime', '/settings'])
def test_no_mark_is_left_in_a_page(company, path):
    answer = company.browser('head').get(path)
    assert answer.status_code == 200 and '\0' not in answer.text and '\x01' not in answer.text
    assert 'name="csrf_token" value=""' not in answer.text and 'name="next" value=""' not in answer.text
