"""`appliance new-tool`: what it writes passes every test that walks over tools, is off until it is switched on, and works at once then."""
import os
import shutil
import subprocess
import sys

import pytest

from appliance.cli import tool_bones
from tests.cli.console import console
from tests.contracts.sources import ROOT

LEFT_OUT = ('.*', 'node_modules', '__pycache__', 'var', 'artefacts')
PLACES = ('appliance/tools', 'tests/tools')
TITLE, TITLE_ES = "Garden & people's things, 2", 'El jardín, 2'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty clone that new tools are written into."""
    made = tmp_path / 'clone'
    for place in PLACES:
        (made / place).mkdir(parents=True)
    monkeypatch.setattr(tool_bones, 'clone', lambda: made)
    return made


@pytest.fixture
def appliance(capsys, monkeypatch, tmp_path):
    """The command line where there is no portal at all."""
    return lambda *arguments: console(capsys, monkeypatch, tmp_path / 'none.ini', arguments)


def new_tool(appliance, folder, *arguments):
    """What the command said, and the files of the clone afterwards."""
    said = appliance('new-tool', *arguments)
    return said, sorted(path.relative_to(folder).as_posix() for path in folder.rglob('*') if path.is_file())


@pytest.mark.parametrize(('name', 'words'), [
    ('Garden', 'small letters'), ('g', 'small letters'), ('2nd', 'small letters'), ('a' * 31, 'small letters'), ('gar-den', 'small letters'), ('gärten', 'small letters'),
    ('../garden', 'small letters'), ('garden\n', 'small letters'), ('', 'small letters'), ('class', 'word of Python'), ('import', 'word of Python'),
    ('worktime', 'there is a tool worktime'), ('worktime_new', 'tell their tables apart'), ('core', 'package'), ('identity', 'package'), ('demo', 'package'),
    ('login', 'address'), ('rest', 'address'), ('notices', 'address'), ('errors', 'web application'), ('rest_docs', 'web application'), ('timeman', 'begin with'),
    ('company', 'begin with'), ('im', 'begin with'), ('comment', 'begin with'), ('department', 'begin with'), ('event', 'begin with'), ('session', 'table'), ('outbox', 'table'),
    ('role', 'table role')])
def test_a_name_that_cannot_be_writes_nothing(appliance, folder, name, words):
    said, written = new_tool(appliance, folder, name)
    assert (said.status, written) == (1, []) and words in said.err and said.err.startswith('appliance: ')


@pytest.mark.parametrize('title', ['', ' ', 'x' * 41, 'a "b"', 'a\\b', '{{ 1 }}', '{% x %}', '100%', '<b>', 'two @name@', '-x', 'a\u202eb', 'a\0b', '$x'])
def test_a_title_that_would_end_its_text_writes_nothing(appliance, folder, title):
    for option in ('--title', '--title-es'):
        said, written = new_tool(appliance, folder, 'garden', option, title)
        assert (said.status, written) == (1, []) and option in said.err


def test_it_writes_what_it_says_and_nothing_twice(appliance, folder):
    said, written = new_tool(appliance, folder, 'garden_2', '--json')
    assert said.status == 0 and said.data == {'name': 'garden_2', 'title': 'Garden 2', 'files': written}
    assert all(path.startswith(('appliance/tools/garden_2/', 'tests/tools/garden_2/')) and not path.endswith('.bone') for path in written)
    assert not [path for path in written if '@' in path or tool_bones._PLACE.search((folder / path).read_text())]
    (folder / 'appliance/tools/garden_2/models.py').write_text('mine')
    said, again = new_tool(appliance, folder, 'garden_2')
    assert (said.status, again) == (1, written) and 'there already; nothing was written' in said.err
    assert (folder / 'appliance/tools/garden_2/models.py').read_text() == 'mine'


@pytest.mark.parametrize('place', PLACES)
def test_it_writes_over_nothing(appliance, folder, place):
    (folder / place / 'garden').symlink_to('nowhere')
    assert new_tool(appliance, folder, 'garden')[0].status == 1
    assert [one for one in PLACES if os.path.lexists(folder / one / 'garden')] == [place]


@pytest.mark.parametrize('place', PLACES)
def test_half_of_it_is_taken_back(appliance, folder, place):
    (folder / place).rmdir()
    said, written = new_tool(appliance, folder, 'garden')
    assert (said.status, written) == (1, []) and 'nothing was written' in said.err and not list(folder.rglob('garden'))


def test_a_full_disk_leaves_nothing(appliance, folder, monkeypatch):
    monkeypatch.setattr(tool_bones.pathlib.Path, 'write_text', lambda *args, **kwargs: (_ for _ in ()).throw(OSError(28, 'No space left on device')))
    said, written = new_tool(appliance, folder, 'garden')
    assert (said.status, written) == (1, []) and 'No space left' in said.err and not list(folder.glob('.new-tool-*'))


def test_an_installed_portal_says_where_it_works(appliance, tmp_path, monkeypatch):
    monkeypatch.setattr(tool_bones, 'ROOT', tmp_path / 'site-packages' / 'appliance')
    said = appliance('new-tool', 'garden')
    assert said.status == 1 and 'a clone of the sources' in said.err and 'read-only' in said.err


def test_every_text_of_the_bones_is_one_line_of_a_catalogue():
    found = tool_bones.files('garden', 'Entries', 'Entradas')       # a title that says what another text says
    catalogue = found['appliance/tools/garden/translations/es.po']
    assert catalogue.count('msgid "Entries"\n') == 1 and 'msgid "Title"' in catalogue


def python(copy, *arguments):
    """What Python says in a copy of the sources: the result of a process that has ended."""
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join([str(copy), str(copy / 'tests' / 'planted')])}
    return subprocess.run([sys.executable, *arguments], cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def pytest_in(copy, *arguments):
    return python(copy, '-m', 'pytest', '-p', 'no:cacheprovider', '-p', 'no:xdist', *arguments)


@pytest.mark.slow
def test_a_new_tool_passes_everything(tmp_path):
    """In a copy of these sources: its own tests, the contracts, and the walks over pages; and a walk sees when something is taken away."""
    copy = tmp_path / 'copy'
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
    said = python(copy, '-m', 'appliance', 'new-tool', 'garden_2', '--title', TITLE, '--title-es', TITLE_ES)
    assert said.returncode == 0, said.stdout
    # What is asked of each file is asked of the new ones alone; all else as ever.
    said = pytest_in(copy, 'tests/tools/garden_2', 'tests/contracts', 'tests/web/test_pages.py', 'tests/web/test_matrix.py', 'tests/web/test_security.py', 'tests/core/test_migrations.py',
                     '-k', 'not postgresql and not requirements and (garden_2 or addresses or personal or test_rest or test_tools or test_settings or test_events or test_permissions or right or (test_texts and not worktime) or (migrations and models))')
    assert said.returncode == 0, said.stdout
    (copy / 'tests/tools/garden_2/addresses.py').unlink()
    said = pytest_in(copy, 'tests/contracts/test_addresses.py', '-k', 'every_page')
    assert said.returncode == 1 and "first extra item: 'garden_2.edit'" in said.stdout
