"""Who may import what: the drawing in appliance/ARCHITECTURE.md, held by reading every import."""
import ast

import pytest

from tests.contracts.sources import ROOT, python_files

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


def imports(path):
    """Yield (dotted name, line) of every import in a file, also those inside functions."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{path}:{node.lineno}: imports are absolute'
            # `from appliance.core import db` imports appliance.core.db, `from ... import write` just its module.
            yield from ((f'{node.module}.{alias.name}', node.lineno) for alias in node.names)


def layer(path):
    """Return the layer of a file: the name below appliance/, '' for the package's own files."""
    return path.parts[1] if len(path.parts) > 2 else ''


@pytest.mark.parametrize('path', python_files('appliance'), ids=str)
def test_imports_point_downwards(path):
    here = layer(path)
    for name, line in imports(path):
        parts = name.split('.')
        where = f'{path}:{line} imports {name}'
        if parts[0] in WEB_ONLY:
            assert speaks_http(path), f'{where}: only web, and routes, forms and home of a tool, know HTTP'
        if parts[0] != 'appliance' or len(parts) < 2:
            continue
        if here == 'tools':
            check_tool(path, parts, where)
            continue
        if here in ALLOWED:
            assert parts[1] in ALLOWED[here] or parts[1].startswith('__'), f'{where}: {here} may not'
        assert here != 'live' or parts[1] != 'identity' or parts[2:3] == ['sessions'], f'{where}: of identity, live knows sessions only'
        assert parts[1] != 'tools' or here == 'tools', f'{where}: tools are reached through the registry'
        assert parts[1] != 'demo' or here in ('demo', 'cli'), f'{where}: nothing rests on the demo'


def speaks_http(path):
    """Return whether a file is one of those that may import Flask."""
    return layer(path) == 'web' or layer(path) == 'tools' and bool(HTTP_PARTS & {*path.parts, path.stem})


def check_tool(path, parts, where):
    """Assert that a tool's file imports no other tool, no entry point, and no part above its own."""
    tool, part = path.parts[2], path.parts[3].removesuffix('.py') if len(path.parts) > 3 else ''
    if parts[1] == 'tools':
        assert parts[2] == tool, f'{where}: a tool never imports another'
        below = PARTS_BELOW.get(part)
        if below and len(parts) > 3:
            assert parts[3] in below, f'{where}: {part} stands below it'
    elif parts[1] == 'web':
        assert speaks_http(path), f'{where}: only routes, forms and home know the web'
    else:
        assert parts[1] in ('core', 'identity'), f'{where}: a tool rests on core and identity'


@pytest.mark.parametrize('path', python_files('appliance'), ids=str)
def test_import_inside_a_function_says_why(path):
    lines = (ROOT / path).read_text().splitlines()
    for node in ast.walk(ast.parse('\n'.join(lines))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    line = lines[inner.lineno - 1]
                    assert '# cycle:' in line or '# slow:' in line, f'{path}:{inner.lineno}: a local import names its reason'
