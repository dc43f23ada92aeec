"""Who may import what: the drawing in appliance/ARCHITECTURE.md, held by reading every import."""
import ast
import re
from pathlib import Path

import pytest

from tests.contracts.sources import ROOT, found_in, python_files

WEB_ONLY = {'flask', 'werkzeug', 'flask_login', 'wtforms'}
# The parts of a tool that speak HTTP; no other part may.
HTTP_PARTS = {'routes', 'forms', 'home'}
# Each layer, and those of ours that it may import. What is missing here is an entry point: it may import all layers,
# but tools only through the registry.
ALLOWED = {
    'core': {'core'},
    'identity': {'identity', 'core'},
    'jobs': {'jobs', 'identity', 'core'},
    'live': {'live', 'identity', 'core'},
    # The page of jobs asks jobs.own for what is declared; no page runs a job.
    'web': {'web', 'jobs', 'identity', 'core'},
}
PARTS_BELOW = {
    'models': {'models'},
    'rules': {'rules', 'models', 'events'},
    'events': {'events'},
}


def imports(path, text=None):
    """Yield (dotted name, line) of every import in a file, also those inside functions; '' before the name of a relative one."""
    for node in ast.walk(ast.parse((ROOT / path).read_text() if text is None else text)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # `from appliance.core import db` imports appliance.core.db, `from ... import write` just its module.
            yield from ((f'{"." * node.level}{node.module or ""}.{alias.name}', node.lineno) for alias in node.names)


def layer(path):
    """Return the layer of a file: the name below appliance/, '' for the package's own files."""
    return path.parts[1] if len(path.parts) > 2 else ''


def problems(path, text=None):
    """The imports of a file that point where they may not, as `<path>:<line> ...`."""
    here, found = layer(path), []
    for name, line in imports(path, text):
        parts = name.split('.')
        where = f'{path}:{line} imports {name}'
        if name.startswith('.'):
            found.append(f'{where}: imports are absolute')
        if parts[0] in WEB_ONLY and not speaks_http(path):
            found.append(f'{where}: only web, and routes, forms and home of a tool, know HTTP')
        if parts[0] != 'appliance' or len(parts) < 2:
            continue
        if here == 'tools':
            found += [f'{where}: {what}' for what in _of_tool(path, parts)]
            continue
        if here in ALLOWED and parts[1] not in ALLOWED[here] and not parts[1].startswith('__'):
            found.append(f'{where}: {here} may not')
        if here == 'live' and parts[1] == 'identity' and parts[2:3] != ['sessions']:
            found.append(f'{where}: of identity, live knows sessions only')
        if parts[1] == 'tools':
            found.append(f'{where}: tools are reached through the registry')
        if parts[1] == 'demo' and here not in ('demo', 'cli'):
            found.append(f'{where}: nothing rests on the demo')
    return found


def test_imports_point_downwards():
    assert [one for path in python_files('appliance') for one in problems(path)] == []


@pytest.mark.parametrize(('path', 'text', 'words'), [
    ('core/planted.py', 'import flask', 'know HTTP'), ('tools/people/rules.py', 'from werkzeug import http', 'know HTTP'), ('core/planted.py', 'from . import db', 'absolute'),
    ('core/planted.py', 'from appliance.identity import tokens', 'core may not'), ('jobs/planted.py', 'def f():\n    import appliance.web.app', 'jobs may not'),
    ('live/planted.py', 'from appliance.identity import tokens', 'sessions only'), ('cli/planted.py', 'from appliance.tools.people import rules', 'through the registry'),
    ('web/planted.py', 'import appliance.tools.people', 'through the registry'), ('web/planted.py', 'from appliance.jobs import own', None),
    ('jobs/planted.py', 'from appliance.demo import load', 'rests on the demo'), ('tools/people/rules.py', 'from appliance.tools.worktime import rules', 'never imports another'),
    ('tools/people/models.py', 'from appliance.tools.people import rules', 'models stands below it'), ('tools/people/rules/a.py', 'from appliance.web import forms', 'know the web'),
    ('tools/people/rest.py', 'from appliance.jobs import own', 'rests on core and identity'), ('tools/people/rules.py', 'from appliance.tools.people import models', None)])
def test_a_planted_import_is_found(path, text, words):
    found = problems(Path('appliance', path), text)
    assert (words in ' '.join(found) if words else found == []), found


def speaks_http(path):
    """Return whether a file is one of those that may import Flask."""
    return layer(path) == 'web' or layer(path) == 'tools' and bool(HTTP_PARTS & {*path.parts, path.stem})


def _of_tool(path, parts):
    """Why a tool's file may not import this: another tool, an entry point, or a part above its own."""
    tool, part = path.parts[2], path.parts[3].removesuffix('.py') if len(path.parts) > 3 else ''
    if parts[1] == 'tools':
        below = PARTS_BELOW.get(part)
        if parts[2] != tool:
            yield 'a tool never imports another'
        elif below and len(parts) > 3 and parts[3] not in below:
            yield f'{part} stands below it'
    elif parts[1] == 'web':
        if not speaks_http(path):
            yield 'only routes, forms and home know the web'
    elif parts[1] not in ('core', 'identity'):
        yield 'a tool rests on core and identity'


def without_reason(path, text):
    """The imports inside functions that do not say why."""
    lines, found = text.splitlines(), []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Import | ast.ImportFrom) and not re.search('# (cycle|slow):', lines[inner.lineno - 1]):
                    found.append(f'{path}:{inner.lineno}: a local import names its reason')
    return found


def test_an_import_inside_a_function_says_why():
    assert found_in(without_reason, python_files('appliance')) == []


def test_a_planted_import_without_a_reason_is_found():
    assert without_reason('x', 'def f():\n    import os') == ['x:2: a local import names its reason']
    assert without_reason('x', 'def f():\n    import os     # slow: it is') == []
