"""Carrying out a plan: 100 people a transaction, who must go first. It may be killed at any moment and goes on where it was.

Each step looks again: what is so already, or was changed here since the plan, is skipped with a word. One that fails is refused
with its reason, and the others of its hundred are done one by one.
"""

import logging
import time

from peewee import IntegrityError

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.db import lock_row, write
from appliance.core.departments import department_by_name
from appliance.core.errors import Busy, PortalError, StorageFull
from appliance.core.i18n import texts
from appliance.core.people import Person, PersonBlock, add_person, block, unblock, update_person
from appliance.core.person_fields import fold_login
from appliance.core.personal.forgotten import is_forgotten
from appliance.identity.directory.sync import models, planning
from appliance.identity.directory.sync.due import GOOD_FOR
from appliance.identity.directory.sync.models import SyncRun, SyncStep
from appliance.identity.models import Directory, DirectoryPerson

_ = texts(__name__)
log = logging.getLogger('appliance.directory')
BATCH = 100


class Skip(Exception):
    """A step has nothing to do, or must not be done any more; the text says why."""


def apply(run_id, most_s=None):
    """Do the steps of a run that wait and are not held; after `most_s` seconds the rest is left to the next call."""
    run, begun = SyncRun.get_by_id(run_id), time.monotonic()
    if run.planned_at < clock.now() - GOOD_FOR:
        _give_up(run)
    while _batch(run, BATCH) and (most_s is None or time.monotonic() - begun < most_s):
        pass


def _give_up(run):
    """A plan of which a part lay for an hour, since nothing ran, is not carried out to its end: the directory went on."""
    with write('identity.directory.sync.give_up'):
        SyncStep.update(state=models.SKIPPED, note='The plan was too old by then.').where((SyncStep.run == run.id) & (SyncStep.state == models.WAITING)).execute()


def _batch(run, size):
    """Do up to so many steps in one transaction; returns how many. The last one ends the run."""
    tried = []
    try:
        with write('identity.directory.sync.apply'):
            return _do(run, size, tried)
    except (Busy, StorageFull):
        raise       # it passes, and says nothing of a person
    except (PortalError, IntegrityError) as error:
        if size > 1:
            # One of them spoiled the transaction: each by itself, so that it alone is refused.
            return sum(_batch(run, 1) for _one in range(size))
        with write('identity.directory.sync.refuse'):
            (SyncStep.update(state=models.REFUSED, note=str(getattr(error, 'message', error)))
             .where(SyncStep.id.in_(tried) & (SyncStep.state == models.WAITING)).execute())
        return 1


def _do(run, size, tried):
    lock_row(Directory, run.directory_id)       # two runs of one directory take turns, a hundred each
    if SyncRun.get_by_id(run.id).state != models.APPLYING:
        return 0
    steps = _waiting(run, size)
    tried += [step.id for step in steps]
    lock_people(steps)
    for step in steps:
        try:
            DOES[step.kind](run, step)
        except Skip as reason:
            _note(step, models.SKIPPED, str(reason))
        else:
            _note(step, models.APPLIED)
    if not steps:
        _end(run)
    return len(steps)


def lock_people(steps):
    """Keep logins of these people waiting until the end, all in one order: one at a time, two transactions would wait for each other."""
    for person_id in sorted({step.person_id for step in steps if step.person_id}):
        lock_row(Person, person_id)


def _waiting(run, size):
    return list(SyncStep.select().where((SyncStep.run == run.id) & (SyncStep.state == models.WAITING) & (SyncStep.is_held == 0))
                .order_by(SyncStep.id).limit(size))


def _note(step, state, note=''):
    SyncStep.update(state=state, note=note, person=step.person_id).where(SyncStep.id == step.id).execute()


def _end(run):
    is_held = SyncStep.select().where((SyncStep.run == run.id) & (SyncStep.state == models.WAITING)).exists()
    SyncRun.update(state=models.HELD if is_held or run.brake in models.WITHOUT_STEPS else models.DONE, ended_at=clock.now()).where(SyncRun.id == run.id).execute()
    log.info('directory %s: run %s is done: %s', run.directory_id, run.id, run.counts)


def _tie(run, step):
    """The tie of a step's entry; Skip where the person is not tied any more, or was forgotten."""
    tie = DirectoryPerson.get_or_none((DirectoryPerson.directory == run.directory_id) & (DirectoryPerson.uuid == step.uuid))
    if tie is None or tie.person_id != step.person_id:
        raise Skip(_('The person does not belong to this entry any more.'))
    if is_forgotten(tie.person_id):
        raise Skip(_('The person was forgotten.'))
    return tie


def _disable(run, step):
    if _tie(run, step).seen_at > run.planned_at:
        raise Skip(_('The directory has let this person in since the plan.'))
    source = planning.source_of(run.directory_id)
    if is_blocked_by(step.person_id, source):
        raise Skip(_('The door is shut already.'))
    block(SYSTEM, step.person_id, source, step.reason)


def _enable(run, step):
    _tie(run, step)
    source = planning.source_of(run.directory_id)
    if not is_blocked_by(step.person_id, source):
        raise Skip(_('The door is open already.'))
    unblock(SYSTEM, step.person_id, source)
    _see(run, step)


def _change(run, step):
    _tie(run, step)
    if fields_now(step.person_id, step.before) != step.before:
        raise Skip(_('Something else was written here since the plan.'))
    write_fields(step.person_id, step.after)
    _move(run, step)


def _move(run, step):
    if _tie(run, step).dn != step.dn:
        DirectoryPerson.update(dn=step.dn).where((DirectoryPerson.directory == run.directory_id) & (DirectoryPerson.uuid == step.uuid)).execute()


def _see(run, step):
    DirectoryPerson.update(seen_at=clock.now()).where((DirectoryPerson.directory == run.directory_id) & (DirectoryPerson.uuid == step.uuid)).execute()


def _create(run, step):
    if DirectoryPerson.select().where((DirectoryPerson.directory == run.directory_id) & (DirectoryPerson.uuid == step.uuid)).exists():
        raise Skip(_('The person came by logging in.'))
    if Person.select().where(Person.login == fold_login(step.after['login'])).exists():
        raise Skip(_('The login belongs to another account here.'))
    step.person_id = add_person(SYSTEM, **_values(step.after))
    DirectoryPerson.create(directory=run.directory_id, uuid=step.uuid, person=step.person_id, dn=step.dn, seen_at=clock.now())


DOES = {planning.DISABLE: _disable, planning.ENABLE: _enable, planning.CHANGE: _change, planning.MOVE: _move, planning.CREATE: _create}


def is_blocked_by(person_id, source):
    """Whether a source keeps a person out."""
    return PersonBlock.select().where((PersonBlock.person == person_id) & (PersonBlock.source == source)).exists()


def fields_now(person_id, names):
    """{field: value} of a person for these names; a department by its name."""
    person = Person.get_by_id(person_id)
    found = {name: getattr(person, name) for name in names if name != 'department'}
    if 'department' in names:
        found['department'] = person.department.name if person.department_id else ''
    return found


def write_fields(person_id, fields):
    """Write {field: value} to a person; a department by its name, '' for none."""
    update_person(SYSTEM, person_id, **_values(fields))


def _values(fields):
    values = {name: value for name, value in fields.items() if name != 'department'}
    if 'department' in fields:
        values['department_id'] = department_by_name(SYSTEM, fields['department']) if fields['department'] else None
    return values
