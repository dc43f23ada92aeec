"""The ticks of an administrator, and what he says of them: join these, or: these are two. Each decides about his own ticks alone."""

from peewee import fn

from appliance.core import audit, clock
from appliance.core.actions import action
from appliance.core.actor import SYSTEM
from appliance.core.db import lock_row
from appliance.core.errors import Conflict, NotAllowed, NotFound
from appliance.core.i18n import texts
from appliance.core.limits import LOGIN_LENGTH
from appliance.core.people import Person, is_blocked, update_person
from appliance.core.permissions import permitted
from appliance.core.personal.forgotten import is_forgotten
from appliance.identity.directory.adoption import rights
from appliance.identity.directory.adoption.matching import AMBIGUOUS
from appliance.identity.directory.adoption.models import Adoption
from appliance.identity.directory.sync import marks, models
from appliance.identity.directory.sync.models import SyncRun, SyncStep
from appliance.identity.models import Directory

_ = texts(__name__)
ADOPT = 'adopt'
AT_ONCE = 200


@action(rights=permitted('identity.directories.manage'))
def tick(actor, directory_id, shown, ticked):
    """Keep the ticks of what was shown (step ids), all others stay as they are; returns {'ticked', 'not_allowed', 'taken', 'gone': how many}.

    Not ticked are: not_allowed, whose person may do more than the actor; taken, of which person or entry is ticked with another;
    gone, about which something was decided meanwhile. Another administrator's tick is his to take away.
    """
    _lock(directory_id)
    found = _open_among(directory_id, [*shown, *ticked])
    mine = [adoption.step_id for adoption in found if adoption.ticked_at and adoption.ticked_by == actor.person_id]
    _write(Adoption, [step_id for step_id in mine if step_id not in ticked], ticked_at=None, ticked_by=None)
    roles = rights.roles_of(adoption.person_id for adoption in found)
    people, entries = _taken(directory_id)
    told = {'ticked': 0, 'not_allowed': 0, 'taken': 0, 'gone': len({*ticked} - {adoption.step_id for adoption in found})}
    new = []
    for adoption in found:
        if adoption.step_id not in ticked or adoption.ticked_at:
            continue
        if not rights.may_answer_for(actor, roles.get(adoption.person_id, ())):
            told['not_allowed'] += 1
        elif adoption.person_id in people or adoption.step.uuid in entries:
            told['taken'] += 1
        else:
            new.append(adoption.step_id)
            people.add(adoption.person_id)
            entries.add(adoption.step.uuid)
    _write(Adoption, new, ticked_at=clock.now(), ticked_by=actor.person_id)
    return told | {'ticked': len(new)}


def _lock(directory_id):
    lock_row(Directory, directory_id)
    if not Directory.select().where(Directory.id == directory_id).exists():
        raise NotFound()


def _open_among(directory_id, step_ids):
    found, step_ids = [], sorted(set(step_ids))
    for at in range(0, len(step_ids), AT_ONCE):
        found.extend(Adoption.select(Adoption, SyncStep).join(SyncStep).where(
            (Adoption.directory == directory_id) & (Adoption.is_open == 1) & (SyncStep.state == models.PROPOSED)
            & Adoption.step.in_(step_ids[at:at + AT_ONCE])).order_by(Adoption.step))
    return found


def _taken(directory_id):
    """({person id}, {uuid}) of what is ticked, by whomever."""
    found = list(Adoption.select(Adoption.person, SyncStep.uuid).join(SyncStep).where(
        (Adoption.directory == directory_id) & (Adoption.is_open == 1) & Adoption.ticked_at.is_null(False)).tuples())
    return {person_id for person_id, _uuid in found}, {uuid for _person_id, uuid in found}


def _write(model, step_ids, **values):
    key = model._meta.primary_key
    for at in range(0, len(step_ids), AT_ONCE):
        model.update(**values).where(key.in_(step_ids[at:at + AT_ONCE])).execute()


def sure_ones(directory_id, by=None, logins=(), shown=()):
    """Step ids of open proposals: those of a certainty, those of people by their logins, and those among step ids (at most a page),
    whatever the certainty; none that is ambiguous.
    """
    found = SyncStep.reason == by if by else SyncStep.id.in_(list(shown))
    if logins:
        found |= Adoption.person.in_(Person.select(Person.id).where(Person.login.in_(list(logins))))
    return [step_id for step_id, in Adoption.select(Adoption.step).join(SyncStep).where(
        (Adoption.directory == directory_id) & (Adoption.is_open == 1) & (SyncStep.state == models.PROPOSED) & (SyncStep.reason != AMBIGUOUS) & found).order_by(Adoption.step).tuples()]


@action(rights=permitted('identity.directories.manage'))
def join(actor, directory_id):
    """Let the job join those whom the actor ticked; returns the id of the run that does it. Conflict when there is none, or nobody logs in
    by this directory.
    """
    _lock(directory_id)
    if not Directory.get_by_id(directory_id).is_active:
        raise Conflict(_('Nobody can log in by this directory: it is switched off. Whoever is joined to it could not come in any more.'))
    mine = [step_id for step_id, in Adoption.select(Adoption.step).join(SyncStep).where((Adoption.directory == directory_id) & (Adoption.is_open == 1)
            & (SyncStep.state == models.PROPOSED) & Adoption.ticked_at.is_null(False) & (fn.COALESCE(Adoption.ticked_by, 0) == rights.ticker(actor)[0])).order_by(Adoption.step).tuples()]
    if not mine:
        raise Conflict(_('Nobody is ticked. Tick who is the same person, then join them.'))
    run_id = SyncRun.create(directory=directory_id, state=models.ADOPTING, counts={ADOPT: len(mine)}, by=actor.person_id, planned_at=clock.now()).id
    _write(SyncStep, mine, run=run_id, state=models.WAITING)
    audit.record(actor, 'identity.directory.adoption.asked', f'identity.directory:{directory_id}', run=run_id, people=len(mine))
    return run_id


@action(rights=permitted('identity.directories.manage'))
def decline(actor, directory_id, step_ids):
    """Say that person and entry are two; returns of how many. They are not proposed again, and the entry makes a person of its own where
    its login is free: of who may not come in any more it becomes so.
    """
    _lock(directory_id)
    adoptions = [adoption for adoption in _open_among(directory_id, step_ids) if adoption.ticked_at is None or adoption.ticked_by == actor.person_id]
    found = [adoption.step_id for adoption in adoptions]
    _free_logins(actor, adoptions)
    _write(SyncStep, found, state=models.DECLINED)
    _write(Adoption, found, is_open=False, ticked_at=None, ticked_by=None)
    if found:
        marks.drop(directory_id)        # the entries are read again, to make people of their own
        audit.record(actor, 'identity.directory.adoption.declined', f'identity.directory:{directory_id}', people=len(found))
    return len(found)


def _free_logins(actor, adoptions):
    """A reused login is the new person's: who had it and is out is called otherwise now, where the actor may do all that he may."""
    held = rights.roles_of(adoption.person_id for adoption in adoptions)
    for adoption in adoptions:
        person = Person.get_by_id(adoption.person_id)
        if person.login != adoption.step.after['login'] or not is_blocked(person.id) or is_forgotten(person.id):
            continue
        login = f'{person.login[:LOGIN_LENGTH - 20]}-former-{person.id}'
        if rights.may_answer_for(actor, held.get(person.id, ())) and not Person.select().where(Person.login == login).exists():
            update_person(SYSTEM, person.id, login=login)


@action(rights=permitted('identity.directories.manage'))
def reconsider(actor, directory_id):
    """Let those of whom somebody said that they are two be proposed again, by the next plan that still finds them; returns how many."""
    _lock(directory_id)
    found = [step_id for step_id, in Adoption.select(Adoption.step).join(SyncStep).where(
        (Adoption.directory == directory_id) & (Adoption.is_open == 0) & (SyncStep.state == models.DECLINED)).tuples()]
    for at in range(0, len(found), AT_ONCE):
        Adoption.delete().where(Adoption.step.in_(found[at:at + AT_ONCE])).execute()
    if found:
        marks.drop(directory_id)
        audit.record(actor, 'identity.directory.adoption.reconsidered', f'identity.directory:{directory_id}', people=len(found))
    return len(found)


def require_rights_to_part(actor, run_id):
    """Whether a run joined people; NotAllowed where one of them may do more than the actor who takes it back: an old door opens again."""
    people = [person_id for person_id, in SyncStep.select(SyncStep.person).where(
        (SyncStep.run == run_id) & (SyncStep.kind == ADOPT) & (SyncStep.state == models.APPLIED)).tuples()]
    if not all(rights.may_answer_for(actor, roles) for roles in rights.roles_of(people).values()):
        raise NotAllowed(_('One of these people may do more than you. It is taken back by somebody who may do as much.'))
    return bool(people)
