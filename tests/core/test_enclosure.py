"""Behind the walls nothing gets out, by whatever way the portal has one: a sink stands at the end of each, and hears nothing."""
import contextlib
import os
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from appliance.core import enclosure

# Each way out as the portal takes it; `reached` names those that came through, `open_still` what a portal on trial needs.
WAYS = """
    import contextlib, ctypes, os, socket, struct, sys, time
    walls, tcp, udp, unix = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    from appliance.core import enclosure
    from pathlib import Path
    kept = socket.create_server(('127.0.0.1', 0))       # opened before the walls stand, as the portal's own door
    knocking = socket.create_connection(kept.getsockname())
    if walls == 'process':
        enclosure._filter = lambda: False
    if walls == 'kernel':
        enclosure._guard = lambda event, arguments: None
    if walls != 'none':
        assert enclosure.close_in() is (walls != 'process')
    from appliance.core import config, http_client, smtp, syslog
    from appliance.identity.directory import client

    def mail():
        with smtp.connected(smtp.Server('127.0.0.1', tcp, 'none', '', '', 'a@b.example'), total_s=2):
            pass

    def webhook():
        http_client.Client(config.Config(Path('/x')), [f'127.0.0.1:{tcp}']).post(f'http://127.0.0.1:{tcp}/', b'x', {})

    def directory():
        row = client.Directory(1, 'd', f'ldap://127.0.0.1:{tcp}', 'none', '', 'dc=x', '', 'openldap', '(a=b)', ('uid',), {}, '')
        with client.connect(row, time.monotonic() + 2) as connection:
            connection.bind('cn=x', 'y')

    def log(address):
        with syslog.connected(address) as send:
            send({'a': 1})

    def by_c():
        libc = ctypes.CDLL(None, use_errno=True)
        opened = libc.socket(2, 1, 0)
        address = struct.pack('=HH4s8x', 2, socket.htons(tcp), socket.inet_aton('127.0.0.1'))
        if libc.connect(opened, address, 16) != 0:
            raise OSError()

    def by_kept_socket():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.sendto(b'x', ('127.0.0.1', udp))

    for name, way in {'mail': mail, 'webhook': webhook, 'directory': directory, 'udp': lambda: log(f'udp://127.0.0.1:{udp}'),
                      'tcp': lambda: log(f'tcp://127.0.0.1:{tcp}'), 'unix': lambda: log(f'unix:{unix}'), 'datagram': by_kept_socket,
                      'c': by_c, 'grandchild': lambda: os.system(f'{sys.executable} -c "import socket; socket.create_connection((\\'127.0.0.1\\', {tcp}))" 2>/dev/null')}.items():
        with contextlib.suppress(Exception):
            way()
    came, _address = kept.accept()      # and the door that was open before still is
    came.sendall(b'well')
    print(knocking.recv(4).decode())
"""


class Sinks:
    """Whatever comes to a TCP port, a UDP port or a Unix socket is counted."""

    def __init__(self, folder):
        self.heard = []
        self.tcp = socket.create_server(('127.0.0.1', 0))
        self.udp, self.unix = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.udp.bind(('127.0.0.1', 0))
        self.unix.bind(str(folder / 'log'))
        self.addresses = [str(self.tcp.getsockname()[1]), str(self.udp.getsockname()[1]), str(folder / 'log')]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                came, _address = self.tcp.accept()
                came.close()
                self.heard.append('tcp')

    def close(self):
        """Count what still lies in the sockets; how much came of each kind."""
        for kind, line in (('udp', self.udp), ('unix', self.unix)):
            line.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while line.recv(4096):
                    self.heard.append(kind)
            line.close()
        self.tcp.shutdown(socket.SHUT_RDWR)
        self.tcp.close()
        return {kind: self.heard.count(kind) for kind in ('tcp', 'udp', 'unix')}


@pytest.mark.parametrize('walls, reached', [('none', {'tcp': 6, 'udp': 2, 'unix': 1}), ('both', {'tcp': 0, 'udp': 0, 'unix': 0}),
                                            ('kernel', {'tcp': 0, 'udp': 0, 'unix': 0}), ('process', {'tcp': 2, 'udp': 0, 'unix': 0})])
def test_no_way_leads_out(tmp_path, walls, reached):
    """The guard in the process cannot see a C library, nor what is started by it: these two are the kernel's."""
    sinks = Sinks(tmp_path)
    try:
        ran = subprocess.run([sys.executable, '-c', textwrap.dedent(WAYS), walls, *sinks.addresses], capture_output=True, text=True, timeout=60,
                             cwd=Path(__file__).parents[2], env=os.environ | {'PYTHONDONTWRITEBYTECODE': '1'})
    finally:
        heard = sinks.close()
    assert ran.stdout == 'well\n', ran.stderr
    assert heard == reached


@pytest.mark.parametrize('machine', sorted(enclosure._CALLS))
def test_the_filter_lets_through_what_it_should(machine):
    """The program run by hand: socket and datagrams with an address are refused, an answer and other calls are not."""
    processor, sendto, refused = enclosure._CALLS[machine]
    program = enclosure._program(processor, sendto, refused)

    def verdict(number, processor=processor, address=0):
        data = {enclosure._NUMBER: number, enclosure._PROCESSOR: processor, enclosure._FIFTH_LOW: address & 0xffffffff, enclosure._FIFTH_HIGH: address >> 32}
        place = value = 0
        while True:
            operation, yes, no, operand = program[place]
            place += 1
            if operation == enclosure._RETURN:
                return operand
            if operation == enclosure._LOAD:
                value = data[operand]
            else:
                place += yes if (value == operand if operation == enclosure._IS else value >= operand) else no

    for number in refused:
        assert verdict(number) == enclosure.REFUSE, number
    assert verdict(sendto) == verdict(1) == verdict(0) == enclosure.ALLOW
    assert verdict(sendto, address=1) == verdict(sendto, address=1 << 40) == enclosure.REFUSE
    assert verdict(1, processor=1) == verdict(enclosure.X32 + 1) == enclosure.REFUSE
