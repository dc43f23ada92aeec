"""/admin/backups: what is kept, and whether it was proven. Making one is a job; reading back and restoring are the console's."""

from flask import current_app, render_template

from appliance.core.backup import drill, keeping
from appliance.web.admin.blueprint import blueprint
from appliance.web.rights import permitted


@blueprint.get('/backups')
@permitted('core.backups.read')
def list_backups():
    """As the list was when last looked at: this process may read neither key nor repository."""
    config = current_app.portal
    return render_template('admin/backups.html', **keeping.list_backups(config), is_key_shown=keeping.is_key_shown(config), problems=drill.PROBLEMS)
