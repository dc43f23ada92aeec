"""The small markup: our tags alone, around escaped text; linear in whatever somebody types."""
import re
import time

import pytest

from appliance.core import markup

NAMES = {7: 'Ana <b>'}


def html(text):
    return str(markup.html(markup.clean(text) if '\ue000' not in text else text, NAMES, lambda person: f'/people/{person}'))


@pytest.mark.parametrize(('typed', 'drawn'), [
    ('a\nb\n\nc', '<p dir="auto">a<br>b</p><p dir="auto">c</p>'),
    ('**a** *b* `c*d*`', '<p dir="auto"><strong>a</strong> <em>b</em> <code>c*d*</code></p>'),
    ('**a *b* c**', '<p dir="auto"><strong>a <em>b</em> c</strong></p>'), ('**a *b** c*', '<p dir="auto"><strong>a *b</strong> c*</p>'),
    ('2 * 3 * 4', '<p dir="auto">2 * 3 * 4</p>'), ('**a', '<p dir="auto">**a</p>'), ('a** b**', '<p dir="auto">a** b**</p>'),
    ('> a\n>b\nc', '<blockquote dir="auto">a<br>b</blockquote><p dir="auto">c</p>'),
    ('- a\n- *b*', '<ul><li dir="auto">a</li><li dir="auto"><em>b</em></li></ul>'),
    ('```\n<b> **x**\n```\ny', '<pre dir="ltr"><code>&lt;b&gt; **x**</code></pre><p dir="auto">y</p>'), ('```\nopen', '<pre dir="ltr"><code>open</code></pre>'),
    ('\ue0007\ue001!', '<p dir="auto"><a class="comment-person" href="/people/7">@<bdi>Ana &lt;b&gt;</bdi></a>!</p>'), ('\ue0009\ue001', '<p dir="auto"><a class="comment-person" href="/people/9">@<bdi>?</bdi></a></p>')])
def test_what_is_drawn(typed, drawn):
    assert html(typed) == drawn


@pytest.mark.parametrize(('typed', 'address', 'rest'), [
    ('see https://a.example/x?y=1&z=2.', 'https://a.example/x?y=1&amp;z=2', '.'), ('(http://a.example/b_(c))', 'http://a.example/b_(c)', ')'),
    ('http://a.example**', 'http://a.example', '**'), ('http://a.example">x', 'http://a.example', '&#34;&gt;x')])
def test_addresses(typed, address, rest):
    assert f'<a href="{address}" target="_blank" rel="nofollow noopener noreferrer">{address}</a>{rest}' in html(typed)


@pytest.mark.parametrize('typed', ['javascript:alert(1)', 'JAVASCRIPT:x', 'data:text/html,x', '<img src=x onerror=alert(1)>', '<script>x</script>', '</p></li><script>',
                                   '[x](javascript:x)', '`<b>`', '**<i>**', 'http://"onmouseover="x', "http://'onmouseover='x", '&lt;script&gt;', '> <b>', '- <b>',
                                   '{{ 7*7 }}', 'hx-get="/x"', '\x00<b>', '<\u200bscript>'])
def test_no_tag_and_no_attribute_comes_from_a_person(typed):
    drawn = html(typed)
    assert {tag for tag in re.findall(r'</?([a-zA-Z0-9]+)', drawn)} <= {'p', 'br', 'strong', 'em', 'code', 'pre', 'ul', 'li', 'blockquote', 'a', 'bdi', 'span'}
    assert set(re.findall(r'\s([a-z-]+)="', re.sub(r'>[^<]*<', '><', drawn))) <= {'dir', 'href', 'target', 'rel', 'class'}
    assert all(address.startswith(('http', '/people/')) for address in re.findall(r'href="([^"]*)"', drawn))


@pytest.mark.parametrize('piece', ['*', '**', '**a ', '*a **b ', '`', '> ', '- ', '```\n', 'http://', '(http://a(', '\n', ' **', '\ue000', '@', 'ﷺ', '\u0301'])
def test_nothing_takes_long(piece):
    text = (piece * 10_000)[:10_000]
    began = time.process_time()
    html(text)
    markup.plain(text, NAMES, 200)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(('typed', 'kept'), [('a\r\nb\rc', 'a\nb\nc'), ('  a  \n', '  a'), ('a\0b\x07\u202ec\u2066\ud800\ue000\uffff', 'abc'), ('a\n\n\n\n\n\nb', 'a\n\n\nb'),
                                             ('سلام\u200cها\u200f', 'سلام\u200cها\u200f'), ('e\u0301', 'é'), ('a\u2028b', 'a\nb'), ('\tx', '\tx')])
def test_cleaning(typed, kept):
    assert markup.clean(typed) == kept == markup.clean(kept)


def test_plain():
    assert markup.plain('> **a**  \n```\n- b*c `2 * 3` *d* \ue0007\ue001', NAMES) == 'a b*c 2 * 3 d Ana <b>' and markup.plain('x' * 10, {}, 5) == 'xxxx…' and markup.mentioned('\ue0007\ue001\ue0003\ue001\ue0007\ue001') == [7, 3]
