"""Who heads a department, by the `manager` of its people: he to whom most of them point, if he is in that department or above it.

Nobody counts for himself. Where several are named equally often, or nobody, who heads it stays; only a head that the directory gave goes
when nobody names him any more. Who is out heads nothing anew.
"""

from collections import Counter, defaultdict
from dataclasses import replace

from appliance.core.actor import SYSTEM
from appliance.core.db import rows
from appliance.core.departments import all_departments, path_to, set_head
from appliance.core.i18n import texts
from appliance.core.people import names_of
from appliance.identity.directory.group_models import HEAD, DirectoryGiven
from appliance.identity.directory.groups import key_or_none
from appliance.identity.directory.mapping import mapping_of
from appliance.identity.directory.sync import grouping, planning
from appliance.identity.directory.sync.batches import NotDone

_ = texts(__name__)


def steps(directory, snapshot, known):
    """([Step, ...], brake): departments that get another head, held where many do. Where people may be missing in the answer, none."""
    if not directory.heads or snapshot.gap or snapshot.grouping is None or snapshot.grouping.gap:
        return [], ''
    tree, given = all_departments(), _given(directory.id)
    named, found = _named(directory, snapshot.grouping.people, known, tree), []
    by_id = {person.person_id: (known_by, person) for known_by, person in known.items()}
    former = names_of({head for _name, _parent, head in tree.values() if head})
    for department_id, (name, _parent, head) in tree.items():
        wanted = _most_named(named[department_id], head)
        if wanted == head or (wanted is None and (named[department_id] or (head, department_id) not in given)):
            continue
        if (wanted or head) not in by_id:
            continue
        known_by, person = by_id[wanted or head]
        before = {'head': former.get(head, ''), 'leads': '' if wanted else name, 'head_id': head, 'is_given': (head, department_id) in given}
        after = {'head': person.name if wanted else '', 'leads': name if wanted else '', 'head_id': wanted, 'department_id': department_id}
        found.append(planning.Step(planning.HEAD, 'most_named' if wanted else 'nobody_names', known_by, person.person_id, person.name, person.dn, before, after))
    is_held = grouping.are_many(len(found), sum(1 for _name, _parent, head in tree.values() if head))
    return [replace(step, is_held=is_held) for step in found], 'heads' if is_held else ''


def _given(directory_id):
    """{(person id, department id)} of the heads that a directory gave."""
    return {(person_id, int(what)) for person_id, what in rows('SELECT person_id, what FROM directory_given WHERE directory_id = ? AND kind = ?', directory_id, HEAD)}


def _named(directory, people, known, tree):
    """{department id: Counter of the ids of those whom its people name}, of those only who may head it."""
    attributes = [name.lower() for name in mapping_of(directory).get('head', ())]
    by_dn = {key_or_none(dn): known_by for known_by, (dn, _values) in people.items()}
    found, paths = defaultdict(Counter), {one: set(path_to(one, tree)) for one in tree}
    for known_by, (_dn, values) in people.items():
        person = known.get(known_by)
        if person is None or person.is_out or person.department_id not in paths:
            continue
        for name, data in values.items():
            if name.lower() in attributes and data:
                head = known.get(by_dn.get(key_or_none(data[0].decode('utf-8', 'replace'))))
                if head and head is not person and not (head.is_out or head.is_forgotten) and head.department_id in paths[person.department_id]:
                    found[person.department_id][head.person_id] += 1
                break
    return found


def _most_named(counts, head):
    """The id of who is named most often; who heads it already, if he is one of them; None where nobody is, or several are."""
    most = max(counts.values(), default=0)
    first = [person_id for person_id, count in counts.items() if count == most]
    return head if head in first else first[0] if len(first) == 1 else None


def carry_out(run, step):
    """Make the person the head, or nobody."""
    department_id, wanted = step.after['department_id'], step.after['head_id']
    tree = all_departments()
    if department_id not in tree or tree[department_id][2] != step.before['head_id']:
        raise NotDone(_('Something else was written here since the plan.'))
    _set(run.directory_id, department_id, wanted)


def _set(directory_id, department_id, person_id):
    set_head(SYSTEM, department_id, person_id)
    is_head = (DirectoryGiven.directory == directory_id) & (DirectoryGiven.kind == HEAD) & (DirectoryGiven.what == str(department_id))
    DirectoryGiven.delete().where(is_head).execute()
    if person_id:
        DirectoryGiven.create(directory=directory_id, person=person_id, kind=HEAD, what=str(department_id))


def take_back(run, step, snapshot):
    """Undo: a head whom somebody set here comes back; one whom the directory gave does not, since it names another today."""
    department_id, tree = step.after['department_id'], all_departments()
    if department_id not in tree or tree[department_id][2] != step.after['head_id']:
        raise NotDone(_('Something else was written here since the run.'))
    if step.before['is_given']:
        raise NotDone(_('The directory names another head today.'))
    _set(run.directory_id, department_id, step.before['head_id'])
    DirectoryGiven.delete().where((DirectoryGiven.directory == run.directory_id) & (DirectoryGiven.kind == HEAD) & (DirectoryGiven.what == str(department_id))).execute()
