"""MIT's key distribution centre of the tests: a realm of its own, on loopback, run by whoever runs the tests."""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.postgresql import free_port

READY_S = 10
CONFIGURATION = """\
[libdefaults]
    default_realm = {realm}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    udp_preference_limit = 1
[realms]
{realms}
[domain_realm]
    localhost = {realm}
"""
REALM = """\
    {realm} = {{
        kdc = 127.0.0.1:{port}
    }}
"""
SERVER = """\
[kdcdefaults]
    kdc_listen = 127.0.0.1:{port}
    kdc_tcp_listen = 127.0.0.1:{port}
[realms]
    {realm} = {{
        database_name = {folder}/principal
        key_stash_file = {folder}/stash
        acl_file = {folder}/acl
        max_life = 10h
    }}
"""


class Kdc:
    """A running realm. `trusts`: other Kdcs whose people get tickets for the services of this one."""

    def __init__(self, realm, trusts=()):
        self.realm, self.port, self.folder = realm, free_port(), Path(tempfile.mkdtemp(prefix='appliance-kdc-'))
        self._process, self._numbers, self._newest = None, iter(range(10_000)), {}      # {service: the keytab with its newest key}
        try:
            (self.folder / 'krb5.conf').write_text(CONFIGURATION.format(realm=realm, realms=''.join(
                REALM.format(realm=one.realm, port=one.port) for one in (self, *trusts))))
            (self.folder / 'kdc.conf').write_text(SERVER.format(realm=realm, port=self.port, folder=self.folder))
            self._run('kdb5_util', 'create', '-s', '-r', realm, '-P', 'the master key of the tests')
            for other in trusts:        # one key in both: what the other realm signs with it is believed here
                for kdc in (self, other):
                    kdc.admin(f'addprinc -pw trusted krbtgt/{realm}@{other.realm}')
            self._start()
        except BaseException:
            self.stop()
            raise

    @property
    def environment(self):
        """What programs need to find it."""
        return os.environ | {'KRB5_CONFIG': str(self.folder / 'krb5.conf'), 'KRB5_KDC_PROFILE': str(self.folder / 'kdc.conf')}

    def admin(self, *commands):
        """Run commands of kadmin."""
        for command in commands:
            said = self._run('kadmin.local', '-r', self.realm, '-q', command)
            assert not re.search(r'while |Invalid|Usage', said), said

    def person(self, name, *options):
        """A principal whose password is its name; options are kadmin's, such as `-maxlife 5sec`."""
        self.admin(f'addprinc {" ".join(options)} -pw "{name}" "{name}"')

    def keytab(self, *services, kinds='aes256-cts:normal'):
        """The path of a keytab with new keys of services (`HTTP/localhost`); kinds are kadmin's."""
        path = self.folder / f'{next(self._numbers)}.keytab'
        for service in services:
            if service not in self._newest:
                self.admin(f'addprinc -randkey {service}')
            self.admin(f'ktadd -k {path} -e {kinds} {service}')
            self._newest[service] = path
        return path

    def newest(self, *services):
        """The path of a keytab with the keys of services as they are now: another one may have renewed them since."""
        paths = {self._newest.get(service) for service in services}
        return self.keytab(*services) if len(paths) > 1 or None in paths else paths.pop()

    def ticket(self, name, *options):
        """The path of a cache that holds the ticket of a person, also of one of a realm that is trusted (`ana@OTHER.TEST`)."""
        path = self.folder / f'{next(self._numbers)}.ccache'
        self._run('kinit', *options, '-c', path, name, words=name.partition('@')[0])
        return path

    def stop(self):
        """End it and remove what it kept."""
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self):
        with (self.folder / 'log').open('w') as log:
            self._process = subprocess.Popen([_program('krb5kdc'), '-n', '-r', self.realm], env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_S
        while True:
            with socket.socket() as tried:
                if tried.connect_ex(('127.0.0.1', self.port)) == 0:
                    return
            assert time.monotonic() < deadline and self._process.poll() is None, (self.folder / 'log').read_text()
            time.sleep(0.05)

    def _run(self, program, *arguments, words=''):
        done = subprocess.run([_program(program), *map(str, arguments)], input=words, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f'{program} {arguments}: {done.stdout}{done.stderr}'
        return done.stdout + done.stderr


def _program(name):
    return shutil.which(name, path=os.pathsep.join((os.environ.get('PATH', ''), '/usr/sbin', '/sbin')))
