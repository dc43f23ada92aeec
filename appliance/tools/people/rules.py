"""Who sees whom, and what is read for the pages of people. Nothing is written here: persons and departments are core's.

One table stands behind list, profile and structure (structure.py): core/people_access.py says who sees whom, and why.
"""

import functools
import unicodedata
from datetime import date

from appliance.core import access, permissions, presence
from appliance.core.actor import EMPLOYEE, GUEST, SERVICE
from appliance.core.custom_fields import values as custom_values
from appliance.core.db import row, rows
from appliance.core.departments import heads_of, path_to, subtree
from appliance.core.errors import Invalid, NotFound
from appliance.core.folding import fold
from appliance.core.i18n import texts
from appliance.core.limits import PAGE_ROWS, SEARCH_LENGTH
from appliance.core.people_access import PEOPLE
from appliance.identity.models import Directory, is_taken

_ = texts(__name__)

COUNTED = 1000                  # a list says `1,000+` beyond: an exact number would cost more than the page
NEAR_SHOWN = 6                  # on the day
_COLUMNS = ('id', 'kind', 'login', 'name', 'mail', 'phone', 'title', 'birthday', 'language', 'zone', 'department_id', 'contact_id',
            'photo', 'employee_number')
_LISTED = '''p.id, p.name, p.title, p.department_id, p.phone, p.mail, p.kind, p.photo,
             EXISTS (SELECT 1 FROM person_block x WHERE x.person_id = p.id), p.sort_name'''
# What somebody from outside sees of his contact.
_FOR_GUESTS = frozenset({'id', 'kind', 'name', 'mail', 'phone', 'title', 'language', 'zone', 'photo'})


def visible_to(actor, alias='p'):
    """(condition, values): SQL that is true for the rows of `person` as `alias` that the actor may see."""
    return access.condition(PEOPLE, actor, f'{alias}.id')


def access_person(actor, person_id):
    """The person of an id as a dict of what this actor may see of him; NotFound when unseen, absent or no id at all.

    Keys: id, kind, name, mail, phone, title, language, zone, photo (its version or None); to colleagues also login, department_id, contact_id, birthday
    (ISO text or None) and `has_year`: whether the year of the birthday may be shown; to himself and who manages people employee_number.
    """
    level = access.require_seen(PEOPLE, actor, person_id)
    found = row(f'SELECT {", ".join(_COLUMNS)} FROM person WHERE id = ?', person_id)
    if found is None:
        raise NotFound()
    person = dict(zip(_COLUMNS, found, strict=True))
    if level == 'contact':
        return {name: value for name, value in person.items() if name in _FOR_GUESTS}
    may_know = level == 'own' or manages(actor)
    if not may_know:
        del person['employee_number']
    return person | {'has_year': may_know}


def manages(actor):
    """Whether the actor manages people, and so sees everybody with all that is known of him."""
    return permissions.may(actor, 'core.people.manage')


def near(actor):
    """{people: [{id, name, title, photo, is_here}], department_id, has_more}: the first of the actor's department, of a guest his contact."""
    department_id = next((int(subject.removeprefix('department:')) for subject in actor.subjects if subject.startswith('department:')), None)
    condition, values = visible_to(actor)
    if actor.kind == GUEST:
        place, wanted = "p.kind = 'employee'", ()
    else:
        place, wanted = 'p.department_id = ?', (department_id or 0,)
    found = rows(f'SELECT p.id, p.name, p.title, p.photo FROM person p WHERE {place} AND p.id <> ? AND {condition} ORDER BY p.sort_name, p.id LIMIT ?',
                 *wanted, actor.person_id, *values, NEAR_SHOWN + 1)
    here = presence.present([one[0] for one in found[:NEAR_SHOWN]])
    people = [dict(zip(('id', 'name', 'title', 'photo'), one, strict=True)) | {'is_here': one[0] in here} for one in found[:NEAR_SHOWN]]
    return {'people': people, 'department_id': department_id, 'has_more': len(found) > NEAR_SHOWN}


def profile(actor, person_id):
    """All that a profile shows: access_person's keys, and `is_own`, `may_know` (himself, or who manages people), `is_here` (of others), `is_blocked`,
    `custom` (what the company's own fields say), `department` ([(id, name)] from the top down), `head`, `contact` ({id, name} or None), `leads` ([(id, name)]), `directory` ({name, fields} or None: what fills those
    fields).
    """
    person = access_person(actor, person_id)
    is_own = person_id == actor.person_id
    may_know = is_own or manages(actor)
    found = {'is_own': is_own, 'may_know': may_know, 'custom': custom_values.shown('core.person', person_id, may_know), 'is_here': not is_own and presence.is_present(person_id), 'is_blocked': False,
             'department': [], 'head': None, 'contact': None, 'leads': [], 'directory': None}
    if 'department_id' in person and (not is_outside(actor) or is_own):
        found |= _place(actor, person)
    if may_know:
        found['directory'] = filled_by(person_id)
    if manages(actor):
        found['is_blocked'] = row('SELECT 1 FROM person_block WHERE person_id = ?', person_id) is not None
    return person | found


def _place(actor, person):
    """Where a person stands: to somebody from outside only his contact, to colleagues also department and heads."""
    contact = _name_of(actor, person['contact_id']) if person['contact_id'] else None
    if is_outside(actor):
        return {'contact': contact}
    tree, heads = _departments(actor)
    above = [head for head in heads_of(person['id'], person['department_id'], tree) if head in heads]
    return {'contact': contact,
            'department': [(one, tree[one][0]) for one in reversed(path_to(person['department_id'], tree))],
            'head': {'id': above[0], 'name': heads[above[0]]} if above else None,
            'leads': [(one, name) for one, (name, _parent, head) in tree.items() if head == person['id']]}


def is_outside(actor):
    """Whether the actor is no colleague: he has no list and no structure, and sees of others how to reach them."""
    return actor.kind not in (EMPLOYEE, SERVICE) and not manages(actor)


def _name_of(actor, person_id):
    condition, values = visible_to(actor)
    found = row(f'SELECT p.id, p.name FROM person p WHERE p.id = ? AND {condition}', person_id, *values)
    return {'id': found[0], 'name': found[1]} if found else None


def filled_by(person_id):
    """{name, fields}: the directory that fills fields of a person, and which; None for somebody who is not of one."""
    found = row('SELECT d.name, d.preset, d.mapping, d.tree, p.photo FROM directory d JOIN directory_person p ON p.directory_id = d.id WHERE p.person_id = ?',
                person_id)
    if found is None:
        return None
    from appliance.identity.directory.mapping import mapped_fields      # slow: python-ldap, 7 MiB, and jobs asks for none of it
    name, preset, mapping, tree, photo = found
    fields = mapped_fields(Directory(preset=preset, mapping=Directory.mapping.python_value(mapping), tree=tree))
    return {'name': name, 'fields': tuple(one for one in fields if one != 'photo' or is_taken(photo))}


def _departments(actor):
    """({id: (name, parent_id, head_id)}, {person_id: name} of the heads that the actor may see), in one query."""
    condition, values = visible_to(actor, 'h')
    found = rows(f'''SELECT d.id, d.name, d.parent_id, d.head_id, h.name FROM department d
                     LEFT JOIN person h ON h.id = d.head_id AND {condition} ORDER BY d.name, d.id''', *values)
    return {one[0]: one[1:4] for one in found}, {one[3]: one[4] for one in found if one[4] is not None}


def list_people(actor, search='', department_id=None, after='', before='', tag='', most=PAGE_ROWS):
    """A page of the people that the actor sees, by name. For employees; NotFound to others.

    search: words that must all occur; department_id: with all that is below it; tag: what they can be asked about; after, before: a cursor of a former page.
    Returns people [(id, name, title, department's name, phone, mail, kind, photo, is_blocked)], after and before (cursors of the
    neighbours, '' at the ends), count (at most COUNTED + 1), departments [(id, name, depth)]. Invalid for a search that is
    too long or a cursor that is none; NotFound for an unknown department.
    """
    require_colleague(actor)
    tree, _heads = _departments(actor)
    is_whole = not search_words(search) and department_id is None and not fold(tag)
    where, values, count = _found(actor, search, department_id, tag, tree)
    read = functools.partial(_whole_page, actor) if is_whole else functools.partial(_page, where, values)
    people, has_more = read(after, before, most)
    back, forth = (has_more, True) if before else (bool(after), has_more)
    if before and not has_more:
        # The way back ends here: a whole first page, whatever was added before it meanwhile.
        people, forth = read('', '', most)
    return {'people': [(one[0], one[1], one[2], tree[one[3]][0] if one[3] in tree else '', *one[4:9]) for one in people],
            'before': _cursor(people[0]) if people and back else '', 'after': _cursor(people[-1]) if people and forth else '',
            'count': count if count is not None else access.count(PEOPLE, actor, COUNTED + 1) if back or forth else len(people),
            'departments': _flat(tree)}


def _found(actor, search, department_id, tag, tree):
    """(condition, values, count) of the people asked for; count is None where nothing was asked: these are all.

    Words stand anywhere in a text, so no index finds them: everybody is looked at, once, until there are more than COUNTED. Fewer are
    then named by their ids, and only these put in order; for more the list's own order is walked, where a page of them is near.
    """
    asked, words = _asked(search, department_id, tag, tree)
    visible, values = visible_to(actor)
    if not asked:
        return visible, values, None
    where, values = f'{asked} AND {visible}', (*words, *values)
    ids = [one for one, in rows(f'SELECT p.id FROM person p WHERE {where} LIMIT {COUNTED + 1}', *values)]
    if len(ids) > COUNTED:
        return where, values, len(ids)
    # Whoever was hidden since then stays hidden.
    return f'p.id IN ({", ".join("?" * len(ids)) or "NULL"}) AND {visible}', (*ids, *values[len(words):]), len(ids)


def _whole_page(actor, after, before, most):
    """(rows, whether more follow) of everybody whom the actor sees, by the access table alone."""
    place = _place_of(before or after) if before or after else None
    seen, values = access.page(PEOPLE, actor, most + 1, place, bool(before))
    order = 'DESC' if before else 'ASC'
    found = rows(f'''SELECT {_LISTED} FROM ({seen}) seen JOIN person p ON p.id = seen.object_id
                     ORDER BY seen.key {order}, seen.object_id {order}''', *values)
    page = found[:most]
    return page[::-1] if before else page, len(found) > most


def require_colleague(actor):
    """NotFound to who is no employee, as if there were no list and no structure."""
    if is_outside(actor):
        raise NotFound()


def _asked(search, department_id, tag, tree):
    """(condition or '', values) of what was typed and chosen."""
    conditions, values = [], []
    if len(search) > SEARCH_LENGTH:
        raise Invalid(_('Search with at most %(most)s characters.', most=SEARCH_LENGTH), field='q')
    if department_id is not None:
        if department_id not in tree:
            raise NotFound()
        below = subtree(department_id, tree)
        conditions.append(f'p.department_id IN ({", ".join("?" * len(below))})')
        values += below
    if fold(tag):
        conditions.append("p.id IN (SELECT g.object_id FROM tagging g WHERE g.folded = ? AND g.kind = 'core.person')")
        values.append(fold(tag))
    for word in search_words(search):
        conditions.append("p.words LIKE ? ESCAPE '!'")
        values.append(f'%{literally(word)}%')
    return ' AND '.join(conditions), values


def search_words(search):
    """The folded words of what somebody typed, each once. What no name can hold (NUL, control characters) parts words."""
    return list(dict.fromkeys(fold(''.join(char if char.isprintable() else ' ' for char in search)).split()))


def literally(word):
    """A word for LIKE, where `!` makes what follows mean itself."""
    return word.replace('!', '!!').replace('%', '!%').replace('_', '!_')


def _page(where, values, after, before, most):
    """(rows in the list's order, whether more follow in the direction of reading)."""
    order, beyond = 'ASC', ''
    if after or before:
        order, sign = ('DESC', '<') if before else ('ASC', '>')
        beyond, values = f' AND (p.sort_name, p.id) {sign} (?, ?)', [*values, *_place_of(before or after)]
    found = rows(f'''SELECT {_LISTED} FROM person p WHERE {where}{beyond} ORDER BY p.sort_name {order}, p.id {order} LIMIT {most + 1}''', *values)
    page = found[:most]
    return page[::-1] if before else page, len(found) > most


def _cursor(person):
    return f'{person[0]}~{person[-1]}'


def _place_of(cursor):
    """(sort_name, id) of a cursor. It names a place, not a person, so that it outlives a change of him."""
    number, tilde, name = cursor.partition('~')
    # Names may hold what joins or parts letters (Cf), as in Persian: only what no name can hold is no place.
    is_name = not any(unicodedata.category(char) in ('Cc', 'Cs') for char in name)
    if not (tilde and number.isascii() and number.isdigit() and len(number) < 19 and is_name):
        raise Invalid(_('There is no such place in the list. Begin at its start.'), field='after')
    return name, int(number)


def departments(actor):
    """[(id, name, depth)] of all departments, each below its parent; none for somebody from outside."""
    return [] if is_outside(actor) else _flat(_departments(actor)[0])


def _flat(tree):
    """[(id, name, depth)] of all departments, each below its parent, in the order of names."""
    below = {}
    for one, (_name, parent, _head) in tree.items():
        below.setdefault(parent, []).append(one)

    def walk(parent, depth):
        for one in below.get(parent, ()):
            yield one, tree[one][0], depth
            yield from walk(one, depth + 1)

    return list(walk(None, 0))


def as_day(text):
    """A birthday as it is stored (ISO text) as a date, None for none."""
    return date.fromisoformat(text) if text else None
