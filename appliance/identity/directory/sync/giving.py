"""Carrying out and taking back what groups give: roles and departments, in a run's steps and at a login. Inside an action."""

from appliance.core.actor import ADMINISTRATOR, SYSTEM
from appliance.core.db import row, rows
from appliance.core.departments import all_departments
from appliance.core.errors import Conflict
from appliance.core.i18n import texts
from appliance.core.people import Person, PersonRole, give_role, other_administrators, take_role, update_person
from appliance.core.permissions import BUILT_IN, require, require_grantable
from appliance.identity.directory import groups
from appliance.identity.directory.group_models import DEPARTMENT, ROLE, DirectoryDepartment, DirectoryGiven
from appliance.identity.directory.sync import grouping, models, planning, tree
from appliance.identity.directory.sync.batches import NotDone, tie_of
from appliance.identity.directory.sync.models import SyncRun, SyncStep

_ = texts(__name__)


def gain(run, step):
    """Give the role, unless he has it by now."""
    person_id = step.person_id = tie_of(run, step).person_id
    if not _give(run.directory_id, person_id, step.after['role'], step.after['group']):
        raise NotDone(_('The person has this role by now.'))


def _give(directory_id, person_id, role, group):
    """Give a role in the directory's name; returns False for who has it already, by whom ever."""
    if PersonRole.select().where((PersonRole.person == person_id) & (PersonRole.role == role)).exists():
        return False
    give_role(SYSTEM, person_id, role)
    _remember(directory_id, person_id, ROLE, role, group, _given_at(person_id, role))
    return True


def _given_at(person_id, role):
    return PersonRole.get((PersonRole.person == person_id) & (PersonRole.role == role)).at


def _remember(directory_id, person_id, kind, what, group, at=None):
    values = {'name': group} | ({'at': at} if at else {})
    (DirectoryGiven.insert(directory=directory_id, person=person_id, kind=kind, what=what, **values)
     .on_conflict(conflict_target=(DirectoryGiven.directory, DirectoryGiven.person, DirectoryGiven.kind, DirectoryGiven.what), update=values).execute())


def _is_given(directory_id, person_id, kind, what):
    return ((DirectoryGiven.directory == directory_id) & (DirectoryGiven.person == person_id) & (DirectoryGiven.kind == kind) & (DirectoryGiven.what == what))


def lose(run, step):
    """Take back what the directory gave; a role that was given here since, or by another directory, too, stays."""
    if not _take(run.directory_id, tie_of(run, step).person_id, step.before['role']):
        raise NotDone(_('The directory did not give this, or took it back already.'))


def _take(directory_id, person_id, role):
    given = DirectoryGiven.get_or_none(_is_given(directory_id, person_id, ROLE, role))
    if given is None:
        return False
    DirectoryGiven.delete().where(_is_given(directory_id, person_id, ROLE, role)).execute()
    held = PersonRole.get_or_none((PersonRole.person == person_id) & (PersonRole.role == role))
    if held is not None and held.at == given.at:
        take_role(SYSTEM, person_id, role)
    return True


def take_back_gain(run, step, snapshot):
    """Undo: the role goes, where it is still the directory's."""
    lose(run, _turned(step))


def _turned(step):
    return SyncStep(uuid=step.uuid, person=step.person_id, before=step.after, after=step.before)


def take_back_loss(run, step, snapshot):
    """Undo: the role comes back where the directory gives it today, and stays where somebody gave it here."""
    role = step.before['role']
    today = snapshot.grouping.roles().get(step.uuid, {}) if snapshot and snapshot.grouping and not snapshot.grouping.gap else {}
    if role not in today:
        raise NotDone(_('The directory does not give this to the person today.'))
    if not _give(run.directory_id, tie_of(run, step).person_id, role, today[role]):
        raise NotDone(_('The person has this role by now.'))


def place(run, step):
    """Put somebody into the department that a group or a branch says."""
    person_id = step.person_id = tie_of(run, step).person_id
    wanted = _wanted(run.directory_id, step)
    _move(person_id, step.before['department_id'], wanted)
    _forget_places(run.directory_id, person_id)
    if step.after.get('group') and wanted is not None:
        _remember(run.directory_id, person_id, DEPARTMENT, str(wanted), step.after['group'])


def _wanted(directory_id, step):
    if not step.after.get('ou'):
        return step.after['department_id']
    tie = DirectoryDepartment.get_or_none((DirectoryDepartment.directory == directory_id) & (DirectoryDepartment.uuid == step.after['ou']))
    if tie is None:
        raise Conflict(_('The department is not here.'))        # refused, and so said once a day
    return tie.department_id


def _move(person_id, before, after):
    if Person.get_by_id(person_id).department_id != before:
        raise NotDone(_('Something else was written here since the plan.'))
    if after is not None and after not in all_departments():
        raise NotDone(_('The department is not here.'))
    update_person(SYSTEM, person_id, department_id=after)


def _forget_places(directory_id, person_id):
    DirectoryGiven.delete().where((DirectoryGiven.directory == directory_id) & (DirectoryGiven.person == person_id) & (DirectoryGiven.kind == DEPARTMENT)).execute()


def place_back(run, step, snapshot):
    """Undo: back to where he was, as far as the directory says so today: a department gives rights."""
    person_id, before = tie_of(run, step).person_id, step.before['department_id']
    today = snapshot.grouping.places.get(step.uuid) if snapshot and snapshot.grouping and not snapshot.grouping.gap else None
    if before is not None and (today is None or today.department_id != before):
        raise NotDone(_('The directory has this person in another department today.'))
    now = Person.get_by_id(person_id).department_id
    if now != _wanted(run.directory_id, step):
        raise NotDone(_('Something else was written here since the run.'))
    _move(person_id, now, before)
    _forget_places(run.directory_id, person_id)
    if before is not None and today.group:
        _remember(run.directory_id, person_id, DEPARTMENT, str(before), today.group)


def at_login(directory_id, person_id, entry):
    """What the groups of somebody who logs in give and take at once. Roles that administer wait for the next look and a word, and so does what
    the brake holds; a group that is not shown takes nothing. Where nobody asked (entry.belonging is None), or there is no rule, they touch nothing.
    """
    rules = entry.belonging.rules if entry.belonging else groups.rules_of(directory_id)
    if not rules:
        _stand_at_login(directory_id, person_id, entry)
    if not rules or entry.belonging is None:
        return
    shown = entry.belonging.groups
    mine = [rule for rule in rules if shown.get(rule.uuid)]
    given = {kind: {what for what, in rows('SELECT what FROM directory_given WHERE directory_id = ? AND person_id = ? AND kind = ?', directory_id, person_id, kind)}
             for kind in (ROLE, DEPARTMENT)}
    for rule in mine:
        # One that was given before and taken here since stays taken.
        if rule.kind == ROLE and rule.what not in given[ROLE] and not grouping.administers(rule.what):
            _give(directory_id, person_id, rule.what, rule.name)
    for role in given[ROLE] & _left(rules, mine, ROLE, shown):
        if not _is_held(directory_id, person_id, role) and (role != ADMINISTRATOR or other_administrators(person_id)):
            _take(directory_id, person_id, role)
    _place_at_login(directory_id, person_id, entry, next((rule for rule in mine if rule.kind == DEPARTMENT), None),
                    given[DEPARTMENT] & _left(rules, mine, DEPARTMENT, shown))


def _left(rules, mine, kind, shown):
    """What rules of a kind give, all of whose groups are shown, and none has the person."""
    of_kind = [rule for rule in rules if rule.kind == kind]
    return {rule.what for rule in of_kind} - {rule.what for rule in mine} - {rule.what for rule in of_kind if rule.uuid not in shown}


def _place_at_login(directory_id, person_id, entry, rule, left):
    if rule is not None and int(rule.what) in all_departments():
        update_person(SYSTEM, person_id, department_id=int(rule.what))
        _forget_places(directory_id, person_id)
        _remember(directory_id, person_id, DEPARTMENT, rule.what, rule.name)
    elif _stand_at_login(directory_id, person_id, entry):
        return
    elif left and rule is None:
        if 'department' not in entry.fields and str(Person.get_by_id(person_id).department_id) in left:
            update_person(SYSTEM, person_id, department_id=None)
        _forget_places(directory_id, person_id)


def _stand_at_login(directory_id, person_id, entry):
    """Put somebody where his entry stands in the tree, as far as that is a department by now; returns whether departments come from the tree."""
    if row("SELECT 1 FROM directory WHERE id = ? AND tree = 'ou'", directory_id) is None:
        return False
    department_id = tree.department_at_login(directory_id, entry.dn)
    if department_id is not None:
        update_person(SYSTEM, person_id, department_id=department_id)
        _forget_places(directory_id, person_id)
    return True


def _is_held(directory_id, person_id, role):
    """Whether a run waits for a word before it takes this."""
    held = row("SELECT max(id) FROM sync_run WHERE directory_id = ? AND state = ?", directory_id, models.HELD)[0]
    waiting = (SyncStep.run == held) & (SyncStep.state == models.WAITING) & (SyncStep.is_held == 1) & (SyncStep.kind == planning.LOSE) & (SyncStep.person == person_id)
    return held is not None and any(step.before.get('role') == role for step in SyncStep.select().where(waiting))


def require_rights(actor, run_id, state):
    """NotAllowed where steps of a run in a state give or take roles that may do more than the actor: a word for them is a word of who may."""
    run = SyncRun.get_by_id(run_id)
    steps = SyncStep.select(SyncStep.before, SyncStep.after).where((SyncStep.run == run.id) & (SyncStep.state == state) & SyncStep.kind.in_([planning.GAIN, planning.LOSE]))
    for role in {(step.after.get('role') or step.before.get('role')) for step in steps}:
        require_grantable(actor, role)
    if SyncStep.select().where((SyncStep.run == run.id) & (SyncStep.state == state) & (SyncStep.kind == planning.HEAD)).exists():
        require(actor, 'core.people.manage')        # who heads a department has rights over its people


def role_title(role):
    """The title of a role, or the name of one of the company's own."""
    return str(BUILT_IN.get(role, role))
