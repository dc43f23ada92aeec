"""What a person sets for himself: language, zone, colours, and where he is logged in."""

from appliance.web.settings.routes import blueprint

__all__ = ['blueprint']
