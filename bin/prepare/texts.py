"""bin/texts: collect every text of the code into the catalogues, one for the shell and one for each tool.

New texts come in untranslated, those that are gone leave. A catalogue says in which file a text stands, but not in which
line, so that a change of code is not a change of catalogues. Runs in the portal's own environment.
"""
import io
import sys
from pathlib import Path

from babel.messages import extract, pofile
from babel.messages.catalog import Catalog
from jinja2.ext import babel_extract

CLONE = Path(__file__).resolve().parents[2]
PACKAGE = CLONE / 'appliance'
LANGUAGES = ('es',)
KEYWORDS = {'_': None, 'lazy': None, 'plural': (1, 2), 'gettext': None, 'ngettext': (1, 2)}
TEMPLATES = ('.html', '.mjml', '.txt')
JINJA = {'extensions': 'jinja2.ext.i18n', 'newstyle_gettext': 'true'}


def main():
    """Bring all catalogues up to date and say what is missing; exit status 1 while anything is."""
    missing = 0
    for domain, folder in domains():
        found = collect(domain)
        for code in LANGUAGES:
            path = folder / 'translations' / f'{code}.po'
            if not found and not path.exists():
                continue
            before = path.read_text(encoding='utf-8') if path.exists() else ''
            catalogue = updated(path, code, found)
            after = as_text(catalogue)
            if after != before:
                path.parent.mkdir(exist_ok=True)
                path.write_text(after, encoding='utf-8')
            empty = [message.id for message in catalogue if message.id and not is_whole(message)]
            missing += len(empty)
            print(f'{path.relative_to(CLONE)}: {len(catalogue)} texts, {len(empty)} untranslated')
    return 1 if missing else 0


def domains():
    """(tool or '', its folder) of each catalogue."""
    yield '', PACKAGE
    for path in sorted((PACKAGE / 'tools').iterdir()):
        if (path / '__init__.py').exists():
            yield path.name, path


def collect(domain):
    """{message id: [files]} of a tool, or of all that is no tool's."""
    found = {}
    folder = PACKAGE / 'tools' / domain if domain else PACKAGE
    for path in sorted(folder.rglob('*')):
        parts = path.relative_to(PACKAGE).parts
        if not domain and parts[0] in ('tools', 'demo') or 'static' in parts or 'migrations' in parts:
            continue
        for message in texts_of(path):
            files = found.setdefault(message, [])
            name = path.relative_to(CLONE).as_posix()
            if name not in files:
                files.append(name)
    return found


def texts_of(path):
    """The message ids in a file: text, or (one, many)."""
    if path.suffix == '.py':
        method, options = 'python', {}
    elif path.suffix in TEMPLATES and 'templates' in path.parts:
        method, options = babel_extract, JINJA
    else:
        return
    source = io.BytesIO(path.read_bytes())
    for _line, message, _comments, _context in extract.extract(method, source, KEYWORDS, (), options):
        if message:
            yield message


def updated(path, code, found):
    """The catalogue at a path with exactly the texts found, its translations kept."""
    old = Catalog(locale=code)
    if path.exists():
        with path.open('rb') as file:
            old = pofile.read_po(file, locale=code)
    new = Catalog(locale=code, fuzzy=False)
    for message in sorted(found, key=str):
        key = message[0] if isinstance(message, tuple) else message
        known = old.get(key)
        translation = known.string if known and isinstance(known.id, tuple) == isinstance(message, tuple) else None
        new.add(message, translation or (('',) * new.num_plurals if isinstance(message, tuple) else ''),
                locations=[(name, None) for name in found[message]])
    return new


def is_whole(message):
    """Whether a message is translated in all its forms."""
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)


def as_text(catalogue):
    """The catalogue as the text of its file, without the dates that would change it each time."""
    file = io.BytesIO()
    pofile.write_po(file, catalogue, width=120, include_lineno=False, omit_header=True)
    header = (f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: {catalogue.locale}\\n"\n'
              f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n')
    return header + file.getvalue().decode('utf-8')


if __name__ == '__main__':
    sys.exit(main())
