"""/admin/personal-data: what each table holds of whom and for how long; who is held, and who was forgotten."""

from flask import g, render_template

from appliance.core.i18n import texts
from appliance.core.personal import forgotten, holds, tables
from appliance.core.tool import declarations
from appliance.web.admin.blueprint import blueprint
from appliance.web.rights import permitted

_ = texts(__name__)
DOES = {'deleted': (_.lazy('deleted'), 'good'), 'anonymous': (_.lazy('without a name'), ''), 'kept': (_.lazy('kept for years'), 'warn'),
        'as_parent': (_.lazy('goes with the whole'), 'plain'), 'derived': (_.lazy('made anew'), 'plain')}


@blueprint.get('/personal-data')
@permitted('core.personal.manage')
def personal_data():
    """The map of personal data. Exporting, holding and forgetting are commands: they are rare, and cannot be taken back."""
    found = tables.data_map(g.actor)
    off = [str(declarations()[name].title) for name in tables.tools_that_are_off()]
    return render_template('admin/personal_data.html', personal=[one for one in found if one['is_personal']],
                           others=[one for one in found if not one['is_personal']], off=off, does=DOES,
                           holds=[one for one in holds.holds_of(g.actor) if one['is_on']], forgotten=forgotten.count())
