"""Carrying out a plan, those first who must go. It may be killed at any moment and goes on where it was.

Each step looks again: what is so already, or was changed here since the plan, is skipped with a word.
"""

import logging

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.db import write
from appliance.core.i18n import texts
from appliance.core.people import Person, add_person, block, is_blocked, unblock, update_person
from appliance.core.person_fields import fold_login
from appliance.identity.directory import directories
from appliance.identity.directory.filling import person_values
from appliance.identity.directory.sync import giving, heading, models, notes, photos, planning, tree
from appliance.identity.directory.sync.batches import NotDone, Work, is_tied, tie_of, work_off
from appliance.identity.directory.sync.due import GOOD_FOR
from appliance.identity.directory.sync.models import SyncRun, SyncStep
from appliance.identity.models import DirectoryPerson

_ = texts(__name__)
log = logging.getLogger('appliance.directory')


def apply(run_id, most_s=None):
    """Do the steps of a run that wait and are not held; after `most_s` seconds the rest is left to the next call."""
    run = SyncRun.get_by_id(run_id)
    if run.planned_at < clock.now() - GOOD_FOR:
        _give_up(run)
    work_off(run, APPLYING, most_s)


def _give_up(run):
    """A plan of which a part lay for an hour, since nothing ran, is not carried out to its end: the directory went on."""
    with write('identity.directory.sync.give_up'):
        SyncStep.update(state=models.SKIPPED, note=notes.kept(_.lazy('The plan was too old by then.'))).where((SyncStep.run == run.id) & (SyncStep.state == models.WAITING)).execute()


def _waiting(run):
    return (SyncStep.select().where((SyncStep.run == run.id) & (SyncStep.state == models.WAITING) & (SyncStep.is_held == 0))
            .order_by(SyncStep.id))


def _end(run):
    is_held = SyncStep.select().where((SyncStep.run == run.id) & (SyncStep.state == models.WAITING)).exists()
    SyncRun.update(state=models.HELD if is_held or run.brake in models.WITHOUT_STEPS else models.DONE, ended_at=clock.now()).where(SyncRun.id == run.id).execute()
    log.info('directory %s: run %s is done: %s', run.directory_id, run.id, run.counts)


def _disable(run, step):
    # One of the future is none: the clock was set back, and nobody stays in for that.
    if run.planned_at < tie_of(run, step).seen_at <= clock.now():
        raise NotDone(_('The directory has let this person in since the plan.'))
    source = directories.source_of(run.directory_id)
    if is_blocked(step.person_id, source):
        raise NotDone(_('The door is shut already.'))
    block(SYSTEM, step.person_id, source, step.reason)


def _enable(run, step):
    tie_of(run, step)
    source = directories.source_of(run.directory_id)
    if not is_blocked(step.person_id, source):
        raise NotDone(_('The door is open already.'))
    unblock(SYSTEM, step.person_id, source)
    _see(run, step)


def _change(run, step):
    tie_of(run, step)
    if not is_still(step.person_id, step.before):
        raise NotDone(_('Something else was written here since the plan.'))
    _require_free(step)
    write_fields(step.person_id, step.after)
    _move(run, step)
    photos.look_again(is_tied(run, step))


def _move(run, step):
    if tie_of(run, step).dn != step.dn:
        DirectoryPerson.update(dn=step.dn).where(is_tied(run, step)).execute()


def _see(run, step):
    DirectoryPerson.update(seen_at=clock.now()).where(is_tied(run, step)).execute()


def _create(run, step):
    if DirectoryPerson.select().where(is_tied(run, step)).exists():
        raise NotDone(_('The person came by logging in.'))
    _require_free(step)
    step.person_id = add_person(SYSTEM, **person_values(SYSTEM, step.after))
    DirectoryPerson.create(directory=run.directory_id, uuid=step.uuid, person=step.person_id, dn=step.dn, seen_at=clock.now())


def _require_free(step):
    if 'login' in step.after and Person.select().where(Person.login == fold_login(step.after['login'])).exists():
        raise NotDone(_('The login belongs to another account here.'))


DOES = {planning.DISABLE: _disable, planning.ENABLE: _enable, planning.CHANGE: _change, planning.MOVE: _move, planning.CREATE: _create,
        planning.LOSE: giving.lose, planning.GAIN: giving.gain, planning.PLACE: giving.place, planning.BRANCH: tree.carry_out, planning.HEAD: heading.carry_out}
APPLYING = Work('apply', models.APPLYING, models.WAITING, models.APPLIED, models.SKIPPED, models.REFUSED, _waiting,
                lambda run, step: DOES[step.kind](run, step), _end)


def fields_now(person_id, names):
    """{field: value} of a person for these names; a department by its name."""
    person = Person.get_by_id(person_id)
    found = {name: getattr(person, name) for name in names if name != 'department'}
    if 'department' in names:
        found['department'] = person.department.name if person.department_id else ''
    return found


def unchanged(person_id, fields):
    """Which of these fields of a person hold their values still; a department is one however its letters are written (see department_by_name)."""
    now = fields_now(person_id, fields)
    return {name for name, value in fields.items() if now[name] == value or name == 'department' and now[name].casefold() == value.casefold()}


def is_still(person_id, fields):
    """Whether all of them do."""
    return unchanged(person_id, fields) == fields.keys()


def write_fields(person_id, fields):
    """Write {field: value} to a person; a department by its name, '' for none."""
    update_person(SYSTEM, person_id, **person_values(SYSTEM, fields))
