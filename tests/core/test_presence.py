"""Who is here: until a little over a minute after he was last seen."""
from datetime import UTC, datetime, timedelta

import time_machine

from appliance.core import db, people, presence
from appliance.core.actor import SYSTEM
from appliance.core.presence import Presence

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_who_was_seen_is_here_for_a_while(box):
    ana, ben = (people.add_person(SYSTEM, login, login.title()) for login in ('ana', 'ben'))
    with time_machine.travel(NOON, tick=False) as moving:
        presence.note([ana])
        assert presence.present([ana, ben, 999]) == {ana} and presence.present([]) == set()
        assert presence.is_present(ana) and not presence.is_present(ben)
        moving.shift(74)
        assert presence.is_present(ana)
        presence.note({ben})
        moving.shift(1)
        assert presence.present([ana, ben]) == {ben}
        presence.note([ana, ben])
        assert presence.present([ana, ben]) == {ana, ben} and Presence.select().count() == 2


def test_thousands_are_written_in_short_transactions(box):
    with db.write('test'):
        people.Person.insert_many([{'login': f'p{number}', 'name': 'P', 'language': 'en', 'zone': 'UTC', 'sort_name': 'p', 'words': 'p',
                                    'kind': 'employee'} for number in range(1200)]).execute()
    ids = [row_id for row_id, in db.rows('SELECT id FROM person')]
    presence.note(ids)
    presence.note(ids)
    assert presence.present(ids) == set(ids)


def test_who_was_not_seen_for_a_day_is_forgotten(box):
    ana = people.add_person(SYSTEM, 'ana', 'Ana')
    with time_machine.travel(NOON, tick=False):
        presence.note([ana])
    with db.write('test'):
        assert presence.forget(NOON + timedelta(hours=1)) == 1
