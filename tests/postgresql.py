"""A real PostgreSQL for the tests: an ordinary process in a temporary folder, on a port of its own."""
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg


class Postgresql:
    """A running server with one role, `appliance`, who may create databases and is no superuser.

    Under root it runs as nobody: PostgreSQL refuses root. Durability is off, as nothing here outlives the tests.
    """

    def __init__(self):
        self.programs = self._programs()
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix='appliance-pg-'))
        self.process = None
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    @staticmethod
    def _programs():
        # Not by PATH: Debian keeps the server off it, and a `postgres` found there may be anything.
        found = sorted(Path('/usr/lib/postgresql').glob('*/bin/initdb'), key=lambda path: int(path.parts[-3]))
        assert found, 'PostgreSQL is not installed here; bin/test installs it'
        return found[-1].parent

    def _start(self):
        if os.geteuid() == 0:
            shutil.chown(self.folder, pwd.getpwnam('nobody').pw_uid)
        data = self.folder / 'data'
        self._run('initdb', '--pgdata', data, '--username=root', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8',
                  '--no-sync')
        settings = {'port': self.port, 'listen_addresses': '127.0.0.1', 'unix_socket_directories': self.folder, 'fsync': 'off',
                    'synchronous_commit': 'off', 'full_page_writes': 'off', 'max_connections': 60, 'max_wal_size': '128MB',
                    # Its worker is a superuser's: nobody else may drop a database while it looks at it.
                    'autovacuum': 'off'}
        with (data / 'postgresql.conf').open('a') as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self._run('pg_ctl', '--pgdata', data, '--wait', '--log', self.folder / 'log', 'start')
        self.execute('CREATE ROLE appliance LOGIN CREATEDB', user='root')

    def stop(self):
        """End the server and remove its folder."""
        data = self.folder / 'data'
        if (data / 'postmaster.pid').exists():
            self._run('pg_ctl', '--pgdata', data, '--mode=immediate', 'stop')
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program, *arguments):
        who = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam('nobody')
            who = {'user': nobody.pw_uid, 'group': nobody.pw_gid, 'extra_groups': []}
        # To a file: pg_ctl's server would keep a pipe open for ever.
        with tempfile.TemporaryFile('w+') as output:
            done = subprocess.run([self.programs / program, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=output,
                                  stderr=output, cwd=self.folder, **who)
            output.seek(0)
            assert done.returncode == 0, f'{program} failed: {output.read()[-2000:]}'

    def url(self, name):
        """Return the address of a database as the configuration takes it."""
        return f'postgresql://appliance@127.0.0.1:{self.port}/{name}'

    def create(self, template=None):
        """Create a database, empty or as a copy of another; return its name."""
        name = f'box_{secrets.token_hex(6)}'
        # Copied as files, all that PostgreSQL 14 can: through the log takes twice as long where nothing waits for a disk.
        strategy = ' STRATEGY file_copy' if int(self.programs.parent.name) > 14 else ''
        self.execute(f'CREATE DATABASE {name}' + (f' TEMPLATE {template}{strategy}' if template else ''))
        return name

    def drop(self, name):
        """Delete a database, whoever is still connected to it."""
        self.execute(f'DROP DATABASE IF EXISTS {name} WITH (FORCE)')

    def execute(self, statement, database='postgres', user='appliance'):
        """Run one statement outside a transaction."""
        address = {'host': '127.0.0.1', 'port': self.port, 'user': user, 'dbname': database}
        with psycopg.connect(**address, autocommit=True) as connection:
            connection.execute(statement)


def free_port():
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]
