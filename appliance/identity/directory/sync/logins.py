"""Logins that change hands in a directory: who gives one up goes before who gets it, and of a ring one is parked for a moment.

It works on the steps of a plan alone, so a run that is killed, taken back or shown first needs nothing more for it.
"""

from dataclasses import replace

from appliance.core.person_fields import fold_login
from appliance.identity.directory.sync import planning


def in_turn(steps, taken, known):
    """The steps about people who are here, in an order in which each login is free when it is given; what cannot be is a `refuse`.

    taken: {login: person id} of everybody here; it is brought to what will be, so that who is new gets what becomes free.
    known: {uuid: planning.Known}.
    """
    moving, wanted = {}, set()
    for step in steps:
        login = _wanted(step)
        if login and login not in wanted:       # of two who want one the first gets it
            wanted.add(login)
            moving[step.person_id] = step
    ordered, settled = [], {}
    for person_id in moving:
        ordered += _chain(person_id, moving, taken, settled)
    for step in ordered:
        _forget(taken, step)
    for step in ordered:
        taken[_wanted(step)] = step.person_id
    others = [one for step in steps if not (_wanted(step) and settled.get(step.person_id)) for one in _without_login(step, known)]
    return others + ordered


def _wanted(step):
    return fold_login(step.after.get('login', '')) if step.kind == planning.CHANGE else ''


def _forget(taken, step):
    if taken.get(step.before['login']) == step.person_id:
        del taken[step.before['login']]


def _chain(person_id, moving, taken, settled):
    """The steps of somebody and of all whose logins must become free for him, the last of them first; [] where that cannot be.

    settled: {person id: whether he gets his login}, which is added to.
    """
    chain = []
    while person_id in moving and person_id not in settled and person_id not in chain:
        chain.append(person_id)
        person_id = taken.get(_wanted(moving[person_id]))      # None: nobody has it
    is_ring = bool(chain) and person_id == chain[0]
    may = is_ring or settled.get(person_id, person_id is None)
    settled.update(dict.fromkeys(chain, may))
    found = [moving[one] for one in reversed(chain)] if may else []
    return _parked(found) if is_ring else found


def _parked(ring):
    """A ring of logins: the last one gives his up first, and is called by the number of his entry until it is his turn."""
    last = ring[-1]
    parking = planning.Step(planning.CHANGE, 'parked', last.uuid, last.person_id, last.name, last.dn, {'login': last.before['login']}, {'login': last.uuid})
    return [parking, *ring[:-1], replace(last, before=last.before | {'login': last.uuid})]


def _without_login(step, known):
    """What is left of a step whose login belongs to somebody else, with the word of it; any other step as it is."""
    if not _wanted(step):
        return [step]
    before, after = ({name: value for name, value in side.items() if name != 'login'} for side in (step.before, step.after))
    refused = replace(step, kind=planning.REFUSE, reason='login_taken', before={'login': step.before['login']}, after={'login': step.after['login']})
    if after:
        return [refused, replace(step, before=before, after=after)]
    stood = known[step.uuid].dn
    return [refused, replace(step, kind=planning.MOVE, reason='moved', before={'dn': stood}, after={'dn': step.dn})] if stood != step.dn else [refused]
