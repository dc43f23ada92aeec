"""Whom work time tells what: the head of a corrected day, the person whose day expired."""

from appliance.core import notices
from appliance.core.db import row
from appliance.core.departments import all_departments, heads_of
from appliance.core.i18n import format_day, texts

_ = texts(__name__)
_DAY = 'SELECT d.person_id, d.on_date, p.name, p.department_id FROM worktime_day d JOIN person p ON p.id = d.person_id WHERE d.id = ?'


def _url(data):
    return f'/worktime/days/{data["day_id"]}'


@notices.on('worktime.day.corrected', title=_.lazy('The end of a day of my people was entered afterwards'), url=_url,
            text=lambda data: _('%(name)s entered when the working day of %(date)s ended.', name=data['name'], date=format_day(data['on_date'])))
def tell_head(event):
    """The nearest head of the person."""
    found = row(_DAY, event.object_id)
    if found:
        person_id, on_date, name, department_id = found
        for head_id in heads_of(person_id, department_id, all_departments())[:1]:
            yield head_id, {'day_id': event.object_id, 'on_date': on_date, 'name': name}


@notices.on('worktime.day.expired', title=_.lazy('My working day was left open'), url=lambda data: '/worktime',
            text=lambda data: _('Your working day of %(date)s was never finished. Enter when it ended.', date=format_day(data['on_date'])))
def tell_person(event):
    """Whose day it is."""
    found = row(_DAY, event.object_id)
    if found:
        yield found[0], {'on_date': found[1]}
