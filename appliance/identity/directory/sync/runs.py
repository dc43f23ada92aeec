"""The runs of a sync as rows: asked for, kept with their steps, shown, discarded."""

from collections import Counter
from datetime import timedelta

from appliance.core import audit, clock
from appliance.core.actions import action
from appliance.core.db import lock_row, rows, write
from appliance.core.errors import Conflict, Invalid, NotFound
from appliance.core.events import publish
from appliance.core.i18n import texts
from appliance.core.limits import PAGE_ROWS
from appliance.core.permissions import permitted, require
from appliance.identity.directory.adoption import proposals, ticking
from appliance.identity.directory.directories import ALL, OFF
from appliance.identity.directory.sync import giving, models, notes, planning
from appliance.identity.directory.sync.due import GOOD_FOR
from appliance.identity.directory.sync.events import SyncRunHeld
from appliance.identity.directory.sync.models import SyncRun, SyncStep
from appliance.identity.models import Directory

_ = texts(__name__)

REPEATED_AFTER = timedelta(days=1)  # what could not be done is said again once a day
IDS_AT_ONCE = 200
DOORS = (planning.DISABLE, planning.ENABLE)
MOST_WORDS = 5
FIRST_STATES = {planning.REFUSE: models.REFUSED, planning.ADOPT: models.PROPOSED}      # of the steps that nothing is done to by itself


@action(rights=permitted('identity.directories.manage'))
def ask(actor, directory_id, creates=None, is_here=False):
    """Have a job read the directory and plan, and do nothing; returns the run's id. An open plan of the directory is discarded.

    creates: whether people who are not here yet are to be made; None: as the directory is followed. is_here: the caller reads and
    plans himself.
    """
    directory = Directory.get_or_none(Directory.id == directory_id)
    if directory is None:
        raise NotFound()
    waiting = None if is_here else SyncRun.get_or_none((SyncRun.directory == directory_id) & (SyncRun.state == models.ASKED))
    if waiting:
        return waiting.id
    _discard_plans(directory_id)
    return SyncRun.create(directory=directory_id, state=models.READING if is_here else models.ASKED, is_dry=True, by=actor.person_id,
                          creates=directory.sync == ALL if creates is None else creates).id


def keep(plan, directory_id, run_id=None):
    """Write a Plan down; returns the run's id. That of a row that `ask` made waits for a word, unless it was discarded or read
    meanwhile; another is to be applied at once. Held steps wait for a word of their own, in whichever run they are.
    """
    with write('identity.directory.sync.keep'):
        now, is_dry = clock.now(), run_id is not None
        state = models.APPLYING if not is_dry else models.PLANNED if plan.steps else models.DONE
        values = {'state': state, 'ended_at': now if state == models.DONE else None, 'is_dry': is_dry, 'counts': plan.counts(),
                  'brake': plan.brake, 'absent': plan.absent, 'known': plan.known, 'planned_at': now}
        if run_id is None:
            run_id = SyncRun.create(directory=directory_id, **values).id
        elif not SyncRun.update(**values).where((SyncRun.id == run_id) & SyncRun.state.in_([models.ASKED, models.READING])).execute():
            return run_id
        _insert(run_id, proposals.gather(plan.steps, directory_id, run_id))
        proposals.open_new(run_id, directory_id, is_told=not is_dry)
        if plan.brake and not is_dry:
            publish(SyncRunHeld(run_id, directory_id, plan.brake, plan.absent, plan.known, None))
    return run_id


def _insert(run_id, steps):
    SyncStep.add_all([
        {'run': run_id, 'kind': step.kind, 'reason': step.reason, 'uuid': step.uuid, 'person': step.person_id, 'name': step.name, 'dn': step.dn,
         'before': step.before, 'after': step.after, 'is_held': step.is_held, 'state': FIRST_STATES.get(step.kind, models.WAITING), 'note': ''}
        for step in steps])


@action(rights=permitted('identity.directories.manage'))
def start(actor, run_id, with_held=False):
    """Let a plan be carried out by the job; with_held: also what the brake holds. Conflict when it is too old or not a plan."""
    run = _locked(run_id)
    if run.state not in (models.PLANNED, models.HELD):
        raise Conflict(_('This is no plan that waits. Make a new one.'))
    if run.planned_at < clock.now() - GOOD_FOR:
        raise Conflict(_('This plan is older than an hour. Make a new one: the directory may say something else now.'))
    if with_held:
        giving.require_rights(actor, run_id, models.WAITING)
        SyncStep.update(is_held=False).where((SyncStep.run == run_id) & (SyncStep.state == models.WAITING)).execute()
    elif run.state == models.HELD:
        raise Invalid(_('What is left of this run is held by the brake. Say that the people are to be cut off, or discard it.'), field='with_held')
    SyncRun.update(state=models.APPLYING).where(SyncRun.id == run_id).execute()
    audit.record(actor, 'identity.directory.sync.started', f'identity.directory:{run.directory_id}', run=run_id, with_held=with_held)


@action(rights=permitted('identity.directories.manage'))
def discard(actor, run_id):
    """Let a plan, or what the brake holds, be; nothing is done."""
    run = _locked(run_id)
    if run.state not in (models.PLANNED, models.HELD, models.ASKED):
        raise Conflict(_('This is no plan that waits. Make a new one.'))
    SyncRun.update(state=models.DISCARDED, ended_at=clock.now()).where(SyncRun.id == run_id).execute()
    audit.record(actor, 'identity.directory.sync.discarded', f'identity.directory:{run.directory_id}', run=run_id)


@action(rights=permitted('identity.directories.manage'))
def undo(actor, run_id):
    """Let the job take back what a run did; from now on the directory is followed only when somebody says so again, unless it only joined people."""
    run = _locked(run_id)
    if run.state not in (models.DONE, models.HELD, models.FAILED, models.OVER, models.DISCARDED):
        raise Conflict(_('Only a run that was carried out can be taken back, and once.'))
    if not SyncStep.select().where((SyncStep.run == run_id) & (SyncStep.state == models.APPLIED)).exists():
        raise Conflict(_('This run did nothing that could be taken back.'))
    giving.require_rights(actor, run_id, models.APPLIED)
    is_adoption = ticking.require_rights_to_part(actor, run_id)
    SyncRun.update(state=models.UNDOING).where(SyncRun.id == run_id).execute()
    if not is_adoption:     # who was joined by a tick is not joined again without another
        Directory.update(sync=OFF).where(Directory.id == run.directory_id).execute()
    audit.record(actor, 'identity.directory.sync.undone', f'identity.directory:{run.directory_id}', run=run_id)


def _discard_plans(directory_id):
    (SyncRun.update(state=models.DISCARDED, ended_at=clock.now())
     .where((SyncRun.directory == directory_id) & (SyncRun.state == models.PLANNED)).execute())


def _run(run_id):
    run = SyncRun.get_or_none(SyncRun.id == run_id)
    if run is None:
        raise NotFound()
    return run


def _locked(run_id):
    """The run, once nobody else decides about the plans of its directory; inside an action."""
    lock_row(Directory, _run(run_id).directory_id)
    return _run(run_id)


def list_runs(actor, directory_id, before=None):
    """The runs of a directory, the newest first, PAGE_ROWS at most and one more where there is more: as `one_run` without steps."""
    require(actor, 'identity.directories.manage')
    where = SyncRun.directory == directory_id
    if before:
        where &= SyncRun.id < before
    return [_described(run) for run in SyncRun.select().where(where).order_by(SyncRun.id.desc()).limit(PAGE_ROWS + 1)]


def one_run(actor, run_id):
    """{id, directory_id, state, is_dry, is_adoption, creates, counts, brake, absent, known, failure, by, started_at, planned_at, ended_at, is_good, states}.

    is_adoption: it is about who is here already, and nothing else. is_good: whether the plan may still be carried out. states: {state of a step: how many}, with `held` for what the brake holds.
    """
    require(actor, 'identity.directories.manage')
    run = _run(run_id)
    states = Counter()
    for state, is_held, count in rows('SELECT state, is_held, count(*) FROM sync_step WHERE run_id = ? GROUP BY state, is_held', run_id):
        states[state] += count
        states['held'] += count if is_held and state == models.WAITING else 0
    return _described(run) | {'states': dict(states) | {'held': states['held']}}


def steps_of(actor, run_id, kind=None, after=0, limit=PAGE_ROWS, words='', with_proposals=True):
    """The steps of a run in the order of doing, from the one after `after` (an id): dicts of id, kind, reason, person_id, name, dn,
    before, after, is_held, state, note. kind: one of planning.KINDS, or `held` for what the brake holds. words: only those whose name or DN
    has each of them. with_proposals: also what waits for a tick (proposals.listed says more of it).
    """
    require(actor, 'identity.directories.manage')
    where = (SyncStep.run == run_id) & (SyncStep.id > after)
    if kind == models.HELD:
        where &= (SyncStep.is_held == 1) & (SyncStep.state == models.WAITING)
    elif kind:
        where &= SyncStep.kind == kind
    if not with_proposals:
        where &= SyncStep.state != models.PROPOSED
    for word in words.split()[:MOST_WORDS]:
        where &= SyncStep.name.contains(word) | SyncStep.dn.contains(word)
    found = [{'id': step.id, 'kind': step.kind, 'reason': step.reason, 'person_id': step.person_id, 'name': step.name, 'dn': step.dn,
              'before': step.before, 'after': step.after, 'is_held': step.is_held, 'state': step.state, 'note': step.note}
             for step in SyncStep.select().where(where).order_by(SyncStep.id).limit(limit)]
    return found if found or _run(run_id) else []


def refused_already(directory_id):
    """Keys (key_of) of the steps that the directory's runs could not do, and said so, in the last day. A door is tried again each time."""
    since = SyncRun.select(SyncRun.id).where((SyncRun.directory == directory_id) & (SyncRun.started_at > clock.now() - REPEATED_AFTER) & (SyncRun.is_dry == 0))
    found = SyncStep.select(SyncStep.kind, SyncStep.uuid, SyncStep.after).where(SyncStep.run.in_(since) & (SyncStep.state == models.REFUSED)
                                                                           & SyncStep.kind.not_in(DOORS))
    return {key_of(step.kind, step.uuid, step.after) for step in found}


def holds_more(plan, run_id):
    """Whether a plan holds back a right, or its loss, that a run did not hold: it is to be said, too."""
    held = {key_of(step.kind, step.uuid, step.after) for step in plan.steps if step.is_held and step.kind in planning.RIGHTS}
    if not held:
        return False
    said = SyncStep.select(SyncStep.kind, SyncStep.uuid, SyncStep.after).where((SyncStep.run == run_id) & SyncStep.kind.in_(planning.RIGHTS))
    return not held <= {key_of(step.kind, step.uuid, step.after) for step in said}


def renew_held(plan, directory_id, said_id):
    """Bring what the brake holds in line with a newer plan: who is back, or out of the group, is not waited for any more. The run that
    was said last (its id, or None) gets who is held now and was not. Writes nothing where it is as before.
    """
    now = {key_of(step.kind, step.uuid, step.after): step for step in plan.steps if step.is_held}
    held, by_run = SyncRun.select(SyncRun.id).where((SyncRun.directory == directory_id) & (SyncRun.state == models.HELD)), {}
    for step in SyncStep.select().where(SyncStep.run.in_(held) & (SyncStep.state == models.WAITING) & (SyncStep.is_held == 1)):
        by_run.setdefault(step.run_id, {})[key_of(step.kind, step.uuid, step.after)] = step.id
    gone = [step_id for waiting in by_run.values() for key, step_id in waiting.items() if key not in now]
    new = [step for key, step in now.items() if key not in by_run[said_id]] if said_id in by_run else []
    if not gone and not new:
        return
    with write('identity.directory.sync.renew'):
        lock_row(Directory, directory_id)       # nobody gives his word meanwhile
        is_held = SyncStep.run.in_(held) & (SyncStep.state == models.WAITING)
        for at in range(0, len(gone), IDS_AT_ONCE):
            (SyncStep.update(state=models.SKIPPED, note=notes.kept(_.lazy('It was no longer so at a later look.')))
             .where(SyncStep.id.in_(gone[at:at + IDS_AT_ONCE]) & is_held).execute())
        if new and held.where(SyncRun.id == said_id).exists():
            _insert(said_id, new)


def key_of(kind, known_by, after):
    """What makes a step the same as an earlier one: who, what, and to which values."""
    return kind, known_by, tuple(sorted(after.items()))


def _described(run):
    return {'id': run.id, 'is_adoption': set(run.counts) == {planning.ADOPT}, 'creates': run.creates, 'directory_id': run.directory_id, 'state': run.state, 'is_dry': run.is_dry, 'counts': run.counts, 'brake': run.brake,
            'absent': run.absent, 'known': run.known, 'failure': run.failure, 'by': run.by, 'started_at': run.started_at,
            'planned_at': run.planned_at, 'ended_at': run.ended_at,
            'is_good': run.planned_at is not None and run.planned_at >= clock.now() - GOOD_FOR}
