"""The frame around every page: menu, top bar, person menu, footer. Computed when a template asks, once a request."""

import functools

from flask import g, request

from appliance.core import i18n
from appliance.core.settings import get_settings
from appliance.core.tool import declarations, names_in_order, registry
from appliance.web import cookies, flashes
from appliance.web.addresses import url_for

_ = i18n.texts(__name__)
THEMES = (('automatic', _.lazy('Automatic')), ('light', _.lazy('Light')), ('dark', _.lazy('Dark')))
PRODUCT = 'Appliance'


def parts(name, actor):
    """What the tools bring to a place (`card` of the day, `topbar`, `personal` menu), in order: [{order, ...}] with template
    and data, or title, url and icon."""
    found = [getattr(module, name)(actor) for _tool, module in registry.load('home') if hasattr(module, name)]
    return sorted((part for part in found if part), key=lambda part: part['order'])


class Shell:
    """What templates call `shell`."""

    def __init__(self):
        self.language = i18n.current_language()
        self.direction = i18n.direction()
        self.languages = i18n.languages()
        self.themes = THEMES
        self.theme = chosen_theme()

    @functools.cached_property
    def company(self):
        """The company's name, or the product's until it has one."""
        return get_settings('company')['name'] or PRODUCT

    @functools.cached_property
    def person(self):
        """{id, name} of who is logged in."""
        return {'id': g.actor.person_id, 'name': g.session.person_name}

    @functools.cached_property
    def menu(self):
        """[{title, url, icon, is_here}]: the day, then the tools in their order, for this kind of person."""
        items = sorted((item.order, name, item.endpoint) for name in names_in_order()
                       for item in declarations()[name].menu if g.actor.kind in item.kinds)
        return [_entry('home.index', _('My day'), symbol='home'),
                *(_entry(endpoint, str(declarations()[name].title), declarations()[name].icon) for _order, name, endpoint in items)]

    @functools.cached_property
    def administration(self):
        """The entries that only an administrator sees."""
        if not g.actor.is_administrator:
            return []
        return [{**_entry('admin.index', _('Administration'), symbol='settings'), 'is_here': f'{request.path}/'.startswith('/admin/')}]

    @functools.cached_property
    def personal(self):
        """The entries of the person's menu, those of the tools first."""
        return [*parts('personal', g.actor),
                _entry('settings.index', _('Language and time zone'), symbol='language'),
                _entry('settings.list_sessions', _('Where I am logged in'), symbol='devices')]

    @functools.cached_property
    def topbar(self):
        """What the tools put into the top bar."""
        return parts('topbar', g.actor)

    @functools.cached_property
    def messages(self):
        """The one-time messages for this page."""
        return flashes.take()

    @functools.cached_property
    def here(self):
        """Where a language or theme choice comes back to: this page if it can be asked for again, else the day."""
        is_page = request.method == 'GET' and not request.routing_exception
        return request.full_path.rstrip('?') if is_page else url_for('home.index')


def chosen_theme():
    """`light` or `dark` when this browser chose one, None for automatic."""
    theme = request.cookies.get(cookies.name('theme'))
    return theme if theme in ('light', 'dark') else None


def _entry(endpoint, title, symbol):
    blueprint = endpoint.partition('.')[0]
    return {'title': title, 'url': url_for(endpoint), 'icon': symbol, 'is_here': request.blueprint == blueprint}


def install(app):
    """Give templates `shell`."""
    @app.context_processor
    def _shell():
        if 'shell' not in g:
            g.shell = Shell()
        return {'shell': g.shell}
