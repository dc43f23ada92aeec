"""Coming in and going out: the login page, logging out."""

from appliance.web.login import kerberos as _kerberos      # noqa: F401 - its address is one of the blueprint
from appliance.web.login.routes import blueprint

__all__ = ['blueprint']
