"""The check of personal data: every table says what it holds, so that export and forgetting reach all of them."""

from appliance.core.checks import FAILED, OK, finding, health
from appliance.core.i18n import texts
from appliance.core.personal import tables

_ = texts(__name__)
WELL = finding('personal.well', OK, _.lazy('every table says what it holds of people'))
UNSAID = finding(
    'personal.unsaid', FAILED, _.lazy('nobody says what these tables hold of people: %(tables)s'),
    action=_.lazy('Remove what was put into the portal’s database beside it, or ask the maker of the tool to declare it.'),
    meaning=_.lazy('An export would not hold what is in them, and forgetting a person would leave it.'))


@health('personal')
def personal(config):
    """No table is left out."""
    unsaid = tables.unsaid()
    return UNSAID(tables=', '.join(unsaid)) if unsaid else WELL()
