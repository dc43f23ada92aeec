"""Two weeks of working days of the demo company, all closed, so that lists have something to show."""

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from appliance.core import access, clock
from appliance.core.actions import action
from appliance.core.people import Person
from appliance.tools.worktime.models import CLOSED, WorktimeDay, WorktimePause

DAYS_BACK = 14
FREE_LOGINS = ('administrator',)


@action
def load(actor):
    """Days from two weeks ago to yesterday, Monday to Friday, for every employee; the same at each load of a date."""
    today = clock.now().date()
    days, pauses = [], {}
    for person in Person.select().where((Person.kind == 'employee') & Person.login.not_in(FREE_LOGINS)).order_by(Person.id):
        chance = random.Random(person.login)
        for back in range(DAYS_BACK, 0, -1):
            on_date = today - timedelta(days=back)
            if on_date.weekday() < 5 and chance.random() < 0.95:
                day, pauses[person.id, on_date] = _day(person, on_date, chance)
                days.append(day)
    WorktimeDay.add_all(days)
    made = WorktimeDay.select(WorktimeDay.id, WorktimeDay.person_id, WorktimeDay.on_date).tuples()
    WorktimePause.add_all([{'day': day_id} | pauses[person_id, on_date] for day_id, person_id, on_date in made])
    access.changed('worktime.day', [day_id for day_id, _person, _date in made])


def _day(person, on_date, chance):
    """The columns of a day and of its one pause."""
    start = datetime(on_date.year, on_date.month, on_date.day, 8, chance.randrange(20, 59), tzinfo=ZoneInfo(person.zone))
    lunch = start + timedelta(minutes=chance.randrange(240, 300))
    back_at_work = lunch + timedelta(minutes=chance.randrange(30, 70))
    day = {'person': person.id, 'on_date': on_date, 'zone': person.zone, 'started_at': start, 'state': CLOSED, 'address': '127.0.0.1',
           'ended_at': back_at_work + timedelta(minutes=chance.randrange(190, 290))}
    return day, {'started_at': lunch, 'ended_at': back_at_work}
