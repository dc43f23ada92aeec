"""What the portal imports is what its lock installs, and nothing is installed that nobody imports."""
import ast
import re
import sys
from importlib.metadata import packages_distributions

import pytest

from tests.contracts.sources import ROOT, python_files

# Installed without an import of ours: {distribution: why}.
NOT_IMPORTED = {'psycopg': 'Peewee opens PostgreSQL with it'}


def names_in(file):
    """Return the distributions that a requirements file names, in lower case with dashes."""
    lines = (ROOT / 'requirements' / file).read_text().splitlines()
    return {re.match(r'[\w-]+', line)[0].lower().replace('_', '-') for line in lines if re.match(r'\w', line)}


def imported(*folders):
    """Return the distributions behind all imports of code under folders; the standard library and the clone's own left out."""
    modules = set()
    for path in python_files(*folders):
        # These run in the environments of the clients that they try, not in ours.
        if path.parts[:3] == ('tests', 'clients', 'programs'):
            continue
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition('.')[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                modules.add(node.module.partition('.')[0])
    known = packages_distributions()
    modules -= set(sys.stdlib_module_names)
    return {known[module][0].lower().replace('_', '-') for module in modules if not (ROOT / module).is_dir()}


def test_every_import_is_in_the_lock():
    assert imported('appliance') <= names_in('portal.txt') | names_in('kerberos.txt')


def test_every_import_of_tests_is_in_a_lock():
    assert imported('tests') <= names_in('portal.txt') | names_in('kerberos.txt') | names_in('test.txt')


def test_nothing_is_required_that_nobody_imports():
    assert not (names_in('portal.in') | names_in('kerberos.in')) - imported('appliance') - set(NOT_IMPORTED)


@pytest.mark.parametrize('lock', ['portal.txt', 'kerberos.txt', 'test.txt', 'ansible.txt', 'build.txt', 'fast-bitrix24.txt', 'bitrix24-rest.txt'])
def test_lock_names_no_host_and_hashes_everything(lock):
    text = (ROOT / 'requirements' / lock).read_text()
    assert '://' not in text and 'index' not in text
    for entry in re.split(r'\n(?=\w)', text):
        assert '--hash=sha256:' in entry or entry.startswith('#'), entry
