"""What work time brings to the frame and to the day: the button of the top bar and the first card. One query for both."""

from flask import g, url_for

from appliance.core.actor import EMPLOYEE
from appliance.core.i18n import texts
from appliance.tools.worktime import rules

_ = texts(__name__)


def topbar(actor):
    """The button on every page: start, or the running time with pause and finish. Guests have none."""
    return _part(actor, 'worktime/topbar.html')


def card(actor):
    """The working day on `/`, before anything else."""
    return _part(actor, 'worktime/card.html')


def guide(actor):
    """How the day is started, for the guide."""
    if actor.kind != EMPLOYEE:
        return None
    return dict(icon='clock', title=_('Work time'), url=url_for('worktime.index'), order=10,
                text=_('Start your day by the button at the top of every page; pause, continue and finish it there too.'))


def _part(actor, template):
    if actor.kind != EMPLOYEE:
        return None
    return {'template': template, 'order': 10, 'data': {'day': current_day(actor)}}


def current_day(actor):
    """`rules.day_of`, read once a request: a page shows it in two places."""
    if 'worktime_day' not in g:
        g.worktime_day = rules.day_of(actor)
    return g.worktime_day
