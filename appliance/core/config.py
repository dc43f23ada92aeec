"""The configuration file: only what is needed before the database opens. All else is settings, in rows.

An unknown section or key, or a wrong value, stops the start with the line and what would be right.
"""

import configparser
import ipaddress
import os
import pathlib
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from appliance.core.errors import StartError

DEFAULT_PATH = '/etc/appliance/config.ini'


class ConfigError(StartError):
    """`PATH:LINE: section.key: what would be right`."""


@dataclass(frozen=True)
class Server:
    """Where web listens. `proxies`: addresses whose forwarded headers are believed. `content_address`: a second name or port of
    the portal, for files of people; '' is none."""

    address: str = '127.0.0.1:8080'
    admin_address: str = '127.0.0.1:8081'
    public_address: str = 'http://127.0.0.1:8080'
    content_address: str = ''
    proxies: tuple = ()
    workers: int = 2
    threads: int = 4


@dataclass(frozen=True)
class Live:
    """Where the event stream listens."""

    address: str = '127.0.0.1:8082'


@dataclass(frozen=True)
class Database:
    """`sqlite:///PATH` or `postgresql://...`; the password of the latter in a file of its own."""

    url: str = 'sqlite:////var/lib/appliance/portal.db'
    password_file: str = ''


@dataclass(frozen=True)
class Data:
    """The folder of everything the portal keeps besides the database; `run_folder` ('' means `run` in it) is for sockets."""

    folder: pathlib.Path = pathlib.Path('/var/lib/appliance')
    run_folder: str = ''


@dataclass(frozen=True)
class Secrets:
    """The portal's key; what rows seal is lost without it."""

    key_file: pathlib.Path = pathlib.Path('/etc/appliance/portal.key')


@dataclass(frozen=True)
class Sso:
    """Single sign-on by Kerberos: `keytab` ('' is none), and of whom in it the tickets are ('': HTTP at the public name)."""

    keytab: str = ''
    principal: str = ''


@dataclass(frozen=True)
class Backup:
    """The restic repository ('' means `backups` in the data folder) and its key."""

    repository: str = ''
    key_file: pathlib.Path = pathlib.Path('/etc/appliance/backup.key')


@dataclass(frozen=True)
class Log:
    """level: debug, info, warning, error. format: text or json."""

    level: str = 'info'
    format: str = 'text'


@dataclass(frozen=True)
class Config:
    """The whole file; `path` is where it was read."""

    path: pathlib.Path
    server: Server = Server()
    live: Live = Live()
    database: Database = Database()
    data: Data = Data()
    secrets: Secrets = Secrets()
    sso: Sso = Sso()
    backup: Backup = Backup()
    log: Log = Log()

    def place(self, section, key):
        """`PATH:LINE: section.key`, to say where it is that something wrong was named; the line is left out for a default."""
        line = _line(self.path.read_text(encoding='utf-8'), section, key)
        return f'{self.path}:{line}: {section}.{key}' if line else f'{self.path}: {section}.{key}'

    @property
    def run_folder(self):
        """The folder of sockets with its default filled in."""
        return pathlib.Path(self.data.run_folder or self.data.folder / 'run')

    @property
    def live_address(self):
        """Where browsers find the stream: `/live`, or its own port where nobody stands before the portal, as plain http says."""
        public = urlsplit(self.server.public_address)
        if self.is_secure or self.live.address.startswith('unix:'):
            return '/live'
        host = f'[{public.hostname}]' if ':' in public.hostname else public.hostname
        return f'http://{host}:{self.live.address.rpartition(":")[2]}/live'

    @property
    def is_secure(self):
        """Whether people reach the portal over TLS."""
        return self.server.public_address.startswith('https://')

    def cookie(self, short):
        """The full name of a cookie (session, visit, language, theme). Over TLS no other host can plant it."""
        return f'{"__Host-" if self.is_secure else ""}appliance_{short}'

    @property
    def repository(self):
        """The restic repository with its default filled in."""
        return self.backup.repository or str(self.data.folder / 'backups')

    @property
    def is_outside(self):
        """Whether backups go to a place outside the data folder."""
        repository = pathlib.Path(self.repository)
        return not repository.resolve().is_relative_to(self.data.folder.resolve())


def _address(text, base):
    if text.startswith('unix:/'):
        return text
    host, _, port = text.rpartition(':')
    if host and port.isdigit() and 0 < int(port) < 65536:
        return text
    raise ValueError('HOST:PORT or unix:/PATH')


def _admin_address(text, base):
    text = _address(text, base)
    host = text.rpartition(':')[0].strip('[]')
    if not text.startswith('unix:') and host != 'localhost' and not _is_loopback(host):
        raise ValueError('unix:/PATH or a loopback address, since it answers without a login')
    return text


def _is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _public(text, base):
    try:
        parts = urlsplit(text)
        is_whole = parts.scheme in ('http', 'https') and parts.hostname and parts.port != 0 and not parts.path.strip('/') and not parts.query
    except ValueError:      # a bracket alone, a port that is none
        is_whole = False
    if not is_whole:
        raise ValueError('https://NAME or http://127.0.0.1:PORT, without a path')
    if parts.scheme == 'http' and parts.hostname != 'localhost' and not _is_loopback(parts.hostname):
        raise ValueError('https://NAME: plain http is for loopback addresses only')
    return f'{parts.scheme}://{parts.netloc}'


def _content(text, base):
    return _public(text, base) if text else ''


def _proxies(text, base):
    found = tuple(part for part in re.split(r'[,\s]+', text) if part)
    for part in found:
        if part != 'unix':
            try:
                ipaddress.ip_network(part)
            except ValueError:
                raise ValueError('addresses or networks, with commas, or the word unix for a Unix socket') from None
    return found


def _number(least, most):
    def read(text, base):
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise ValueError(f'a whole number from {least} to {most}')
        return int(text)
    return read


def _url(text, base):
    parts = urlsplit(text)
    if parts.scheme == 'sqlite' and not parts.netloc and parts.path.strip('/'):
        return f'sqlite:///{base / parts.path[1:]}'
    if parts.scheme == 'postgresql' and parts.path.strip('/'):
        return text
    raise ValueError('sqlite:///PATH or postgresql://USER@HOST/NAME')


def _path(text, base):
    if not text:
        raise ValueError('a path')
    return base / text


def _optional_path(text, base):
    return str(base / text) if text else ''


def _principal(text, base):
    if text and not re.fullmatch(r'HTTP/[^\s/@\\]+@[^\s/@\\]+', text):
        raise ValueError('HTTP/NAME@REALM, or nothing')
    return text


def _repository(text, base):
    if ':' in text.partition('/')[0]:
        raise ValueError('a folder: remote repositories come with a later version')
    return str(base / text) if text else ''


def _choice(*words):
    def read(text, base):
        if text not in words:
            raise ValueError(', '.join(words[:-1]) + ' or ' + words[-1])
        return text
    return read


KEYS = {
    'server': (Server, {'address': _address, 'admin_address': _admin_address, 'public_address': _public,
                        'content_address': _content, 'proxies': _proxies, 'workers': _number(1, 64), 'threads': _number(1, 64)}),
    'live': (Live, {'address': _address}),
    'database': (Database, {'url': _url, 'password_file': _optional_path}),
    'data': (Data, {'folder': _path, 'run_folder': _optional_path}),
    'secrets': (Secrets, {'key_file': _path}),
    'sso': (Sso, {'keytab': _optional_path, 'principal': _principal}),
    'backup': (Backup, {'repository': _repository, 'key_file': _path}),
    'log': (Log, {'level': _choice('debug', 'info', 'warning', 'error'), 'format': _choice('text', 'json')}),
}


def find(path=None):
    """The path of the configuration: the one named, else $APPLIANCE_CONFIG, else /etc/appliance/config.ini."""
    return pathlib.Path(path or os.environ.get('APPLIANCE_CONFIG') or DEFAULT_PATH).absolute()


def load(path=None):
    """Read the configuration. ConfigError names file, line and what would be right. Relative paths start at its folder."""
    path = find(path)
    try:
        text = path.read_text(encoding='utf-8')
    except OSError as error:
        raise ConfigError(f'{path}: cannot be read: {error.strerror}') from None
    except UnicodeDecodeError:
        raise ConfigError(f'{path}: is not UTF-8 text') from None
    parser = configparser.ConfigParser(interpolation=None, default_section='')
    try:
        parser.read_string(text, source=str(path))
    except configparser.Error as error:
        raise ConfigError(_parse_error(path, error)) from None
    sections = {}
    for name in parser.sections():
        if name not in KEYS:
            raise ConfigError(f'{path}:{_line(text, name)}: there is no section [{name}]; '
                              f'right would be one of {", ".join(KEYS)}')
        sections[name] = _section(path, text, name, parser[name])
    config = Config(path=path, **sections)
    _require_apart(config)
    return config


def _require_apart(config):
    """Under the portal's own address a file of somebody's could act as the portal."""
    server = config.server
    if server.content_address and _origin(server.content_address) == _origin(server.public_address):
        raise ConfigError(f'{config.place("server", "content_address")} is server.public_address; right would be another name or another port')


def _origin(address):
    """(scheme, host, port) of an address, as a browser compares them."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or {'https': 443, 'http': 80}[parts.scheme]


def _section(path, text, name, found):
    kind, readers = KEYS[name]
    values = {}
    for key, value in found.items():
        where = f'{path}:{_line(text, name, key)}: {name}.{key}'
        if key not in readers:
            raise ConfigError(f'{where}: there is no such key; right would be one of {", ".join(readers)}')
        try:
            values[key] = readers[key](value.strip(), path.parent)
        except ValueError as error:
            raise ConfigError(f'{where} is {value!r}; right would be {error}') from None
    return kind(**values)


def _line(text, section, key=None):
    """The number of the line where a section or one of its keys stands."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r'\[(.+)\]', line.strip())
        if header:
            inside = header[1] == section
            if inside and key is None:
                return number
        elif inside and re.match(rf'{re.escape(key or "")}\s*[=:]', line.strip(), re.IGNORECASE):
            return number
    return 0


def _parse_error(path, error):
    number = getattr(error, 'lineno', None) or (error.errors[0][0] if getattr(error, 'errors', None) else 0)
    return f'{path}:{number}: {error.message.splitlines()[0]}; right would be [section] and key = value lines'
