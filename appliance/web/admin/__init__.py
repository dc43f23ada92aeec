"""What administrators see and set: overview, tools, jobs, mail, backups, directories, tokens, webhooks, audit log. Thin pages over the rules of core and identity."""

from appliance.web.admin import audit, backups, directories, jobs, mail, overview, tokens, tools, webhooks     # noqa: F401 - each adds its routes
from appliance.web.admin.blueprint import blueprint

__all__ = ['blueprint']
