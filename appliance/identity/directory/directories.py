"""The rows that say which directory to ask: add, edit, list, load, and what is remembered of its failures.

The secret of the portal's own account goes in and never comes out; it is worth nothing for another host, port or TLS mode.
"""

import re
from datetime import timedelta

from ldap.dn import is_dn

from appliance.core import audit, clock, sealing
from appliance.core.actions import action
from appliance.core.actor import SYSTEM
from appliance.core.db import rows
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.i18n import texts
from appliance.core.limits import NAME_LENGTH, PASSWORD_LENGTH
from appliance.core.person_fields import one_line
from appliance.core.permissions import permitted, require, require_grantable
from appliance.identity.directory.client import TLS_MODES, Directory, address, check_encryption
from appliance.identity.directory.errors import remembered
from appliance.identity.directory.mapping import FIELDS, PRESETS
from appliance.identity.models import Directory as Row

_ = texts(__name__)

FAILURE_KEPT = timedelta(seconds=30)
# What decides who is who.
DECIDING = ('url', 'tls', 'ca_pem', 'base_dn', 'preset', 'person_filter', 'login_attributes', 'mapping', 'tree', 'heads')
SECRET_PURPOSE = 'directory.bind_secret'
MOST_LINE = 1000
SYNC_MODES = OFF, KNOWN, ALL = ('off', 'known', 'all')      # see identity.models.Directory
MOST_PEM = 200_000
TREES = ('attribute', 'ou', 'groups')                       # see identity.models.Directory
ATTRIBUTE = re.compile(r'[A-Za-z][A-Za-z0-9-]*')
DEFAULTS = {'bind_dn': '', 'ca_pem': '', 'mapping': {}, 'is_active': True}


@action(rights=permitted('identity.directories.manage'))
def add_directory(actor, name, url, base_dn, secret='', **values):
    """A new directory; returns its id.

    values: bind_dn, tls, ca_pem, preset, person_filter, login_attributes, mapping ({field: [attribute, ...]}), is_active, sync
    (SYNC_MODES), tree (TREES), heads; all may be absent. Invalid names the field that is wrong; Conflict when the name is taken or another one is active.
    """
    values = DEFAULTS | {'name': name, 'url': url, 'base_dn': base_dn} | values
    values.setdefault('preset', 'openldap')
    values.setdefault('tls', 'ldaps' if str(url).startswith('ldaps:') else 'starttls')
    values = _check(values)
    preset = PRESETS[values['preset']]
    values.setdefault('person_filter', preset.person_filter)
    values.setdefault('login_attributes', list(preset.login_attributes))
    _require_free(None, values)
    directory_id = Row.create(**values, bind_secret=_seal(secret, values['bind_dn'])).id
    audit.record(actor, 'identity.directory.added', f'identity.directory:{directory_id}', url=values['url'])
    return directory_id


@action(rights=permitted('identity.directories.manage'))
def edit_directory(actor, directory_id, secret=None, **values):
    """Change fields of a directory (see add_directory). Another host, port or TLS mode needs the secret again."""
    row = Row.get_or_none(Row.id == directory_id)
    if row is None:
        raise NotFound()
    if 'preset' in values and values['preset'] != row.preset:
        preset = PRESETS.get(values['preset'], PRESETS[row.preset])
        values = {'person_filter': preset.person_filter, 'login_attributes': list(preset.login_attributes)} | values
    values = _check({name: getattr(row, name) for name in ('name', 'url', 'tls', 'base_dn', 'bind_dn', 'preset')} | values)
    _require_free(directory_id, values)
    if any(values[name] != getattr(row, name) for name in DECIDING if name in values):
        _require_rights_of_its_people(actor, directory_id)
    moved = (address(values['url']), values['tls']) != (address(row.url), row.tls)
    if secret is not None:
        values['bind_secret'] = _seal(secret, values['bind_dn'])
    elif not values['bind_dn']:
        values['bind_secret'] = None
    elif moved or row.bind_secret is None:
        raise Invalid(_('Give the secret of the account again: host, port or encryption changed.'), field='secret')
    Row.update(**values, failed_at=None, failure='').where(Row.id == directory_id).execute()
    audit.record(actor, 'identity.directory.edited', f'identity.directory:{directory_id}', changed=sorted(values))


def _require_rights_of_its_people(actor, directory_id):
    """NotAllowed where somebody who comes in by this directory may do more than the actor: who says which server it is, says who that is."""
    for role, in rows('''SELECT r.role FROM person_role r JOIN directory_person t ON t.person_id = r.person_id WHERE t.directory_id = ?
                         UNION SELECT what FROM directory_group_rule WHERE directory_id = ? AND kind = 'role\'''', directory_id, directory_id):
        try:
            require_grantable(actor, role)
        except NotAllowed:
            raise NotAllowed(_('People who may do more than you come in by this directory. Where it is and how it is read is changed by one who may do as much.')) from None


def list_directories(actor):
    """[{id, name, url, tls, base_dn, bind_dn, has_secret, has_ca, preset, person_filter, login_attributes, mapping,
    is_active, sync, tree, heads, failed_at, failure}, ...] by name; administrators only."""
    require(actor, 'identity.directories.manage')
    return [{'id': row.id, 'name': row.name, 'url': row.url, 'tls': row.tls, 'base_dn': row.base_dn, 'bind_dn': row.bind_dn,
             'has_secret': row.bind_secret is not None, 'has_ca': bool(row.ca_pem), 'preset': row.preset,
             'person_filter': row.person_filter, 'login_attributes': row.login_attributes, 'mapping': row.mapping,
             'is_active': row.is_active, 'sync': row.sync, 'tree': row.tree, 'heads': row.heads, 'failed_at': row.failed_at,
             'failure': str(remembered(row.failure).message) if row.failure else ''}
            for row in Row.select().order_by(Row.name)]


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


def load_active():
    """The Directory that logins are asked of, or None."""
    row = Row.select().where(Row.is_active == True).order_by(Row.id).first()   # noqa: E712 - SQL, not Python
    return _opened(row) if row else None


def require_answering(directory):
    """Raise what a directory failed with, if that is less than half a minute ago: it is not asked again so soon."""
    found = Row.select(Row.failed_at, Row.failure).where(Row.id == directory.id).tuples().first()
    if found and found[0] and clock.now() - FAILURE_KEPT < found[0] <= clock.now():
        raise remembered(found[1])


def source_of(directory_id):
    """The source of the blocks that a directory makes (core's PersonBlock)."""
    return f'directory:{directory_id}'


@action
def note_failure(actor, directory_id, reason):
    """Remember that a directory cannot be asked, for all workers; reason is that of the error raised."""
    Row.update(failed_at=clock.now(), failure=reason).where(Row.id == directory_id).execute()


def note_answer(directory):
    """Forget the failure of a directory that answered; writes nothing when there was none."""
    if directory.failed_at:
        _forget_failure(SYSTEM, directory.id)


@action
def _forget_failure(actor, directory_id):
    Row.update(failed_at=None, failure='').where(Row.id == directory_id).execute()


def _opened(row):
    return Directory(
        id=row.id, name=row.name, url=row.url, tls=row.tls, ca_pem=row.ca_pem, base_dn=row.base_dn, bind_dn=row.bind_dn,
        preset=row.preset, person_filter=row.person_filter, login_attributes=tuple(row.login_attributes), mapping=row.mapping,
        bind_password=_unseal(row.bind_secret), failed_at=row.failed_at, failure=row.failure, tree=row.tree, heads=row.heads)


def _seal(secret, bind_dn):
    if not bind_dn:
        return None
    if not isinstance(secret, str) or not secret.strip('\0 \t\r\n') or len(secret) > PASSWORD_LENGTH:
        raise Invalid(_('The account needs its secret: 1 to %(most)s characters.', most=PASSWORD_LENGTH), field='secret')
    return sealing.seal(secret, SECRET_PURPOSE)


def _unseal(sealed):
    try:
        return sealing.unseal(sealed, SECRET_PURPOSE) if sealed else ''
    except ValueError:
        # Sealed with another key: the same as none, and the bind says so.
        return ''


def _require_free(directory_id, values):
    for row in Row.select(Row.id, Row.name, Row.is_active):
        if row.id != directory_id and row.name == values['name']:
            raise Conflict(_('There is a directory %(name)s already.', name=row.name))
        if row.id != directory_id and row.is_active and values.get('is_active'):
            raise Conflict(_('The directory %(name)s is active; only one can be. Switch it off first.', name=row.name))


def _check(values):
    clean = {}
    for name, value in values.items():
        if name not in _CHECKS:
            raise Invalid(_('There is no field %(name)s.', name=name), field=name)
        try:
            clean[name] = _CHECKS[name](value)
        except (ValueError, TypeError) as error:
            raise Invalid(_('Right would be: %(right)s.', right=error), field=name) from None
    try:
        check_encryption(clean['url'], clean['tls'])
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
    if not isinstance(value, dict) or not set(value) <= {*FIELDS, 'head'}:
        raise ValueError(_('attributes for the fields %(fields)s', fields=', '.join((*FIELDS, 'head'))))
    if not all(value.get(name, 'ours') for name in ('login', 'name')):
        raise ValueError(_('an attribute for the login and for the name'))
    return {name: _attributes(attributes) if attributes else [] for name, attributes in value.items()}


def _flag(value):
    if not isinstance(value, bool):
        raise ValueError(_('yes or no'))
    return value


_CHECKS = {
    'name': _name, 'url': _url, 'tls': _one_of(TLS_MODES), 'base_dn': _base, 'bind_dn': lambda value: _line(value, 'bind_dn'),
    'ca_pem': _ca, 'preset': _one_of(tuple(PRESETS)), 'person_filter': _filter, 'login_attributes': _attributes,
    'mapping': _mapping, 'is_active': _flag, 'sync': _one_of(SYNC_MODES), 'tree': _one_of(TREES), 'heads': _flag,
}
