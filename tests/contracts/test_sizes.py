"""Files and functions stay small enough to read at a sitting. An exception stands here with its reason."""
import ast
from fnmatch import fnmatch

import pytest

from tests.contracts.sources import ROOT, python_files, template_files

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


@pytest.mark.parametrize('path', python_files('appliance', 'assets', 'bin', 'tests'), ids=str)
def test_file_and_functions_are_short(path):
    text = (ROOT / path).read_text()
    lines = text.count('\n')
    assert lines <= FILE_LINES or is_excepted(str(path)), f'{path} has {lines} lines'
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = node.end_lineno - node.lineno + 1
            assert size <= FUNCTION_LINES or is_excepted(f'{path}:{node.name}'), f'{path}: {node.name} has {size} lines'


@pytest.mark.parametrize('path', template_files(), ids=str)
def test_template_is_short(path):
    lines = (ROOT / path).read_text().count('\n')
    assert lines <= TEMPLATE_LINES or is_excepted(str(path)), f'{path} has {lines} lines'


def test_exceptions_are_still_needed():
    for pattern in EXCEPTIONS:
        assert any(ROOT.glob(pattern.partition(':')[0])), f'{pattern} matches nothing any more'
