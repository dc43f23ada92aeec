"""What administrators see and set: overview, roles, fields, tools, jobs, mail, backups, directories, access for programs, events to programs, audit log,
personal data, four eyes. Thin pages over the rules of core and identity.
"""

from appliance.web.admin import (  # noqa: F401 - each adds its routes
    adoption, audit, backups, directories, fields, groups, insight, jobs, mail, overview, personal, roles, search, sync, tokens, tools, webhooks, why,
)
from appliance.web.admin.blueprint import blueprint
from appliance.web.admin.pages import navigation, pages

everybody = why.everybody
__all__ = ['blueprint', 'everybody', 'navigation', 'pages']
