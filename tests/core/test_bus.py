"""The bus: a wake at the commit that asked for it, on both engines; dead, full and missing sockets harm nobody."""
import os
import select
import socket
import subprocess
import sys

import pytest

from appliance.core import bus, db


@pytest.fixture
def rings(box):
    """`rings(bell)`: how often it rang within a moment, 0 or 1; it is silent afterwards."""
    made = []

    def listen(kind):
        made.append(bus.bell(kind))
        return made[-1]

    def rings(bell, within_s=1):
        rang = bool(select.select([bell], [], [], within_s)[0])
        bell.silence()
        return rang
    rings.listen = listen
    yield rings
    for bell in made:
        bell.close()


def test_a_commit_wakes_its_kind_and_a_rollback_nobody(rings):
    live, second, jobs = rings.listen('live'), rings.listen('live'), rings.listen('jobs')
    with db.write('outer'):
        with db.write('inner'):
            bus.wake('live')
        bus.wake('live')
        assert not rings(live, 0.2)
    assert rings(live) and rings(second) and not rings(live, 0.1) and not rings(jobs, 0.1)
    with pytest.raises(KeyError), db.write('outer'):
        bus.wake('live')
        raise KeyError
    assert not rings(live, 0.2)
    with db.write('outer'):
        bus.wake('jobs')
        bus.wake('live')
    assert rings(jobs) and rings(live)


def test_outside_a_write_nobody_is_woken(box):
    with pytest.raises(RuntimeError):
        bus.wake('live')


def test_without_a_folder_nothing_fails(box):
    for folder in (None, box.folder / 'absent'):
        bus.use(folder)
        with db.write('test'):
            bus.wake('live')


@pytest.mark.parametrize('engine', ['sqlite'], indirect=True)
def test_a_dead_socket_is_removed_and_a_full_one_waits(box, rings):
    dead = bus.bell('live')
    dead.socket.close()
    living = rings.listen('live')
    for _number in range(2000):     # far over what a socket keeps
        bus.send('live')
    assert rings(living) and [path.name for path in box.config.run_folder.iterdir()] == [living.name]


@pytest.mark.parametrize('engine', ['sqlite'], indirect=True)
def test_a_folder_may_lie_deep(box, rings):
    deep = box.folder.joinpath(*['a folder with a long name'] * 8)
    bus.use(deep)
    bell = rings.listen('live')
    bus.send('live')
    assert rings(bell) and oct(deep.stat().st_mode)[-3:] == '700'
    bell.close()
    assert list(deep.iterdir()) == []


@pytest.mark.parametrize('engine', ['sqlite'], indirect=True)
def test_another_process_is_woken(box, rings):
    bell = rings.listen('live')
    code = ('import pathlib, sys; from appliance.core import bus; bus.use(pathlib.Path(sys.argv[1])); bus.send("live")')
    subprocess.run([sys.executable, '-c', code, str(box.config.run_folder)], check=True)
    assert rings(bell)


@pytest.mark.parametrize('engine', ['sqlite'], indirect=True)
def test_what_is_no_socket_is_left_alone(box, rings):
    rings.listen('live')
    stray = box.config.run_folder / 'live-stray.sock'
    stray.write_text('x')
    with pytest.raises(OSError):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.connect(os.fspath(stray))
    with db.write('test'):
        bus.wake('live')
