"""Who was settled at the last look of this process: nothing was to be done about him, and nothing is until something changes.

Of 10,000 people few change between two looks. It is a memory of the process alone: who looks for the first time compares everybody
whom the directory shows, or (a look at what changed) begins with the people as they are here.
"""

from datetime import datetime
from typing import NamedTuple


class Settled(NamedTuple):
    """What was compared, as hashes: `here` of the person, `there` of the entry (None: not seen by this process). until: the moment from
    which the entry has expired, and which therefore settles it no longer; None where it does not, or where he is out already.
    """

    here: int
    there: int | None
    until: datetime | None

    def holds(self, here, there, now):
        """Whether the person and the entry are as they were, and have not expired since."""
        return self.there == there and self.is_of(here, now)

    def is_of(self, here, now):
        """Whether the person is as he was, and his entry has not expired since."""
        return self.here == here and (self.until is None or now < self.until)


_settled = {}       # {directory: {uuid: Settled}}


def of(directory_id):
    """{uuid: Settled} of a directory; None where this process has not looked yet."""
    return _settled.get(directory_id)


def keep(directory_id, settled):
    """Remember {uuid: Settled} for the next look of this process."""
    _settled[directory_id] = settled


def forget(directory_id):
    """As after a start of the process."""
    _settled.pop(directory_id, None)


def unsettle(directory_id, known_by):
    """Have somebody's entry read at the next look."""
    (_settled.get(directory_id) or {}).pop(known_by, None)


def here(directory, departments, person):
    """The hash of a person as the portal knows him (planning.Known), and of what decides beside it whether his entry differs."""
    department = departments.names.get(person.department_id, '').casefold()
    return hash((directory.preset, repr(directory.mapping), person, department, departments.ids.get(department)))


def there(dn, values, is_placed):
    """The hash of an entry as it was read. is_placed: whether a group or a branch says his department."""
    return hash((dn, is_placed, tuple((name, tuple(data)) for name, data in values.items())))
