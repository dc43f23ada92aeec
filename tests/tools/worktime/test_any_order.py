"""Whatever is clicked in whatever order, by a clock that only goes forward: the day stays whole."""
from datetime import UTC, datetime

import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from appliance.core import db, people
from appliance.core.actor import SYSTEM
from appliance.core.errors import Conflict, Invalid
from appliance.tools.worktime import rules
from appliance.tools.worktime.models import WorktimeDay, WorktimePause

ZONES = ['Europe/Madrid', 'America/Santiago', 'Pacific/Kiritimati', 'Pacific/Pago_Pago']


class Working(RuleBasedStateMachine):
    """One person through a week with a clock change. `expected` is what the state alone must answer."""

    def __init__(self):
        super().__init__()
        self.traveller = time_machine.travel(datetime(2026, 10, 23, 6, tzinfo=UTC), tick=False)
        self.clock = self.traveller.start()
        with db.write('test'):
            for table in ('worktime_correction', 'worktime_pause', 'worktime_day', 'person'):
                db.database.execute_sql(f'DELETE FROM {table}')
        self.person = people.add_person(SYSTEM, 'ana', 'Ana', zone=ZONES[0])

    def teardown(self):
        self.traveller.stop()

    @property
    def ana(self):
        return people.actor_for(self.person, 'test')

    def attempt(self, expected, act):
        try:
            act()
        except (Conflict, Invalid):
            assert not expected
        else:
            assert expected is not False

    @rule(minutes=st.integers(0, 700))
    def time_passes(self, minutes):
        self.clock.shift(minutes * 60)

    @rule()
    def starts(self):
        day = rules.day_of(self.ana)
        # A closed date may be over where it began (after a change of zone): then either answer is right.
        self.attempt(True if day is None else False if day['state'] != 'closed' else None, lambda: rules.start_day(self.ana))

    @rule()
    def pauses(self):
        day = rules.day_of(self.ana)
        if day:
            self.attempt(day['state'] == 'opened', lambda: rules.pause(self.ana, day['id']))

    @rule()
    def continues(self):
        newest = WorktimePause.select().order_by(WorktimePause.id.desc()).first()
        day = rules.day_of(self.ana)
        if newest:
            self.attempt(bool(day and day['state'] == 'paused'), lambda: rules.continue_(self.ana, newest.id))

    @rule()
    def finishes(self):
        day = rules.day_of(self.ana)
        if day:
            self.attempt(day['state'] in ('opened', 'paused'), lambda: rules.finish(self.ana, day['id']))

    @rule()
    def jobs_come(self):
        rules.expire_days(SYSTEM)

    @rule(share=st.integers(0, 100))
    def corrects(self, share):
        day = rules.day_of(self.ana)
        if day:
            earliest, latest = rules.correction_bounds(day)
            end = earliest + (latest - earliest) * share / 100
            self.attempt(day['state'] == 'expired' and end > day['started_at'],
                         lambda: rules.correct(self.ana, day['id'], end, 'forgot'))

    @rule(zone=st.sampled_from(ZONES))
    def moves(self, zone):
        people.set_zone(self.ana, self.person, zone)

    @invariant()
    def each_day_is_whole(self):
        days = list(WorktimeDay.select())
        assert len([day for day in days if day.state != 'closed']) <= 1
        for day in days:
            found = rules.access_day(self.ana, day.id)
            assert (day.ended_at is not None) == (day.state == 'closed')
            assert found['net_s'] is None or 0 <= found['net_s'] <= (found['expires_at'] - day.started_at).total_seconds()
            last = day.started_at
            for pause in WorktimePause.select().where(WorktimePause.day == day.id).order_by(WorktimePause.id):
                assert pause.started_at >= last, 'pauses overlap'
                assert pause.ended_at or day.state in ('paused', 'expired')
                last = pause.ended_at or pause.started_at
                assert last >= pause.started_at
            assert day.ended_at is None or last <= day.ended_at <= found['expires_at']
            moments = [step['at'] for step in rules.timeline(self.ana, day.id)['steps']]
            assert moments == sorted(moments)


@pytest.mark.slow
def test_any_order_of_clicks(box):
    Working.TestCase.settings = settings(max_examples=40 if box.engine == 'sqlite' else 8, stateful_step_count=30, deadline=None,
                                         suppress_health_check=list(HealthCheck))
    Working.TestCase().runTest()
