"""Three people of a directory as they would look here, which groups they have, and what is wrong with the fields of the others."""

from collections import Counter

import ldap

from appliance.core import clock
from appliance.core.i18n import texts
from appliance.identity.directory import self_written
from appliance.identity.directory.groups import what_groups_give
from appliance.identity.directory.mapping import attributes_of, mapping_of, picture_of, plain, read_entry

_ = texts(__name__)

LOOKED_AT, SHOWN = 100, 3


def read_samples(directory, connection):
    """({people: [...], looked_at, warnings: [{code, field, message}, ...]}, [Entry, ...]) of the first LOOKED_AT people; up to three are shown:
    who has most fields, who has least, and one between. A person is what `as_shown` gives.
    """
    page = next(iter(connection.pages(directory.person_filter, attributes_of(directory), LOOKED_AT)), [])
    read = [(read_entry(directory, dn, values), dn, values) for dn, values in page]
    usable = [(entry, values) for entry, _dn, values in read if entry is not None]
    usable.sort(key=lambda one: (-sum(bool(text) for text in one[0].fields.values()), one[0].dn))
    chosen = [usable[index] for index in sorted({0, len(usable) // 2, len(usable) - 1})] if usable else []
    shown = [as_shown(directory, entry, with_photo(directory, connection, entry.dn, values)) for entry, values in chosen[:SHOWN]]
    nameless = [dn for entry, dn, _values in read if entry is None]
    return ({'people': shown, 'looked_at': len(read), 'warnings': _warnings(directory, [entry for entry, _values in usable], nameless)},
            [entry for entry, _values in chosen[:SHOWN]])


def with_photo(directory, connection, dn, values):
    """The attributes of an entry with those of its photo, which a look at everybody leaves out."""
    names = mapping_of(directory).get('photo')
    try:
        found = connection.search('(objectClass=*)', list(names), base=dn, scope=ldap.SCOPE_BASE) if names else ()
    except ldap.LDAPError:
        return values
    return values | found[0][1] if found else values


def as_shown(directory, entry, values):
    """{dn, uuid, fields, head_dn, photo_bytes, closed, groups}: an Entry as its person would look here; what hides a secret is left out.

    values: the entry's attributes. closed: '', 'disabled', 'expired' or 'not shown'. groups is empty until somebody asks for them.
    """
    mapping = mapping_of(directory)
    hidden = {field for field, names in mapping.items() if any(name.lower() in self_written.SECRET for name in names)}
    return {'dn': entry.dn, 'uuid': str(entry.uuid), 'fields': {name: '' if name in hidden else text for name, text in entry.fields.items()},
            'head_dn': entry.head_dn, 'photo_bytes': len(picture_of(plain(values), mapping.get('photo', ()))),
            'closed': 'not shown' if entry.is_disabled is None else entry.closed(clock.now()), 'groups': []}


def groups_shown(directory, entry, connection):
    """[{group, gives: [words, ...]}, ...] of an Entry as text. Rules may be asked: call it in a thread that has the database."""
    return [{'group': str(one['group']), 'gives': [str(words) for words in one['gives']]} for one in what_groups_give(directory, entry, connection)]


def _warnings(directory, entries, nameless):
    """What an administrator should know before people come in by it."""
    found, many = [], len(entries)

    def warn(code, field, message):
        found.append({'code': code, 'field': field, 'message': message})
    if nameless:
        warn('unusable', 'login', _('%(some)s of %(all)s people have no usable login or no number: they cannot come in. One of them: %(dn)s.',
                                    some=len(nameless), all=many + len(nameless), dn=nameless[0]))
    if 'mail' in mapping_of(directory) and (without := sum(not entry.fields.get('mail') for entry in entries)):
        warn('no_mail', 'mail', _('%(some)s of %(all)s people have no mail: no notice reaches them outside the portal.', some=without, all=many))
    twice = [login for login, times in Counter(entry.fields['login'] for entry in entries).items() if times > 1]
    if twice:
        warn('twice', 'login', _('Several people have the login %(login)s: none of them can come in.', login=twice[0]))
    nameless_here = sum(entry.fields['name'] == entry.fields['login'] for entry in entries)
    if nameless_here:
        warn('no_name', 'name', _('%(some)s of %(all)s people have no name but their login.', some=nameless_here, all=many))
    blind = sum(entry.is_disabled is None for entry in entries)
    if blind:
        warn('blind', '', _('The directory does not show the portal’s account who is disabled (userAccountControl). Let the account read it: nobody is let in '
                            'or cut off by it until then.'))
    for attribute in self_written.secret_attributes(directory):
        warn('secret', '', _('%(attribute)s holds a secret. Take it out of the fields.', attribute=attribute))
    return found + self_written.usual_risks(directory)
