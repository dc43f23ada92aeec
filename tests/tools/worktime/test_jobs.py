"""The jobs of work time as the jobs process runs them: planned, claimed, done with what they did; and the mail as it is sent."""
import pytest

from appliance.core import mail, people
from appliance.core.actor import SYSTEM
from appliance.core.errors import Invalid
from appliance.core.jobs import declared
from appliance.core.jobs.plan import plan
from appliance.core.jobs.runs import JobRun, claim
from appliance.core.outbox import Outbox
from appliance.core.settings import set_setting
from appliance.tools.worktime import jobs as declarations
from appliance.tools.worktime import rules
from appliance.tools.worktime.models import WorktimeDay


def run_due():
    """What the jobs process does at a tick: plan, then run everything due; returns [(job, scope, slot)]."""
    jobs = {name: job for name, job in declared().items() if job.function.__module__ == declarations.__name__}
    plan(jobs)
    ran = []
    while run := claim('test', jobs):
        with run.finishing():
            run.job.function(run)
        ran.append((run.job.name, run.scope, run.slot))
    return ran


@pytest.fixture
def open_day(staff, clock):
    """The employee's day, begun at nine, when the jobs process was already there."""
    clock('2026-11-23 08:59')
    run_due()
    clock('2026-11-23 09:00')
    return rules.start_day(staff.actor('employee'))


def reminders():
    return [key for key, in Outbox.select(Outbox.key).order_by(Outbox.id).tuples()]


def test_the_evening_s_reminder_goes_out_once(staff, clock, open_day):
    clock('2026-11-23 18:59')
    run_due()
    assert reminders() == []
    clock('2026-11-23 19:00')
    assert ('worktime.remind', 'Europe/Madrid', '2026-11-23') in run_due()
    clock('2026-11-23 19:05')
    assert not [job for job, _scope, _slot in run_due() if job == 'worktime.remind']
    assert reminders() == [f'worktime.remind:{open_day}:2026-11-23']


def test_who_goes_on_after_the_reminder_is_left_alone(staff, clock, open_day):
    clock('2026-11-23 18:00')
    rules.finish(staff.actor('employee'), open_day)
    clock('2026-11-23 19:00')
    run_due()
    clock('2026-11-23 19:30')
    rules.start_day(staff.actor('employee'))
    clock('2026-11-23 20:00')
    run_due()
    assert reminders() == []


def test_after_a_downtime_both_are_made_up_for(staff, clock, open_day):
    clock('2026-11-23 22:00')
    run_due()
    assert reminders() == [f'worktime.remind:{open_day}:2026-11-23']
    clock('2026-11-27 10:00')
    run_due()
    assert WorktimeDay.get().state == 'expired'
    assert len(reminders()) == 1
    assert {run.state for run in JobRun.select().where(JobRun.job == 'worktime.remind')} == {'done', 'missed', 'waiting'}


def test_the_time_is_a_setting(staff, clock, open_day):
    set_setting(SYSTEM, 'worktime.remind_at', '20:30')
    run_due()
    clock('2026-11-23 19:00')
    run_due()
    assert reminders() == []
    clock('2026-11-23 20:30')
    run_due()
    assert len(reminders()) == 1


@pytest.mark.parametrize('wrong', ['24:00', '7:00', '19', '19:60', '', '19:00:00', '١٩:00'])
def test_a_time_that_is_none(staff, wrong):
    with pytest.raises(Invalid, match='19:00'):
        set_setting(SYSTEM, 'worktime.remind_at', wrong)


@pytest.mark.parametrize('language, subject, phrases', [
    ('en', 'Your working day is still open', ['Hello Employee,', 'Nov 23, 2026', '9:00 AM', 'You are in a pause.', '11/24/26, 1:00 AM']),
    ('es', 'Tu jornada sigue abierta', ['Hola, Employee:', '23 nov 2026', '9:00', 'Estás en pausa.', '24/11/26, 1:00'])])
def test_the_mail_in_the_person_s_language(staff, clock, open_day, language, subject, phrases):
    people.set_language(SYSTEM, staff.ids['employee'], language)
    set_setting(SYSTEM, 'mail.sender', 'portal@company.example')
    rules.pause(staff.actor('employee'), open_day)
    clock('2026-11-23 19:00')
    run_due()
    message, recipient = mail.compose(Outbox.get(), 'https://portal.company.example')
    assert (recipient, message['Subject']) == ('employee@company.example', subject)
    for kind in ('plain', 'html'):
        text = message.get_body([kind]).get_content().replace('\u202f', ' ')
        assert 'https://portal.company.example/worktime' in text
        for phrase in phrases:
            assert phrase in text, (kind, phrase, text)
