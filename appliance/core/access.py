"""Who may see what is data: each kind of object has a table of (subject, key, object, level), written from one function.

    DAYS = access.kind('worktime.day', table=WorktimeDayAccess, levels=('view', 'clock'), audiences=audiences, ...)

`audiences(ids)` in the tool's rules is the only source: {id: (key, {subject: (level, reason)})}. The rule that changes an object calls
`access.changed('worktime.day', [id])` in its transaction; core writes the difference. The same function answers why somebody sees
something. An actor carries his subjects (core/people.py), so joining or leaving a group touches no object's row.

A list in its own order merges the first rows of each subject; for who has many subjects, or sees all, it walks the order's index.
"""

import time
from dataclasses import dataclass, replace

from peewee import SQL

from appliance.core import live_pages, registration, revisions
from appliance.core.db import Base, rows, write
from appliance.core.errors import NotFound
from appliance.core.fields import Integer, Text
from appliance.core.i18n import texts
from appliance.core.limits import GREATEST_ID
from appliance.core.personal.declarations import FOLLOW, Kept, Personal

_ = texts(__name__)
MERGED = 60             # subjects; above, walking the order's index is cheaper
COUNTED = 5_000         # visible rows up to which sorting them beats walking another order's index, measured in a million
_BATCH = 500
_REMEMBERED_S, _MOST_REMEMBERED = 60, 10_000
_many = {}      # (table, subjects): (until when, whether they have more than COUNTED rows)
_kinds = {}
_followers = {}
_also = []
_followers_of_all = []


class AccessRow(Base):
    """The base of access tables: who (`subject`) sees which object, and up to which level (a place in the kind's levels).

    A table adds `key`, the object's place in the kind's own order, never NULL, and the primary key (subject, key, object_id).
    """

    subject = Text()
    object_id = Integer()
    level = Integer()

    class Meta:
        personal = Personal(
            _.lazy('Who may see which object'), person=lambda model, person_id: model.subject == f'person:{person_id}', kept=Kept(_.lazy('as long as the object')),
            forget=FOLLOW)


@dataclass(frozen=True)
class Kind:
    """A kind of object that people list.

    levels: their names, each holding those before it. source: (table, id column, key column) of the objects. sees_all(actor): who needs
    no row. of_person(person_id): ids of the objects whose audience changes when that person's place does. title, describe(id): words.
    """

    name: str
    table: type
    levels: tuple
    audiences: object
    source: tuple
    title: object
    describe: object
    sees_all: object = staticmethod(lambda actor: False)
    of_person: object = staticmethod(lambda person_id: ())
    is_descending: bool = False
    private_of: str = ''    # the column of `source` that says whose alone these objects are: for core/insight.py
    common: frozenset = frozenset()     # subjects that nearly every object names: asked for first, by themselves
    version: int = 1        # raised with each change of `audiences`, so that all rows are made anew

    @property
    def tool(self):
        return self.name.partition('.')[0]

    @property
    def table_name(self):
        return self.table._meta.table_name

    def level(self, name):
        """The number of a level, from 1."""
        return self.levels.index(name) + 1


def kind(name, **values):
    """Declare a kind; returns it."""
    _kinds[name] = Kind(name, **values)
    return _kinds[name]


def follow(name, function):
    """Have `function(name, ids, audiences)` called whenever access rows of a kind are written: what the search keeps goes with them."""
    _followers[name] = function


def follow_all(function):
    """Have `function(name, ids)` called after access rows of any kind were written: for what hangs on objects of every kind."""
    _followers_of_all.append(function)
    return function


def kinds():
    """{name: Kind} of the core and of the tools that are on."""
    return registration.of_tools_that_are_on('rules', _kinds)


def changed(name, ids):
    """Write the access rows of objects anew: inside the action that changed them, or made or deleted them."""
    this = _kinds.get(name) or kinds()[name]
    registration.load('search')
    for start in range(0, len(ids), _BATCH):
        _write(this, list(ids[start:start + _BATCH]))


def person_moved(person_id):
    """Write anew what depends on a person's place in the company: inside the action that changed it."""
    for this in kinds().values():
        ids = list(this.of_person(person_id))
        if ids:
            changed(this.name, ids)


def _write(this, ids):
    audiences = this.audiences(ids)
    wanted = {(object_id, subject): (key, this.level(level)) for object_id, (key, audience) in audiences.items()
              for subject, (level, _reason) in audience.items()}
    marks = ', '.join('?' * len(ids))
    held = {(object_id, subject): (key, level) for object_id, subject, key, level in
            rows(f'SELECT object_id, subject, key, level FROM {this.table_name} WHERE object_id IN ({marks})', *ids)}
    gone = [place for place, values in held.items() if wanted.get(place) != values]
    table = this.table
    for object_id, subject in gone:
        table.delete().where((table.object_id == object_id) & (table.subject == subject)).execute()
    # Who does not see it any more hears no more of it either, on a page that is open.
    live_pages.close([f'{this.name}:{object_id}' for object_id in sorted({object_id for object_id, _subject in held.keys() - wanted.keys()})])
    fresh = [{'object_id': object_id, 'subject': subject, 'key': key, 'level': level}
             for (object_id, subject), (key, level) in wanted.items() if held.get((object_id, subject)) != (key, level)]
    table.add_all(fresh)
    if this.name in _followers:
        _followers[this.name](this.name, ids, audiences)
    for function in _followers_of_all:
        function(this.name, ids)


def rebuild(name, tell=lambda done, total: None):
    """Write all rows of a kind anew, in transactions of some hundred objects; returns how many objects there are."""
    this = _kinds.get(name) or kinds()[name]
    table, id_column, _key = this.source
    total, done, last = rows(f'SELECT count(*) FROM {table}')[0][0], 0, 0
    while ids := [one for one, in rows(f'SELECT {id_column} FROM {table} WHERE {id_column} > ? ORDER BY {id_column} LIMIT ?', last, _BATCH)]:
        with write(f'core.access.rebuild {name}'):
            _write(this, ids)
        last, done = ids[-1], done + len(ids)
        tell(done, total)
        time.sleep(0)       # others want to write, too
    with write(f'core.access.rebuild {name}'):
        this.table.delete().where(this.table.object_id.not_in(SQL(f'(SELECT {id_column} FROM {table})'))).execute()
        revisions.bump(table)       # what is kept of it may count rows that are seen by others now
    return done


def level_of(this, actor, object_id):
    """The name of the highest level that an actor has on an object, or None: he must not know that it is there."""
    if this.sees_all(actor):
        return this.levels[-1]
    condition, values = _one_of(actor.subjects)
    found = rows(f'SELECT max(level) FROM {this.table_name} WHERE object_id = ? AND {condition}', object_id, *values)[0][0]
    if found is None and this.private_of and any(reads(actor, this, object_id) for reads in _also):
        return this.levels[0]
    return this.levels[found - 1] if found else None


def also(reads):
    """Have `reads(actor, kind, object_id)` asked for an object that is a person's alone, where no row lets the actor see it."""
    _also[:] = [*(one for one in _also if one.__qualname__ != reads.__qualname__), reads]


def require_seen(this, actor, object_id):
    """The actor's level on an object; NotFound when it is not an id at all, absent, or not his to see."""
    if type(object_id) is not int or not 0 < object_id <= GREATEST_ID:
        raise NotFound()
    level = level_of(this, actor, object_id)
    if level is None:
        raise NotFound()
    return level


def _one_of(subjects, alias=''):
    subjects = sorted(subjects)
    return (f'{alias}subject IN ({", ".join("?" * len(subjects))})' if subjects else '1 = 0'), tuple(subjects)


def condition(this, actor, column):
    """(SQL, values): true where the actor may see the object whose id stands in `column`. For single rows and short lists."""
    if this.sees_all(actor):
        return '1 = 1', ()
    common = this.common & actor.subjects
    mine, values = _one_of(actor.subjects - common, 'a.')
    among = f'EXISTS (SELECT 1 FROM {this.table_name} a WHERE a.object_id = {column} AND {{}})'
    if not common:
        return among.format(mine), values
    # A list in IN is gone through to its end, by the alphabet; nearly always the first of these two knows.
    first, those = _one_of(common, 'a.')
    return f'({among.format(first)} OR {among.format(mine)})', (*those, *values)


def seen_among(this, actor, ids):
    """Those of some ids that the actor sees."""
    if this.sees_all(actor) or not ids:
        return set(ids)
    mine, values = _one_of(actor.subjects)
    marks = ', '.join('?' * len(ids))
    return {one for one, in rows(f'SELECT object_id FROM {this.table_name} WHERE object_id IN ({marks}) AND {mine}', *ids, *values)}


def page(this, actor, limit, place=None, is_backwards=False):
    """(SQL, values): the next `limit` rows (key, object_id) that the actor sees, in the kind's own order, beyond a place (key, id).

    `is_backwards` reads towards the beginning; the rows then come in that direction.
    """
    is_down = this.is_descending != is_backwards
    order, sign = ('DESC', '<') if is_down else ('ASC', '>')
    if this.sees_all(actor) or len(actor.subjects) > MERGED:
        table, id_column, key = this.source
        seen, values = condition(this, actor, f's.{id_column}')
        beyond = f' AND (s.{key}, s.{id_column}) {sign} (?, ?)' if place else ''
        return (f'SELECT s.{key} AS key, s.{id_column} AS object_id FROM {table} s WHERE {seen}{beyond} '
                f'ORDER BY s.{key} {order}, s.{id_column} {order} LIMIT ?', (*values, *(place or ()), limit))
    beyond = f' AND (key, object_id) {sign} (?, ?)' if place else ''
    one = (f'SELECT * FROM (SELECT key, object_id FROM {this.table_name} WHERE subject = ?{beyond} '
           f'ORDER BY key {order}, object_id {order} LIMIT ?) AS one')
    values = [value for subject in sorted(actor.subjects) for value in (subject, *(place or ()), limit)]
    merged = ' UNION '.join([one] * len(actor.subjects)) or f'SELECT key, object_id FROM {this.table_name} WHERE 1 = 0'
    return f'SELECT key, object_id FROM ({merged}) AS merged ORDER BY key {order}, object_id {order} LIMIT ?', (*values, limit)


def other_order(this, actor, alias):
    """(FROM clause, condition, values) for a list of `source` as `alias` in another order, or filtered: the capped rule.

    Who sees at most COUNTED rows gets them all by id, to be sorted; who sees more walks the order's own index, asking for each.
    """
    table, id_column, _key = this.source
    if this.sees_all(actor):
        return f'{table} {alias}', '1 = 1', ()
    # What lets him see nothing here need not be looked up for each row.
    subjects = _seeing(this, actor.subjects)
    # CROSS JOIN: SQLite would rather begin with the other table, here to walk the order's index to its end for a newcomer, there to sort.
    if not _are_many(this, subjects):
        seen, values = _ids(this, subjects)
        return f'({seen}) seen CROSS JOIN {table} {alias}', f'{alias}.{id_column} = seen.object_id', values
    if len(subjects) == 1:
        return f'{table} {alias} CROSS JOIN {this.table_name} seen', f'seen.object_id = {alias}.{id_column} AND seen.subject = ?', tuple(subjects)
    return (f'{table} {alias}', *condition(this, replace(actor, subjects=subjects), f'{alias}.{id_column}'))


def count(this, actor, most):
    """How many objects the actor sees, counted up to `most`."""
    if this.sees_all(actor):
        return rows(f'SELECT count(*) FROM (SELECT 1 FROM {this.source[0]} LIMIT ?) AS counted', most)[0][0]
    seen, values = _ids(this, actor.subjects, most)
    return min(most, rows(f'SELECT count(*) FROM ({seen}) AS counted', *values)[0][0])


def _seeing(this, subjects):
    """Those of some subjects that let somebody see anything of this kind, now."""
    one = f'SELECT ? WHERE EXISTS (SELECT 1 FROM {this.table_name} WHERE subject = ?)'
    values = [value for subject in subjects for value in (subject, subject)]
    return frozenset(subject for subject, in rows(' UNION ALL '.join([one] * len(subjects)), *values)) if values else frozenset()


def _are_many(this, subjects):
    """Whether these subjects have more than COUNTED rows together. It decides how a list is read, not what is in it: the answer may be old."""
    place, now = (this.table_name, subjects), time.monotonic()
    until, are_many = _many.get(place, (0, False))
    if until < now:
        one = f'(SELECT count(*) FROM (SELECT 1 FROM {this.table_name} WHERE subject = ? LIMIT ?) AS counted)'
        values = [value for subject in subjects for value in (subject, COUNTED + 1)]
        are_many = bool(values) and rows(f'SELECT {" + ".join([one] * len(subjects))}', *values)[0][0] > COUNTED
        if len(_many) >= _MOST_REMEMBERED:
            _many.clear()
        _many[place] = now + _REMEMBERED_S, are_many
    return are_many


def _ids(this, subjects, most=None):
    """(SQL, values): the ids that somebody with these subjects sees, each once; of each subject at most so many."""
    # An arm a subject: for IN and DISTINCT, SQLite walks the whole table by the other index.
    one = f'SELECT object_id FROM {this.table_name} WHERE subject = ?'
    if most is not None:
        one = f'SELECT * FROM ({one} LIMIT ?) AS one'
    union = ' UNION '.join([one] * len(subjects)) or f'SELECT object_id FROM {this.table_name} WHERE 1 = 0'
    return union, tuple(value for subject in sorted(subjects) for value in ((subject,) if most is None else (subject, most)))


def why(this, subjects, object_id):
    """[(subject, level, reason)] of what lets somebody with these subjects see an object, the highest level first."""
    _key, audience = this.audiences([object_id]).get(object_id, (None, {}))
    found = [(subject, level, reason) for subject, (level, reason) in audience.items() if subject in subjects]
    return sorted(found, key=lambda one: -this.level(one[1]))
