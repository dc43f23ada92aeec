"""The web application: the shell and, through the registry, the routes of the tools. Opens nothing; wsgi.py does."""

import re
from types import SimpleNamespace
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.routing import IntegerConverter, MapAdapter

from appliance.core import db, i18n
from appliance.core.limits import GREATEST_ID
from appliance.core.tool import registry
from appliance.web import (
    access_log, addresses, admin, assets, attachments, comments, csrf, errors, flashes, forms, health, help, home, likes, live, login, metrics,
    notices, scopes, search, security, settings, setup, shell, tags, templating, trash,
)
from appliance.web.content import create_content_app
from appliance.web.hosts import ByHost
from appliance.web.proxies import TrustedProxies
from appliance.web.rest import docs as rest_docs
from appliance.web.rest import routes as rest
from appliance.web.uploads import UploadRequest

SHELL_BLUEPRINTS = (health.blueprint, metrics.blueprint, login.blueprint, home.blueprint, help.blueprint, live.blueprint, notices.blueprint,
                    search.blueprint,
                    settings.blueprint, setup.blueprint, admin.blueprint, admin.everybody, attachments.blueprint, rest.blueprint,
                    rest_docs.blueprint, comments.blueprint, likes.blueprint, tags.blueprint, trash.blueprint, scopes.blueprint)

_SLASHES = re.compile('/{2,}')


class RowId(IntegerConverter):
    """`<int:...>` in addresses: what no row can have as its id is an address that does not exist. Digits are ASCII: one address a row."""

    regex = '[0-9]+'

    def __init__(self, url_map, **options):
        super().__init__(url_map, **{'max': GREATEST_ID, **options})


class Portal(Flask):
    """Flask, with templates of ours and without the question, asked twenty times a request, whether a function is a coroutine."""

    jinja_environment = templating.Environment
    request_class = UploadRequest

    def create_url_adapter(self, asked):
        """What finds the view of a request. Whose Host is another's is refused later (security.py), before its view: here it would be
        taken apart, coded and compared four times.
        """
        if asked is None:
            return super().create_url_adapter(None)
        path = asked.path
        if '//' in path and path.startswith('/rest/'):      # a program that joined two parts of its address; Werkzeug would send it elsewhere
            path = _SLASHES.sub('/', path)
        return MapAdapter(self.url_map, self.host, asked.root_path, '', asked.scheme, path, asked.method,
                          asked.query_string.decode('utf-8', 'replace'))

    def ensure_sync(self, func):
        """No view and no step of ours is one."""
        return func


def create_app(config):
    """The application for a configuration. The database is open and the portal's key loaded already."""
    app = Portal('appliance.web')
    app.portal = config
    app.host = urlsplit(config.server.public_address).netloc
    app.json.sort_keys = False
    app.url_map.converters['int'] = RowId
    app.url_map.strict_slashes = False      # who types /admin/ means /admin
    _prepare_templates(app)
    access_log.install(app)
    security.install(app)
    errors.install(app)
    shell.install(app)
    app.after_request(flashes.store)
    app.teardown_request(lambda error: db.release())
    for blueprint in SHELL_BLUEPRINTS:
        app.register_blueprint(blueprint)
    for _tool, module in registry.load('routes'):
        app.register_blueprint(module.blueprint)
    _offer_components(app.jinja_env)
    by_host = ByHost(app.wsgi_app, create_content_app(config), config.server.content_address)
    app.wsgi_app = TrustedProxies(by_host, config.server.proxies)
    return app


def _prepare_templates(app):
    i18n.install(app.jinja_env)
    app.jinja_env.filters['dashed'] = assets.dashed
    app.jinja_env.globals.update(asset=assets.asset, static=assets.static, icon=assets.icon, face=assets.face,
                                 control=forms.control, csrf_token=csrf.csrf_token, request_key=forms.request_key,
                                 url_for=addresses.url_for, may=shell.may, admin_navigation=admin.navigation)


def _offer_components(environment):
    """The macros of templates/ui as `ui.card(...)`, those of a tool's templates/<tool>/ui as `<tool>.act(...)`.

    Importing them wherever they are used was a tenth of a page's cost.
    """
    templates = environment.list_templates()
    # The shell's first: the tools' are made of them.
    for owner, folder in (('ui', 'ui'), *((name, f'{name}/ui') for name in registry.names)):
        modules = [environment.get_template(name).module for name in templates if name.rpartition('/')[0] == folder]
        if modules:
            environment.globals[owner] = SimpleNamespace(**{name: macro for module in modules for name, macro in vars(module).items()
                                                            if not name.startswith('_')})
