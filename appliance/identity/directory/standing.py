"""What a login is: which entry the portal finds for it, how its person would look here, and everything that keeps him out. Without a
password: the portal's own account looks. Nothing is written.
"""

import ldap

from appliance.core import clock
from appliance.core.db import row, rows
from appliance.core.i18n import format_moment, texts
from appliance.core.person_fields import fold_login
from appliance.core.personal.forgotten import FORGOTTEN, is_forgotten
from appliance.identity.directory import directories
from appliance.identity.directory.client import connect
from appliance.identity.directory.login import bind_own_account, misconfigured_search, named
from appliance.identity.directory.mapping import PRESETS, attributes_of, mapping_of, plain, read_entry, read_uuid
from appliance.identity.directory.root import read_root
from appliance.identity.directory.samples import as_shown, groups_shown, with_photo

_ = texts(__name__)

MOST_FOUND = 20


def look_up(directory, login, deadline):
    """(what the directory says: {why: [{code, message}, ...], dns, shown}, the Entry or None). Without the database: it may run in a thread.

    shown is what samples.as_shown gives, or None.
    """
    with connect(directory, deadline) as connection:
        bind_own_account(connection, directory)
        names = f'(|{"".join(named(directory, login))})'
        found, is_more = _search(connection, f'(&{directory.person_filter}{names})', attributes_of(directory))
        if len(found) == 1 and not is_more:
            dn, values = found[0]
            return _of_one(directory, dn, with_photo(directory, connection, dn, values))
        if found or is_more:
            return _nobody('ambiguous', _('Several entries have this login, so that none of them gets in by it. Make it one\'s alone.'), [dn for dn, _values in found])
        return _nobody(*_why_not_found(connection, directory, names))


def groups_of(directory, entry, deadline):
    """The groups of an Entry with what they give, as samples.groups_shown says; in the thread of the caller, since rules may be asked."""
    with connect(directory, deadline) as connection:
        bind_own_account(connection, directory)
        return groups_shown(directory, entry, connection)


def standing(directory, login, found, entry):
    """What becomes of somebody whom `look_up` found: {login, may_log_in, why, dns, dn, uuid, fields, head_dn, photo_bytes, closed, groups, person,
    becomes, blocks}.

    why: [{code, message}, ...], all that keeps him out, empty where nothing does. person: {id, login, name} of who he is here, or None.
    becomes: `known`, `new`, or '' where he cannot come in. blocks: [{source, reason, by, at}, ...] that stand here.
    """
    shown = found['shown'] or {'dn': '', 'uuid': '', 'fields': {}, 'head_dn': '', 'photo_bytes': 0, 'closed': '', 'groups': []}
    answer = {'login': login, 'may_log_in': False, 'why': list(found['why']), 'dns': found['dns'], **shown, 'person': None, 'becomes': '', 'blocks': []}
    local = row('SELECT p.id, p.login, p.name FROM person p JOIN password w ON w.person_id = p.id WHERE p.login = ? OR p.mail = ? ORDER BY p.id',
                fold_login(login), login.strip())
    if local:
        _add(answer, 'local', _('%(login)s is an account of the portal itself: its own password decides, and the directory is not asked.', login=local[1]))
    if directory.id and row('SELECT id FROM directory WHERE id = ? AND is_active = 0', directory.id):
        _add(answer, 'off', _('Nobody logs in with this directory now: it is switched off here.'))
    if entry is not None:
        _here(directory, entry, answer)
    answer['may_log_in'] = not answer['why']
    return answer


def _search(connection, search_filter, attributes):
    """([(dn, values), ...], whether there are more than can be shown)."""
    try:
        return connection.search(search_filter, attributes, limit=MOST_FOUND), False
    except ldap.SIZELIMIT_EXCEEDED:
        return [], True
    except ldap.LDAPError as error:
        raise misconfigured_search(error) from error


def _of_one(directory, dn, values):
    entry = read_entry(directory, dn, values)
    if entry is None:
        if read_uuid(directory.preset, plain(values)) is None:
            return _nobody('no_uuid', _('The entry shows no %(attribute)s, by which a person is known again. Let the account read it.',
                                        attribute=PRESETS[directory.preset].uuid_attribute), [dn])
        return _nobody('no_login', _('The entry has no usable login in %(attributes)s.', attributes=', '.join(mapping_of(directory)['login'])), [dn])
    found = {'why': [], 'dns': [], 'shown': as_shown(directory, entry, values)}
    closed = found['shown']['closed']
    if closed == 'disabled':
        _add(found, 'disabled', _('The account is disabled in the directory.'))
    elif closed == 'expired':
        _add(found, 'expired', _('The account has expired in the directory, since %(moment)s.', moment=format_moment(entry.expires_at)))
    return found, entry


def _why_not_found(connection, directory, names):
    """(code, message, [dn, ...]): where an entry of that login stands after all, and what keeps it from being found."""
    found, is_more = _search(connection, names, ['1.1'])
    if found or is_more:
        parts = _unmatched(connection, directory, found[0][0]) if found else []
        told = _('It does not match: %(parts)s', parts=' '.join(parts)) if parts else ''
        return 'filtered', ' '.join((_('An entry has this login, but the filter for people leaves it out.'), told)).strip(), [dn for dn, _values in found]
    for context in read_root(connection).contexts:
        if context.lower() not in {base.lower() for base in directory.bases}:
            try:
                found = connection.search(names, ['1.1'], limit=MOST_FOUND, base=context)
            except ldap.LDAPError:
                continue
            if found:
                return 'outside', _('The entry stands outside the base %(base)s.', base='; '.join(directory.bases)), [dn for dn, _values in found]
    return 'unknown', _('No entry that the portal’s account is shown has this login in %(attributes)s.', attributes=', '.join(directory.login_attributes)), []


def _unmatched(connection, directory, dn):
    """The parts of the filter for people that an entry does not match: of (&(a)(b)) each by itself."""
    found = []
    for part in parts_of(directory.person_filter):
        try:
            if not connection.search(part, ['1.1'], base=dn, scope=ldap.SCOPE_BASE):
                found.append(part)
        except ldap.LDAPError:
            continue
    return found


def parts_of(search_filter):
    """The parts of a filter that must all match: ['(a=1)', '(b=2)'] of '(&(a=1)(b=2))'; of any other the filter itself."""
    if not search_filter.startswith('(&'):
        return [search_filter]
    parts, depth, begun = [], 0, 0
    for place, char in enumerate(search_filter[2:-1], start=2):
        if char == '(':
            begun = place if depth == 0 else begun
            depth += 1
        elif char == ')':
            depth -= 1
            if depth == 0:
                parts += parts_of(search_filter[begun:place + 1])
    return parts


def _nobody(code, message, dns=()):
    return {'why': [{'code': code, 'message': message}], 'dns': list(dns), 'shown': None}, None


def _add(answer, code, message):
    answer['why'].append({'code': code, 'message': message})


def _here(directory, entry, answer):
    """Who he is here, by the entry's number; and what stands against him here."""
    tie = row('SELECT p.id, p.login, p.name FROM directory_person t JOIN person p ON p.id = t.person_id WHERE t.directory_id = ? AND t.uuid = ?',
              directory.id, str(entry.uuid))
    if tie is None:
        taken = row('SELECT id, login, name FROM person WHERE login = ?', fold_login(entry.fields['login']))
        if taken:
            _add(answer, 'taken', _('The login %(login)s belongs to %(name)s here, who did not come by this entry. A name alone joins nobody.',
                                    login=taken[1], name=taken[2]))
        answer['becomes'] = '' if answer['why'] else 'new'
        return
    answer['person'] = dict(zip(('id', 'login', 'name'), tie, strict=True))
    if is_forgotten(tie[0]):
        _add(answer, 'forgotten', _('This person was forgotten here, and does not come back by logging in.'))
    answer['blocks'] = [{'source': source, 'reason': reason, 'by': by or '', 'at': clock.from_microseconds(at)} for source, reason, by, at in rows(
        'SELECT b.source, b.reason, p.name, b.at FROM person_block b LEFT JOIN person p ON p.id = b.by WHERE b.person_id = ? ORDER BY b.at, b.source', tie[0])]
    for block in answer['blocks']:
        # This directory's own goes with the next login, if the directory lets him in.
        if block['source'] not in (directories.source_of(directory.id), FORGOTTEN):
            _add(answer, 'blocked', _('Blocked here since %(moment)s by %(by)s: %(reason)s', moment=format_moment(block['at']),
                                      by=block['by'] or _source(block['source']), reason=block['reason'] or '-'))
    answer['becomes'] = '' if answer['why'] else 'known'



def _source(source):
    """Who keeps somebody out, where no person did."""
    kind, _colon, number = source.partition(':')
    name = row('SELECT name FROM directory WHERE id = ?', int(number)) if kind == 'directory' and number.isdecimal() else None
    return name[0] if name else {'portal': _('the console')}.get(source, source)
