"""All outgoing HTTP goes through core/http_client.py: nothing else in the portal opens such a connection."""
import pytest

from tests.contracts.sources import ROOT, python_files
from tests.contracts.test_layers import imports

CLIENTS = ('http.client', 'urllib.request', 'urllib3', 'requests', 'httpx', 'aiohttp.client', 'aiohttp.ClientSession', 'httplib2', 'pycurl', 'xmlrpc.client',
           'ftplib', 'websockets', 'authlib.integrations')
# {file: why it may}.
EXCEPTIONS = {
    'appliance/core/http_client.py': 'it is the one',
    'appliance/jobs/on_trial.py': 'a drill asks the portal that it started, by the Unix socket in the scratch folder',
    'appliance/demo/start.py': 'the demo asks its own portal on loopback whether it is well',
}


def clients_in(path):
    """The HTTP clients that a file imports."""
    return [name for name, _line in imports(path) if any(name == one or name.startswith(f'{one}.') for one in CLIENTS)]


def test_only_the_client_imports_a_client():
    found = {path.as_posix(): clients_in(path) for path in python_files('appliance') if path.as_posix() not in EXCEPTIONS}
    assert {path: names for path, names in found.items() if names} == {}, 'it speaks HTTP by itself'


@pytest.mark.parametrize('path', EXCEPTIONS)
def test_exceptions_are_still_needed(path):
    assert clients_in(ROOT / path), f'{path} needs no exception any more'


@pytest.mark.parametrize('line', ['import http.client', 'from urllib import request', 'from urllib.request import urlopen', 'import requests', 'import requests.adapters',
                                  'def f():\n    import httpx', 'from aiohttp import ClientSession'])
def test_a_planted_client_is_found(tmp_path, line):
    (tmp_path / 'planted.py').write_text(line)
    assert clients_in(tmp_path / 'planted.py')


def test_what_parses_addresses_only_is_no_client(tmp_path):
    (tmp_path / 'planted.py').write_text('from urllib.parse import urlsplit\nimport http')
    assert not clients_in(tmp_path / 'planted.py')
