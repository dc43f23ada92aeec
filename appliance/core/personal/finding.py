"""Finding a person's name, login, mail and phone in what people and the portal wrote, and putting the stand-in there."""

import json
import re

from peewee import CompositeKey

from appliance.core import permissions
from appliance.core.db import database, is_sqlite, rows
from appliance.core.fields import Json
from appliance.core.folding import fold
from appliance.core.people import Person
from appliance.core.personal import tables
from appliance.core.personal.declarations import Personal
from appliance.core.search import kinds, tokens
from appliance.core.tool import declarations

# A shorter login of letters alone is a word or a first name of many: it is replaced only in a value that is called login.
SHORTEST_WORD, SHORTEST_LOGIN, SHORTEST_PHONE = 8, 4, 6


class Words:
    """What to look for of one person: `more` are names that he had before.

    A name of one word may be a word of others (`Mark`, `An`): it is looked for as it is written. A phone of a few digits is any number.
    """

    def __init__(self, person_id, more=()):
        person = Person.get_by_id(person_id)
        names = [' '.join(one.split()) for one in (person.name, *more)]
        names = [one for one in names if len(one) > 1 and any(char.isalpha() for char in one)]
        phone = [person.phone] if sum(char.isdigit() for char in person.phone) >= SHORTEST_PHONE else []
        self.login = person.login
        login = [self.login] if self._is_unmistakable() else []
        # Longest first: the name within a mail address must not be what is found of it.
        self.terms = sorted({*names, *filter(None, [person.mail]), *phone, *login}, key=len, reverse=True)
        exact = {one for one in names if ' ' not in one}
        self._pattern = re.compile('|'.join(rf'(?<!\w){_loosely(one) if one in exact else f"(?i:{_loosely(one)})"}(?!\w)' for one in self.terms)
                                   or '(?!)')

    def _is_unmistakable(self):
        """Whether the login, found in a text, means this person: not a word of the portal's own (`administrator`, `mail`)."""
        ours = {*permissions.roles(), *declarations(), 'system', 'console', 'session', 'job', 'core', 'identity', 'mail', 'person', 'portal', 'root'}
        return len(self.login) >= (SHORTEST_WORD if self.login.isalpha() else SHORTEST_LOGIN) and self.login not in ours

    def conditions(self, column):
        """(SQL, values): rows whose column may hold one of the words; the pattern then decides."""
        terms = [*self.terms, *([self.login] if self.login not in self.terms else [])]
        return ' OR '.join([f"lower({column}) LIKE ? ESCAPE '!'"] * len(terms)), [_like(one) for one in terms]

    def replaced(self, text, stand_in):
        """The text with the stand-in in place of the words."""
        return self._pattern.sub(lambda found: stand_in, text) if text else text

    def replaced_in(self, value, stand_in, key=''):
        """The same for plain data: texts in lists and dicts; a value called `login` is one as a whole."""
        if isinstance(value, dict):
            return {name: self.replaced_in(one, stand_in, name) for name, one in value.items()}
        if isinstance(value, list):
            return [self.replaced_in(one, stand_in, key) for one in value]
        if not isinstance(value, str):
            return value
        return stand_in if key == 'login' and value == self.login else self.replaced(value, stand_in)


def _loosely(term):
    """A term as a pattern that takes any white space for a blank."""
    return r'\s+'.join(re.escape(part) for part in term.split())


def _like(term):
    """A term for LIKE on either engine: what lower() treats differently, and what JSON writes otherwise, stands for anything."""
    return '%' + ''.join(char if char.isascii() and (char.isalnum() or char in '.@-+') else '%' for char in term.casefold()) + '%'


def places():
    """[(model, column)] of all columns in which somebody's words may stand."""
    return [(model, column) for model in tables.models().values() if isinstance(tables.said(model), Personal) for column in tables.said(model).words]


def changes(words, stand_in):
    """Yield (model, {key column: value}, {column: (old, new)}) of each row in which the words stand: old and new as the database holds them."""
    for model in tables.models().values():
        says = tables.said(model)
        if isinstance(says, Personal) and says.words:
            yield from _changes_in(model, says, words, stand_in)


def _changes_in(model, says, words, stand_in):
    keys, columns = key_columns(model), says.words
    conditions, values = zip(*(words.conditions(column) for column in columns), strict=True)
    found = rows(f'''SELECT {", ".join([*keys, *columns])} FROM "{model._meta.table_name}" WHERE {" OR ".join(conditions)}''',
                 *(value for some in values for value in some))
    for one in found:
        key, held = dict(zip(keys, one, strict=False)), dict(zip(columns, one[len(keys):], strict=True))
        changed = {column: (old, new) for column, old in held.items() if old and (new := _new(model, column, old, words, stand_in)) != old}
        changed |= {column: (None, fold(changed[of][1])) for column, of in says.folded.items() if of in changed}
        if changed:
            yield model, key, changed


def _new(model, column, old, words, stand_in):
    field = model._meta.columns[column]
    if isinstance(field, Json):
        return field.db_value(words.replaced_in(json.loads(old), stand_in))
    return words.replaced(old, stand_in)


def key_columns(model):
    """The names of the columns of a model's primary key."""
    key = model._meta.primary_key
    if isinstance(key, CompositeKey):
        return [model._meta.fields[name].column_name for name in key.field_names]
    return [key.column_name]


def write_change(model, key, changed):
    """Put the new values of one change into its row."""
    sets, where = [f'"{column}" = ?' for column in changed], [f'"{column}" = ?' for column in key]
    rows_of = f'UPDATE "{model._meta.table_name}" SET {", ".join(sets)} WHERE {" AND ".join(where)}'
    database.execute_sql(rows_of if is_sqlite() else rows_of.replace('?', '%s'), [new for _old, new in changed.values()] + list(key.values()))


def documents(words):
    """{kind: [object id]} of the search's documents that hold the words."""
    found = {}
    for term in words.terms:
        marks = [f' {one}' for one in tokens(term)]
        if marks:
            holds = ' AND '.join(["' ' || words LIKE ?"] * len(marks))
            for kind, object_id in rows(f'SELECT kind, object_id FROM search_document WHERE {holds}', *(f'%{mark}%' for mark in marks)):
                found.setdefault(kind, set()).add(object_id)
    return {kind: sorted(ids) for kind, ids in found.items() if kind in kinds()}
