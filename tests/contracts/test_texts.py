"""Every text is translated: the catalogues hold exactly the texts of the code, each with the same placeholders."""

import importlib.util
import re

import pytest
from babel.messages import pofile
from babel.messages.catalog import Message

from tests.contracts.sources import ROOT

spec = importlib.util.spec_from_file_location('texts', ROOT / 'bin' / 'prepare' / 'texts.py')
texts = importlib.util.module_from_spec(spec)
spec.loader.exec_module(texts)
PLACEHOLDER = re.compile(r'%\(\w+\)[sd]|%%')
CATALOGUES = [(domain, folder, code) for domain, folder in texts.domains() for code in texts.LANGUAGES]


def read(folder, code):
    path = folder / 'translations' / f'{code}.po'
    if not path.exists():
        return {}
    with path.open('rb') as file:
        return {message.id: message for message in pofile.read_po(file, locale=code) if message.id}


def unlike(kept, found):
    """What a catalogue lacks of the texts of the code, and has beyond them."""
    return [*(f'lacks {one!r}: run bin/texts' for one in sorted(found - kept, key=str)), *(f'still has {one!r}: run bin/texts' for one in sorted(kept - found, key=str))]


def untranslated(messages):
    """What is wrong with the translations of a catalogue."""
    said = []
    for message in messages:
        if not texts.is_whole(message):
            said.append(f'{message.id!r} is untranslated')
        if message.fuzzy:
            said.append(f'{message.id!r} is fuzzy')
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        wanted = {frozenset(PLACEHOLDER.findall(text)) for text in originals}
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        said += [f'{message.id!r} -> {form!r} has other placeholders' for form in forms if form and frozenset(PLACEHOLDER.findall(form)) not in wanted]
    return said


@pytest.mark.parametrize('domain, folder, code', CATALOGUES, ids=str)
def test_the_catalogue_holds_exactly_the_texts_of_the_code(domain, folder, code):
    assert unlike(set(read(folder, code)), set(texts.collect(domain))) == []


@pytest.mark.parametrize('domain, folder, code', CATALOGUES, ids=str)
def test_every_text_is_translated_with_the_same_placeholders(domain, folder, code):
    assert untranslated(read(folder, code).values()) == []


def test_a_planted_omission_is_found():
    assert unlike({'kept', 'both'}, {'new', 'both'}) == ["lacks 'new': run bin/texts", "still has 'kept': run bin/texts"]
    for message, words in ((Message('Now', ''), 'untranslated'), (Message(('one', 'many'), ('uno', '')), 'untranslated'), (Message('Now', 'Ahora', flags=['fuzzy']), 'fuzzy'),
                           (Message('%(n)s rows', '%(m)s filas'), 'other placeholders'), (Message('100%%', '100'), 'other placeholders')):
        assert [one for one in untranslated([message]) if words in one], words
    assert untranslated([Message('%(n)s rows', '%(n)s filas')]) == []


def test_the_collector_sees_each_way_of_saying_a_text(tmp_path):
    (tmp_path / 'templates').mkdir()
    code, page = tmp_path / 'a.py', tmp_path / 'templates' / 'a.html'
    code.write_text("_('Now')\n_.lazy('Later')\n_.plural('one', 'many', n)\nother('No text')\n")
    page.write_text("{{ _('In a page') }}{% trans %}In a block{% endtrans %}")
    assert set(texts.texts_of(code)) == {'Now', 'Later', ('one', 'many')}
    assert set(texts.texts_of(page)) == {'In a page', 'In a block'}
