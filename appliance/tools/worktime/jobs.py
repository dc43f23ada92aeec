"""What work time does by itself: the evening's reminder and the expiry of forgotten days."""

from appliance.core import jobs
from appliance.core.i18n import texts
from appliance.core.settings import get_setting
from appliance.tools.worktime import rules

_ = texts(__name__)


@jobs.daily(lambda: get_setting('worktime.remind_at'), zones=rules.zones_of_people, name='worktime.remind',
            title=_.lazy('Remind of working days that are still open'))
def remind(run):
    """Once an evening in each zone. However late it comes after a downtime, it only writes to those whose day is open then."""
    rules.remind(run.actor, run.zone, run.day, run.due_at)


@jobs.every(minutes=5, name='worktime.expire', title=_.lazy('Mark forgotten working days as expired'))
def expire(run):
    """The pages know the moment by themselves; the mark makes it last, should the clock ever be set back."""
    rules.expire_days(run.actor)
