"""Every module says what it is for; every field of a model is one of core.fields; no page carries script or style."""
import ast
import re

import pytest

from tests.contracts.sources import ROOT, python_files, template_files

INLINE = re.compile(r'\sstyle\s*=|\son[a-z]+\s*=\s*["\']|<style\b|<script\b(?![^>]*\bsrc=)|javascript:', re.IGNORECASE)


@pytest.mark.parametrize('path', python_files('appliance', 'assets', 'bin', 'tests'), ids=str)
def test_module_has_a_docstring(path):
    text = (ROOT / path).read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text)), f'{path} does not say what it is for'


@pytest.mark.parametrize('path', python_files('appliance'), ids=str)
def test_folder_is_a_package(path):
    # Else the wheel would leave it out. Migrations are read by path and go in as data.
    if path.parent.name != 'migrations':
        assert (ROOT / path.parent / '__init__.py').exists(), f'{path.parent} has no __init__.py'


@pytest.mark.parametrize('path', python_files('appliance'), ids=str)
def test_fields_come_from_core_fields(path):
    if path.as_posix() in ('appliance/core/fields.py',):
        return
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition('.')[0] in ('peewee', 'playhouse'):
            names = [alias.name for alias in node.names if alias.name.endswith('Field')]
            assert not names, f'{path}:{node.lineno} takes {names} from {node.module}'
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == 'peewee':
            assert not node.attr.endswith('Field'), f'{path}:{node.lineno} uses peewee.{node.attr}'


@pytest.mark.parametrize('path', template_files(), ids=str)
def test_template_has_no_inline_script_or_style(path):
    # Mails are the one place where style must be inline: mail programs ignore stylesheets.
    if 'mail' in path.parts:
        return
    for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
        assert not INLINE.search(line), f'{path}:{number}: the security policy forbids it: {line.strip()}'
