"""/admin/backups: what is kept, and whether it was proven. Making one is a job; reading back and restoring are the console's."""

from flask import current_app, render_template

from appliance.core.backup import keeping
from appliance.core.i18n import format_number, texts
from appliance.web.admin.blueprint import blueprint
from appliance.web.rights import permitted

_ = texts(__name__)
KIB = 1024


@blueprint.get('/backups')
@permitted('core.backups.read')
def list_backups():
    """As the list was when last looked at: this process may read neither key nor repository."""
    config = current_app.portal
    return render_template('admin/backups.html', **keeping.list_backups(config), is_key_shown=keeping.is_key_shown(config), size=size)


def size(count):
    """Bytes for people: `12.3 MiB`."""
    unit = 0
    while count >= KIB and unit < 4:
        count, unit = count / KIB, unit + 1
    return f'{format_number(round(count, 1))} {("B", "KiB", "MiB", "GiB", "TiB")[unit]}'
