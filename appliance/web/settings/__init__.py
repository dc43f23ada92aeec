"""What a person sets for himself: language, zone, colours, where he is logged in; his data, and who read what is his alone."""

from appliance.web.settings import data      # noqa: F401 - it adds its routes
from appliance.web.settings.routes import blueprint

__all__ = ['blueprint']
