"""What a person sets for himself: language, zone, colours; where he is logged in; which programs act as him and are told of events; his data,
and who read what is his alone."""

from appliance.web.settings import data, password, tokens, webhooks     # noqa: F401 - each adds its routes
from appliance.web.settings.routes import blueprint

__all__ = ['blueprint']
