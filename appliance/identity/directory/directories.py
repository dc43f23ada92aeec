"""The rows that say which directory to ask: add, edit, list, load, and what is remembered of its failures.

The secret of the portal's own account goes in and never comes out; it is worth nothing for another host, port or TLS mode.
"""

import re

from ldap.dn import is_dn

from appliance.core import audit, clock, sealing
from appliance.core.actions import action
from appliance.core.actor import SYSTEM
from appliance.core.db import rows
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.i18n import texts
from appliance.core.limits import NAME_LENGTH, PASSWORD_LENGTH
from appliance.core.person_fields import one_line
from appliance.core.permissions import may, permitted, require, require_grantable
from appliance.identity.directory import servers
from appliance.identity.directory.client import TLS_MODES, Directory, address, check_encryption
from appliance.identity.directory.errors import remembered
from appliance.identity.directory.mapping import FIELDS, PRESETS
from appliance.identity.directory.self_written import SECRET
from appliance.identity.directory.sync import outdated
from appliance.identity.models import Directory as Row

_ = texts(__name__)

# What decides who is who.
DECIDING = ('url', 'more_servers', 'tls', 'ca_pem', 'base_dn', 'more_bases', 'preset', 'person_filter', 'login_attributes', 'mapping', 'realm', 'tree', 'heads')
SECRET_PURPOSE = 'directory.bind_secret'
MOST_LINE = 1000
SYNC_MODES = OFF, KNOWN, ALL = ('off', 'known', 'all')      # see identity.models.Directory
MOST_PEM = 200_000
MOST_SERVERS, MOST_BASES = 8, 20
SEVERAL = {'url': 'more_servers', 'base_dn': 'more_bases'}     # where the first one is, and where the others are
MAPPED = (*FIELDS, 'photo', 'head')
# How one is doing, see state_of.
STATES = {'off': _.lazy('Off'), 'down': _.lazy('Does not answer'), 'lost': _.lazy('Not followed'), 'part': _.lazy('Answers in part'), 'used': _.lazy('In use')}
TREES = ('attribute', 'ou', 'groups')                       # see identity.models.Directory
ATTRIBUTE = re.compile(r'[A-Za-z][A-Za-z0-9-]*')
REALM = re.compile(r'[^\s@/\\:]+')
DEFAULTS = {'realm': '', 'tree': 'attribute', 'heads': False, 'more_servers': [], 'more_bases': [], 'bind_dn': '', 'ca_pem': '', 'mapping': {}, 'is_active': True}


@action(rights=permitted('identity.directories.manage'))
def add_directory(actor, name, url, base_dn, secret='', **values):
    """A new directory; returns its id.

    values: more_servers ([url, ...], asked after `url` in this order), more_bases ([DN, ...]), bind_dn, tls, ca_pem, preset, person_filter,
    login_attributes, mapping ({field: [attribute, ...]}), is_active, sync (SYNC_MODES), changes_passwords, realm (of Kerberos; '' that
    of the base), tree (TREES), heads; all may be absent. Invalid names the field that is wrong; Conflict when the name is taken.
    """
    values = DEFAULTS | {'name': name, 'url': url, 'base_dn': base_dn} | values
    values.setdefault('preset', 'openldap')
    values.setdefault('tls', 'ldaps' if str(url).startswith('ldaps:') else 'starttls')
    values = _check(values)
    preset = PRESETS[values['preset']]
    values.setdefault('person_filter', preset.person_filter)
    values.setdefault('login_attributes', list(preset.login_attributes))
    _require_free(None, values)
    _require_rights_over_departments(actor, values)
    directory_id = Row.create(**values, bind_secret=_seal(secret, values['bind_dn'])).id
    audit.record(actor, 'identity.directory.added', f'identity.directory:{directory_id}', url=values['url'])
    return directory_id


@action(rights=permitted('identity.directories.manage'))
def edit_directory(actor, directory_id, secret=None, **values):
    """Change fields of a directory (see add_directory). Another or one more host, port or TLS mode needs the secret again."""
    row = Row.get_or_none(Row.id == directory_id)
    if row is None:
        raise NotFound()
    if 'preset' in values and values['preset'] != row.preset:
        preset = PRESETS.get(values['preset'], PRESETS[row.preset])
        values = {'person_filter': preset.person_filter, 'login_attributes': list(preset.login_attributes)} | values
    values = _check({name: getattr(row, name) for name in ('name', 'url', 'more_servers', 'tls', 'base_dn', 'bind_dn', 'preset')} | values)
    _require_free(directory_id, values)
    # To switch it off shuts out whoever comes in by it.
    if any(values[name] != getattr(row, name) for name in (*DECIDING, 'is_active') if name in values):
        _require_rights_of_its_people(actor, directory_id)
        _require_rights_over_departments(actor, {'tree': row.tree, 'heads': row.heads} | values)
        outdated.let_be(directory_id)
    moved = values['tls'] != row.tls or not _hosts(values['url'], values['more_servers']) <= _hosts(row.url, row.more_servers)
    if secret is not None:
        values['bind_secret'] = _seal(secret, values['bind_dn'])
    elif not values['bind_dn']:
        values['bind_secret'] = None
    elif moved or row.bind_secret is None:
        raise Invalid(_('Give the secret of the account again: host, port or encryption changed.'), field='secret')
    Row.update(**values, failed_at=None, failure='', failures={}).where(Row.id == directory_id).execute()
    audit.record(actor, 'identity.directory.edited', f'identity.directory:{directory_id}', changed=sorted(values))


def _hosts(*urls):
    first, others = urls
    return {address(url) for url in (first, *others)}


def _require_rights_of_its_people(actor, directory_id):
    """NotAllowed where somebody who comes in by this directory may do more than the actor: who says which server it is, says who that is."""
    for role, in rows('''SELECT r.role FROM person_role r JOIN directory_person t ON t.person_id = r.person_id WHERE t.directory_id = ?
                         UNION SELECT what FROM directory_group_rule WHERE directory_id = ? AND kind = 'role\'''', directory_id, directory_id):
        try:
            require_grantable(actor, role)
        except NotAllowed:
            raise NotAllowed(_('People who may do more than you come in by this directory. Where it is and how it is read is changed by one who may do as much.')) from None


def _require_rights_over_departments(actor, values):
    """NotAllowed where a directory says who heads departments and which stand below which, and the actor may not."""
    if (values['heads'] or values['tree'] == 'ou') and not may(actor, 'core.people.manage'):
        raise NotAllowed(_('This directory says who heads a department, or how departments stand: it is set up by one who may manage people.'))


def draft(actor, directory_id=None, secret='', **values):
    """The Directory that these values (see add_directory) would make, kept nowhere: for trying before saving. name and base_dn may be ''.

    directory_id: the row that is edited; its secret is used where none is given and neither host, port nor TLS mode differ. Invalid names
    a wrong field; NotAllowed where the actor might not save what he tries.
    """
    require(actor, 'identity.directories.manage')
    row = Row.get_or_none(Row.id == directory_id) if directory_id else None
    if directory_id and row is None:
        raise NotFound()
    preset = PRESETS.get(values.get('preset'), PRESETS['openldap'])
    kept = DEFAULTS | {'preset': 'openldap', 'person_filter': preset.person_filter, 'login_attributes': list(preset.login_attributes)}
    if row:
        of_kind = ('person_filter', 'login_attributes') if values.get('preset', row.preset) != row.preset else ()
        kept |= {name: getattr(row, name) for name in (*DECIDING, 'bind_dn') if name not in ('base_dn', 'more_bases', *of_kind)}
    clean = _check({name: value for name, value in (kept | values).items() if name in DECIDING and value != '' or name in ('ca_pem', 'bind_dn', 'url', 'realm')})
    clean.setdefault('base_dn', '')
    if row and any(clean[name] != getattr(row, name) for name in DECIDING):
        _require_rights_of_its_people(actor, directory_id)
    if secret:
        _seal(secret, clean['bind_dn'])     # for its checks
    elif row and clean['tls'] == row.tls and _hosts(clean['url'], clean['more_servers']) <= _hosts(row.url, row.more_servers):
        secret = _unseal(row.bind_secret)
    return Directory(id=directory_id or 0, name=row.name if row else '', bind_password=secret,
                     changes_passwords=bool(values.get('changes_passwords', row.changes_passwords if row else True)),
                     **clean | {name: tuple(clean[name]) for name in ('login_attributes', 'more_servers', 'more_bases')})


def list_directories(actor):
    """[{id, name, url, more_servers, tls, base_dn, more_bases, bind_dn, has_secret, has_ca, preset, person_filter, login_attributes,
    mapping, is_active, sync, changes_passwords, realm, tree, heads, failed_at, failure, tired}, ...] by name; administrators only. tired: [{url, at, failure}] of servers
    that failed when they were asked last."""
    require(actor, 'identity.directories.manage')
    return [{'id': row.id, 'name': row.name, 'url': row.url, 'more_servers': row.more_servers, 'tls': row.tls, 'base_dn': row.base_dn,
             'more_bases': row.more_bases, 'bind_dn': row.bind_dn,
             'has_secret': row.bind_secret is not None, 'has_ca': bool(row.ca_pem), 'preset': row.preset,
             'person_filter': row.person_filter, 'login_attributes': row.login_attributes, 'mapping': row.mapping,
             'is_active': row.is_active, 'sync': row.sync, 'changes_passwords': row.changes_passwords, 'realm': row.realm, 'tree': row.tree, 'heads': row.heads, 'failed_at': row.failed_at,
             'failure': str(remembered(row.failure).message) if row.failure else '',
             'tired': [{'url': url, 'at': clock.from_microseconds(at), 'failure': str(remembered(reason).message)}
                       for url, (at, reason) in sorted(row.failures.items())]}
            for row in Row.select().order_by(Row.name)]


def one(actor, directory_id):
    """One of them, as list_directories gives it. NotFound for none."""
    for found in list_directories(actor):
        if found['id'] == directory_id:
            return found
    raise NotFound()


def state_of(directory, is_lost=False):
    """How a directory is doing, a key of STATES. directory: as list_directories gives it; is_lost: whether gaps.open_gaps() has it."""
    if not directory['is_active']:
        return 'off'
    if directory['failure'] or len(directory['tired']) > len(directory['more_servers']):
        return 'down'
    return 'lost' if is_lost else 'part' if directory['tired'] else 'used'


def people_of(actor):
    """{directory id: how many people come in by it}; administrators only."""
    require(actor, 'identity.directories.manage')
    return dict(rows('SELECT directory_id, COUNT(*) FROM directory_person GROUP BY directory_id'))


def id_of(actor, name):
    """The id of the directory of that name; administrators only."""
    require(actor, 'identity.directories.manage')
    found = Row.select(Row.id).where(Row.name == name).first()
    if found is None:
        raise NotFound(_('There is no directory %(name)s.', name=name))
    return found.id


def load(directory_id):
    """The Directory of an id, its secret opened. NotFound when there is none."""
    row = Row.get_or_none(Row.id == directory_id)
    if row is None:
        raise NotFound()
    return _opened(row)


def all_active():
    """[Directory] that logins are asked of, by id."""
    return [_opened(row) for row in Row.read('is_active = 1 ORDER BY id')]


def source_of(directory_id):
    """The source of the blocks that a directory makes (core's PersonBlock)."""
    return f'directory:{directory_id}'


@action
def note_failure(actor, directory_id, reason):
    """Remember that a directory cannot be asked, for all workers; reason is that of the error raised."""
    Row.update(failed_at=clock.now(), failure=reason).where(Row.id == directory_id).execute()


def note_answer(directory):
    """Forget the failure of a directory that answered, and of the server that did; writes nothing when there was none."""
    if directory.failed_at:
        _forget_failure(SYSTEM, directory.id)
    if directory.url in directory.failures:
        servers.note(SYSTEM, directory.id, directory.url)


@action
def _forget_failure(actor, directory_id):
    Row.update(failed_at=None, failure='').where(Row.id == directory_id).execute()


def _opened(row):
    return Directory(
        id=row.id, name=row.name, url=row.url, tls=row.tls, ca_pem=row.ca_pem, base_dn=row.base_dn, bind_dn=row.bind_dn,
        preset=row.preset, person_filter=row.person_filter, login_attributes=tuple(row.login_attributes), mapping=row.mapping,
        bind_password=_unseal(row.bind_secret), failed_at=row.failed_at, failure=row.failure, more_servers=tuple(row.more_servers),
        more_bases=tuple(row.more_bases), failures=row.failures, changes_passwords=row.changes_passwords,
        realm=row.realm, tree=row.tree, heads=row.heads)


def _seal(secret, bind_dn):
    if not bind_dn:
        return None
    if not isinstance(secret, str) or not secret.strip('\0 \t\r\n') or len(secret) > PASSWORD_LENGTH or any('\ud800' <= char <= '\udfff' for char in secret):
        raise Invalid(_('The account needs its secret: 1 to %(most)s characters.', most=PASSWORD_LENGTH), field='secret')
    return sealing.seal(secret, SECRET_PURPOSE)


def _unseal(sealed):
    try:
        return sealing.unseal(sealed, SECRET_PURPOSE) if sealed else ''
    except ValueError:
        # Sealed with another key: the same as none, and the bind says so.
        return ''


def _require_free(directory_id, values):
    if Row.select().where((Row.name == values['name']) & (Row.id != (directory_id or 0))).exists():
        raise Conflict(_('There is a directory %(name)s already.', name=values['name']))


def _check(values):
    clean = {}
    for name, value in values.items():
        if name not in _CHECKS:
            raise Invalid(_('There is no field %(name)s.', name=name), field=name)
        try:
            clean[name] = _CHECKS[name](value)
        except (ValueError, TypeError) as error:
            raise Invalid(_('Right would be: %(right)s.', right=error), field=name) from None
    for first, others in SEVERAL.items():
        if {first, others} <= clean.keys():
            clean[others] = [one for one in clean[others] if one != clean[first]]
    try:
        for url in (clean['url'], *clean['more_servers']):
            check_encryption(url, clean['tls'])
    except ValueError as error:
        raise Invalid(_('Right would be: %(right)s.', right=error), field='tls') from None
    return clean


def _line(value, field, most=MOST_LINE):
    value = one_line(value, field)
    if len(value) > most:
        raise Invalid(_('At most %(most)s characters.', most=most), field=field)
    return value


def _name(value):
    value = _line(value, 'name', NAME_LENGTH)
    if not value:
        raise ValueError(_('a word that people know the directory by'))
    return value


def _url(value):
    value = _line(value, 'url')
    address(value)
    return value


def _several(check, most):
    def read(values):
        if not isinstance(values, (list, tuple)) or len(values) >= most:
            raise ValueError(_('at most %(most)s in all, one a line', most=most))
        try:
            return list(dict.fromkeys(check(value) for value in values))
        except Invalid as error:
            raise ValueError(error.message) from None
    return read


def _base(value):
    value = _line(value, 'base_dn')
    if not value or not is_dn(value):
        raise ValueError(_('a distinguished name such as ou=people,dc=company,dc=example'))
    return value


def _ca(value):
    """Certificates alone, as PEM: a key that stands in the same file must not get into the database."""
    if not value:
        return ''
    from cryptography import x509       # slow: 6 MiB, for who sets a directory up
    from cryptography.hazmat.primitives.serialization import Encoding      # slow: the same
    try:
        certificates = x509.load_pem_x509_certificates(value[:MOST_PEM].encode())
    except (ValueError, AttributeError):
        raise ValueError(_('one or more CA certificates as PEM (-----BEGIN CERTIFICATE-----)')) from None
    return ''.join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


def _one_of(words):
    def check(value):
        if value not in words:
            raise ValueError(', '.join(words))
        return value
    return check


def _filter(value):
    value = _line(value, 'person_filter')
    if not (value.startswith('(') and value.endswith(')') and value.count('(') == value.count(')')):
        raise ValueError(_('an LDAP filter such as (objectClass=person)'))
    return value


def _attributes(value):
    if not isinstance(value, (list, tuple)) or not value or not all(isinstance(name, str) and ATTRIBUTE.fullmatch(name) for name in value):
        raise ValueError(_('a list of attribute names such as uid, mail'))
    return list(value)


def _mapping(value):
    if not isinstance(value, dict) or not set(value) <= {*MAPPED}:
        raise ValueError(_('attributes for the fields %(fields)s', fields=', '.join(MAPPED)))
    if not all(value.get(name, 'ours') for name in ('login', 'name')):
        raise ValueError(_('an attribute for the login and for the name'))
    if any(isinstance(name, str) and name.lower() in SECRET for attributes in value.values() for name in attributes or ()):
        raise ValueError(_('attributes that hold no secret'))
    return {name: _attributes(attributes) if attributes else [] for name, attributes in value.items()}


def _realm(value):
    value = _line(value, 'realm', NAME_LENGTH)
    if value and not REALM.fullmatch(value):
        raise ValueError(_('a realm of Kerberos such as COMPANY.EXAMPLE, or nothing'))
    return value


def _flag(value):
    if not isinstance(value, bool):
        raise ValueError(_('yes or no'))
    return value


_CHECKS = {
    'name': _name, 'url': _url, 'more_servers': _several(_url, MOST_SERVERS), 'more_bases': _several(_base, MOST_BASES), 'tls': _one_of(TLS_MODES), 'base_dn': _base, 'bind_dn': lambda value: _line(value, 'bind_dn'),
    'ca_pem': _ca, 'preset': _one_of(tuple(PRESETS)), 'person_filter': _filter, 'login_attributes': _attributes,
    'mapping': _mapping, 'is_active': _flag, 'sync': _one_of(SYNC_MODES),
    'changes_passwords': _flag, 'realm': _realm, 'tree': _one_of(TREES), 'heads': _flag,
}
