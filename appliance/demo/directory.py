"""slapd as an ordinary process on loopback: the demo company's directory, and the one that tests talk to.

It lives in the folder given for it and nowhere else; what lasts is the LDIF, which is loaded anew at each start. It must
never run on an installed box.
"""

import base64
import contextlib
import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

from ldap.dn import escape_dn_chars

from appliance.core.children import die_with_parent

BASE = 'dc=company,dc=test'
PEOPLE_BASE = f'ou=people,{BASE}'
BIND_DN = f'cn=portal,{BASE}'
SCHEMAS = ('core', 'cosine', 'inetorgperson')
START_TIMEOUT_S = 10
PREFIX = 'appliance-slapd-'
ABANDONED_S = 60
PERSON_NAMESPACE = uuid.UUID('6f1ce0a4-6a9b-5d0e-9a43-0d4f3c7e5b11')

CONFIGURATION = '''\
modulepath /usr/lib/ldap
moduleload back_mdb
{schemas}
{top}
database mdb
maxsize 268435456
directory {folder}/db
suffix "{base}"
rootdn "cn=root,{base}"
index objectClass,uid,mail,entryUUID eq
{bottom}
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
'''


class DirectoryError(Exception):
    """slapd is absent or does not start; the text says why."""


def program(name='slapd'):
    """The full path of slapd or slapadd, or None. Debian puts them where an ordinary PATH does not look."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get('PATH', ''), '/usr/sbin', '/usr/local/sbin')))


def is_available():
    """Whether this machine has slapd."""
    return program() is not None and program('slapadd') is not None


def hash_password(password):
    """A password as slapd keeps it: `{SSHA}...`, the strongest kind that needs no further module."""
    salt = secrets.token_bytes(8)
    digest = hashlib.sha1(password.encode() + salt, usedforsecurity=False).digest()
    return '{SSHA}' + base64.b64encode(digest + salt).decode()


def ldif_entry(dn, attributes):
    """One LDIF entry as text; attributes is {name: value or list of values}, empty values are left out, bytes stay bytes."""
    lines = [_ldif_line('dn', dn)]
    for name, values in attributes.items():
        for value in values if isinstance(values, (list, tuple)) else [values]:
            if value:
                lines.append(_ldif_line(name, value))
    return '\n'.join(lines) + '\n'


def _ldif_line(name, value):
    data = value.encode() if isinstance(value, str) else value
    # RFC 2849: whatever is not plainly harmless goes as base64.
    is_safe = data.isascii() and data.decode('latin-1').isprintable() and data[:1] not in b' :<' and data[-1:] != b' '
    return f'{name}: {data.decode()}' if is_safe else f'{name}:: {base64.b64encode(data).decode()}'


def company_ldif(people, password):
    """The LDIF of the demo company: its people who live in the directory, all with the one password of this demo.

    people: the rows of demo/company.py; a person's head becomes `manager` when he lives in the directory too.
    """
    people = [person for person in people if person.source == 'directory']
    logins = {person.login for person in people}
    kept = hash_password(password)
    entries = [
        ldif_entry(BASE, {'objectClass': ['dcObject', 'organization'], 'dc': 'company', 'o': 'Company'}),
        ldif_entry(PEOPLE_BASE, {'objectClass': 'organizationalUnit', 'ou': 'people'}),
        ldif_entry(BIND_DN, {'objectClass': ['applicationProcess', 'simpleSecurityObject'], 'cn': 'portal',
                             'userPassword': kept}),
    ]
    for person in people:
        entries.append(ldif_entry(person_dn(person.login), {
            'objectClass': 'inetOrgPerson', 'uid': person.login, 'cn': person.name, 'sn': person.name.split()[-1],
            'displayName': person.name, 'mail': person.mail, 'telephoneNumber': person.phone, 'title': person.title,
            'ou': person.department, 'manager': person_dn(person.head) if person.head in logins else '',
            'userPassword': kept, 'entryUUID': str(person_uuid(person.login))}))
    return '\n'.join(entries + _groups(people))


def _groups(people):
    """A group of each department's people, and one of all these groups, so that there is something to make rules about."""
    base, members = f'ou=groups,{BASE}', {}
    for person in people:
        members.setdefault(person.department or 'Company', []).append(person_dn(person.login))
    members['Everybody'] = [_group_dn(name) for name in members]
    return [ldif_entry(base, {'objectClass': 'organizationalUnit', 'ou': 'groups'}),
            *(ldif_entry(_group_dn(name), {'objectClass': 'groupOfNames', 'cn': name, 'member': dns}) for name, dns in members.items())]


def _group_dn(name):
    return f'cn={escape_dn_chars(name)},ou=groups,{BASE}'


def person_dn(login):
    """The DN of a demo person."""
    return f'uid={escape_dn_chars(login)},{PEOPLE_BASE}'


def person_uuid(login):
    """The entryUUID of a demo person: the same at each load, so that the portal knows him again."""
    return uuid.uuid5(PERSON_NAMESPACE, login)


def start(folder, port, people, password):
    """Start the demo directory on 127.0.0.1:port; return the running Slapd.

    The LDIF is written to <folder>/directory.ldif when it is not there yet, and kept: a second run finds the same people
    and the same password. The service account is BIND_DN with the same password.
    """
    ldif = Path(folder) / 'directory.ldif'
    if not ldif.exists():
        draft = ldif.with_suffix('.new')
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w', encoding='utf-8') as file:
            file.write(company_ldif(people, password))
        draft.replace(ldif)
    return Slapd(ldif.read_text(encoding='utf-8'), base=BASE, port=port)


def remove_abandoned():
    """Remove the folders of those that were killed: they hold hashes of passwords. Who lives holds the lock in his."""
    for folder in Path(tempfile.gettempdir()).glob(PREFIX + '*'):
        with contextlib.suppress(OSError):
            # A younger one may be about to take its lock.
            if time.time() - folder.stat().st_mtime > ABANDONED_S:
                with (folder / 'lock').open('r+') as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)


class Slapd:
    """A running slapd in a temporary folder of its own; `stop()` ends it and removes the folder.

    ldif: what it holds. port: of ldap:// on 127.0.0.1; tls_port: of ldaps://, with `tls` = (certificate, key) as PEM bytes.
    top, bottom: further lines of slapd.conf before and within the database. Dies with this process, also by kill -9.
    """

    def __init__(self, ldif, base, port, tls_port=None, tls=None, top='', bottom=''):
        if not is_available():
            raise DirectoryError('slapd is not installed')
        self.base, self.port, self.tls_port, self.process = base, port, tls_port, None
        remove_abandoned()
        # Not in the data folder: nobody cannot read a clone under a closed home.
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = (self.folder / 'lock').open('w')
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            self._write(ldif, tls, top, bottom)
            self._load()
            self._require_free_ports()
            self.process = self._spawn()
            self._wait()
        except BaseException:
            self.stop()
            raise

    @property
    def url(self):
        return f'ldap://127.0.0.1:{self.port}'

    @property
    def tls_url(self):
        return f'ldaps://127.0.0.1:{self.tls_port}'

    @property
    def pid(self):
        return self.process.pid

    def poll(self):
        """The exit status, or None while it runs."""
        return self.process.poll()

    def wait(self, timeout=None):
        return self.process.wait(timeout)

    def stop(self):
        """End the process, remove its folder. May be called twice."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()

    terminate = stop

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def _write(self, ldif, tls, top, bottom):
        lines = [top]
        (self.folder / 'db').mkdir()
        (self.folder / 'load.ldif').write_text(ldif, encoding='utf-8')
        if tls:
            for name, data in zip(('server.crt', 'server.key'), tls, strict=True):
                (self.folder / name).write_bytes(data)
            lines += [f'TLSCertificateFile {self.folder}/server.crt', f'TLSCertificateKeyFile {self.folder}/server.key',
                      'TLSVerifyClient never']
        schemas = '\n'.join(f'include /etc/ldap/schema/{name}.schema' for name in SCHEMAS)
        (self.folder / 'slapd.conf').write_text(CONFIGURATION.format(
            folder=self.folder, base=self.base, schemas=schemas, top='\n'.join(lines), bottom=bottom), encoding='utf-8')
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.iterdir()):
                shutil.chown(path, _unprivileged().pw_uid, _unprivileged().pw_gid)

    def _load(self):
        done = subprocess.run([program('slapadd'), '-q', '-f', self.folder / 'slapd.conf', '-l', self.folder / 'load.ldif'],
                              capture_output=True, text=True, timeout=60, **_as_unprivileged())
        if done.returncode:
            raise DirectoryError(f'slapadd refused the LDIF: {done.stderr.strip()[-500:]}')

    def _require_free_ports(self):
        # slapd would say it too, but until then whoever holds the port looks like slapd.
        for port in filter(None, (self.port, self.tls_port)):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(('127.0.0.1', port))
                except OSError as error:
                    raise DirectoryError(f'the directory cannot have port {port}: {error.strerror}') from None

    def _spawn(self):
        addresses = [self.url + '/'] + ([self.tls_url + '/'] if self.tls_port else [])
        with (self.folder / 'slapd.log').open('wb') as log:
            return subprocess.Popen(
                [program('slapd'), '-f', self.folder / 'slapd.conf', '-h', ' '.join(addresses), '-d', '0'],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent, **_as_unprivileged())

    def _wait(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(('127.0.0.1', self.port)) == 0:
                    return
            time.sleep(0.02)
        log = (self.folder / 'slapd.log').read_text(encoding='utf-8', errors='replace').strip()[-500:]
        raise DirectoryError(f'slapd did not start on port {self.port}: {log or "slapd may not run here"}')


def _unprivileged():
    return pwd.getpwnam('nobody')


def _as_unprivileged():
    if os.geteuid() != 0:
        return {}
    return {'user': _unprivileged().pw_uid, 'group': _unprivileged().pw_gid, 'extra_groups': []}

