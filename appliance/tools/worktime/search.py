"""How working days are found: those of which somebody had to say why they were entered afterwards."""

from appliance.core import search
from appliance.core.db import rows
from appliance.core.i18n import texts
from appliance.core.search import Document

_ = texts(__name__)


def documents(ids):
    """{id: Document} of the days that were corrected; the date stands in it as people type it (2026-11-23)."""
    found = {}
    for day_id, on_date, name, reason in rows(
            f'''SELECT d.id, d.on_date, p.name, c.reason FROM worktime_correction c JOIN worktime_day d ON d.id = c.day_id
                JOIN person p ON p.id = d.person_id WHERE d.id IN ({', '.join('?' * len(ids))}) ORDER BY c.id''', *ids):
        found[day_id] = Document(f'{name}, {on_date}', reason, reason[:120])
    return found


search.documents('worktime.day', documents, url='/worktime/days/{id}', icon='clock', title=_.lazy('Working days'))
