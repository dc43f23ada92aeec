"""Every module says what it is for; every field of a model is one of core.fields; no page carries script or style."""
import ast
import re
from pathlib import Path

import pytest

from tests.contracts.sources import ROOT, found_in, python_files, template_files

INLINE = re.compile(r'\sstyle\s*=|\son[a-z]+\s*=\s*["\']|<style\b|<script\b(?![^>]*\bsrc=)|javascript:', re.IGNORECASE)


def silent(path, text):
    """Whether a module does not say what it is for."""
    return [f'{path} does not say what it is for'] if text.strip() and not ast.get_docstring(ast.parse(text)) else []


def foreign_fields(path, text):
    """The fields of models that a module takes from elsewhere than core.fields."""
    found = []
    for node in ast.walk(ast.parse(text)) if path.as_posix() != 'appliance/core/fields.py' else ():
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition('.')[0] in ('peewee', 'playhouse'):
            found += [f'{path}:{node.lineno} takes {alias.name} from {node.module}' for alias in node.names if alias.name.endswith('Field')]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == 'peewee' and node.attr.endswith('Field'):
            found.append(f'{path}:{node.lineno} uses peewee.{node.attr}')
    return found


def inline(path, text):
    """The lines of a template with script or style in them, which the security policy forbids. Mail programs ignore stylesheets: there it must be so."""
    return [] if 'mail' in path.parts else [f'{path}:{number}: {line.strip()}' for number, line in enumerate(text.splitlines(), 1) if INLINE.search(line)]


def test_each_module_has_a_docstring():
    assert found_in(silent, python_files('appliance', 'assets', 'bin', 'tests')) == []


def test_each_folder_is_a_package():
    # Else the wheel would leave it out. Migrations are read by path and go in as data.
    folders = {path.parent for path in python_files('appliance') if path.parent.name != 'migrations'}
    assert len(folders) > 10 and [folder for folder in folders if not (ROOT / folder / '__init__.py').exists()] == []


def test_fields_come_from_core_fields():
    assert found_in(foreign_fields, python_files('appliance')) == []


def test_no_template_has_inline_script_or_style():
    assert found_in(inline, template_files()) == []


@pytest.mark.parametrize(('walk', 'text'), [
    (silent, 'x = 1'), (silent, '# only a comment\nx = 1'), (foreign_fields, 'from peewee import CharField'), (foreign_fields, 'def f():\n    from playhouse.x import JSONField'),
    (foreign_fields, 'import peewee\nx = peewee.TextField()'), (inline, '<p style="x">'), (inline, '<script>alert(1)</script>'), (inline, "<a onclick='x'>"),
    (inline, '<a href="javascript:x">'), (inline, '<STYLE>')])
def test_a_planted_omission_is_found(walk, text):
    assert len(walk(Path('appliance/core/planted.py'), text)) == 1


@pytest.mark.parametrize(('walk', 'text'), [(silent, '"""It is for this."""'), (silent, ''), (foreign_fields, 'from peewee import SQL'), (inline, '<script src="x"></script>')])
def test_what_is_right_is_not(walk, text):
    assert walk(Path('appliance/core/planted.py'), text) == []
