"""/admin/audit: who did what, when and from where; searchable, the newest first."""

import json

from flask import render_template, request

from appliance.core import audit, people
from appliance.core.errors import Invalid
from appliance.core.i18n import texts
from appliance.core.limits import NAME_LENGTH, SEARCH_LENGTH
from appliance.web.admin.blueprint import blueprint
from appliance.web.asked import place
from appliance.web.errors import is_fragment
from appliance.web.rights import permitted

_ = texts(__name__)


@blueprint.get('/audit')
@permitted('core.audit.read')
def list_audit():
    """A page of the log; htmx gets the rows alone."""
    what, who, words = (request.args.get(name, '') for name in ('what', 'who', 'q'))
    if len(what) > NAME_LENGTH or len(who) > SEARCH_LENGTH or len(words) > SEARCH_LENGTH:
        raise Invalid(_('Search with at most %(most)s characters.', most=SEARCH_LENGTH), field='q')
    person_ids = people.ids_called(who) if who.strip() else None
    found = audit.listing(what, person_ids, words.replace('\0', ' '), place())
    names = people.names_of({one['person_id'] for one in found['rows'] if one['person_id']})
    for one in found['rows']:
        one['who'] = names.get(one['person_id']) or one['via']
        one['details'] = ', '.join(f'{name}: {_plain(value)}' for name, value in one['data'].items())
    values = {'rows': found['rows'], 'older': found['older'], 'chosen': {'what': what or None, 'who': who or None, 'q': words or None}}
    if is_fragment():
        return render_template('admin/audit_rows.html', **values)
    return render_template('admin/audit.html', kinds=audit.kinds(), most=SEARCH_LENGTH, **values)


def _plain(value):
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
