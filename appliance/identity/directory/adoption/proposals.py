"""Proposals as rows: found once and kept until somebody decides, or they are no longer so; and what a page shows of them.

Those of a directory that are open stand in its newest run that found any. Ticks stay with them.
"""

import hashlib
import json

from appliance.core import clock
from appliance.core.db import lock_row, rows, write
from appliance.core.errors import NotFound
from appliance.core.events import publish
from appliance.core.i18n import texts
from appliance.core.limits import PAGE_ROWS
from appliance.core.permissions import require
from appliance.identity.directory.adoption import rights
from appliance.identity.directory.adoption.matching import AMBIGUOUS, CERTAINTIES, equal_keys
from appliance.identity.directory.adoption.models import Adoption
from appliance.identity.directory.sync import models
from appliance.identity.directory.sync.events import SyncRunProposed
from appliance.identity.directory.sync.models import SyncStep
from appliance.identity.models import Directory

_ = texts(__name__)
ADOPT = 'adopt'         # the kind of the steps
AT_ONCE = 200


def sign_of(reason, before, after):
    """A hash of what was compared: with other values it is another proposal."""
    return hashlib.sha256(json.dumps([reason, before, after], sort_keys=True).encode()).hexdigest()[:32]


def _key(step):
    return step.uuid, step.person_id, sign_of(step.reason, step.before, step.after)


def _open(directory_id):
    """{(uuid, person id, sign): step id} of the open proposals of a directory; None as id of those that are being joined."""
    return {(uuid, person_id, sign): step_id if state == models.PROPOSED else None for uuid, person_id, sign, step_id, state in rows('''
        SELECT s.uuid, a.person_id, a.sign, a.step_id, s.state FROM adoption a JOIN sync_step s ON s.id = a.step_id
        WHERE a.directory_id = ? AND a.is_open = 1''', directory_id)}


def without_known(directory_id, steps):
    """Steps of a plan without its proposals, unless one of them is new: then all, so that they stand together."""
    proposed = [step for step in steps if step.kind == ADOPT]
    if not proposed or not {_key(step) for step in proposed} <= _open(directory_id).keys():
        return steps
    return [step for step in steps if step.kind != ADOPT]


def close_gone(directory_id, steps):
    """Close the open proposals that are no longer so, by all steps of a whole look; writes nothing where there is none."""
    found = {_key(step) for step in steps if step.kind == ADOPT}
    if not any(step_id for key, step_id in _open(directory_id).items() if key not in found):
        return
    with write('identity.directory.adoption.close'):
        lock_row(Directory, directory_id)
        gone = [step_id for key, step_id in _open(directory_id).items() if step_id and key not in found]
        for at in range(0, len(gone), AT_ONCE):
            some = gone[at:at + AT_ONCE]
            SyncStep.update(state=models.SKIPPED, note='Person or entry have changed since.').where(SyncStep.id.in_(some)).execute()
            Adoption.update(is_open=False).where(Adoption.step.in_(some)).execute()


def gather(steps, directory_id, run_id):
    """The steps of a plan that are to be written; proposals that are open move to its run. Inside a write."""
    if not any(step.kind == ADOPT for step in steps):
        return steps
    lock_row(Directory, directory_id)
    known = _open(directory_id)
    moved = [known[_key(step)] for step in steps if step.kind == ADOPT and known.get(_key(step))]
    for at in range(0, len(moved), AT_ONCE):
        SyncStep.update(run=run_id).where(SyncStep.id.in_(moved[at:at + AT_ONCE])).execute()
    return [step for step in steps if step.kind != ADOPT or _key(step) not in known]


def open_new(run_id, directory_id, is_told):
    """Open the proposals of a run that was just written, and tell of them where nobody has asked. Inside a write."""
    new = list(SyncStep.select(SyncStep.id, SyncStep.person, SyncStep.reason, SyncStep.before, SyncStep.after)
               .where((SyncStep.run == run_id) & (SyncStep.kind == ADOPT) & SyncStep.id.not_in(Adoption.select(Adoption.step))))
    Adoption.add_all([{'step': step.id, 'directory': directory_id, 'person': step.person_id, 'sign': sign_of(step.reason, step.before, step.after)}
                      for step in new])
    if new and is_told:
        publish(SyncRunProposed(run_id, directory_id, len(new), None))


def counts(actor, directory_id):
    """{certainty: how many are open} with `all`, `ticked` (those that the actor ticked), and `declined` (those of whom somebody said that they are two)."""
    require(actor, 'identity.directories.manage')
    found = rows(f'''SELECT s.reason, s.state, count(*), sum(CASE WHEN {rights.TICKED_BY} THEN 1 ELSE 0 END) FROM adoption a JOIN sync_step s ON s.id = a.step_id
                     WHERE a.directory_id = ? AND (a.is_open = 1 AND s.state = 'proposed' OR a.is_open = 0 AND s.state = 'declined')
                     GROUP BY s.reason, s.state''', *rights.ticker(actor), directory_id)
    counts = {reason: count for reason, state, count, _ticked in found if state == models.PROPOSED}
    return counts | {'all': sum(counts.values()), 'ticked': int(sum(ticked for _reason, state, _count, ticked in found if state == models.PROPOSED)),
                     'declined': sum(count for _reason, state, count, _ticked in found if state == models.DECLINED)}


def listed(actor, directory_id, by=None, after=0, limit=PAGE_ROWS, run_id=None):
    """Open proposals from the one after `after` (a step's id), the surest of a run first, of one run where that is said: dicts of id, by, equal (the fields that are equal), uuid,
    dn, name, here and there ({field: value}), person_id, roles, heads (departments), source (a directory that he comes in by, or ''),
    has_password, is_blocked, seen_at, is_ticked, is_mine (the tick), may_tick.
    """
    require(actor, 'identity.directories.manage')
    if by is not None and by not in CERTAINTIES:
        raise NotFound()
    found = rows(f'''
        SELECT s.id, s.reason, s.uuid, s.dn, s.name, s.before, s.after, a.person_id, a.ticked_at, a.ticked_by,
               (SELECT max(d.name) FROM directory_person t JOIN directory d ON d.id = t.directory_id WHERE t.person_id = a.person_id),
               EXISTS (SELECT 1 FROM password w WHERE w.person_id = a.person_id),
               EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = a.person_id),
               (SELECT max(e.seen_at) FROM session e WHERE e.person_id = a.person_id),
               (SELECT count(*) FROM department h WHERE h.head_id = a.person_id)
        FROM adoption a JOIN sync_step s ON s.id = a.step_id
        WHERE a.directory_id = ? AND a.is_open = 1 AND s.state = 'proposed' AND a.step_id > ? {'AND s.reason = ?' if by else ''} {'AND s.run_id = ?' if run_id else ''}
        ORDER BY a.step_id LIMIT ?''', directory_id, after, *([by] if by else ()), *([run_id] if run_id else ()), limit)
    roles = rights.roles_of([one[7] for one in found])
    return [_shown(actor, one, roles.get(one[7], ())) for one in found]


def _shown(actor, found, roles):
    (step_id, reason, uuid, dn, name, before, after, person_id, ticked_at, ticked_by, source, has_password, is_blocked, seen_at, heads) = found
    here, there = SyncStep.before.python_value(before), SyncStep.after.python_value(after)
    return {'id': step_id, 'by': reason, 'equal': equal_keys(here, there), 'uuid': uuid, 'dn': dn, 'name': name, 'here': here, 'there': there,
            'person_id': person_id, 'roles': roles, 'heads': heads, 'source': source or '', 'has_password': bool(has_password), 'is_blocked': bool(is_blocked),
            'seen_at': clock.from_microseconds(seen_at) if seen_at else None, 'is_ticked': ticked_at is not None,
            'is_mine': ticked_at is not None and ticked_by == actor.person_id, 'may_tick': rights.may_answer_for(actor, roles),
            'is_ambiguous': reason == AMBIGUOUS}
