"""Two weeks of working days of the demo company, all closed, so that lists have something to show."""

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from appliance.core import clock
from appliance.core.actions import action
from appliance.core.people import Person
from appliance.tools.worktime.models import CLOSED, WorktimeDay, WorktimePause

DAYS_BACK = 14
FREE_LOGINS = ('administrator',)


@action
def load(actor):
    """Days from two weeks ago to yesterday, Monday to Friday, for every employee; the same at each load of a date."""
    today = clock.now().date()
    for person in Person.select().where((Person.kind == 'employee') & Person.login.not_in(FREE_LOGINS)).order_by(Person.id):
        chance = random.Random(person.login)
        for back in range(DAYS_BACK, 0, -1):
            day = today - timedelta(days=back)
            if day.weekday() < 5 and chance.random() < 0.95:
                _add_day(person, day, chance)


def _add_day(person, day, chance):
    start = datetime(day.year, day.month, day.day, 8, chance.randrange(20, 59), tzinfo=ZoneInfo(person.zone))
    lunch = start + timedelta(minutes=chance.randrange(240, 300))
    back_at_work = lunch + timedelta(minutes=chance.randrange(30, 70))
    made = WorktimeDay.create(person=person.id, on_date=day, zone=person.zone, started_at=start, state=CLOSED, address='127.0.0.1',
                              ended_at=back_at_work + timedelta(minutes=chance.randrange(190, 290)))
    WorktimePause.create(day=made.id, started_at=lunch, ended_at=back_at_work)
