"""The rules of work time. A day is started, paused, continued and finished by its person alone.

A day has one state: `opened`, `paused`, `closed`, or `expired` once it was left open for too long. At most one day of a person is not
closed. What was worked is the elapsed time from start to end without the pauses, so no clock change adds or takes an hour.
"""

from appliance.tools.worktime.rules.clocking import continue_, finish, pause, start_day
from appliance.tools.worktime.rules.days import access_day, day_of, day_of_person, days_of, timeline, today
from appliance.tools.worktime.rules.expiry import correct, correction_bounds, expire_days, read_end
from appliance.tools.worktime.rules.reminder import remind, zones_of_people
from appliance.tools.worktime.rules.team import leads, team_days

__all__ = ('access_day', 'continue_', 'correct', 'correction_bounds', 'day_of', 'day_of_person', 'days_of', 'expire_days', 'finish', 'leads',
           'pause', 'read_end', 'remind', 'start_day', 'team_days', 'timeline', 'today', 'zones_of_people')
