"""The demo company's days are closed, whole, in the past, and nobody's but employees'."""

from appliance.core.actor import SYSTEM
from appliance.core.people import add_person
from appliance.tools.worktime import demo
from appliance.tools.worktime.models import WorktimeDay, WorktimePause


def test_demo_days_are_whole_and_past(box):
    add_person(SYSTEM, 'ana', 'Ana', zone='Europe/Madrid')
    add_person(SYSTEM, 'guest', 'Guest', kind='guest')
    demo.load(SYSTEM)
    days = list(WorktimeDay.select())
    assert 5 <= len(days) <= 10 and len({day.person_id for day in days}) == 1
    for day in days:
        pause = WorktimePause.get(WorktimePause.day == day.id)
        assert day.started_at < pause.started_at < pause.ended_at < day.ended_at
        assert day.on_date.weekday() < 5
