"""What administrators see and set: overview, roles, tools, jobs, mail, backups, directories, access for programs, events to programs, audit log. Thin pages over the rules of core and identity."""

from appliance.web.admin import audit, backups, directories, jobs, mail, overview, roles, search, tokens, tools, webhooks, why  # noqa: F401 - each adds its routes
from appliance.web.admin.blueprint import blueprint
from appliance.web.admin.pages import pages

everybody = why.everybody
__all__ = ['blueprint', 'everybody', 'pages']
