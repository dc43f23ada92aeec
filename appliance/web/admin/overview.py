"""/admin: one look at what an administrator is responsible for, and the way to each page."""

from flask import current_app, g, render_template

from appliance import __version__
from appliance.core import outbox
from appliance.core.backup import keeping
from appliance.core.i18n import texts
from appliance.core.settings import get_settings
from appliance.core.tool import names_in_order, registry, undeclared
from appliance.identity.directory import directories
from appliance.web.admin.blueprint import blueprint
from appliance.web.admin.jobs import LATE_S, listing
from appliance.web.rights import permitted
from appliance.web.shell import ADMINISTRATION, may

_ = texts(__name__)


@blueprint.get('')
@permitted(*ADMINISTRATION)
def index():
    """A line a page: what it is for, and what wants a look."""
    values = {name: read() for permission, name, read in LOOKS if may(permission)}
    return render_template('admin/index.html', version=__version__, tools=_counted(), has_mail_server=bool(get_settings('mail')['host']), **values)


def _troubled():
    return [job['title'] for job in listing() if job['last_state'] in ('failed', 'missed') or job['late_s'] > LATE_S]


# What is read for whom: a page shows nothing, and asks nothing, of what is another's work.
LOOKS = (
    ('core.jobs.manage', 'troubled', _troubled),
    ('core.mail.manage', 'mails', lambda: outbox.counts(g.actor)),
    ('identity.directories.manage', 'directories', lambda: directories.list_directories(g.actor)),
    ('core.backups.read', 'backups', lambda: keeping.list_backups(current_app.portal)),
)


def _counted():
    """{on, all, broken} of the tools, as this process has loaded them."""
    return {'on': len(registry.names), 'all': len(names_in_order()) + len(undeclared()), 'broken': len(registry.faults)}
