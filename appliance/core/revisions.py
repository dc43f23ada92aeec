"""Small tables that every page needs and hardly anybody changes (settings, departments) are kept in memory, by a number.

Who changes such a table raises its number in the same transaction. The query that opens a session brings the numbers along, so a
request knows whether what its process keeps is still true, and asks no further. Outside a request everything is read anew.
"""

from contextvars import ContextVar

from appliance.core.db import Base, database, in_write, row
from appliance.core.fields import Integer, Text
from appliance.core.i18n import texts
from appliance.core.personal.declarations import Nothing

_ = texts(__name__)
_of_request = ContextVar('revisions_of_request', default=None)
_kept = {}
_EACH_KEPT, _ABSENT = 512, object()


class Revision(Base):
    """How often a table was changed, by its name."""

    name = Text(primary_key=True)
    number = Integer()

    class Meta:
        personal = Nothing(_.lazy('How often small tables were changed.'))


# Prepared: nearly every change of a person does it, while all other writers wait.
_BUMP = 'INSERT INTO revision (name, number) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET number = revision.number + 1 RETURNING number'


def bump(name):
    """Say that a table was changed: inside the transaction that changes it. In this context it is read anew from now on."""
    row(_BUMP, name)
    numbers = _of_request.get()
    if numbers:
        numbers.pop(name, None)


def begin(numbers):
    """From now on trust these numbers ({name: number or None}) in this context: for an entry point that has just read them."""
    _of_request.set({name: number or 0 for name, number in numbers.items()})


def end():
    """The end of `begin`."""
    _of_request.set(None)


def kept(name, read):
    """What `read()` returns for a table: from memory where the context knows that it has not changed."""
    numbers = _of_request.get()
    if not numbers or name not in numbers:
        return read()
    return _kept_at(name, numbers[name], read)


def kept_by_asking(name, read):
    """The same for a table that few pages need: its number does not come with the session, but takes one short query."""
    if in_write():
        return read()       # what this transaction changed may yet be undone
    number = row('SELECT number FROM revision WHERE name = ?', name)
    return _kept_at(name, number[0] if number else 0, read)


def _kept_at(place, wanted, read):
    # Another database has other rows; a new one never takes an old one's place in memory while it is kept here.
    engine, number, found = _kept.get(place, (None, None, None))
    if engine is not database.obj or number != wanted:
        found = read()
        _kept[place] = (database.obj, wanted, found)
    return found


def kept_each(name, key, read):
    """As `kept`, for one of many questions about a table: what `read()` returns for `key`. With `name` None it is never kept."""
    numbers = _of_request.get()
    if name is None or not numbers or name not in numbers:
        return read()
    # A place of its own: `kept` and `kept_by_asking` may keep one thing of the same table.
    answers = _kept_at((name, 'each'), numbers[name], dict)
    found = answers.get(key, _ABSENT)
    if found is _ABSENT:
        found = read()
        if len(answers) >= _EACH_KEPT:
            answers.clear()
        answers[key] = found
    return found
