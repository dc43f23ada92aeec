"""Every text is translated: the catalogues hold exactly the texts of the code, each with the same placeholders."""

import importlib.util
import re

import pytest
from babel.messages import pofile

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


@pytest.mark.parametrize('domain, folder, code', CATALOGUES, ids=str)
def test_the_catalogue_holds_exactly_the_texts_of_the_code(domain, folder, code):
    kept, found = set(read(folder, code)), set(texts.collect(domain))
    assert not found - kept, f'run bin/texts: {code} lacks {found - kept}'
    assert not kept - found, f'run bin/texts: {code} still has {kept - found}'


@pytest.mark.parametrize('domain, folder, code', CATALOGUES, ids=str)
def test_every_text_is_translated_with_the_same_placeholders(domain, folder, code):
    for message in read(folder, code).values():
        assert texts.is_whole(message), f'{code}: {message.id!r} is untranslated'
        assert not message.fuzzy, f'{code}: {message.id!r} is fuzzy'
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        wanted = {frozenset(PLACEHOLDER.findall(text)) for text in originals}
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        for form in forms:
            assert frozenset(PLACEHOLDER.findall(form)) in wanted, f'{code}: {message.id!r} -> {form!r}'


def test_the_collector_sees_each_way_of_saying_a_text(tmp_path):
    (tmp_path / 'templates').mkdir()
    code, page = tmp_path / 'a.py', tmp_path / 'templates' / 'a.html'
    code.write_text("_('Now')\n_.lazy('Later')\n_.plural('one', 'many', n)\nother('No text')\n")
    page.write_text("{{ _('In a page') }}{% trans %}In a block{% endtrans %}")
    assert set(texts.texts_of(code)) == {'Now', 'Later', ('one', 'many')}
    assert set(texts.texts_of(page)) == {'In a page', 'In a block'}
