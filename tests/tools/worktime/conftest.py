"""People for work time, without the demo company: a head over two departments, an employee, others; and a clock to set."""
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from appliance.core import departments, people
from appliance.core.actor import SYSTEM
from appliance.identity import sessions
from appliance.web.app import create_app
from tests.visitors import Browser

ZONE = 'Europe/Madrid'


@dataclass
class Staff:
    """The ids of people by login; an Actor of each is read anew, as each request does."""

    box: object
    ids: dict = field(default_factory=dict)
    app: object = None

    def actor(self, login):
        return people.actor_for(self.ids[login], via=f'test:{login}')

    def browser(self, login):
        """A Browser in which this person is logged in."""
        self.app = self.app or create_app(self.box.config)
        token, _row = sessions.open_session(SYSTEM, self.ids[login], ['password'])
        return Browser(self.app, token)

    def add(self, login, **fields):
        self.ids[login] = people.add_person(SYSTEM, login, login.title(), f'{login}@company.example', **{'zone': ZONE, **fields})
        return self.actor(login)


@pytest.fixture
def staff(box):
    """Company > Works > Shop; `head` heads Works, `employee` is in Shop, `outsider` beside, `top` heads all, `guest`, `administrator`."""
    made = Staff(box)
    company = departments.add_department(SYSTEM, 'Company')
    works = departments.add_department(SYSTEM, 'Works', company)
    shop = departments.add_department(SYSTEM, 'Shop', works)
    office = departments.add_department(SYSTEM, 'Office', company)
    made.add('top', department_id=company)
    made.add('head', department_id=works)
    made.add('employee', department_id=shop)
    made.add('outsider', department_id=office)
    made.add('administrator')
    made.add('guest', kind='guest')
    departments.set_head(SYSTEM, company, made.ids['top'])
    departments.set_head(SYSTEM, works, made.ids['head'])
    people.give_role(SYSTEM, made.ids['administrator'], 'administrator')
    return made


@pytest.fixture
def clock():
    """Set the clock: `clock('2026-11-23 09:00')` in Madrid, or in a zone; `clock.shift(minutes)` lets time pass."""
    with time_machine.travel(datetime(2026, 11, 23, 8, tzinfo=UTC), tick=False) as traveller:
        yield Clock(traveller)


class Clock:
    """The portal's clock in a test."""

    def __init__(self, traveller):
        self._traveller = traveller

    def __call__(self, local, zone=ZONE, fold=0):
        """Move to a wall-clock time; returns the moment in UTC."""
        moment = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)
        self._traveller.move_to(moment, tick=False)
        return moment

    def shift(self, minutes):
        self._traveller.shift(minutes * 60)
