"""Logins that change hands in a directory: who gives one up goes before who gets it, and of a ring one is parked for a moment.

It works on the steps of a plan alone, so a run that is killed, taken back or shown first needs nothing more for it.
"""

from dataclasses import replace

from appliance.core.person_fields import fold_login
from appliance.identity.directory.sync import planning, turns


def in_turn(steps, taken, known):
    """The steps about people who are here, in an order in which each login is free when it is given; what cannot be is a `refuse`.

    taken: {login: person id} of everybody here; it is brought to what will be, so that who is new gets what becomes free.
    known: {uuid: planning.Known}.
    """
    moving = {}
    for step in steps:
        if _wanted(step):
            moving.setdefault(_wanted(step), step)      # of two who want one the first gets it
    by_person = {step.person_id: step for step in moving.values()}
    order, first = turns.in_turn({step.person_id: login for login, step in moving.items()}, taken)
    ordered = [_parking(by_person[one]) for one in order if one in first]
    ordered += [_parked(by_person[one]) if one in first else by_person[one] for one in order]
    for one in order:
        taken.pop(by_person[one].before['login'], None)
    taken.update({_wanted(by_person[one]): one for one in order})
    given = {id(by_person[one]) for one in order}
    return [left for step in steps if id(step) not in given for left in _without_login(step, known)] + ordered


def _wanted(step):
    return fold_login(step.after.get('login', '')) if step.kind == planning.CHANGE else ''


def _parking(step):
    """The step by which somebody gives his login up, and is called by the number of his entry until it is his turn."""
    return replace(step, reason='parked', before={'login': step.before['login']}, after={'login': step.uuid})


def _parked(step):
    return replace(step, before=step.before | {'login': step.uuid})


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
