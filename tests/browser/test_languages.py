"""Every page in two languages that only tests speak (languages.py): one with long texts between brackets, one from right to left.

The first shows texts that nobody translated and those that have no room; the second, what was laid out for left to right alone.
"""
import re
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from appliance.core import i18n
from tests.addresses import every_page
from tests.browser.conftest import ROOT, file_name, logins, serving
from tests.browser.languages import MIRRORED, PSEUDO, mirrored, pseudo
from tests.browser.test_pages import RESTS, SCREENSHOTS, open_example

# `core.person:3`, `ldap://127.0.0.1:1`, `somebody@company.example`, `portal_admin`.
NAME = re.compile(r'[a-z_]+(\.[a-z_-]+)+(:\w+)?|\w+://\S+|\S+@\S+|[a-z]+_[a-z_]+|\(?\w+=\S+\)?')
LATIN = re.compile('[A-Za-z]{2}')
WORD = re.compile(r'[^\W\d_]{2,}')
# What is called so in every language.
PROPER = {'English', 'Español', 'OpenLDAP', 'Active Directory', 'FreeIPA', '389 Directory Server', 'LDAPS', 'StartTLS', 'STARTTLS', 'TLS', 'Chrome', 'Linux', 'uid', 'mail', '-----BEGIN CERTIFICATE-----'}
LAYOUT = Path(__file__).with_name('layout.js').read_text()


@pytest.fixture(scope='module')
def portal(sqlite_template, tmp_path_factory):
    """The portal that speaks both."""
    with serving(tmp_path_factory.mktemp('languages'), sqlite_template, ['tests.browser.languages']) as started:
        yield started


@pytest.fixture(scope='module')
def states(portal, browser):
    """The cookies of each login to this portal."""
    return logins(portal, browser)


@pytest.fixture(scope='module')
def own_texts(portal):
    """`texts`: all that somebody wrote, as it stands in the database, in words of no language of ours; `said`: the words of comments and names."""
    with sqlite3.connect(portal.config.data.folder / 'portal.db', timeout=5) as rows:
        tables = [name for name, in rows.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'")]
        columns = [(table, one[1]) for table in tables for one in rows.execute(f'PRAGMA table_info("{table}")')]
        found = {value for table, column in columns for value, in rows.execute(f'SELECT DISTINCT "{column}" FROM "{table}" WHERE typeof("{column}") = \'text\'')}
        said = ' '.join(text for text, in rows.execute('SELECT text FROM comment UNION ALL SELECT name FROM person'))
    return SimpleNamespace(texts={text.strip('"') for text in found} | set(i18n.zones()), said=set(WORD.findall(said)))


@pytest.fixture(scope='module')
def brought():
    return LAYOUT


@pytest.fixture
def speak(portal, walk, stage):
    """A function: an Example's page in a language, with `layout` in it."""
    def open_page(code, example, width):
        with sqlite3.connect(portal.config.data.folder / 'portal.db', timeout=5) as rows:
            rows.execute('UPDATE person SET language = ?', (code,))
        page = open_example(walk(example.login, width, code), example, stage)
        assert page.evaluate('document.documentElement.lang') == code
        _has_room(page, f'{file_name(example)}-{width}-{code}.png')
        return page
    return open_page


def _has_room(page, picture):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / picture, full_page=True)
    assert page.evaluate('document.documentElement.scrollWidth - window.innerWidth') <= 0, 'the page runs over its width'
    assert (page.evaluate('layout.overlapping()'), page.evaluate('layout.cut()')) == ([], [])


@pytest.mark.parametrize('example', every_page(), ids=str)
def test_every_text_is_translated_and_has_room(speak, example, own_texts):
    page = speak(PSEUDO, example, 360)
    left = [text for text in page.evaluate('layout.untranslated()') if not _is_own(text, own_texts)]
    assert not left, f'not translated: {left}'


def _is_own(text, own):
    """Whether a text is made of what somebody wrote, of addresses, of names that commands know (`core.person:3`), or is a face's initials."""
    if text in own.texts:
        return True
    # What was said is shown in parts: marks, names and links of their own, and cut.
    if all(word in own.said for word in WORD.findall(text)):
        return True
    pieces = [piece.strip() for piece in re.split(r'(?:^|\s)[·–](?:\s|$)|[:,;](?:\s|$)', text) if piece.strip()]
    return all(piece in own.texts | PROPER or NAME.fullmatch(piece) or len(piece) == 2 and piece.isupper() or not LATIN.search(piece) for piece in pieces)


@pytest.mark.parametrize('example', every_page(), ids=str)
def test_it_runs_from_right_to_left(speak, example):
    page = speak(MIRRORED, example, 1440)
    assert page.evaluate('document.documentElement.dir') == 'rtl'
    page.set_viewport_size({'width': 360, 'height': 740})
    page.evaluate(RESTS)
    _has_room(page, f'{file_name(example)}-360-{MIRRORED}.png')


def test_the_texts_keep_what_is_filled_in():
    text = '%(name)s has <b>%(num)s</b> files &amp; 5 %%'
    assert pseudo(text).startswith('⟦%(name)s háš <b>%(num)s</b> fíléš &amp; 5 %% ····')
    assert mirrored(text) % {'name': 'Ana', 'num': 3} == f'Ana {mirrored("has")} <b>3</b> {mirrored("files")} &amp; 5 %'


def test_what_is_wrong_is_seen(visit):
    page = visit()
    page.set_content("""<p>⟦Fine <b>inside</b> ···⟧</p><p>Forgotten</p><img alt="No words">
        <div style="position: relative"><span>over</span><span style="position: absolute; left: 0">each other</span></div>
        <div style="width: 3em; overflow: hidden; white-space: nowrap">cut in its middle</div>""")
    page.evaluate(LAYOUT)
    assert {'Forgotten', 'No words'} <= set(page.evaluate('layout.untranslated()'))
    assert not {'Fine', 'inside'} & set(page.evaluate('layout.untranslated()'))
    assert page.evaluate('layout.overlapping()') == ['over | each other']
    assert len(page.evaluate('layout.cut()')) == 1


def test_styles_know_no_left_and_right():
    physical = re.compile(r'(?:margin|padding|border)-(?:left|right)|(?<![-\w])(?:left|right|float|clear)\s*:|text-align:\s*(?:left|right)|-(?:left|right)-radius')
    assert physical.search('a { margin-left: 1px }') and physical.search('a{left:0}') and not physical.search('a { inset-inline-start: 0 }')
    for path in sorted((ROOT / 'assets' / 'src').glob('*.css')):
        found = [line for line in path.read_text().splitlines() if physical.search(line)]
        assert not found, f'{path.name}: {found}'
