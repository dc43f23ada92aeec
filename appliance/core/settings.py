"""Settings that live in rows: the company's; where a declaration allows it, a department's or a person's (core/scopes.py). Declared with
default and meaning; an undeclared name is a KeyError. Secret ones are sealed, and written only: no listing gives them back."""

import functools
import ipaddress
import re

from peewee import CompositeKey

from appliance.core import audit, revisions, sealing, syslog, tool
from appliance.core.actions import action
from appliance.core.db import Base, rows
from appliance.core.errors import Invalid
from appliance.core.fields import Json, Text
from appliance.core.i18n import is_zone, languages, texts
from appliance.core.limits import LIKE_LABEL_LENGTH, MAIL_LENGTH, NAME_LENGTH, PASSWORD_LENGTH, REMEMBERED_DAYS, TRASH_DAYS
from appliance.core.permissions import require
from appliance.core.personal.declarations import WITH_PERSON, Personal
from appliance.core.tool import Setting as Declared

_ = texts(__name__)
COMPANY = ''
# Empty, a name, an IPv4 address, or an IPv6 address with or without its brackets.
_HOST = re.compile(r'|[\w-]+(\.[\w-]+)*\.?|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]+\]?')


class Setting(Base):
    """One value that differs from its default. `scope` is '' for the company, `department:3`, or `person:7`."""

    scope = Text()
    name = Text()
    value = Json()

    class Meta:
        personal = Personal(
            _.lazy('What a person prefers, and what company and departments set; one that names a person must be changed before he is forgotten'),
            person=lambda model, person_id: model.scope == f'person:{person_id}', kept=WITH_PERSON)
        table_name = 'setting'
        primary_key = CompositeKey('scope', 'name')


def _line(limit):
    def read(text):
        text = str(text).strip()
        if len(text) > limit or not text.isprintable():
            raise ValueError(_('one line of at most %(most)s characters', most=limit))
        return text
    return read


def _sender(text):
    """The sender alone; the company's name is set before it. '' is none yet."""
    text = _line(MAIL_LENGTH)(text)
    if text and not re.fullmatch(r'[^@\s<>,;"]+@[^@\s<>,;"]+', text):
        raise ValueError(_('an address such as portal@company.example'))
    return text


def _one_of(find, words):
    def read(text):
        if text not in find():
            raise ValueError(words)
        return text
    return read


def _zone(text):
    if not is_zone(text):
        raise ValueError(_('a time zone such as Europe/Madrid'))
    return text


def _port(text):
    if not str(text).isascii() or not str(text).isdigit() or not 0 < int(text) < 65536:
        raise ValueError(_('a port from 1 to 65535'))
    return int(text)


def _host(text):
    text = str(text).strip()
    if len(text) > NAME_LENGTH or not _HOST.fullmatch(text):
        raise ValueError(_('a host name such as mail.company.example, or an address; the port stands apart'))
    return text


def _whole(least, most):
    def read(text):
        if not str(text).isascii() or not str(text).isdigit() or not least <= int(text) <= most:
            raise ValueError(_('a whole number from %(least)s to %(most)s', least=least, most=most))
        return int(text)
    return read


def _days(least, most):
    def read(text):
        if not str(text).isascii() or not str(text).isdigit() or not least <= int(text) <= most:
            raise ValueError(_('a number of days from %(least)s to %(most)s', least=least, most=most))
        return int(text)
    return read


def _doors(text):
    """`host:port` of servers, parted by blanks or lines; '' for none."""
    found = str(text).replace(',', ' ').lower().split()
    for door in found:
        host, _colon, port = door.rpartition(':')
        if len(found) > 100 or not host or not _HOST.fullmatch(host) or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError(_('servers such as erp.company.example:8443, with blanks between'))
    return ' '.join(dict.fromkeys(found))


def _networks(text):
    """Networks, parted by blanks or lines; '' for none."""
    found = str(text).replace(',', ' ').split()
    try:
        if len(found) > 100:
            raise ValueError
        return ' '.join(dict.fromkeys(str(ipaddress.ip_network(one)) for one in found))
    except ValueError:
        raise ValueError(_('networks such as 10.0.0.0/8, with blanks between')) from None


CORE = {
    'company.name': Declared('', _.lazy('Name of the company'), _line(NAME_LENGTH)),
    'company.language': Declared('en', _.lazy('Language of new people'), _one_of(languages, _.lazy('a language the portal speaks'))),
    'company.zone': Declared('UTC', _.lazy('Time zone of the company'), _zone),
    'login.remember_days': Declared(14, _.lazy('Days that "Remember me" lasts'), _days(1, REMEMBERED_DAYS)),
    'login.ticket_networks': Declared('', _.lazy('Networks whose browsers are asked for a Kerberos ticket without a click'), _networks),
    'mail.host': Declared('', _.lazy('Mail server'), _host),
    'mail.port': Declared(587, _.lazy('Port of the mail server'), _port),
    'mail.tls': Declared('starttls', _.lazy('Encryption of mail'),
                         _one_of(lambda: ('starttls', 'tls', 'none'), 'starttls, tls, none')),
    'mail.user': Declared('', _.lazy('Login at the mail server'), _line(NAME_LENGTH)),
    'mail.password': Declared('', _.lazy('Password at the mail server'), _line(PASSWORD_LENGTH), is_secret=True),
    'mail.sender': Declared('', _.lazy('Sender of mails'), _sender),
    'rest.limit': Declared('off', _.lazy('Limit of REST requests, for trying out'),
                           _one_of(lambda: ('off', 'standard', 'enterprise'), 'off, standard, enterprise')),
    'webhooks.outgoing': Declared('employees', _.lazy('Who may let the portal tell programs of events'),
                                  _one_of(lambda: ('employees', 'administrators'), 'employees, administrators')),
    'webhooks.private': Declared('', _.lazy('Private servers that the portal may tell of events'), _doors),
    'notices.mail_after_minutes': Declared(10, _.lazy('Minutes after which unread notices are mailed'), _whole(0, 1440)),
    'likes.label': Declared('', _.lazy('Word on the button "Like"; empty for that one'), _line(LIKE_LABEL_LENGTH)),
    'trash.keep_days': Declared(30, _.lazy('Days after which deleted things are gone for good'), _days(1, TRASH_DAYS),
                                scopes=('department', 'person')),
    'audit.syslog': Declared('', _.lazy('Syslog server that gets the audit log'), syslog.read_address),
}
_PERMISSIONS = {'mail': 'core.mail.manage', 'rest': 'core.programs.manage', 'webhooks': 'core.programs.manage'}
# A stored password must not be shown to another server than the one it was given for.
_FALLS_WITH = {'mail.host': 'mail.password', 'mail.port': 'mail.password', 'mail.tls': 'mail.password'}


@functools.cache
def declared():
    """{name: declaration} of every setting of the core and of all tools (`worktime.remind_at`)."""
    found = dict(CORE)
    for owner in tool.declarations().values():
        found |= {f'{owner.name}.{name}': setting for name, setting in owner.settings.items()}
    return found


def kept_in_scopes():
    """{scope: {name: stored value}} of the company and of departments; what persons decided is too much to be kept."""
    # Asked on every page: building the statement by Peewee cost more than all that it found.
    return revisions.kept('setting', _read_kept)


def _read_kept():
    found = {}
    for scope, name, text in rows("SELECT scope, name, value FROM setting WHERE substr(scope, 1, 7) <> 'person:'"):
        found.setdefault(scope, {})[name] = Setting.value.python_value(text)
    return found


def _kept():
    """{name: stored value} of the company's settings that differ from their defaults."""
    return kept_in_scopes().get(COMPANY, {})


def names_that_are_on():
    """The names of the settings of the core and of the tools that are on."""
    return [name for name in declared() if name in CORE or name.partition('.')[0] in tool.registry.names]


def get_setting(name):
    """The value of the company's setting, or its default. A secret one is opened: for the code that uses it only."""
    declaration, kept = declared()[name], _kept()
    if name not in kept:
        return declaration.default
    return sealing.unseal(bytes.fromhex(kept[name]), name) if declaration.is_secret else kept[name]


def get_settings(prefix):
    """{name: value} of all settings below a prefix (`mail`); secrets left out, `has_<name>` in their place."""
    kept, found = _kept(), {}
    for name, declaration in declared().items():
        if name.startswith(prefix + '.'):
            short = name.removeprefix(prefix + '.')
            if declaration.is_secret:
                found[f'has_{short}'] = name in kept
            else:
                found[short] = kept.get(name, declaration.default)
    return found


def _may_set(actor, name, *args, **kwargs):
    require(actor, _PERMISSIONS.get(name.partition('.')[0], 'core.settings.manage'))


def read_value(name, text):
    """The value that a text says; Invalid says what would be right."""
    declaration = declared()[name]
    try:
        return declaration.read(text)
    except ValueError as error:
        raise Invalid(_('%(label)s: right would be %(right)s.', label=declaration.label, right=error), field=name) from None


@action(rights=_may_set)
def set_setting(actor, name, text):
    """Set a company's setting from text. Invalid says what would be right; `field` is the setting's name."""
    if name not in declared():
        raise Invalid(_('There is no setting %(name)s.', name=name), field=name)
    declaration, value = declared()[name], read_value(name, text)
    if name in _FALLS_WITH and value != get_setting(name):
        keep(COMPANY, _FALLS_WITH[name], None)
    keep(COMPANY, name, sealing.seal(value, name).hex() if declaration.is_secret and value else value)
    audit.record(actor, 'core.setting.changed', f'core.setting:{name}', **({} if declaration.is_secret else {'to': value}))
    return None if declaration.is_secret else value


@action
def set_settings(actor, values):
    """Set several settings from {name: text}, in that order, all of them or none."""
    for name, text in values.items():
        set_setting(actor, name, text)


def keep(scope, name, value):
    """Store a value in a scope, or None to have none there: inside an action, whose right it is."""
    if not scope.startswith('person:'):
        revisions.bump('setting')
    if value is None or (declared()[name].is_secret and value == ''):
        Setting.delete().where((Setting.scope == scope) & (Setting.name == name)).execute()
        return
    (Setting.insert(scope=scope, name=name, value=value)
     .on_conflict(conflict_target=(Setting.scope, Setting.name), update={Setting.value: value}).execute())
