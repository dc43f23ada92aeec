"""The check of personal data: every table says what it holds, so that export and forgetting reach all of them."""

from appliance.core.backup.trust import FORGOTTEN_SINCE
from appliance.core.checks import FAILED, OK, finding, health
from appliance.core.db import rows
from appliance.core.i18n import texts
from appliance.core.personal import tables

_ = texts(__name__)
WELL = finding('personal.well', OK, _.lazy('every table says what it holds of people'))
UNSAID = finding(
    'personal.unsaid', FAILED, _.lazy('nobody says what these tables hold of people: %(tables)s'),
    action=_.lazy('Remove what was put into the portal’s database beside it, or ask the maker of the tool to declare it.'),
    meaning=_.lazy('An export would not hold what is in them, and forgetting a person would leave it.'))


CAME_BACK = finding(
    'personal.came_back', FAILED, _.lazy('forgotten people came back with a restored backup: %(logins)s'),
    action=_.lazy('Forget each again: appliance person forget LOGIN --yes'),
    meaning=_.lazy('The backup was made before they were forgotten. Nobody sees them, but what is kept of them is there again.'))


@health('personal')
def personal(config):
    """No table is left out, and nobody who was forgotten is there again."""
    unsaid = tables.unsaid()
    if unsaid:
        return UNSAID(tables=', '.join(unsaid))
    back = rows('''SELECT p.login FROM person_block b JOIN person p ON p.id = b.person_id
                   WHERE b.source = ? AND p.id NOT IN (SELECT person_id FROM person_forgotten) ORDER BY p.id''', FORGOTTEN_SINCE)
    return CAME_BACK(logins=', '.join(login for login, in back)) if back else WELL()
