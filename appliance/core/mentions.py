"""Mentions: `@` and a person's name, as people type it, become links to the person; and who may be mentioned where.

Only people whom the writer sees can be mentioned. Who may not see the object is not told: the rule that keeps the text says so.
"""

import re

from appliance.core import access, markup, refs
from appliance.core.actor import EMPLOYEE
from appliance.core.db import rows
from appliance.core.departments import all_departments, subtree
from appliance.core.errors import Invalid, NotAllowed, NotFound
from appliance.core.folding import fold
from appliance.core.i18n import texts
from appliance.core.limits import MENTIONS_A_COMMENT
from appliance.core.people import actor_for
from appliance.core.people_access import PEOPLE

_ = texts(__name__)
OFFERED = 8
LONGEST_NAME = 6                # words
_AT = re.compile(r'(?<![\w@])@(?=[^\s@])')
_WORD = re.compile(r'[^\s@]+')
_NUMBER = re.compile(r'(.*?)#([0-9]{1,18})', re.ASCII | re.DOTALL)
_AFTER_A_NAME = '.,;:!?)]}»"\'*_'


def read(actor, text):
    """Typed text with each `@Name` of somebody whom the actor sees made a mention: (text, names that two people have).

    `@Name#7` says which of two; Invalid when there are too many.
    """
    found = list(_AT.finditer(text))
    if len(found) > 3 * MENTIONS_A_COMMENT:
        found = found[:3 * MENTIONS_A_COMMENT]
    phrases = [_phrases(text, one.end()) for one in found]
    known = _people_called(actor, {fold(name) for phrase in phrases for name, _number, _end in phrase})
    pieces, last, unclear = [], 0, []
    for one, phrase in zip(found, phrases, strict=True):
        person_id, end, name = _longest(phrase, known)
        if name and person_id is None:
            unclear.append(name)
        elif person_id is not None and one.start() >= last:
            pieces += [text[last:one.start()], markup.MENTION.format(person_id)]
            last = end
    read_text = ''.join([*pieces, text[last:]])
    if len(markup.mentioned(read_text)) > MENTIONS_A_COMMENT:
        raise Invalid(_('At most %(most)s people can be mentioned at once.', most=MENTIONS_A_COMMENT), field='text')
    return read_text, list(dict.fromkeys(unclear))


def _phrases(text, start):
    """[(name, number or None, where it ends)] of what may be a name after an @, the longest first."""
    found, at = [], start
    for _count in range(LONGEST_NAME):
        word = _WORD.match(text, at)
        if not word or '\n' in text[start:word.start()]:
            break
        phrase = text[start:word.end()].rstrip(_AFTER_A_NAME)
        numbered = _NUMBER.fullmatch(phrase)
        found.append((numbered[1], int(numbered[2]), start + len(phrase)) if numbered else (phrase, None, start + len(phrase)))
        at = word.end() + 1 if text[word.end():word.end() + 1] == ' ' else len(text)
    return found[::-1]


def _longest(phrase, known):
    """(person or None, where the name ends, the name where several have it)."""
    for name, number, end in phrase:
        ids = known.get(fold(name), [])
        if number in ids:
            return number, end, ''
        if number is None and ids:
            return (ids[0], end, '') if len(ids) == 1 else (None, end, name)
    return None, 0, ''


def _people_called(actor, folded):
    """{folded name: [ids]} of those whom the actor sees."""
    wanted, found = sorted(one for one in folded if one), {}
    if wanted:
        seen, values = access.condition(PEOPLE, actor, 'p.id')
        for person_id, name in rows(f'''SELECT p.id, p.sort_name FROM person p WHERE p.sort_name IN ({', '.join('?' * len(wanted))})
                                        AND {seen} ORDER BY p.id''', *wanted, *values):
            found.setdefault(name, []).append(person_id)
    return found


def as_typed(text):
    """A kept text as its writer would type it: `@Name`, with `#7` where two have the name."""
    ids = markup.mentioned(text)
    if not ids:
        return text
    marks = ', '.join('?' * len(ids))
    named = {person_id: f'@{name}#{person_id}' if count > 1 else f'@{name}' for person_id, name, count in rows(
        f'SELECT id, name, (SELECT count(*) FROM person o WHERE o.sort_name = p.sort_name) FROM person p WHERE id IN ({marks})', *ids)}
    return markup.with_names(text, lambda person_id: named.get(person_id, '@?'))


def with_at(text, names):
    """A kept text with `@Name` for each mention, for who reads it as text; `names` {id: name}."""
    return markup.with_names(text, lambda person_id: f'@{names.get(person_id, "?")}')


def who_see(person_ids, kind, object_id):
    """Those of some people who may see an object now, asked of its owner for each."""
    seen = []
    for person_id in person_ids:
        try:
            refs.require(actor_for(person_id, 'notices'), kind, object_id)
        except (NotFound, NotAllowed):
            continue
        seen.append(person_id)
    return seen


def offered(actor, kind, object_id, typed):
    """[{id, name, title, photo, mention}] of people whom the actor sees, who see the object, and whose name, login or mail holds what
    was typed; a name that begins so comes first. `mention` is what to write. NotFound when the actor does not see the object.
    """
    refs.require(actor, kind, object_id, 'comment')
    words = fold(''.join(char if char.isprintable() else ' ' for char in typed[:100])).split()[:LONGEST_NAME]
    seen, values = access.condition(PEOPLE, actor, 'p.id')
    audience, subjects = _who_have(kind, object_id)
    literal = [word.replace('!', '!!').replace('%', '!%').replace('_', '!_') for word in words]
    like = ''.join(" AND p.sort_name LIKE ? ESCAPE '!'" for _word in words)
    found = rows(f'''SELECT p.id, p.name, p.title, p.photo, (SELECT count(*) FROM person o WHERE o.sort_name = p.sort_name) FROM person p
                     WHERE p.id <> ? AND {seen} AND {audience}{like}
                     ORDER BY CASE WHEN p.sort_name LIKE ? ESCAPE '!' THEN 0 ELSE 1 END, p.sort_name, p.id LIMIT ?''',
                 actor.person_id or 0, *values, *subjects, *(f'%{word}%' for word in literal), f'{" ".join(literal)}%', OFFERED)
    return [{'id': one, 'name': name, 'title': title, 'photo': photo, 'mention': f'@{name}#{one}' if count > 1 else f'@{name}'}
            for one, name, title, photo, count in found]


def _who_have(kind, object_id):
    """(SQL, values): true for the rows of person as `p` that have one of the subjects of an object."""
    this, tree = access.kinds().get(kind), all_departments()
    subjects = [one for one, in rows(f'SELECT subject FROM {this.table_name} WHERE object_id = ?', object_id)] if this else []
    people, departments, conditions = set(), set(), []
    for subject in subjects:
        name, _colon, number = subject.partition(':')
        if name == 'everybody':
            conditions.append((f"p.kind = '{EMPLOYEE}'", ()))
        elif name == 'person':
            people.add(int(number))
        elif name == 'department':
            departments.add(int(number))
        elif name == 'under':
            departments |= set(subtree(int(number), tree))
        elif name == 'leads' and int(number) in tree and tree[int(number)][2]:
            people.add(tree[int(number)][2])
    for column, ids in (('p.id', people), ('p.department_id', departments)):
        if ids:
            conditions.append((f'{column} IN ({", ".join("?" * len(ids))})', tuple(sorted(ids))))
    return (f'({" OR ".join(one for one, _values in conditions) or "1 = 0"})', tuple(value for _sql, values in conditions for value in values))
