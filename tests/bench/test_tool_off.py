"""A tool that is off beside a portal that has never heard of it: the processor of a page, the memory, the start."""
import os
import statistics
import subprocess
import sys
import time

import pytest

from tests.bench.load import cpu_a_request
from tests.bench.servers import served_box, serving
from tests.install.visitor import Visitor

ROUNDS, REQUESTS = 11, 200
PASSWORD = 'a long one for the bench'


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A function: name and PYTHONPATH of a portal with one person; serves it, yields (Server, headers of the login, seconds of its start)."""
    def of(name, path):
        monkeypatch.setenv('PYTHONPATH', path)
        folder = tmp_path / name
        folder.mkdir()
        box = served_box(folder, 'sqlite:///data/portal.db')
        for arguments, words in ((['migrate'], ''), (['person', 'add', '--login', 'ana', '--name', 'Ana', '--mail', 'a@company.example', '--password-stdin'], PASSWORD)):
            subprocess.run([sys.executable, '-m', 'appliance', '--config', str(box.config.path), *arguments], input=words.encode(), check=True, capture_output=True)
        begun = time.perf_counter()
        return serving(['appliance', 'web'], box, log=folder / 'web.log'), begun
    return of


def _login(server):
    visitor = Visitor(f'http://127.0.0.1:{server.port}')
    assert visitor.post('/login', '/login', login='ana', password=PASSWORD)[0] == 303
    return {'Cookie': '; '.join(f'{one.name}={one.value}' for one in visitor.cookies)}


def test_a_tool_that_is_off(served, table):
    paths = os.environ['PYTHONPATH'].split(os.pathsep)
    with_planted, without = os.pathsep.join(paths), os.pathsep.join(path for path in paths if not path.endswith('planted'))
    assert with_planted != without
    portal_off, begun_off = served('off', with_planted)
    with portal_off as off:
        start_off = time.perf_counter() - begun_off
        portal_none, begun_none = served('none', without)
        with portal_none as none:
            start_none = time.perf_counter() - begun_none
            cookie_off, cookie_none = _login(off), _login(none)
            rounds = [(cpu_a_request(none, '/people', REQUESTS, cookie_none), cpu_a_request(off, '/people', REQUESTS, cookie_off)) for _round in range(ROUNDS)]
            memory_off, memory_none = sum(off.pss_mib().values()), sum(none.pss_mib().values())
    table('a tool that is off: a page, by one without it', statistics.median(off / none for none, off in rounds), 1.05, 'x')
    table(f'a tool that is off: memory of web ({memory_off:.0f} MiB), by one without it', memory_off / memory_none, 1.05, 'x')
    table(f'a tool that is off: its start ({start_off:.1f} s), by one without it', start_off / start_none, None, 'x')
