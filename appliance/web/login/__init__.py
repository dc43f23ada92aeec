"""Coming in and going out: the login page, logging out."""

from appliance.web.login.routes import blueprint

__all__ = ['blueprint']
