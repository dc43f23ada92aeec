"""What work time catches up with when it is switched on again: days that expired while nobody could finish them."""

from appliance.tools.worktime import rules

TOUCHES = ('worktime_day',)


def resume(actor):
    """Mark the days that were left open for too long; what was worked stays as it was."""
    rules.expire_days(actor)
