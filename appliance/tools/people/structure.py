"""The structure of the company: departments below each other with heads and numbers, and the people of one of them. Reads only.

The numbers of people are kept in memory, by the number of changes in `person` that `core.people` counts: a page of ten thousand
people asks for no more than a page of ten. So is the structure itself, until a person or a department changes.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from appliance.core import revisions
from appliance.core.actor import EMPLOYEE
from appliance.core.db import rows
from appliance.core.departments import all_departments, path_to
from appliance.core.errors import NotFound
from appliance.tools.people.rules import manages, require_colleague, visible_to

MEMBERS_SHOWN = 20      # of a department that is opened; the list of people has the others
OPENED_AT_ONCE = 24     # departments that the picture shows before anybody opens one
STRUCTURES_KEPT = 16    # who manages people sees another than employees, who has guests in departments his own

_COUNTS = '''
    SELECT p.department_id, p.kind, EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = p.id), count(*)
    FROM person p WHERE p.department_id IS NOT NULL GROUP BY 1, 2, 3'''


class Placed(NamedTuple):
    """A department where it stands. `count` people are directly in it, `total` with all `below` departments under it."""

    id: int
    name: str
    head: tuple | None      # (id, name, title)
    count: int
    total: int
    below: int
    is_open: bool           # whether the picture shows its `departments` at first
    is_wide: bool           # whether it draws them beside each other, not hanging below
    departments: tuple


@dataclass(frozen=True, eq=False)
class Structure:
    """The company: `departments` at the top, each a Placed. The same object, while nothing changes, for all who see the same."""

    departments: tuple
    total: int
    below: int


def structure(actor):
    """The Structure that the actor sees, for employees; NotFound to others."""
    require_colleague(actor)
    tree, known, is_manager = all_departments(), revisions.kept_by_asking('person', _Known), manages(actor)
    guests = [] if is_manager else _own_guests(actor)
    if guests:
        return _read(actor, tree, known, guests)
    of_tree, found = known.structures.get(is_manager, (None, None))
    if of_tree != tree:
        found = _read(actor, tree, known, guests)
        known.structures[is_manager] = tree, found
    return found


def _read(actor, tree, known, guests):
    """The Structure of a tree for an actor with `guests` (rows of their department's id, or None, and number)."""
    counts = dict(known.everybody if manages(actor) else known.colleagues)
    for department_id, count in guests:
        counts[department_id] = counts.get(department_id, 0) + count
    return _structure(tuple(tree.items()), tuple(_heads(actor, tree).items()), tuple(counts.items()))


@lru_cache(maxsize=STRUCTURES_KEPT)
def _structure(tree, heads, counts):
    tree, heads, counts = dict(tree), dict(heads), dict(counts)
    below = children(tree)
    opened = _opened(below)

    def place(one, is_wide):
        name, _parent, head = tree[one]
        under = below.get(one, ())
        inner = tuple(place(child, is_wide and len(under) == 1) for child in under)
        count = counts.get(one, 0)
        return Placed(one, name, heads.get(head), count, count + sum(child.total for child in inner),
                      len(inner) + sum(child.below for child in inner), one in opened, is_wide, inner)

    # What stands beside each other is one level: the first that has more than one department. Below it a picture would only be wide.
    tops = below.get(None, ())
    placed = tuple(place(top, len(tops) == 1) for top in tops)
    return Structure(placed, sum(one.total for one in placed), len(tree))


def own_path(actor):
    """The ids from the actor's department up to the top, its own first; [] without one."""
    own = next((int(subject.removeprefix('department:')) for subject in actor.subjects if subject.startswith('department:')), None)
    return path_to(own, all_departments()) if own else []


def members(actor, department_id):
    """{department_id, name, people [(id, name, title)], has_more}: the first people directly in a department. NotFound as in `structure`."""
    require_colleague(actor)
    tree = all_departments()
    if department_id not in tree:
        raise NotFound()
    condition, values = visible_to(actor)
    found = rows(f'''SELECT p.id, p.name, p.title FROM person p WHERE p.department_id = ? AND {condition}
                     ORDER BY p.sort_name, p.id LIMIT ?''', department_id, *values, MEMBERS_SHOWN + 1)
    return {'department_id': department_id, 'name': tree[department_id][0], 'people': found[:MEMBERS_SHOWN],
            'has_more': len(found) > MEMBERS_SHOWN}


def children(tree):
    """{parent's id or None: [ids]} of `all_departments`, in the order of names."""
    below = {}
    for one, (_name, parent, _head) in tree.items():
        below.setdefault(parent, []).append(one)
    return below


def _heads(actor, tree):
    """{id: (id, name, title)} of the heads whom the actor may see."""
    heads = sorted({head for _name, _parent, head in tree.values() if head})
    if not heads:
        return {}
    condition, values = visible_to(actor)
    return {one[0]: tuple(one) for one in rows(
        f'SELECT p.id, p.name, p.title FROM person p WHERE p.id IN ({", ".join("?" * len(heads))}) AND {condition}', *heads, *values)}


class _Known:
    """What is kept while no person changes: {department_id: people} of everybody, and of those whom all colleagues see, as `visible_to`
    says; {whether they manage people: (tree, Structure)} of those who see no more than that.
    """

    def __init__(self):
        self.everybody, self.colleagues, self.structures = {}, {}, {}
        for department_id, kind, is_blocked, count in rows(_COUNTS):
            for counts in (self.everybody, self.colleagues) if kind == EMPLOYEE and not is_blocked else (self.everybody,):
                counts[department_id] = counts.get(department_id, 0) + count


def _own_guests(actor):
    condition, values = visible_to(actor)
    return rows(f'''SELECT p.department_id, count(*) FROM person p WHERE p.contact_id = ? AND p.kind <> 'employee'
                    AND {condition} GROUP BY p.department_id''', actor.person_id, *values)


def _opened(below):
    """The ids of the departments whose own the picture shows at first: level by level, as long as they are few."""
    opened, level, shown = set(), below.get(None, []), len(below.get(None, []))
    while level:
        under = [child for one in level for child in below.get(one, ())]
        if shown + len(under) > OPENED_AT_ONCE:
            break
        opened.update(one for one in level if one in below)
        shown, level = shown + len(under), under
    return opened
