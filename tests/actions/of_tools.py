"""Examples: the tools people and worktime, and the planted one."""
from datetime import timedelta

import time_machine

from appliance.core import clock
from appliance.core.actor import SYSTEM
from tests.actions.stage import example, stored


@example('tools.people.editing.edit_profile')
def _(at):
    person_id, editing = at.person(), at.part('people', 'routes').editing
    return lambda: editing.edit_profile(at.admin, person_id, {'name': 'Renamed Here', 'phone': '+34 2'})


@example('tools.people.editing.set_photo')
def _(at):
    person_id, editing, squares = at.person(), at.part('people', 'routes').editing, [stored('large'), stored('small')]
    return lambda: editing.set_photo(at.admin, person_id, *squares)


@example('tools.people.editing.remove_photo')
def _(at):
    person_id, editing = at.person(), at.part('people', 'routes').editing
    editing.set_photo(at.admin, person_id, stored('large square'), stored('small square'))
    return lambda: editing.remove_photo(at.admin, person_id)


def _late(at):
    """(Actor, day) of somebody whose day was left open two days ago."""
    _person_id, actor = at.somebody()
    with time_machine.travel(clock.now() - timedelta(days=2), tick=False):
        day_id = at.worktime().start_day(actor)
    return actor, day_id


@example('tools.worktime.rules.reminder.remind')
def _(at):
    _late(at)
    now = clock.now()
    zone, = {one for one in at.worktime().zones_of_people()} & {'Europe/Madrid'}
    return lambda: at.worktime().remind(SYSTEM, zone, now.date(), now)


@example('tools.worktime.rules.expiry.expire_days')
def _(at):
    _late(at)
    return lambda: at.worktime().expire_days(SYSTEM)


@example('tools.worktime.rules.expiry.correct')
def _(at):
    actor, day_id = _late(at)
    at.worktime().expire_days(SYSTEM)
    ended_at = clock.now() - timedelta(days=2) + timedelta(hours=1)
    return lambda: at.worktime().correct(actor, day_id, ended_at, 'I forgot it')


@example('tools.worktime.rules.clocking.start_day')
def _(at):
    _person_id, actor = at.somebody()
    return lambda: at.worktime().start_day(actor, '127.0.0.1')


def _open(at):
    _person_id, actor = at.somebody()
    return actor, at.worktime().start_day(actor)


@example('tools.worktime.rules.clocking.pause')
def _(at):
    actor, day_id = _open(at)
    return lambda: at.worktime().pause(actor, day_id)


@example('tools.worktime.rules.clocking.continue_')
def _(at):
    actor, day_id = _open(at)
    pause_id = at.worktime().pause(actor, day_id)
    return lambda: at.worktime().continue_(actor, pause_id)


@example('tools.worktime.rules.clocking.finish')
def _(at):
    actor, day_id = _open(at)
    at.worktime().pause(actor, day_id)
    return lambda: at.worktime().finish(actor, day_id)


@example('tools.planted.rules.add_note')
def _(at):
    rules = at.part('planted', 'rules')
    return lambda: rules.add_note(at.ana, 'A note', 'department:1')


@example('tools.planted.rules.share_note')
def _(at):
    rules, note = at.part('planted', 'rules'), at.note()
    return lambda: rules.share_note(at.ana, note, 'everybody')


@example('tools.planted.rules.rename_note')
def _(at):
    rules, note = at.part('planted', 'rules'), at.note()
    return lambda: rules.rename_note(at.ana, note, 'Another title')


@example('tools.planted.rules.give_note')
def _(at):
    rules, note, person_id = at.part('planted', 'rules'), at.note(), at.person()
    return lambda: rules.give_note(at.ana, note, person_id)


@example('tools.planted.deleting.delete_note')
def _(at):
    deleting, note = at.deleting(), at.note()
    return lambda: deleting.delete_note(at.ana, note)


@example('tools.planted.deleting.restore_note')
def _(at):
    deleting, note = at.deleting(), at.note()
    deleting.delete_note(at.ana, note)
    return lambda: deleting.restore_note(at.ana, note)


@example('tools.planted.deleting.erase_note')
def _(at):
    deleting, note = at.deleting(), at.note()
    deleting.delete_note(at.ana, note)
    return lambda: deleting.erase_note(at.ana, note)
