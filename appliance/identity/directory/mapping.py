"""From a directory's entry to a person's fields. It trusts no attribute: absent, many, too long, not text are all met.

The presets say what OpenLDAP and Active Directory call things; a directory's own `mapping` overrides them field by field.
"""

import logging
import uuid
from dataclasses import dataclass, field
from datetime import datetime

import ldap
from ldap.dn import str2dn
from ldap.filter import escape_filter_chars

from appliance.core.errors import Invalid
from appliance.core.i18n import negotiate
from appliance.core.limits import EMPLOYEE_NUMBER_LENGTH, LOGIN_LENGTH, MAIL_LENGTH, NAME_LENGTH, PHONE_LENGTH, TITLE_LENGTH
from appliance.core.person_fields import check_fields, is_visible, one_line
from appliance.identity.directory import closing

log = logging.getLogger('appliance.directory')
# What was said of an entry: a directory is read again and again, and says the same each time.
_said, MOST_SAID = set(), 10_000

FIELDS = {
    'login': LOGIN_LENGTH, 'name': NAME_LENGTH, 'mail': MAIL_LENGTH, 'phone': PHONE_LENGTH, 'title': TITLE_LENGTH,
    'department': NAME_LENGTH, 'employee_number': EMPLOYEE_NUMBER_LENGTH, 'language': TITLE_LENGTH,
}
# A group that does not name its members (groups.py).
PRIMARY_GROUP = {'active-directory': ('primaryGroupID',)}
# Cut short they would be another's, or nobody's.
WHOLE = ('login', 'mail', 'employee_number')
# Fetched apart (photos.py): a look at everybody must not carry pictures.
APART = ('photo',)


@dataclass(frozen=True)
class Preset:
    """What a kind of directory calls things. mapping is {field: attributes in order of preference}."""

    person_filter: str
    login_attributes: tuple
    uuid_attribute: str
    mapping: dict = field(hash=False)


COMMON = {
    'name': ('displayName', 'cn'), 'mail': ('mail',), 'phone': ('telephoneNumber', 'mobile'), 'title': ('title',), 'head': ('manager',),
    'employee_number': ('employeeNumber',), 'language': ('preferredLanguage',), 'photo': ('jpegPhoto',),
}
PRESETS = {
    'openldap': Preset('(objectClass=inetOrgPerson)', ('uid', 'mail'), 'entryUUID',
                       COMMON | {'login': ('uid',), 'department': ('departmentNumber', 'ou')}),
    # nsUniqueId of 389 is no UUID as text; entryUUID comes with its plugin, on since 2.0.
    '389': Preset('(objectClass=inetOrgPerson)', ('uid', 'mail'), 'entryUUID',
                  COMMON | {'login': ('uid',), 'department': ('departmentNumber', 'ou')}),
    'freeipa': Preset('(&(objectClass=posixAccount)(objectClass=person))', ('uid', 'mail'), 'ipaUniqueID',
                      COMMON | {'login': ('uid',), 'department': ('ou', 'departmentNumber')}),
    'active-directory': Preset('(&(objectCategory=person)(objectClass=user))', ('sAMAccountName', 'userPrincipalName', 'mail'),
                               'objectGUID', COMMON | {'login': ('sAMAccountName',), 'department': ('department',), 'employee_number': ('employeeID', 'employeeNumber'),
                                                       'photo': ('thumbnailPhoto', 'jpegPhoto')}),
}


@dataclass(frozen=True)
class Entry:
    """A person's entry. uuid is what he is known by; dn is a label.

    fields: those of login, name, mail, phone, title, department, employee_number that are mapped, each a line of text within its limit, ''
    when the directory has none; login and name always, language only where it is one that the portal speaks.
    head_dn: the DN of his manager or ''.
    is_disabled (None: the directory does not show it), expires_at (None: never): see `closed`. hint: see policy.Hint.
    belonging: what he is to the mapped groups (groups.Belonging); None where nobody asked, or they could not be read.
    """

    uuid: uuid.UUID
    dn: str
    fields: dict
    head_dn: str = ''
    is_disabled: bool | None = False
    expires_at: datetime | None = None
    hint: object = None
    belonging: object = None

    def closed(self, now):
        """Why the directory lets nobody in by this entry at a moment: `disabled`, `expired`, or '' where it does."""
        return closing.why_shut(self.is_disabled, self.expires_at, now)


def mapping_of(directory):
    """{field: attribute names} of a directory: its preset's, with its own in their place. Departments may come by other ways (its `tree`)."""
    found = PRESETS[directory.preset].mapping | {name: tuple(names) for name, names in directory.mapping.items()}
    return found if directory.tree == 'attribute' else found | {'department': ()}


def mapped_fields(directory):
    """The names of the fields that the directory fills; they are read-only in the portal, but for the photo where it has none."""
    # The language it only proposes.
    return tuple(name for name, attributes in mapping_of(directory).items() if attributes and name != 'language') + (('department',) if directory.tree == 'ou' else ())


def attributes_of(directory):
    """The attributes to ask the directory for."""
    names = {name for field, attributes in mapping_of(directory).items() if field not in APART for name in attributes}
    return sorted(names | {PRESETS[directory.preset].uuid_attribute, *closing.ATTRIBUTES[directory.preset], *PRIMARY_GROUP.get(directory.preset, ())})


def read_entry(directory, dn, values):
    """The Entry of a search result, or None when it has no UUID or no usable login: nobody can be known by it.

    values is {attribute: [bytes, ...]} as python-ldap gives it.
    """
    values = plain(values)
    known_by = read_uuid(directory.preset, values)
    mapping = mapping_of(directory)
    fields = {name: _field(dn, values, name, mapping[name]) for name in FIELDS if mapping.get(name)}
    if known_by is None or not fields['login']:
        _say(logging.ERROR, f'directory {directory.name}: the entry {dn} has no usable '
                            f'{"login" if known_by else PRESETS[directory.preset].uuid_attribute}')
        return None
    if not fields.get('language'):
        fields.pop('language', None)
    # Shown everywhere, so never empty.
    fields['name'] = fields['name'] or fields['login']
    return Entry(known_by, dn, fields, _head_dn(values, mapping.get('head', ())), *closing.closing(directory.preset, values))


def plain(values):
    """{attribute in lower case: [bytes, ...]} of an entry. Names know no case, a server may answer in its own, and what has an option
    (`displayName;lang-ru`) stands beside the value itself, which alone is asked for.
    """
    return {name.lower(): found for name, found in values.items() if ';' not in name}


def _say(level, text):
    """Log a line once a process."""
    if text not in _said:
        if len(_said) >= MOST_SAID:
            _said.clear()
        _said.add(text)
        log.log(level, '%s', text)


def read_uuid(preset, values):
    """The UUID of an entry: entryUUID as text, Active Directory's objectGUID as 16 bytes, the first three groups little-endian."""
    attribute = PRESETS[preset].uuid_attribute
    data = (values.get(attribute.lower()) or [b''])[0]
    try:
        return uuid.UUID(bytes_le=data) if attribute == 'objectGUID' else uuid.UUID(data.decode('ascii'))
    except ValueError:
        return None


def picture_of(values, attributes):
    """The bytes of an entry's picture, of the first of these attributes that has one; b'' for none. values: as `plain` gives them."""
    return next((values[name.lower()][0] for name in attributes if values.get(name.lower())), b'')


def uuid_filter(preset, known_by):
    """The filter of the entry of a UUID: of objectGUID the 16 bytes, escaped one by one (RFC 4515, 3)."""
    attribute = PRESETS[preset].uuid_attribute
    data = ''.join(f'\\{byte:02x}' for byte in uuid.UUID(str(known_by)).bytes_le) if attribute == 'objectGUID' else escape_filter_chars(str(known_by))
    return f'({attribute}={data})'


def _field(dn, values, name, attributes):
    for attribute in attributes:
        found = [text for text in (_text(name, data) for data in values.get(attribute.lower(), ())) if text]
        if found:
            # Values have no order; the one in the DN is the one people call the entry by.
            return next((text for text in found if text == _rdn(dn, attribute)), found[0])
        if values.get(attribute.lower()) and name != 'language':      # one that the portal does not speak is no fault
            _say(logging.WARNING, f'directory: {attribute} of {dn} is not a usable {name}')
    return ''


def _text(name, data):
    """Bytes as a value that the portal would take from a person too, or ''."""
    try:
        text = ' '.join(data.decode('utf-8').split())
        if name not in WHOLE:
            text = text[:FIELDS[name]].rstrip()
        if name == 'language':
            return negotiate(_languages(text)) or ''
        if name == 'department':
            return one_line(text, name) if is_visible(text) else ''
        return check_fields({name: text})[name]
    except (UnicodeDecodeError, Invalid):
        return ''


def _languages(text):
    """The tags of a preferredLanguage (RFC 2798, 2.7: as in Accept-Language, `es-ES, en;q=0.8`), in their order."""
    return [piece.partition(';')[0].strip().replace('_', '-') for piece in text.split(',')]


def _rdn(dn, attribute):
    try:
        first = str2dn(dn)[0]
    except (ldap.LDAPError, IndexError):    # a server may say anything
        return None
    return next((value for name, value, _kind in first if name.lower() == attribute.lower()), None)


def _head_dn(values, attributes):
    for attribute in attributes:
        for data in values.get(attribute.lower(), ()):
            try:
                return data.decode('utf-8')
            except UnicodeDecodeError:
                continue
    return ''
