"""A real Active Directory of the tests: Samba's domain controller in a network of its own, reached by a pair of virtual cards.

Needs root: it takes the ports of a domain controller, in a network namespace that nothing else sees.
"""
import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import ldap
from ldap.ldapobject import ReconnectLDAPObject

REALM, DOMAIN, BASE = 'CORP.TEST', 'CORP', 'DC=corp,DC=test'
PEOPLE = f'OU=People,{BASE}'
ADMINISTRATOR, PASSWORD = 'administrator@corp.test', 'Passw0rd!of the tests'
READY_S = 60
# What a domain controller does beside answering: printers, names, replication with others. None of it is asked for here.
SERVICES = 'ldap, cldap, kdc, rpc, winbindd, drepl'
_NUMBERS = itertools.count()


class Samba:
    """A running domain controller at `address`; `authority` signs its certificate. `administrator()` is a connection that may all."""

    def __init__(self, authority):
        assert os.geteuid() == 0, 'the Active Directory of the tests needs root'
        number = next(_NUMBERS)     # two modules of one process may have one each
        self.name, subnet = f'dc{os.getpid()}-{number}', f'10.213.{(os.getpid() + 97 * number) % 250}'
        self.address, self._gateway = f'{subnet}.2', f'{subnet}.1'
        self.folder = Path(tempfile.mkdtemp(prefix='appliance-samba-'))
        self._process = None
        try:
            self._provision(authority)
            self._network()
            self._start()
        except BaseException:
            self.stop()
            raise

    @property
    def url(self):
        return f'ldaps://{self.address}'

    def stop(self):
        """End it, and remove its network and its folder."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)    # each of its services is a process
            self._process.wait()
        for command in (('ip', 'netns', 'del', self.name), ('ip', 'link', 'del', f'v{self.name}')):
            subprocess.run(command, capture_output=True, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def administrator(self):
        """A connection of the domain's administrator, that comes back: a domain ends what was idle for 900 s (MaxConnIdleTime, MS-ADTS 3.1.1.3.4.6)."""
        connection = ReconnectLDAPObject(self.url, retry_max=2, retry_delay=0.2)
        for option, value in ((ldap.OPT_PROTOCOL_VERSION, ldap.VERSION3), (ldap.OPT_REFERRALS, 0), (ldap.OPT_X_TLS_CACERTFILE, str(self.folder / 'ca.pem')),
                              (ldap.OPT_NETWORK_TIMEOUT, 5), (ldap.OPT_X_TLS_NEWCTX, 0)):
            connection.set_option(option, value)
        connection.simple_bind_s(ADMINISTRATOR, PASSWORD)
        return connection

    def _provision(self, authority):
        for name, data in zip(('cert.pem', 'key.pem'), authority.issue(self.address, 'dc1.corp.test'), strict=True):
            (self.folder / name).write_bytes(data)
            (self.folder / name).chmod(0o600)
        (self.folder / 'ca.pem').write_text(authority.pem)
        self._run('samba-tool', 'domain', 'provision', f'--realm={REALM}', f'--domain={DOMAIN}', f'--adminpass={PASSWORD}', '--server-role=dc',
                  '--dns-backend=NONE', '--use-rfc2307', f'--host-ip={self.address}', '--host-name=dc1', f'--targetdir={self.folder}',
                  '--option=vfs objects=')
        text = (self.folder / 'etc' / 'smb.conf').read_text()
        ours = {'pid directory': 'run', 'ncalrpc dir': 'ncalrpc', 'ntp signd socket directory': 'ntp', 'winbindd socket directory': 'wbd',
                'tls keyfile': 'key.pem', 'tls certfile': 'cert.pem', 'tls cafile': 'ca.pem'}
        lines = [f'\t{name} = {self.folder / path}' for name, path in ours.items()]
        lines += ['\tload printers = no', '\tdisable spoolss = yes', f'\tserver services = {SERVICES}', '\tlog level = 0']
        (self.folder / 'etc' / 'smb.conf').write_text(text.replace('[global]', '[global]\n' + '\n'.join(lines), 1))
        for name in ('run', 'ncalrpc', 'wbd', 'ntp'):
            (self.folder / name).mkdir(exist_ok=True)
        (self.folder / 'ntp').chmod(0o750)

    def _network(self):
        card = f'v{self.name}'
        for command in (f'netns add {self.name}', f'-n {self.name} link set lo up', f'link add {card} type veth peer name eth0 netns {self.name}',
                        f'addr add {self._gateway}/24 dev {card}', f'link set {card} up', f'-n {self.name} addr add {self.address}/24 dev eth0',
                        f'-n {self.name} link set eth0 up'):
            self._run('ip', *command.split())

    def _start(self):
        with (self.folder / 'log').open('w') as log:
            self._process = subprocess.Popen(['ip', 'netns', 'exec', self.name, 'samba', '-F', '--no-process-group', '-s', self.folder / 'etc' / 'smb.conf', '--debug-stdout'],
                                             stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + READY_S
        while True:
            try:
                self.administrator().unbind_s()
                return
            except ldap.LDAPError as error:
                assert time.monotonic() < deadline and self._process.poll() is None, f'{error}\n{(self.folder / "log").read_text()[-3000:]}'
                time.sleep(0.2)

    def _run(self, *command):
        done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f'{command[:3]} failed: {done.stdout[-1500:]}{done.stderr[-1500:]}'
