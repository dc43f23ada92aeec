"""The parameters that every list shares, bound together: `filter`, `order` (with `sort`), `select`, `start`.

The reference product takes them in two ways, and so do we: `order[NAME]=DESC` or `sort=NAME&order=DESC`, and for some old methods
(`user.get`, `department.get`) fields beside them as further filters: `user.get?ID=1`.
"""

from appliance.core.errors import Invalid
from appliance.core.i18n import texts
from appliance.core.limits import GREATEST_ID
from appliance.core.rest.kinds import Kind, Map, Names, plain_text, whole_number
from appliance.core.rest.lists import Query

_ = texts(__name__)


class Open(Kind):
    """A kind that takes its value from several of the parameters left over: `gather(name, left)` -> (value, what it did not take)."""

    def gather(self, name, left):
        raise NotImplementedError


class Asked(Open):
    """The Query of a list. `fields` is a Fields; with `is_loose` its names are also filters when they stand alone."""

    def __init__(self, fields, is_loose=False):
        super().__init__('filter, order, select, start')
        self.fields, self.is_loose = fields, is_loose

    def gather(self, name, left):
        left = dict(left)
        asked = Map().read(left.pop('FILTER', {})) if self._is_map(left) else {}
        if self.is_loose:
            asked = {**asked, **{key: left.pop(key) for key in [*left] if self._is_filter(key)}}
        return Query(asked, _order(left), self._select(left), _start(left.pop('START', 0))), left

    @staticmethod
    def _is_map(left):
        if isinstance(left.get('FILTER', {}), dict | list) or left['FILTER'] == '':
            return True
        raise Invalid(_('A filter is names with values: filter[ID]=1.'), field='filter')

    def _is_filter(self, key):
        name = key.lstrip('!=<>@%')
        # UF_ is a field of the company's own: what is none of them is an error, never everything.
        return (name in self.fields or name.startswith('UF_')) and key not in ('SORT', 'ORDER', 'SELECT', 'START')

    def _select(self, left):
        try:
            return tuple(Names().read(left.pop('SELECT', [])))
        except ValueError as error:
            raise Invalid(_('Right would be: %(right)s.', right=error), field='select') from None

    def parameters(self):
        """{name: (schema, what it is)} for the documentation."""
        shown = ', '.join(name for name, one in self.fields.items() if one.is_filtered)
        sorts = ', '.join(name for name, one in self.fields.items() if one.is_sorted)
        found = {'filter': ({'type': 'object'}, f'Prefixes: = ! != > >= < <= @ !@ % !% =% !=%. Fields: {shown}.'),
                 'order': ({'type': 'object'}, f'order[NAME]=ASC or DESC; or sort=NAME and order=DESC. Fields: {sorts}.'),
                 'select': ({'type': 'array', 'items': {'type': 'string'}}, 'The fields to answer; all without it.'),
                 'start': ({'type': 'integer', 'minimum': -1}, 'The first row: 0, 50, 100, ... With -1 nothing is counted.')}
        return found


def _order(left):
    """[(name, direction)] of `order[NAME]=DESC`, or of `sort=NAME&order=DESC`."""
    sort, order = left.pop('SORT', ''), left.pop('ORDER', '')
    try:
        if isinstance(order, dict):
            return tuple((name, plain_text(direction)) for name, direction in order.items())
        if isinstance(order, list):
            if order:
                raise ValueError()
            order = ''
        sort, order = plain_text(sort), plain_text(order)
    except ValueError:
        raise Invalid(_('An order is names with directions: order[ID]=ASC.'), field='order') from None
    return ((sort or 'ID', order or 'ASC'),) if sort or order else ()


def _start(value):
    try:
        start = whole_number(value or 0)
    except ValueError:
        start = None
    if start is None or not -1 <= start <= GREATEST_ID // 2:
        raise Invalid(_('start is 0, 50, 100, ... or -1.'), field='start')
    return start
