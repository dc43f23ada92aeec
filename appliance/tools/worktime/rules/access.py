"""Who sees a working day: its person, and who heads him. The one source of the access rows, and of the answer to "why"."""

from appliance.core import access
from appliance.core.db import rows
from appliance.core.departments import all_departments, path_to
from appliance.core.i18n import format_day, texts
from appliance.tools.worktime.models import WorktimeDayAccess

_ = texts(__name__)
OWN = _.lazy('This person’s own working day.')
LEADS = _.lazy('Heads the person’s department, or one above it.')


def audiences(ids):
    """{id: (ISO date, {subject: (level, reason)})} of working days."""
    tree, found = all_departments(), {}
    for day_id, person_id, on_date, department_id in rows(
            f'''SELECT d.id, d.person_id, d.on_date, p.department_id FROM worktime_day d JOIN person p ON p.id = d.person_id
                WHERE d.id IN ({', '.join('?' * len(ids))})''', *ids):
        audience = {f'leads:{one}': ('view', LEADS) for one in path_to(department_id, tree)}
        found[day_id] = (on_date, audience | {f'person:{person_id}': ('clock', OWN)})
    return found


def _words(day_id):
    found = rows('SELECT d.on_date, p.name FROM worktime_day d JOIN person p ON p.id = d.person_id WHERE d.id = ?', day_id)
    return _('%(name)s, %(date)s', name=found[0][1], date=format_day(found[0][0])) if found else ''


DAYS = access.kind(
    'worktime.day', table=WorktimeDayAccess, levels=('view', 'clock'), audiences=audiences, source=('worktime_day', 'id', 'on_date'),
    title=_.lazy('Working day'), describe=_words, is_descending=True,
    of_person=lambda person_id: [day_id for day_id, in rows('SELECT id FROM worktime_day WHERE person_id = ?', person_id)])
