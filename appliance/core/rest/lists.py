"""Lists as the reference product gives them: `filter` with its prefixes, `order`, `select`, pages of 50 by `start`, an exact `total`.

A list declares its fields; what it does not declare is unknown to filter, order and select alike, and an error names it. The
reference product ignores a filter that it does not know, and answers everything.

    PEOPLE = Fields(ID=Field('p.id', NUMBER), NAME=Field('p.name', TEXT))
    listed(PEOPLE, 'person p', 'p.id, p.name', where, values, shape, query)
"""

import re
from dataclasses import dataclass, field

from appliance.core import clock
from appliance.core.db import row, rows
from appliance.core.errors import Invalid
from appliance.core.i18n import texts
from appliance.core.limits import PAGE_ROWS, REST_AMONG, REST_ORDERS
from appliance.core.rest import kinds
from appliance.core.revisions import kept_each

_ = texts(__name__)
NUMBER, TEXT, FLAG, MOMENT = 'number', 'text', 'flag', 'moment'
_KEY = re.compile(r'(!?(?:=%|%=|%|@|=|)|>=|<=|>|<)([A-Za-z_][A-Za-z0-9_]*)')
_READ = {NUMBER: kinds.whole_number, TEXT: kinds.plain_text, FLAG: lambda value: int(kinds.Flag().read(value)),
         MOMENT: lambda value: clock.microseconds(kinds.Moment().read(value))}


@dataclass(frozen=True)
class Field:
    """A field of a list: the SQL that it stands for, its kind (or a function that reads a value), whether it may be filtered and sorted by.

    `stands_for` is SQL, or a function that returns it where the engines differ. `match(text)` -> (SQL, values) replaces the
    comparison where a field is only searched; `words` are what a value may be, with what it is in the database. With `is_pattern` a
    value without a prefix may hold `%`, as old methods take it (`filter[NAME]=Iva%`).
    """

    stands_for: object = ''
    kind: object = TEXT
    is_filtered: bool = True
    is_sorted: bool = True
    match: object = None
    words: dict = None
    is_pattern: bool = False

    @property
    def sql(self):
        return self.stands_for() if callable(self.stands_for) else self.stands_for


@dataclass(frozen=True)
class Query:
    """What a client asked of a list. `start` -1 is the first page without counting."""

    filter: dict = field(default_factory=dict)
    order: tuple = ()
    select: tuple = ()
    start: int = 0


@dataclass(frozen=True)
class Page:
    """A page of rows; `total` None was not counted, `next` None ends the list."""

    rows: list
    total: int | None = None
    next: int | None = None


class Fields(dict):
    """{name: Field} of a list; a name is found in any letter case."""

    def without(self, *names):
        """The same fields but for some."""
        return Fields({name: one for name, one in self.items() if name not in names})

    def condition(self, asked):
        """(SQL, values) of a filter ({prefix and name: value}), '' for none. Invalid names what is unknown or wrong."""
        found, values = [], []
        for key, value in asked.items():
            sql, more = self._one(key, value)
            found.append(sql)
            values += more
        return ' AND '.join(found), values

    def _one(self, key, value):
        parsed = _KEY.fullmatch(key.strip())
        one = self.get(parsed[2].upper()) if parsed else None
        if one is None or not one.is_filtered:
            raise Invalid(_('There is no field %(name)s to filter by.', name=key[:60]), field=f'filter[{key[:60]}]')
        try:
            return _matched(one, parsed[1], value) if one.match else _compared(one, parsed[1], value)
        except ValueError as error:
            raise Invalid(_('Right would be: %(right)s.', right=error), field=f'filter[{key[:60]}]') from None

    def ordered(self, asked):
        """The ORDER BY of [(name, direction)]; the id comes last, so that no row is met twice."""
        found = []
        for name, direction in asked:
            one = self.get(name.upper())
            if one is None or not one.is_sorted:
                raise Invalid(_('There is no field %(name)s to sort by.', name=name[:60]), field=f'order[{name[:60]}]')
            if direction.upper() not in ('ASC', 'DESC'):
                raise Invalid(_('Right would be: %(right)s.', right='ASC, DESC'), field=f'order[{name[:60]}]')
            # Said, since the engines put what has no value at opposite ends.
            found.append(f'{one.sql} {direction.upper()} NULLS {"FIRST" if direction.upper() == "ASC" else "LAST"}')
        if len(found) > REST_ORDERS:
            raise Invalid(_('A list is sorted by at most %(most)s fields.', most=REST_ORDERS), field='order')
        return ', '.join([*found, f'{self["ID"].sql} ASC'])

    def chosen(self, asked, shown):
        """The names of `select` among those that are shown; None for all (`*`, or nothing asked). Invalid names an unknown one."""
        names = [name.upper() for name in asked]
        for name in names:
            if name not in shown and name not in ('*', 'UF_*'):
                raise Invalid(_('There is no field %(name)s to select.', name=name[:60]), field='select')
        if not names or '*' in names:
            return None
        return [name for name in shown if name in names or ('UF_*' in names and name.startswith('UF_'))]


def _matched(one, prefix, value):
    if prefix not in ('', '=', '%'):
        raise ValueError(_('the name without a prefix'))
    return one.match(kinds.plain_text(value))


def _compared(one, prefix, value):
    is_not, operator = prefix.startswith('!'), prefix.removeprefix('!')
    if isinstance(value, dict | list) or operator == '@':
        if operator not in ('', '=', '@'):
            raise ValueError(_('one value'))
        return _among(one, is_not, value)
    if operator in ('%', '=%', '%=') or (operator == '' and one.is_pattern and '%' in str(value)):
        return _like(one, is_not, operator, value)
    if operator in ('', '='):
        return _equal(one, is_not, value)
    return f'{one.sql} {operator} ?', [_value(one, value)]


def _value(one, value):
    if one.words is not None:
        word = str(value).strip().lower()
        if word not in one.words:
            raise ValueError(', '.join(one.words))
        return one.words[word]
    value = _READ.get(one.kind, one.kind)(value)
    return _lowered(value) if one.kind == TEXT else value


# Both engines lower ASCII alone where a column is compared byte by byte; so must we.
_CAPITALS = {code: code + 32 for code in range(ord('A'), ord('Z') + 1)}


def _lowered(text):
    return text.translate(_CAPITALS)


def _side(one):
    return f'lower({one.sql})' if one.kind == TEXT else one.sql


def _equal(one, is_not, value):
    if value is None or (value == '' and one.kind not in (TEXT, FLAG)):
        empty = f"{one.sql} IS NULL OR {one.sql} = ''" if one.kind == TEXT else f'{one.sql} IS NULL'
        return (f'NOT ({empty})' if is_not else f'({empty})'), []
    value = _value(one, value)
    # `!` is everything else, also what has no value.
    return (f'({one.sql} IS NULL OR {_side(one)} <> ?)' if is_not else f'{_side(one)} = ?'), [value]


def _among(one, is_not, value):
    asked = [*value.values()] if isinstance(value, dict) else value if isinstance(value, list) else [value]
    if len(asked) > REST_AMONG:
        raise ValueError(_('at most %(most)s values', most=REST_AMONG))
    values = [_value(one, each) for each in asked]
    if not values:
        return ('1 = 1' if is_not else '1 = 0'), []
    among = f'{_side(one)} {"NOT " if is_not else ""}IN ({", ".join("?" * len(values))})'
    return (f'({one.sql} IS NULL OR {among})' if is_not else among), values


def _like(one, is_not, operator, value):
    if one.kind != TEXT or one.words is not None:
        raise ValueError(_('a prefix for numbers and dates: > >= < <= @'))
    text = _lowered(kinds.plain_text(value)).replace('!', '!!').replace('_', '!_')
    text = f'%{text.replace("%", "!%")}%' if operator == '%' else text
    return (f"({one.sql} IS NULL OR {_side(one)} NOT LIKE ? ESCAPE '!')" if is_not else f"{_side(one)} LIKE ? ESCAPE '!'"), [text]


def listed(fields, source, columns, where, values, shape, query, counted_by=None):
    """A Page of a list. `source` is FROM, `where` with `values` what the actor may see, `shape(rows)` makes rows answers.

    `counted_by` names a table that tells its changes (core.revisions): an exact total is then counted once a change.
    """
    condition, more = fields.condition(query.filter)
    where, values = f'{where} AND {condition}' if condition else where, [*values, *more]
    start = max(0, query.start)
    found = rows(f'SELECT {columns} FROM {source} WHERE {where} ORDER BY {fields.ordered(query.order)} LIMIT {PAGE_ROWS + 1} OFFSET {start}',
                 *values)
    page = _selected(fields, query, shape(found[:PAGE_ROWS]))
    if query.start < 0:
        return Page(page)
    if len(found) > PAGE_ROWS or (start and not found):
        count = f'SELECT count(*) FROM {source} WHERE {where}'
        total = kept_each(counted_by, (count, *values), lambda: row(count, *values)[0])
    else:
        total = start + len(found)
    return Page(page, total, start + PAGE_ROWS if len(found) > PAGE_ROWS else None)


def _selected(fields, query, shaped):
    if not query.select:
        return shaped
    names = fields.chosen(query.select, shaped[0] if shaped else fields)
    return shaped if names is None else [{name: one[name] for name in names} for one in shaped]
