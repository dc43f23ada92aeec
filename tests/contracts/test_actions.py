"""Every action has an example call in tests/actions, which is killed between any two of its statements there."""
import ast

import pytest

from tests.actions import of_fields, of_identity, of_objects, of_portal, of_tools     # noqa: F401 - they fill the table
from tests.actions.stage import EXAMPLES, OMITTED
from tests.contracts.sources import ROOT, python_files


def actions_in(path):
    """The actions of a file, as `core.people.block`."""
    module = '.'.join(path.with_suffix('').parts[path.parts.index('appliance') + 1:])
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, ast.FunctionDef) and any(_is_action(one) for one in node.decorator_list):
            yield f'{module}.{node.name}'


def _is_action(decorator):
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (function.id if isinstance(function, ast.Name) else getattr(function, 'attr', '')) == 'action'


def all_actions():
    return {name for folder in ('appliance', 'tests/planted/appliance') for path in python_files(folder) for name in actions_in(path)}


def test_every_action_has_an_example():
    found = all_actions()
    assert len(found) > 90
    assert not found - set(EXAMPLES) - set(OMITTED), 'tests/actions: an example call is missing'
    assert not (set(EXAMPLES) | set(OMITTED)) - found, 'tests/actions: there is no such action any more'
    assert not set(EXAMPLES) & set(OMITTED)


@pytest.mark.parametrize('text, names', [('@action\ndef f(actor): pass', ['planted.f']), ('@action(rights=x)\ndef g(actor): pass', ['planted.g']),
                                         ('@actions.action\ndef h(actor): pass', ['planted.h']), ('@other\ndef i(actor): pass\ndef j(): pass', [])])
def test_a_planted_action_is_found(tmp_path, text, names):
    path = tmp_path / 'appliance' / 'planted.py'
    path.parent.mkdir()
    path.write_text(text)
    assert list(actions_in(path)) == names
