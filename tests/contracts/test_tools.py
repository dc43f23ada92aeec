"""Every tool of the clone declares itself in both languages, loads each of its parts, needs what is there, and shows what is there in its menu."""
import dataclasses

import pytest

from appliance.core.config import Config
from appliance.core.places import tool_folders
from appliance.core.tool import MenuItem, declarations, registry
from appliance.web.app import create_app
from tests.contracts.saying import not_said
from tests.contracts.sources import ROOT
from tests.switches import every_tool, tools_of_the_clone

PARTS = ('models', 'rules', 'events', 'listeners', 'routes', 'forms', 'home', 'rest', 'search', 'notifications', 'refs', 'jobs', 'checks', 'resume', 'demo', 'service')


def problems(declared):
    """What the tools ({name: Tool}) lack, as `<name>: <what>`."""
    with every_tool():
        app = create_app(Config(path='none'))
        for part in PARTS:
            registry.load(part)
        found = [f'{name}: {fault}' for name, fault in registry.faults.items()]
    for name, one in declared.items():
        folder = tool_folders().get(name)
        found += [f'{name}: its title {what}' for what in (not_said(one.title),) if what]
        found += [f'{name}: needs {other}, which is not there' for other in one.requires if other not in declarations()]
        found += [f'{name}: its menu leads to {item.endpoint}, which is no page' for item in one.menu if item.endpoint not in app.view_functions]
        found += [f'{name}: its permission {each.name} is another’s' for each in one.permissions if not each.name.startswith(f'{name}.')]
        if folder and not (folder / 'README.md').exists():
            found.append(f'{name}: has no README.md')
        if folder and not list((ROOT / 'tests' / 'tools' / name).glob('test_*.py')):
            found.append(f'{name}: has no tests')
        unknown = {path.stem for path in folder.iterdir() if path.suffix == '.py'} - {*PARTS, '__init__', *OWN.get(name, ())} if folder else set()
        found += [f'{name}: {stem}.py is no part that somebody loads; name it in OWN if another part does' for stem in sorted(unknown)]
    return found


# Modules of a tool that its other parts import.
OWN = {'people': ('editing', 'structure'), 'worktime': ('picture',)}


def ours():
    return {name: declarations()[name] for name in tools_of_the_clone()}


def test_every_tool_is_whole():
    assert 'worktime' in ours() and problems(ours()) == []


@pytest.mark.parametrize(('values', 'words'), [
    ({'title': ''}, 'its title says nothing'), ({'title': 'A word that nobody translated'}, 'its title is not said in Spanish'),
    ({'requires': ('nothing',)}, 'needs nothing'), ({'menu': (MenuItem('worktime.nothing'),)}, 'which is no page'),
    ({'permissions': declarations()['worktime'].permissions + (dataclasses.make_dataclass('P', [('name', str)])('people.x.y'),)}, 'is another’s')])
def test_a_planted_omission_is_found(values, words):
    found = problems({'worktime': dataclasses.replace(declarations()['worktime'], **values)})
    assert len(found) == 1 and words in found[0], found


def test_a_tool_without_readme_tests_or_with_strange_modules_is_found():
    found = problems({'planted': declarations()['planted']})
    assert {one for one in found if 'README' in one or 'no tests' in one or 'deleting.py' in one} == {
        'planted: has no README.md', 'planted: has no tests', 'planted: deleting.py is no part that somebody loads; name it in OWN if another part does'}


def test_a_part_that_cannot_be_imported_is_found(monkeypatch):
    imported = type(registry)._import

    def broken(self, name, part):
        if (name, part) == ('worktime', 'search'):
            self.faults[name] = 'search: SyntaxError: planted'
            return None
        return imported(self, name, part)
    monkeypatch.setattr(type(registry), '_import', broken)
    assert 'worktime: search: SyntaxError: planted' in problems(ours())
