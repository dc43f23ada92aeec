"""The demo directory: its people, what it keeps, and that it leaves no process and no folder behind."""

import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance.core.actor import SYSTEM
from appliance.demo import company
from appliance.demo import directory as slapd
from appliance.identity.directory import directories
from appliance.identity.directory.login import ask
from tests.postgresql import free_port

PASSWORD = 'demo-demo-demo'


@pytest.fixture
def engine():
    return 'sqlite'


@pytest.fixture
def demo(tmp_path):
    with slapd.start(tmp_path, free_port(), company.PEOPLE, PASSWORD) as running:
        yield running


@pytest.fixture
def known(box, demo):
    """The demo directory as the demo company's row describes it."""
    directories.add_directory(SYSTEM, company.DIRECTORY, demo.url, slapd.BASE, PASSWORD, bind_dn=slapd.BIND_DN, tls='none')
    return directories.all_active()[0]


def test_everybody_who_lives_there_gets_in_as_himself(known):
    for person in company.PEOPLE:
        if person.source == 'directory':
            entry = ask(known, person.login, PASSWORD)
            assert entry.uuid == slapd.person_uuid(person.login)
            assert entry.fields == {'login': person.login, 'name': person.name, 'mail': person.mail, 'phone': person.phone,
                                    'title': person.title, 'department': person.department, 'employee_number': ''}
            assert entry.head_dn == (slapd.person_dn(person.head) if person.head else '')


def test_the_ldif_is_kept_private_and_loaded_at_the_next_start(tmp_path, demo):
    ldif = tmp_path / 'directory.ldif'
    before = ldif.read_bytes()
    assert ldif.stat().st_mode & 0o777 == 0o600
    assert PASSWORD.encode() not in before
    demo.stop()
    with slapd.start(tmp_path, demo.port, [], 'another') as again:
        assert again.poll() is None
    assert ldif.read_bytes() == before


def test_it_runs_unprivileged_and_leaves_nothing_behind(demo):
    owner = Path(f'/proc/{demo.pid}').stat().st_uid
    assert owner == (pwd.getpwnam('nobody').pw_uid if os.geteuid() == 0 else os.geteuid())
    demo.stop()
    demo.stop()
    assert not demo.folder.exists()
    assert demo.poll() is not None


def test_a_taken_port_and_a_wrong_ldif_are_one_clear_line(demo, tmp_path):
    with pytest.raises(slapd.DirectoryError, match=f'port {demo.port}'):
        slapd.start(tmp_path, demo.port, [], PASSWORD)
    with pytest.raises(slapd.DirectoryError, match='slapadd refused'):
        slapd.Slapd('dn: nonsense\n', base=slapd.BASE, port=free_port())


def test_without_slapd_it_says_so(monkeypatch):
    monkeypatch.setattr(slapd, 'program', lambda name='slapd': None)
    assert not slapd.is_available()
    with pytest.raises(slapd.DirectoryError, match='not installed'):
        slapd.Slapd('', base=slapd.BASE, port=free_port())


def test_it_dies_with_its_parent_even_by_kill_9_and_the_next_one_tidies_up(tmp_path, demo, monkeypatch):
    parent = subprocess.Popen([sys.executable, '-c', f'''
import time
from appliance.demo import directory
running = directory.start({str(tmp_path)!r}, {free_port()}, [], 'x')
print(running.pid, running.folder, flush=True)
time.sleep(60)
'''], stdout=subprocess.PIPE, text=True)
    with parent:
        pid, folder = parent.stdout.readline().split()
        assert Path(f'/proc/{pid}').exists()
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while Path(f'/proc/{pid}').exists() and 'Z' not in Path(f'/proc/{pid}/stat').read_text().split()[2] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f'/proc/{pid}').exists() or Path(f'/proc/{pid}/stat').read_text().split()[2] == 'Z'
    monkeypatch.setattr(slapd, 'ABANDONED_S', -1)
    slapd.remove_abandoned()
    assert not Path(folder).exists()
    assert demo.folder.exists()
