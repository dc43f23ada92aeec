"""Files and functions stay small enough to read at a sitting. An exception stands here with its reason."""
import ast
from fnmatch import fnmatch

import pytest

from tests.contracts.sources import ROOT, found_in, python_files, template_files

FILE_LINES = 400
FUNCTION_LINES = 60
TEMPLATE_LINES = 120
# {pattern: reason}; a function is `path:name`.
EXCEPTIONS = {
    'appliance/*/migrations/*.py:*': 'a migration spells out its frozen tables, which nobody reads twice',
}


def is_excepted(name):
    """Return whether a path or function stands in the list of exceptions."""
    return any(fnmatch(name, pattern) for pattern in EXCEPTIONS)


def problems(path, text):
    """What is too long in a Python file or a template."""
    lines, most = text.count('\n'), TEMPLATE_LINES if str(path).endswith('.html') else FILE_LINES
    found = [f'{path} has {lines} lines'] if lines > most and not is_excepted(str(path)) else []
    for node in ast.walk(ast.parse(text)) if str(path).endswith('.py') else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = node.end_lineno - node.lineno + 1
            if size > FUNCTION_LINES and not is_excepted(f'{path}:{node.name}'):
                found.append(f'{path}: {node.name} has {size} lines')
    return found


def test_files_and_functions_are_short():
    assert found_in(problems, [*python_files('appliance', 'assets', 'bin', 'tests'), *template_files()]) == []


@pytest.mark.parametrize(('path', 'text', 'words'), [
    ('a.py', 'x = 1\n' * 401, 'a.py has 401 lines'), ('a.py', 'def f():\n' + '    x = 1\n' * 60, 'a.py: f has 61 lines'),
    ('a.py', 'class A:\n  async def f(self):\n' + '    x = 1\n' * 60, 'a.py: f has 61 lines'), ('a.html', 'x\n' * 121, 'a.html has 121 lines')])
def test_what_is_planted_too_long_is_found(path, text, words):
    assert problems(path, text) == [words]


def test_exceptions_are_still_needed():
    for pattern in EXCEPTIONS:
        assert any(ROOT.glob(pattern.partition(':')[0])), f'{pattern} matches nothing any more'
