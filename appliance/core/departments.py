"""Departments: a tree with heads. A head leads the subtree of his department, never himself."""

from appliance.core import access, audit, clock, live, revisions
from appliance.core.actions import action
from appliance.core.db import Base, rows
from appliance.core.errors import Conflict, Invalid, NotFound
from appliance.core.events import publish
from appliance.core.fields import Id, Integer, Link, Moment, Text
from appliance.core.i18n import texts
from appliance.core.limits import DEPARTMENTS_DEEP, NAME_LENGTH
from appliance.core.people_events import DepartmentChanged
from appliance.core.permissions import permitted
from appliance.core.person_fields import is_visible
from appliance.core.personal.declarations import CURRENT, Empty, Personal

_ = texts(__name__)


class Department(Base):
    """A department. `head_id` is a person; without a constraint, since person links here and people are never deleted."""

    id = Id()
    name = Text(limit=NAME_LENGTH)
    parent = Link('self', null=True)
    head_id = Integer(null=True, index=True)
    created_at = Moment(default=clock.now)

    class Meta:
        personal = Personal(
            _.lazy('Who heads a department'), person='head_id', kept=CURRENT, forget=Empty({'head_id': None}, _.lazy('The department stays, without a head.')))


def all_departments():
    """{id: (name, parent_id, head_id)} of the whole tree: a company has tens of them, one query, and none where nothing changed."""
    return revisions.kept('department', lambda: {
        row[0]: row[1:] for row in rows('SELECT id, name, parent_id, head_id FROM department ORDER BY name, id')})


def path_to(department_id, tree):
    """The ids from a department up to the top, itself first."""
    found = []
    while department_id in tree and department_id not in found:
        found.append(department_id)
        department_id = tree[department_id][1]
    return found


def subtree(department_id, tree):
    """The ids of a department and all below it."""
    found, waiting = [], [department_id]
    while waiting:
        current = waiting.pop()
        if current in tree and current not in found:
            found.append(current)
            waiting += [child for child, (_name, parent, _head) in tree.items() if parent == current]
    return found


def led_by(person_id, tree):
    """The ids of all departments that a person leads: those he heads and what is below them."""
    found = []
    for department_id, (_name, _parent, head) in tree.items():
        if head == person_id:
            found += subtree(department_id, tree)
    return sorted(set(found))


def is_head_of(head_id, person_id, department_id, tree=None):
    """Whether one person leads another, who is in that department. Nobody is his own head."""
    if head_id == person_id or department_id is None:
        return False
    return department_id in led_by(head_id, tree if tree is not None else all_departments())


def heads_of(person_id, department_id, tree):
    """The ids of the people who lead a person, the nearest first."""
    return [tree[above][2] for above in path_to(department_id, tree) if tree[above][2] not in (None, person_id)]


@action(rights=permitted('core.people.manage'))
def add_department(actor, name, parent_id=None):
    """A new department; returns its id. Invalid for an empty or overlong name, a parent that is absent or too deep."""
    name, tree = _name(name), all_departments()
    if parent_id is not None:
        if parent_id not in tree:
            raise NotFound()
        if len(path_to(parent_id, tree)) >= DEPARTMENTS_DEEP:
            raise Invalid(_('Departments nest at most %(most)s deep.', most=DEPARTMENTS_DEEP), field='parent_id')
    _require_free(tree, name, parent_id)
    department_id = Department.create(name=name, parent=parent_id).id
    _note_change(actor, department_id, 'core.department.added')
    return department_id


@action(rights=permitted('core.people.manage'))
def set_head(actor, department_id, person_id):
    """Make a person the head of a department, or nobody (None)."""
    changed = Department.update(head_id=person_id).where(Department.id == department_id).execute()
    if not changed:
        raise NotFound()
    _note_change(actor, department_id, 'core.department.headed', head_id=person_id)


def _note_change(actor, department_id, what, **data):
    revisions.bump('department')
    audit.record(actor, what, f'core.department:{department_id}', **data)
    publish(DepartmentChanged(department_id, actor.person_id))


@action(rights=permitted('core.people.manage'))
def department_by_name(actor, name):
    """The id of the department of that name, at any depth; made at the top when there is none. For the directory."""
    name = ' '.join(name.split())[:NAME_LENGTH]
    # Not by the database: neither engine folds more than ASCII here, and Óptica is óptica.
    found = [department_id for department_id, (other, _parent, _head) in all_departments().items() if other.casefold() == name.casefold()]
    return min(found) if found else add_department(actor, name)


@action(rights=permitted('core.people.manage'))
def place_department(actor, department_id, name, parent_id):
    """Give a department a name and a place: below another, or at the top (None). What is below it comes along.

    Invalid for a name that is not right, for a place below itself, or too deep; Conflict when the name is taken there.
    """
    tree, name = all_departments(), _name(name)
    if department_id not in tree or (parent_id is not None and parent_id not in tree):
        raise NotFound()
    below = subtree(department_id, tree)
    if parent_id in below:
        raise Invalid(_('A department cannot belong to itself.'), field='parent_id')
    deep = max(len(path_to(one, tree)) for one in below) - len(path_to(department_id, tree)) + 1
    if len(path_to(parent_id, tree)) + deep > DEPARTMENTS_DEEP:
        raise Invalid(_('Departments nest at most %(most)s deep.', most=DEPARTMENTS_DEEP), field='parent_id')
    _require_free(tree, name, parent_id, department_id)
    is_moved = tree[department_id][1] != parent_id
    Department.update(name=name, parent=parent_id).where(Department.id == department_id).execute()
    _note_change(actor, department_id, 'core.department.placed')
    if is_moved:
        people = [person_id for person_id, in rows(f'SELECT id FROM person WHERE department_id IN ({", ".join("?" * len(below))}) ORDER BY id', *below)]
        for person_id in people:
            access.person_moved(person_id)
        live.tell_subjects_changed(people)


def _name(name):
    name = ' '.join(name.split())
    if not is_visible(name) or len(name) > NAME_LENGTH:
        raise Invalid(_('A name has 1 to %(most)s characters.', most=NAME_LENGTH), field='name')
    return name


def _require_free(tree, name, parent_id, department_id=None):
    if any(row[0].casefold() == name.casefold() and row[1] == parent_id and one != department_id for one, row in tree.items()):
        raise Conflict(_('There is a department %(name)s already.', name=name))
