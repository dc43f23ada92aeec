"""What breaks around the process, and what it does then."""
import os
import shutil
import socket
import subprocess
import sys
import time

import psycopg
import pytest

from appliance.core import db, live
from appliance.core.limits import STREAM_BUFFER_BYTES
from tests.live.ear import until

only_sqlite = pytest.mark.parametrize('engine', ['sqlite'], indirect=True)
only_postgresql = pytest.mark.parametrize('engine', ['postgresql'], indirect=True)


@only_sqlite
def test_without_the_bus_it_looks_each_second(office):
    process = office.live()
    ana = office.ear(process, 'employee')
    shutil.rmtree(office.box.config.run_folder)
    office.tell(['employee'], data=1)
    assert ana.wait(lambda ear: ear.heard, 3)


@only_postgresql
def test_a_bus_that_broke_is_opened_again(office, postgres):
    process = office.live()
    ana = office.ear(process, 'employee')
    with psycopg.connect(office.box.config.database.url, autocommit=True) as other:
        for number in range(3):
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%' AND datname = current_database()")
            office.tell(['employee'], data=number)
            assert ana.wait(lambda ear, number=number: len(ear.heard) == number + 1, 5)
        time.sleep(2.5)
        begun = time.monotonic()
        office.tell(['employee'], data=3)
        assert ana.wait(lambda ear: len(ear.heard) == 4) and time.monotonic() - begun < 0.5


@only_postgresql
def test_a_database_that_was_away_costs_nobody_his_stream(office, postgres):
    process = office.live()
    ana, name = office.ear(process, 'employee'), office.box.config.database.url.rpartition('/')[2]
    before = live.bounds()[1]
    db.disconnect()
    postgres.execute(f'ALTER DATABASE {name} ALLOW_CONNECTIONS false')
    postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    try:
        until(lambda: not process.is_well(), 5)
        refused = office.ear(process, 'employee', is_ready=False)
        assert refused.status == 503 and refused.answer['Retry-After'] == '5' and not ana.is_over
        time.sleep(3)
    finally:
        postgres.execute(f'ALTER DATABASE {name} ALLOW_CONNECTIONS true')
    office.tell(['employee'], data=1)
    assert ana.wait(lambda ear: ear.heard, 5) and not ana.is_over and ana.heard[0][0] == before + 1
    assert until(process.is_well) and office.ear(process, 'employee', after=before).wait(lambda ear: ear.heard)
    assert process.log.read_text().count('does not answer') == 1


def test_who_does_not_read_is_cut_and_resumes_whole(office):
    process = office.live()
    other = office.ear(process, 'outsider')
    before = live.bounds()[1]
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect(('127.0.0.1', process.port))
        cookie = f'Cookie: appliance_session={office.session("employee")[0]}'
        lazy.sendall(f'GET /live?after={before} HTTP/1.1\r\nHost: 127.0.0.1:{process.port}\r\n{cookie}\r\n\r\n'.encode())
        lazy.recv(100)
        lazy.settimeout(20)
        memory, told = process.pss_kib(), 2000
        for _turn in range(40):
            with db.write('test'):
                for _number in range(told // 40):
                    live.tell([f"person:{office.company.ids['employee']}"], 'big', data={'text': 'x' * 1900})
            time.sleep(0.02)
        grown, got = process.pss_kib() - memory, 0
        while part := lazy.recv(65536):     # it ends: he was cut
            got += len(part)
    assert got < 4 * STREAM_BUFFER_BYTES and grown < told * 4, (got, grown)
    office.tell(['everybody'], 'last')
    assert other.wait(lambda ear: 'last' in ear.types())
    again = office.ear(process, 'employee', after=before)
    assert again.wait(lambda ear: 'last' in ear.types(), 30) and again.types() == ['big'] * told + ['last']


@only_sqlite
def test_thousands_of_notes_at_once(office):
    process = office.live()
    ears = {login: office.ear(process, login) for login in ('employee', 'head', 'outsider')}
    for first in range(0, 5000, 500):
        with db.write('test'):
            for number in range(first, first + 500):
                live.tell(['everybody'], 'x', data=number)
    for login, ear in ears.items():
        heard = []
        # Where the machine is busy the reader is too slow, is cut, and comes again, as a browser does.
        while len(heard) < 5000:
            assert ear.wait(lambda ear, before=len(heard): ear.is_over or len(ear.heard) >= 5000 - before, 60), len(heard) + len(ear.heard)
            heard += [detail['data'] for _id, _type, detail in ear.heard]
            ear = office.ear(process, login, after=ear.cursor) if len(heard) < 5000 else ear
        assert heard == list(range(5000))


@only_sqlite
def test_it_says_why_it_cannot_start(office):
    process = office.live()
    second = subprocess.run([sys.executable, '-m', 'appliance', '--config', str(process.config), 'live'], capture_output=True, text=True, timeout=60)
    assert second.returncode == 1 and 'live.address' in second.stderr and 'in use' in second.stderr


def served(arguments, path, **options):
    """Start a process that shall listen at a Unix socket; it, once it does."""
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, **options)

    def answers():
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            try:
                client.connect(str(path))
                client.sendall(b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
                return b' 200 ' in client.recv(100)
            except OSError:
                return False
    until(answers, 30)
    return process


@only_sqlite
def test_it_listens_at_a_unix_socket_also_after_a_kill(office):
    path = office.box.folder / 'live.sock'
    config = office.box.folder / 'unix.ini'
    config.write_text(office.box.config.path.read_text().replace(office.box.config.live.address, f'unix:{path}'))
    for number in (9, 15):
        process = served([sys.executable, '-m', 'appliance', '--config', str(config), 'live'], path)
        assert oct(path.stat().st_mode)[-3:] == '770'
        process.send_signal(number)
        process.communicate(timeout=20)


PASS_ON = '''
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {'LISTEN_FDS': '1', 'LISTEN_PID': str(os.getpid())}
os.execv(sys.executable, [sys.executable, '-m', 'appliance', '--config', sys.argv[2], 'live'])
'''


@only_sqlite
def test_a_socket_that_systemd_passes_wins_and_outlives_it(office):
    path = office.box.folder / 'passed.sock'
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(16)
        for _time in range(2):
            process = served([sys.executable, '-c', PASS_ON, str(listener.fileno()), str(office.box.config.path)], path,
                             pass_fds=[listener.fileno()])
            process.terminate()
            process.communicate(timeout=20)
            assert process.returncode == 0 and path.exists()
            with socket.socket(socket.AF_UNIX) as waiting:      # nobody is refused meanwhile
                waiting.connect(str(path))
    assert os.path.exists(path)
