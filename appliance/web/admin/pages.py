"""The pages of the administration by what they are about, for whoever may see which."""

from flask import g, request, url_for

from appliance.core import permissions
from appliance.core.i18n import texts

_ = texts(__name__)
# (title, [(endpoint, what its addresses begin with, title, the permissions of which one is needed)]): sixteen beside each other fit no screen.
AREAS = (
    (_.lazy('The company'), (
        ('setup.company', '/admin/setup', _.lazy('Company and mail'), ('core.settings.manage', 'core.mail.manage')),
        ('scopes.company', '/settings/values/company', _.lazy('Settings'), ('core.settings.manage',)),
        ('admin.list_tools', '/admin/tools', _.lazy('Tools'), ('core.tools.switch',)),
        ('admin.list_fields', '/admin/fields', _.lazy('Fields'), ('core.fields.manage',)))),
    (_.lazy('People and rights'), (
        ('admin.list_directories', '/admin/directories', _.lazy('Directories'), ('identity.directories.manage',)),
        ('admin.list_roles', '/admin/roles', _.lazy('Roles'), ('core.roles.manage',)),
        ('admin.why', '/admin/why', _.lazy('Who sees what'), ('core.audit.read',)))),
    (_.lazy('Programs'), (
        ('admin.list_tokens', '/admin/tokens', _.lazy('Access for programs'), ('core.programs.manage',)),
        ('admin.list_webhooks', '/admin/webhooks', _.lazy('Events to programs'), ('core.programs.manage',)))),
    (_.lazy('Operation'), (
        ('admin.list_jobs', '/admin/jobs', _.lazy('Jobs'), ('core.jobs.manage',)),
        ('admin.list_backups', '/admin/backups', _.lazy('Backups'), ('core.backups.read',)),
        ('admin.list_mail', '/admin/mail', _.lazy('Outbox'), ('core.mail.manage',)),
        ('admin.show_search', '/admin/search', _.lazy('Search index'), ('core.jobs.manage',)))),
    (_.lazy('Records and privacy'), (
        ('admin.list_audit', '/admin/audit', _.lazy('Audit log'), ('core.audit.read',)),
        ('admin.personal_data', '/admin/personal-data', _.lazy('Personal data'), ('core.personal.manage',)),
        ('admin.list_insights', '/admin/insight', _.lazy('Four eyes'), ('core.insight.decide',)))),
)


def areas():
    """[(title, [(url, title, whether it is this one)])] of the pages that this person may see."""
    mine = permissions.of(g.actor)
    found = [(title, [(url_for(endpoint), name, f'{request.path}/'.startswith(f'{begins}/')) for endpoint, begins, name, needed in beside if mine & set(needed)])
             for title, beside in AREAS]
    return [(title, beside) for title, beside in found if beside]


def pages():
    """[(url, title, whether it is this one)] of the same, the overview first."""
    return [_overview(), *(one for _title, beside in areas() for one in beside)]


def navigation():
    """(what the pages are about, as such a list that leads to the first page of each; title and pages of the one that this page is in, '' and [])."""
    found = areas()
    here = next(((title, beside) for title, beside in found if any(is_here for _url, _name, is_here in beside)), ('', []))
    return [_overview(), *((beside[0][0], title, title == here[0]) for title, beside in found)], *here


def _overview():
    return url_for('admin.index'), _('Overview'), request.endpoint == 'admin.index'
