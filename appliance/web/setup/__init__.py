"""The first minutes of a portal, and its rescue: pages behind one-time links, and the company's own settings."""

from appliance.web.setup.routes import blueprint

__all__ = ['blueprint']
