"""The forms of work time: a button, and the end of a day that was never finished."""

from wtforms import DateTimeLocalField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from appliance.core.i18n import texts
from appliance.core.limits import REASON_LENGTH
from appliance.web.forms import Form

_ = texts(__name__)
MINUTES = '%Y-%m-%dT%H:%M'


class CorrectionForm(Form):
    """When the day ended, by the clock of its zone, and why it is entered only now."""

    ended_at = DateTimeLocalField(_.lazy('End of the day'), [InputRequired(_.lazy('A date and a time are needed.'))],
                                  format=[MINUTES, f'{MINUTES}:%S'])
    reason = TextAreaField(_.lazy('Why was it left open?'), [DataRequired(_.lazy('Say in a few words why, for example that you forgot.')),
                                                             Length(max=REASON_LENGTH)])
