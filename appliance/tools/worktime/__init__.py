"""The tool work time: each person's working day, started, paused, continued and finished by himself."""

import re

from appliance.core.i18n import texts
from appliance.core.tool import MenuItem, Setting, Tool

_ = texts(__name__)


def _time_of_day(text):
    """`19:00` as it is kept; ValueError says what would be right."""
    text = str(text).strip()
    if not re.fullmatch(r'([01]\d|2[0-3]):[0-5]\d', text, re.ASCII):
        raise ValueError(_('a time of day such as 19:00'))
    return text


def _years(text):
    """Whole years; ValueError says what would be right."""
    if not re.fullmatch(r'\d{1,2}', str(text).strip(), re.ASCII) or int(text) > 30:
        raise ValueError(_('a whole number of years from 0 to 30'))
    return int(text)


TOOL = Tool(name='worktime', title=_.lazy('Work time'), icon='clock',
            menu=(MenuItem('worktime.index', order=10),),
            settings={'remind_at': Setting('19:00', _.lazy('Remind of a day still open at'), _time_of_day),
                      'keep_years': Setting(4, _.lazy('Years for which working days of forgotten people are kept'), _years)})
