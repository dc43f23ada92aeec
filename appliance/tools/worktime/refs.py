"""What hangs on a working day. Its person adds and removes files, what explains it; who sees the day talks about it with him."""

from datetime import datetime

from appliance.core import history, refs
from appliance.core.db import row
from appliance.core.i18n import format_moment, texts
from appliance.tools.worktime.rules import access_day

_ = texts(__name__)
STATES = {'opened': _.lazy('Working'), 'paused': _.lazy('In a pause'), 'closed': _.lazy('Finished'), 'expired': _.lazy('Never finished')}


def _people(day_id):
    found = row('SELECT person_id FROM worktime_day WHERE id = ?', day_id)
    return found or ()


refs.own('worktime.day', access_day, url='/worktime/days/{id}', people=_people,
         verbs={'attach': 'clock', 'detach': 'clock', 'comment': 'view', 'like': 'view', 'history': 'view'})
history.fields('worktime.day', {
    'ended_at': history.Field(_.lazy('End'), lambda moment: format_moment(datetime.fromisoformat(moment))),
    'state': history.Field(_.lazy('State'), lambda state: STATES.get(state, state))})
