"""Joining people with their entries, those whom somebody ticked: each step looks again, at the directory as it is today.

The newest adoption is the truth: older ties are put away, and what only those directories said against the person falls, since the
new one answers for him. What was blocked here stays blocked. The local password goes: the directory has his password now.
"""

import logging

from appliance.core import audit, clock, revisions
from appliance.core.actor import ADMINISTRATOR, EMPLOYEE, SYSTEM
from appliance.core.db import row
from appliance.core.errors import NotAllowed, NotFound
from appliance.core.events import publish
from appliance.core.i18n import texts
from appliance.core.outbox import send_mail
from appliance.core.people import Person, PersonBlock, actor_for, raise_epoch, unblock
from appliance.core.permissions import may
from appliance.core.person_fields import fold_login
from appliance.core.personal.forgotten import is_forgotten
from appliance.identity.directory.adoption import rights
from appliance.identity.directory.adoption.matching import KEYS, entry_side, equal_keys
from appliance.identity.directory.adoption.models import Adoption, FormerTie
from appliance.identity.directory.sync import models
from appliance.identity.directory.sync.applying import fields_now, write_fields
from appliance.identity.directory.sync.batches import NotDone, Work, work_off
from appliance.identity.directory.sync.events import PersonAdopted
from appliance.identity.directory.sync.models import SyncRun, SyncStep
from appliance.identity.models import Directory, DirectoryPerson, Password

_ = texts(__name__)
log = logging.getLogger('appliance.directory')
SAME = (*KEYS, 'name')      # what must be as it was when somebody ticked


def join(run_id, snapshot, most_s=None):
    """Join the ticked people of a run; after `most_s` seconds the rest is left to the next call. snapshot: the directory as it is now."""
    work_off(SyncRun.get_by_id(run_id), Work('adopt', models.ADOPTING, models.WAITING, models.APPLIED, models.SKIPPED, models.REFUSED, _waiting,
                                             lambda run, step: _adopt(run, step, snapshot), _end), most_s)


def give_back(run_id):
    """The run could not go on: its people wait for a word again, with their ticks. Inside a write."""
    SyncStep.update(state=models.PROPOSED).where((SyncStep.run == run_id) & (SyncStep.state == models.WAITING)).execute()


def _waiting(run):
    return SyncStep.select().where((SyncStep.run == run.id) & (SyncStep.state == models.WAITING)).order_by(SyncStep.id)


def _end(run):
    Adoption.update(is_open=False).where(Adoption.step.in_(SyncStep.select(SyncStep.id).where(SyncStep.run == run.id))).execute()
    SyncRun.update(state=models.DONE, ended_at=clock.now()).where(SyncRun.id == run.id).execute()
    log.info('directory %s: run %s has joined people: %s', run.directory_id, run.id, run.counts)


def _adopt(run, step, snapshot):
    adoption, entry = Adoption.get_by_id(step.id), _entry(run, step, snapshot)
    _require_rights(adoption)
    person = _person(run, step, snapshot)
    _require_same(step, person, entry)
    _require_another_way_in(person.id)
    _put_away(run, adoption)
    DirectoryPerson.create(directory=run.directory_id, uuid=step.uuid, person=person.id, dn=entry.dn, seen_at=clock.now())
    before, after = _fill(person.id, entry)
    SyncStep.update(before=before, after=after).where(SyncStep.id == step.id).execute()
    raise_epoch(person.id)
    _tell(run, adoption, step, person)


def _entry(run, step, snapshot):
    """The entry of a step, that lets somebody in today and is nobody's; else NotDone."""
    if not Directory.get_by_id(run.directory_id).is_active:
        raise NotDone(_('The directory is switched off: nobody could log in by it.'))
    entry = snapshot.entry(step.uuid)
    if entry is None or entry.is_disabled is None or entry.closed(clock.now()):
        raise NotDone(_('The directory does not let this person in today.'))
    if DirectoryPerson.select().where((DirectoryPerson.directory == run.directory_id) & (DirectoryPerson.uuid == step.uuid)).exists():
        raise NotDone(_('The entry belongs to a person by now.'))
    if FormerTie.select().where((FormerTie.directory == run.directory_id) & (FormerTie.uuid == step.uuid) & (FormerTie.person != step.person_id)).exists():
        raise NotDone(_('The entry was another person’s here.'))
    return entry


def _person(run, step, snapshot):
    """The person of a step, who may be joined; else NotDone."""
    person = Person.get_by_id(step.person_id)
    if is_forgotten(person.id):
        raise NotDone(_('The person was forgotten.'))
    if person.kind != EMPLOYEE:
        raise NotDone(_('Only employees are joined with entries of a directory.'))
    ties = DirectoryPerson.select(DirectoryPerson.uuid).where((DirectoryPerson.directory == run.directory_id) & (DirectoryPerson.person == person.id)).tuples()
    # What did not come may be there all the same.
    if any(snapshot.gap or uuid in snapshot.found for uuid, in ties):
        raise NotDone(_('The person has another entry in this directory.'))
    return person


def _require_rights(adoption):
    """NotDone unless who ticked has every right of the person now, too."""
    try:
        actor = actor_for(adoption.ticked_by, 'adoption') if adoption.ticked_by else SYSTEM
    except (NotFound, NotAllowed):
        actor = None
    roles = rights.roles_of([adoption.person_id]).get(adoption.person_id, ())
    if actor is None or not may(actor, 'identity.directories.manage') or not rights.may_answer_for(actor, roles):
        raise NotDone(_('Who ticked may do less than this person.'))


def _require_same(step, person, entry):
    here, there = {name: getattr(person, name) for name in SAME}, entry_side(entry)
    if not equal_keys(here, there) or any(here[name] != step.before[name] or there[name] != step.after[name] for name in SAME):
        raise NotDone(_('Person or entry have changed since.'))


def _require_another_way_in(person_id):
    """With the directory down an administrator must get in by a password of the portal's own: the last who has one keeps it."""
    revisions.bump('person')        # two at once take turns from here on
    if not Password.select().where(Password.person == person_id).exists() or ADMINISTRATOR not in rights.roles_of([person_id]).get(person_id, ()):
        return
    if not row('''SELECT 1 FROM person_role r JOIN password w ON w.person_id = r.person_id WHERE r.role = ? AND r.person_id <> ?
                  AND NOT EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = r.person_id) LIMIT 1''', ADMINISTRATOR, person_id):
        raise NotDone(_('This is the last administrator with a password of the portal’s own, who gets in when the directory does not answer. Make another one first.'))


def _put_away(run, adoption):
    """The older ties, the password and the directories' blocks of a person, kept for taking it back."""
    for tie in DirectoryPerson.select().where(DirectoryPerson.person == adoption.person_id):
        FormerTie.create(directory=tie.directory_id, uuid=tie.uuid, person=tie.person_id, dn=tie.dn, seen_at=tie.seen_at, run=run.id)
    DirectoryPerson.delete().where(DirectoryPerson.person == adoption.person_id).execute()
    # The entry itself may be one that he came in by before.
    FormerTie.delete().where((FormerTie.directory == run.directory_id) & (FormerTie.uuid == adoption.step.uuid)).execute()
    password = Password.get_or_none(Password.person == adoption.person_id)
    blocks = {source: reason for source, reason in PersonBlock.select(PersonBlock.source, PersonBlock.reason).where(PersonBlock.person == adoption.person_id).tuples()
              if source.startswith('directory:')}
    Adoption.update(password_hash=password and password.hash, password_set_at=password and password.set_at, blocks=blocks).where(
        Adoption.step == adoption.step_id).execute()
    Password.delete().where(Password.person == adoption.person_id).execute()
    for source in blocks:
        unblock(SYSTEM, adoption.person_id, source)


def _fill(person_id, entry):
    """({field: value before}, {field: value of the entry}) of what differed; the directory is the truth for its fields."""
    found = entry.fields | {'login': fold_login(entry.fields['login'])}
    before = fields_now(person_id, found)
    after = {name: value for name, value in found.items() if value != before[name]}
    if after:
        write_fields(person_id, after)
    return {name: before[name] for name in after}, after


def _tell(run, adoption, step, person):
    audit.record(SYSTEM, 'identity.person.adopted', f'core.person:{person.id}', directory=run.directory_id, run=run.id, by=step.reason,
                 ticked_by=adoption.ticked_by)
    publish(PersonAdopted(person.id, run.directory_id, adoption.ticked_by))
    if person.mail and person.mail != Person.get_by_id(person.id).mail:
        send_mail('mail/adopted', {'name': person.name}, key=f'identity.adopted:{step.id}', recipient=person.mail, language=person.language)

