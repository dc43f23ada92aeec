"""The bones of a new tool: which names are free, and the files of `bones/` with a name and a title put in. Writes all of it or nothing."""

import keyword
import os
import pathlib
import re
import shutil
import tempfile

from appliance.core import config, permissions, settings
from appliance.core.errors import Conflict, Invalid, StartError
from appliance.core.personal import tables
from appliance.core.places import ROOT, tool_folders
from appliance.core.rest import methods
from appliance.web.app import create_app

BONES = pathlib.Path(__file__).parent / 'bones'
SUFFIX = '.bone'        # so that nothing that reads code, templates or catalogues takes a bone for one
TITLE_LENGTH = 40
_NAME = re.compile(r'[a-z][a-z0-9_]{1,29}')
_PLACE = re.compile(r'@(name|Name|NAME|title|title_es|title_code)@')


def clone():
    """The folder of the sources that this program runs from; StartError on an installed box, whose code nobody changes in place."""
    folder = ROOT.parent
    if not (folder / 'setup.cfg').is_file() or not (folder / 'tests' / 'contracts').is_dir():
        raise StartError(f'a new tool is written into a clone of the sources, and {ROOT} is an installed portal, whose code is read-only. '
                         'Call it in a clone: .venv/bin/appliance new-tool NAME')
    return folder


def check_name(name):
    """Invalid for what cannot be a tool's name, Conflict for what means something else already."""
    if not _NAME.fullmatch(name):
        raise Invalid(f'{name!r} cannot be the name of a tool: 2 to 30 small letters, digits and _, a letter first.', field='NAME')
    if keyword.iskeyword(name):
        raise Invalid(f'{name!r} is a word of Python.', field='NAME')
    known = tool_folders()
    if name in known:
        raise Conflict(f'there is a tool {name} already, in {known[name]}.')
    for other in known:
        # A tool's tables are known by its name and _: those of `board_game` would be those of `board`, too.
        if name.startswith(f'{other}_') or other.startswith(f'{name}_'):
            raise Conflict(f'{name} and the tool {other} could not tell their tables apart; take a name that does not begin like the other.')
    for means, words in _taken().items():
        if name in words:
            raise Conflict(f'{name} is taken: it is {means}.')
    for table in tables.models():
        if table == name or table.startswith(f'{name}_'):
            raise Conflict(f'{name} is taken: the portal has a table {table}.')


def _taken():
    """{what it is: words} of all that a tool's name must not be."""
    app = create_app(config.Config(path='none'))
    methods.load()
    declared = [*permissions.declared(), *settings.declared(), *methods.declared()]
    return {'a package of the portal': {path.stem for path in ROOT.iterdir()},
            'an address of the portal': {str(rule).split('/')[1] for rule in app.url_map.iter_rules()},
            'a part of the web application': set(app.blueprints) | {path.name for path in (ROOT / 'web' / 'templates').iterdir()},
            'what permissions, settings or methods begin with': {one.partition('.')[0] for one in declared} | set(methods.scopes())}


def check_title(title, field):
    """The title on one line; Invalid for what would end the text in which it stands, in Python, Jinja or a catalogue."""
    title = ' '.join(title.split())
    if not 0 < len(title) <= TITLE_LENGTH or not title[0].isalnum() or not all(char.isalnum() or char in " -–&’',.:/()" for char in title):
        raise Invalid(f'a title has 1 to {TITLE_LENGTH} characters: letters and digits, blanks and - & , . : / ( ), a letter or digit first.', field=field)
    return title


def files(name, title, title_es):
    """{path below the clone: text} of a new tool."""
    words = {'name': name, 'NAME': name.upper(), 'Name': ''.join(part.capitalize() for part in name.split('_')),
             'title': title, 'title_es': title_es, 'title_code': repr(title)}

    def put(text):
        return _PLACE.sub(lambda found: words[found[1]], text)
    found = {put(path.relative_to(BONES).as_posix().removesuffix(SUFFIX)): put(path.read_text(encoding='utf-8')) for path in sorted(BONES.rglob(f'*{SUFFIX}'))}
    return {path: _sorted(text) if path.endswith('.po') else _aligned(text) if path.endswith('matrix.txt') else text for path, text in found.items()}


def _aligned(text):
    """A table of who may what with its columns below each other, however long the name is."""
    return re.sub(r'^(\S.*?) +(?=\d{3} )', lambda found: f'{found[1]:<84}', text, flags=re.MULTILINE)


def _sorted(text):
    """A catalogue in the order in which bin/texts writes it. A title that says what another text says is that text."""
    head, *messages = text.strip('\n').split('\n\n')
    known = {re.search(r'^msgid ((?:".*"\n?)+)', message, re.MULTILINE)[1]: message for message in messages}
    return '\n\n'.join([head, *(known[key] for key in sorted(known, key=lambda key: ''.join(re.findall(r'"(.*)"', key))))]) + '\n\n'


def write(folder, name, found):
    """Write files below a clone: all of them beside it first, then both folders by their names, the tests' before the tool's own."""
    places = [f'tests/tools/{name}', f'appliance/tools/{name}']
    for place in places:
        if os.path.lexists(folder / place):
            raise Conflict(f'{folder / place} is there already; nothing was written.')
    try:
        made = pathlib.Path(tempfile.mkdtemp(prefix='.new-tool-', dir=folder))
    except OSError as error:
        raise StartError(f'{folder} cannot be written: {error.strerror}') from None
    done = []
    try:
        for path, text in found.items():
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).write_text(text, encoding='utf-8')
        for place in places:
            (made / place).rename(folder / place)
            done.append(place)
    except OSError as error:
        for place in done:
            shutil.rmtree(folder / place)
        raise StartError(f'nothing was written: {error}') from None
    finally:
        shutil.rmtree(made, ignore_errors=True)
