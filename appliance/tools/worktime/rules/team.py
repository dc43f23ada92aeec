"""The working days of the people whom a person heads."""

from dataclasses import replace

from appliance.core import access
from appliance.core.db import rows
from appliance.core.errors import Invalid
from appliance.core.i18n import texts
from appliance.core.limits import PAGE_ROWS
from appliance.tools.worktime.rules.access import DAYS
from appliance.tools.worktime.rules.days import DAY_COLUMNS, described, only_employees

_ = texts(__name__)


def leads(actor):
    """Whether the actor heads a department."""
    return any(subject.startswith('leads:') for subject in actor.subjects)


def team_days(actor, before=''):
    """{days: [...], before}: the newest 50 days of the people whom the actor heads, before a cursor of a former page.

    None for who heads nobody. Invalid for a cursor that is none. The days are described as in `rules.days`.
    """
    only_employees(actor)
    # As a head only: his own days stand on his own page.
    head = replace(actor, subjects=frozenset(one for one in actor.subjects if one.startswith('leads:')))
    seen, values = access.page(DAYS, head, PAGE_ROWS + 1, _place(before))
    found = rows(f'''{DAY_COLUMNS.format(days=f'SELECT w.* FROM ({seen}) seen JOIN worktime_day w ON w.id = seen.object_id')}
                     ORDER BY d.on_date DESC, d.id DESC''', *values)
    days = [described(one) for one in found if one[1] != actor.person_id]
    return {'days': days[:PAGE_ROWS], 'before': f'{found[PAGE_ROWS - 1][0]}~{found[PAGE_ROWS - 1][2]}' if len(found) > PAGE_ROWS else ''}


def _place(cursor):
    """(date, id) of a cursor, None for the beginning."""
    if not cursor:
        return None
    number, _tilde, date = cursor.partition('~')
    if not (number.isascii() and number.isdigit() and len(number) < 19 and len(date) == 10):
        raise Invalid(_('There is no such place in the list. Begin at its start.'), field='before')
    return date, int(number)
